"""What a check has found."""

from dataclasses import dataclass
from enum import StrEnum

from fargateclaims.api.conditions import ConditionType
from fargateclaims.api.reasons import Reason


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    """It works, and someone should know: the condition is True, and its message says what."""
    ERROR = "error"
    """It does not work: the condition is False."""
    UNKNOWN = "unknown"
    """It could not be looked at."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer to one question about a class.

    :param message: one sentence without a full stop: what is so, with the ids of what it speaks of.
    :param fix: what to do, as a command or as the edit to make; empty where nothing is to be done.
    :param details: what else was found, one sentence each; the first finding is the one that matters most.
    """

    condition: ConditionType
    level: Level
    reason: Reason
    message: str
    fix: str = ""
    details: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The message and the fix, as a condition's message has them."""
        return f"{self.message}; {self.fix}" if self.fix else self.message
