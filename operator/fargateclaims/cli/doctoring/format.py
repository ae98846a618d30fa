"""The ways in which doctor answers."""

from enum import StrEnum


class Format(StrEnum):
    """How doctor answers."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
