"""What a repair can come to, whatever it mends."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NothingToDo:
    """It is in order, or something else comes first.

    :param message: which of the two, in one sentence.
    """

    message: str


@dataclass(frozen=True, slots=True)
class ByHand:
    """It is not in order, and no machine should touch it.

    :param message: why, in one sentence.
    :param command: what a person would type.
    """

    message: str
    command: str
