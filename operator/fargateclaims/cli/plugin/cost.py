"""`kubectl fargate cost`: what pods on Fargate cost."""

from typing import Annotated

import typer

from fargateclaims.cli.plugin.options import AllNamespaces, Context, Files, Format, Kubeconfig, Namespace, Output, Place


def cost(  # noqa: PLR0913 - the options of a command line
    *,
    files: Files = None,
    namespace: Namespace = None,
    all_namespaces: AllNamespaces = False,
    context: Context = None,
    kubeconfig: Kubeconfig = None,
    as_if: Annotated[bool, typer.Option("--as-if", help="Count pods that are not on Fargate, too, as if they were.")] = False,
    region: Annotated[str | None, typer.Option("--region", help="The AWS region; by default AWS_REGION, then us-east-1.")] = None,
    prices: Annotated[str | None, typer.Option("--prices", help="A price file of your own instead of the one that is built in.")] = None,
    output: Output = Format.TEXT,
) -> None:
    """Say what pods on Fargate cost by the hour and month, and what the next smaller size would save.

    Of a namespace's pods, of all (-A), or of manifests: kubectl fargate cost -n shop; helm template . | kubectl fargate cost -f -
    """
    from fargateclaims.cli.plugin.costing import Scope, answer  # noqa: PLC0415 - see explain

    scope = Scope(Place(namespace, context, kubeconfig), tuple(files or ()), everywhere=all_namespaces, as_if=as_if)
    answer(scope, region, prices, output)
