"""The entry point of `kubectl-fargate`: kubectl finds it on the PATH and runs it as `kubectl fargate`."""

import sys

from fargateclaims.cli.entry import enter


def main() -> None:
    """Run the plugin."""
    enter(_program)


def _program() -> None:
    from fargateclaims.cli.plugin.commands import app  # noqa: PLC0415 - see enter
    from fargateclaims.cli.plugin.errors import guarded  # noqa: PLC0415 - the same

    sys.exit(guarded(lambda: app(prog_name="kubectl fargate")))
