"""What ends a command early: one sentence on stderr and an exit code, never a traceback.

0: answered. 1: the cluster, AWS or a manifest allowed no answer. 2: the command line is wrong. More of them, for all commands, are in
`cli.entry`.
"""

import sys
from collections.abc import Callable

EXIT_FAILED = 1
EXIT_USAGE = 2


class PluginError(Exception):
    """The command cannot go on; the message says why, in one sentence."""

    exit_code = EXIT_FAILED


class UsageError(PluginError):
    """What was asked for makes no sense; the message says what does."""

    exit_code = EXIT_USAGE


def guarded(program: Callable[[], object]) -> int:
    """Run a command line program, which usually ends in SystemExit; return the exit code of one that failed."""
    try:
        program()
    except PluginError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    return 0
