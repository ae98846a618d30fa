"""`kubectl fargate size`: what a pod asks for, and what EKS makes of it."""

from fargateclaims.cli.plugin.options import Context, Files, Format, Kind, Kubeconfig, Name, Namespace, Output, Place


def size(  # noqa: PLR0913 - the options of a command line
    kind: Kind = None,
    name: Name = None,
    *,
    files: Files = None,
    namespace: Namespace = None,
    context: Context = None,
    kubeconfig: Kubeconfig = None,
    output: Output = Format.TEXT,
) -> None:
    """Say what size EKS gives to pods, what is to spare, and how little less would reach the next smaller size.

    kubectl fargate size deployment web -n shop; size -f manifest.yaml; kustomize build . | kubectl fargate size -f -
    """
    from fargateclaims.cli.plugin.sizing import answer  # noqa: PLC0415 - see explain
    from fargateclaims.cli.plugin.targets import chosen  # noqa: PLC0415

    answer(Place(namespace, context, kubeconfig), chosen(kind, name, files), files or [], output)
