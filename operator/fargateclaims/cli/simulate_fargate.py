"""``fargateclaims simulate fargate``: EKS's data plane for Fargate, for a simulated cluster."""

from pathlib import Path
from typing import Annotated

import typer


def simulate_fargate(  # noqa: PLR0913  (one parameter an option)
    *,
    cluster: Annotated[str, typer.Option(help="The EKS cluster's ARN.")],
    kubeconfig: Annotated[Path, typer.Option(exists=True, dir_okay=False, envvar="KUBECONFIG", help="Its Kubernetes API.")],
    eks_url: Annotated[str, typer.Option(envvar="AWS_ENDPOINT_URL", help="URL that `simulate eks` has printed.")],
    access_key_id: Annotated[
        str, typer.Option(envvar="AWS_ACCESS_KEY_ID", help="A key of the cluster's account; by default of the simulator's default account.")
    ] = "simulator",
    provision_seconds: Annotated[float, typer.Option(min=0, help="From a pod's being taken to its node.")] = 30.0,
    start_seconds: Annotated[float, typer.Option(min=0, help="From there to its being ready.")] = 5.0,
    stop_seconds: Annotated[float, typer.Option(min=0, help="How long containers take to end, within their grace period.")] = 2.0,
    retry_seconds: Annotated[float, typer.Option(min=0, help="Between two tries of what may get better.")] = 15.0,
    account_limit: Annotated[int | None, typer.Option(min=0, help="Fault: no more pods than this at a time.")] = None,
    provisioning_times_out: Annotated[bool, typer.Option("--provisioning-times-out", help="Fault: no pod gets a node.")] = False,
    role_cannot_be_assumed: Annotated[bool, typer.Option("--role-cannot-be-assumed", help="Fault: no role can be assumed.")] = False,
    match_pending: Annotated[
        bool, typer.Option("--match-pending", help="Unlike EKS: pods that no profile matched are looked at again when profiles change.")
    ] = False,
) -> None:
    """Take the pods that Fargate profiles match, give them nodes and play their kubelets, in the foreground."""
    from fargateclaims.api.arn import ClusterARN  # noqa: PLC0415  (the other commands start without all this)
    from fargateclaims.kube.errors import KubeError  # noqa: PLC0415
    from fargateclaims.simulator.fargate.eks import EKSUnavailableError  # noqa: PLC0415
    from fargateclaims.simulator.fargate.plane import Settings  # noqa: PLC0415
    from fargateclaims.simulator.fargate.server import serve  # noqa: PLC0415
    from fargateclaims.simulator.fargate.settings import Behaviour, Timings  # noqa: PLC0415

    try:
        settings = Settings(
            cluster=ClusterARN.parse(cluster),
            kubeconfig=kubeconfig,
            eks_url=eks_url,
            access_key_id=access_key_id,
            timings=Timings(provision=provision_seconds, start=start_seconds, stop=stop_seconds, retry=retry_seconds),
            behaviour=Behaviour(
                provisioning_times_out=provisioning_times_out,
                role_cannot_be_assumed=role_cannot_be_assumed,
                account_limit=account_limit,
                matches_pending_pods=match_pending,
            ),
        )
    except ValueError as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(2) from None
    try:
        serve(settings)
    except (KubeError, EKSUnavailableError) as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(1) from None
