"""Logging: JSON in a cluster, readable text on a terminal; each line says which cluster and claim it is about."""

import json
import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final, Literal, TextIO

from fargateclaims.redaction import redact

LogFormat = Literal["auto", "json", "text"]

# What the libraries say at lower levels is about their insides, request by request; kopf greets and says goodbye.
# Warnings of theirs are worth reading, but for aiohttp's access log, which repeats each probe.
_CHATTY: Final = ("aiohttp", "aiohttp.access", "asyncio", "boto3", "botocore", "kopf", "kubernetes", "s3transfer", "urllib3")
_NO_FIELDS: Final[Mapping[str, str]] = MappingProxyType({})
_fields: ContextVar[Mapping[str, str]] = ContextVar("log_fields", default=_NO_FIELDS)
# `extra={"fields": {...}}` of a single line.
_FIELDS_OF_RECORD: Final = "fields"


@contextmanager
def log_fields(**fields: str) -> Iterator[None]:
    """Add fields, such as cluster and claim, to each line that is logged within, also from tasks that are started within."""
    token = _fields.set({**_fields.get(), **fields})
    try:
        yield
    finally:
        _fields.reset(token)


class _AddFields(logging.Filter):
    """Puts the fields of the surroundings into the record: taken where the line is logged, not where it is written."""

    def filter(self, record: logging.LogRecord) -> bool:
        own = getattr(record, _FIELDS_OF_RECORD, None)
        setattr(record, _FIELDS_OF_RECORD, {**_fields.get(), **(own if isinstance(own, Mapping) else {})})
        return True


class JSONFormatter(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, message, the fields, and the traceback if there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter.format`."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redact(record.getMessage()),
        }
        for name, value in getattr(record, _FIELDS_OF_RECORD, {}).items():
            line.setdefault(name, redact(str(value)))
        if record.exc_info:
            line["exception"] = redact(self.formatException(record.exc_info))
        if record.stack_info:
            line["stack"] = redact(self.formatStack(record.stack_info))
        return json.dumps(line, ensure_ascii=False)


class TextFormatter(logging.Formatter):
    """One line for people: local time, level, fields, message; tracebacks follow below."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(message)s", datefmt="%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter.format`."""
        text = redact(super().format(record))
        fields = getattr(record, _FIELDS_OF_RECORD, {})
        if not fields:
            return text
        first, newline, rest = text.partition("\n")
        return f"{first}  ({redact(', '.join(f'{name} {value}' for name, value in fields.items()))}){newline}{rest}"


def configure(log_format: LogFormat = "auto", level: str = "info", stream: TextIO | None = None) -> None:
    """Make this the logging of the whole process, whatever was there before.

    :param log_format: auto is text if `stream` is a terminal, else JSON.
    :param level: of our own loggers: debug, info, warning or error. Libraries are heard from warnings on, or with debug from info on.
    :param stream: standard error if not given.
    """
    stream = stream or sys.stderr
    if log_format == "auto":
        log_format = "text" if stream.isatty() else "json"
    handler = logging.StreamHandler(stream)
    handler.setFormatter(TextFormatter() if log_format == "text" else JSONFormatter())
    handler.addFilter(_AddFields())
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    for name in _CHATTY:
        library = logging.getLogger(name)
        library.setLevel(max(logging.WARNING, root.level) if level != "debug" else logging.INFO)
        library.propagate = True
    logging.captureWarnings(capture=True)
