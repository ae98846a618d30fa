"""The commands of the kubectl plugin, put together."""

from typing import Annotated

import typer

from fargateclaims import __version__
from fargateclaims.cli.command import Command
from fargateclaims.cli.plugin.cost import cost
from fargateclaims.cli.plugin.explain import explain
from fargateclaims.cli.plugin.lint import lint
from fargateclaims.cli.plugin.reschedule import reschedule
from fargateclaims.cli.plugin.size import size

app = typer.Typer(
    help="Explains pods on EKS Fargate: which profile takes them, what size they get, what they cost, what keeps them off it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in (explain, size, cost, reschedule, lint):
    app.command(command.__name__, cls=Command)(command)


def _version(asked: bool) -> None:  # noqa: FBT001 - typer calls it so
    if asked:
        typer.echo(f"kubectl-fargate {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    *, version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")] = False
) -> None:
    """Options of the program itself."""
