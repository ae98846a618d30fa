"""`kubectl fargate explain`: which profile takes a pod, and why none does."""

from typing import Annotated

import typer

from fargateclaims.cli.plugin.options import Context, Files, Format, Kind, Kubeconfig, Name, Namespace, Output, Place


def explain(  # noqa: PLR0913 - the options of a command line
    kind: Kind = None,
    name: Name = None,
    *,
    files: Files = None,
    namespace: Namespace = None,
    context: Context = None,
    kubeconfig: Kubeconfig = None,
    aws: Annotated[bool, typer.Option("--aws", help="Read all profiles from EKS, with your AWS credentials.")] = False,
    cluster_arn: Annotated[str | None, typer.Option("--cluster-arn", help="The EKS cluster; by default as the claims say.")] = None,
    output: Output = Format.TEXT,
) -> None:
    """Say which Fargate profile takes a pod and why, or how near the others are, and what to do.

    kubectl fargate explain pod web-7f4d -n shop; explain deployment web; explain -f manifest.yaml; helm template . | … explain -f -
    """
    # Here, not above: who asks for help waits for nothing that only an answer needs.
    from fargateclaims.cli.plugin.explaining import Request, answer  # noqa: PLC0415
    from fargateclaims.cli.plugin.profiles import Sources  # noqa: PLC0415
    from fargateclaims.cli.plugin.targets import chosen  # noqa: PLC0415

    target = chosen(kind, name, files)
    answer(Request(Place(namespace, context, kubeconfig), Sources(aws, cluster_arn), target, tuple(files or ())), output)
