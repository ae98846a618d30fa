"""`fargateclaims doctor`: all that Fargate needs around a cluster, looked at once. Nothing is changed.

Exit codes: 0 all is well; 1 warnings, or something that could not be looked at; 2 errors; 64 the command line is wrong; 69 there was
nothing to look at, since no class can be read; 70 and 74 as for all commands, see `cli.entry`. The last four are those of sysexits.h.
"""

from typing import Annotated, Any, Final

import typer

from fargateclaims.cli.command import Command as AnyCommand
from fargateclaims.cli.doctoring.format import Format
from fargateclaims.cli.plugin.errors import PluginError, UsageError
from fargateclaims.cli.plugin.options import Context, Kubeconfig, Place

EXIT_USAGE: Final = 64
EXIT_UNAVAILABLE: Final = 69
_USAGE_ELSEWHERE: Final = 2

_CLASS = typer.Option(
    "--class", help="Only this FargateProfileClass; may be repeated. By default all that can be read.", show_default=False
)
_CLUSTER = typer.Option("--cluster-arn", help="Before there is a class: the EKS cluster.", show_default=False)
_ROLE = typer.Option("--role-arn", help="With it: the pod execution role.", show_default=False)
_SUBNET_ID = typer.Option(
    "--subnet-id", help="A subnet for Fargate; may be repeated. By default the cluster's private ones.", show_default=False
)
_SUBNET_TAG = typer.Option(
    "--subnet-tag", metavar="KEY=VALUE", help="A tag of the subnets for Fargate; may be repeated.", show_default=False
)
_ASSUME = typer.Option("--assume-role-arn", help="The role to assume to look at the cluster.", show_default=False)
_EXTERNAL = typer.Option("--external-id", help="What to send when it is assumed.", show_default=False)
_OUTPUT = typer.Option("--output", "-o", help="How to answer.")
_FIX_ONLY = typer.Option("--fix-only", help="Leave out what is as it should be.")
_VERBOSE = typer.Option("--verbose", "-v", help="With all details.")


class Command(AnyCommand):
    """A command whose usage errors have an exit code of their own: 2 says here that something is wrong with the cluster."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - typer names its context's type nowhere
        """See `typer.core.TyperCommand`."""
        try:
            return super().parse_args(ctx, args)
        except Exception as error:
            if getattr(error, "exit_code", None) == _USAGE_ELSEWHERE:
                error.exit_code = EXIT_USAGE  # type: ignore[attr-defined]
            raise


def doctor(  # noqa: PLR0913 - the options of a command line
    *,
    classes: Annotated[list[str] | None, _CLASS] = None,
    cluster_arn: Annotated[str | None, _CLUSTER] = None,
    role_arn: Annotated[str | None, _ROLE] = None,
    subnet_ids: Annotated[list[str] | None, _SUBNET_ID] = None,
    subnet_tags: Annotated[list[str] | None, _SUBNET_TAG] = None,
    assume_role_arn: Annotated[str | None, _ASSUME] = None,
    external_id: Annotated[str | None, _EXTERNAL] = None,
    context: Context = None,
    kubeconfig: Kubeconfig = None,
    output: Annotated[Format, _OUTPUT] = Format.TEXT,
    fix_only: Annotated[bool, _FIX_ONLY] = False,
    verbose: Annotated[bool, _VERBOSE] = False,
) -> None:
    """Look at all that Fargate needs around a cluster, and say how to mend what is amiss. Changes nothing.

    With your own rights: those of the kubeconfig to read classes, those of your AWS credentials for all else.

    Exit code: 0 all is well, 1 warnings or unknowns, 2 errors, 64 wrong usage, 69 there was nothing to look at.
    """
    # Here, not above: boto3 and the rest take a second to load, which no other command should wait for.
    from fargateclaims.cli.doctoring.answering import Style, answer  # noqa: PLC0415
    from fargateclaims.cli.doctoring.request import Wanted, given_class  # noqa: PLC0415

    try:
        given = given_class(
            cluster_arn=cluster_arn,
            role_arn=role_arn,
            subnet_ids=subnet_ids or (),
            subnet_tags=subnet_tags or (),
            assume_role_arn=assume_role_arn,
            external_id=external_id,
        )
        if given and classes:
            raise UsageError("--class, --cluster-arn: look either at classes that exist, or at one that does not exist yet")
        code = answer(Wanted(Place(None, context, kubeconfig), classes or (), given), Style(output, verbose, fix_only))
    except PluginError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(EXIT_USAGE if isinstance(error, UsageError) else EXIT_UNAVAILABLE) from None
    raise typer.Exit(code)
