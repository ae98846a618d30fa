"""The commands, put together."""

from typing import Annotated

import typer

from fargateclaims import __version__
from fargateclaims.cli.command import Command
from fargateclaims.cli.demo import demo
from fargateclaims.cli.doctor import Command as DoctorCommand
from fargateclaims.cli.doctor import doctor
from fargateclaims.cli.run import run
from fargateclaims.cli.simulate_eks import simulate_eks
from fargateclaims.cli.simulate_fargate import simulate_fargate
from fargateclaims.cli.simulate_kube import simulate_kube

app = typer.Typer(
    help="Queues FargateProfileClaims into EKS Fargate profiles, one at a time per cluster.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
simulate = typer.Typer(help="Run an embedded API, or the data plane of Fargate, on this machine.", no_args_is_help=True)
app.command("run", cls=Command)(run)
app.command("demo", cls=Command)(demo)
app.command("doctor", cls=DoctorCommand)(doctor)
simulate.command("eks", cls=Command)(simulate_eks)
simulate.command("kube", cls=Command)(simulate_kube)
simulate.command("fargate", cls=Command)(simulate_fargate)
app.add_typer(simulate, name="simulate")


def _version(asked: bool) -> None:  # noqa: FBT001 - typer calls it so
    if asked:
        typer.echo(f"fargateclaims {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    *, version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")] = False
) -> None:
    """Options of the program itself."""
