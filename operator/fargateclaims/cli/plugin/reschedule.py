"""`kubectl fargate reschedule`: makes the pods again that were Pending before their profile."""

from typing import Annotated

import typer

from fargateclaims.cli.plugin.options import Context, Format, Kubeconfig, Namespace, Output, Place


def reschedule(  # noqa: PLR0913 - the options of a command line
    claim: Annotated[str, typer.Argument(metavar="CLAIM", help="The FargateProfileClaim whose profile is to take the pods.")],
    *,
    namespace: Namespace = None,
    context: Context = None,
    kubeconfig: Kubeconfig = None,
    aws: Annotated[bool, typer.Option("--aws", help="Read all profiles from EKS, with your AWS credentials.")] = False,
    cluster_arn: Annotated[str | None, typer.Option("--cluster-arn", help="The EKS cluster; by default as the claims say.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be deleted, and delete nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    output: Output = Format.TEXT,
) -> None:
    """Delete the Pending pods that the claim's profile takes once their controller makes them again.

    EKS looks for a profile only when a pod is made. Pods that nothing would make again are named, and stay.
    """
    from fargateclaims.cli.plugin.profiles import Sources  # noqa: PLC0415 - see explain
    from fargateclaims.cli.plugin.rescheduling import Request, answer  # noqa: PLC0415

    answer(Request(Place(namespace, context, kubeconfig), Sources(aws, cluster_arn), claim, dry_run=dry_run, sure=yes), output)
