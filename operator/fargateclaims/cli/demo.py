"""`fargateclaims demo`: see the work on embedded parts."""

import asyncio
import signal
from typing import Annotated

import typer


def demo(
    *,
    seconds: Annotated[float, typer.Option(min=0.5, help="How long EKS takes for each create and delete.")] = 3.0,
    keep: Annotated[bool, typer.Option("--keep", help="Leave everything running afterwards, for kubectl, until Ctrl-C.")] = False,
) -> None:
    """Watch claims become Fargate profiles, and pods move onto them, on an EKS and a Kubernetes API embedded in this machine.

    Takes under a minute.

    The exit code is 0 only if everything was as it is shown, judged by the simulated EKS's own ledger.
    """
    # Here, not above: the operator's own start must not wait for what only the demo needs.
    from rich.console import Console  # noqa: PLC0415

    from fargateclaims.cli.demonstration.performance import perform  # noqa: PLC0415

    code = asyncio.run(perform(Console(), seconds=seconds, keep=keep))
    # Nothing is left to interrupt: one Ctrl-C more would only change the exit code, and print a traceback.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise typer.Exit(code)
