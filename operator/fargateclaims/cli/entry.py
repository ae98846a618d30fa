"""What both programs do before all else and at the very end, so that nobody ever sees a traceback.

Imports next to nothing: what a program needs takes a second to load, and Ctrl-C may come in that time, too.
"""

import codecs
import errno
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Final, NoReturn

EXIT_BROKEN: Final = 70
EXIT_UNWRITABLE: Final = 74

_SIGNS: Final = {"✓": "+", "✗": "x", "→": "->", "…": "...", "·": "-", "├": "|", "└": "`", "│": "|", "─": "-"}
_PLAINLY: Final = "fargateclaims.plainly"


def enter(program: Callable[[], object]) -> NoReturn:
    """Run a program, which loads what it needs, and end with its exit code.

    Instead of it, 70 where the program has a bug, 74 where what it has to say cannot be written (both as in sysexits.h), and 128 and
    the signal's number where Ctrl-C or SIGTERM ends it.
    """
    _listen()
    open_streams()
    try:
        code = _exit_code_of(program)
        sys.stdout.flush()
    except Exception as error:  # noqa: BLE001 - whatever it is, a person has no use for a traceback
        code = _explained(error)
    # An event loop that has ended leaves Python's own handler behind, which would raise in the midst of the end.
    _listen()
    _let_go_of_stdout()
    sys.exit(code)


def open_streams() -> None:
    """See to it that all three streams are there, and that stdout takes any text: plain signs stand for those that it does not have."""
    if sys.stdin is None:
        sys.stdin = os.fdopen(os.open(os.devnull, os.O_RDONLY))
    if sys.stdout is None:
        # One that takes nothing: what a program says is lost, which must not go unnoticed.
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_RDONLY), "w")
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    codecs.register_error(_PLAINLY, _plainly)
    sys.stdout.reconfigure(errors=_PLAINLY)  # type: ignore[union-attr]


def _listen() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        # What runs in the background of a shell is not to hear of Ctrl-C.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)


def _end(number: int, _frame: FrameType | None) -> None:
    # An exception would be lost wherever something else catches it, and in the first process of a container, a signal that is left to
    # the kernel does nothing at all. What runs for long, and has something to put in order, has handlers of its own.
    os._exit(128 + number)


def _exit_code_of(program: Callable[[], object]) -> str | int | None:
    try:
        program()
    except SystemExit as end:
        return end.code
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    return 0


def _explained(error: Exception) -> int:
    """Say what has gone wrong; return the exit code."""
    if isinstance(error, BrokenPipeError):
        return EXIT_UNWRITABLE  # who has read enough wants no word about it
    # Those of sockets, TLS and the like have types of their own.
    if type(error) is OSError and error.filename is None:
        reason = "standard output is closed" if error.errno == errno.EBADF else error.strerror
        _say(f"the answer cannot be written: {reason}")
        return EXIT_UNWRITABLE
    _say(f"this is a bug of fargateclaims, which its maintainers should hear of: {_in_one_line(error)}")
    return EXIT_BROKEN


def _say(text: str) -> None:
    with suppress(OSError):  # there may be nobody to be told
        sys.stderr.write(f"error: {text}\n")


def _in_one_line(error: BaseException) -> str:
    from fargateclaims.redaction import redact  # noqa: PLC0415 - see above

    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    place = error.__traceback__
    while place and place.tb_next:
        place = place.tb_next
    where = f"{place.tb_frame.f_globals.get('__name__')}, line {place.tb_lineno}" if place else "unknown"
    said = redact(" ".join(str(error).split()))[:300]
    return f"{type(error).__name__} in {where}: {said}"


def _let_go_of_stdout() -> None:
    """At exit, Python would try once more to write what could not be written, and complain."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _plainly(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(_SIGNS.get(character, "?") for character in error.object[error.start : error.end]), error.end
