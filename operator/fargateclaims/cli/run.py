"""`fargateclaims run`: the operator. Its flags are the settings, so there is one list of them."""

import asyncio
import logging
import sys
from inspect import Parameter, Signature
from typing import Annotated

import typer

from fargateclaims import logs
from fargateclaims.cli.entry import EXIT_BROKEN
from fargateclaims.settings import Settings, SettingsError, flag, variable

log = logging.getLogger(__name__)

EXIT_SETTINGS = 2


def run(*, check: bool, **flags: str | None) -> None:
    """Run the operator until it is told to stop. Each flag has an environment variable of the same name."""
    try:
        settings = Settings.load(flags)
    except SettingsError as error:
        typer.echo("\n".join(error.errors), err=True)
        raise typer.Exit(EXIT_SETTINGS) from None
    if check:
        typer.echo("the settings are valid")
        return
    # Here, not above: boto3, kopf and the rest take seconds to load, which no other command should wait for.
    from fargateclaims.process import Process, StartError  # noqa: PLC0415

    logs.configure(settings.log_format, settings.log_level)
    try:
        code = asyncio.run(Process(settings).run())
    except StartError as error:
        # In the log's own format: in a pod, what reads the log would stumble over anything else.
        log.error("%s", error)  # noqa: TRY400 - a sentence for people, who have no use for where it was raised
        raise typer.Exit(1) from None
    except Exception:
        # Nobody sits before a pod's log: whoever reads it later needs all of it.
        log.exception("a bug has ended the operator")
        raise typer.Exit(EXIT_BROKEN) from None
    sys.exit(code)


def _option(name: str, description: str) -> Parameter:
    text = " ".join(description.split())
    option = typer.Option(flag(name), help=f"{text} [{variable(name)}]", show_default=False)
    return Parameter(name, Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[str | None, option])


def _signature() -> Signature:
    checking = Annotated[bool, typer.Option("--check", help="Check the settings and exit.")]
    options = [_option(name, info.description or "") for name, info in Settings.model_fields.items()]
    return Signature([Parameter("check", Parameter.KEYWORD_ONLY, default=False, annotation=checking), *options])


# Typer reads a function's signature: this one is written by the settings model.
run.__signature__ = _signature()  # type: ignore[attr-defined]
run.__annotations__ = {name: parameter.annotation for name, parameter in _signature().parameters.items()}
