"""``fargateclaims simulate eks``: a faithful EKS Fargate API on this machine."""

from typing import Annotated

import typer


def simulate_eks(  # noqa: PLR0913  (one parameter an option)
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 0,
    create_seconds: Annotated[float, typer.Option(min=0, help="Mean duration of a create.")] = 60.0,
    delete_seconds: Annotated[float, typer.Option(min=0, help="Mean duration of a delete.")] = 90.0,
    jitter: Annotated[float, typer.Option(min=0, max=1, help="Fraction by which a duration may differ from its mean.")] = 0.0,
    seed: Annotated[int, typer.Option(help="Seed of every random choice.")] = 0,
) -> None:
    """Run EKS, EC2, IAM, STS and Service Quotas in the foreground, with a ledger and faults under /_sim."""
    try:
        from fargateclaims.simulator.eks.server import serve  # noqa: PLC0415  (an extra that need not be installed)
    except ModuleNotFoundError as missing:
        typer.echo(f"{missing.name} is not installed: the simulator needs pip install 'fargateclaims[simulator]'", err=True)
        raise typer.Exit(2) from None
    try:
        serve(host=host, port=port, create_seconds=create_seconds, delete_seconds=delete_seconds, jitter=jitter, seed=seed)
    except OSError as problem:
        typer.echo(f"cannot listen on {host} port {port}: {problem.strerror or problem}", err=True)
        raise typer.Exit(1) from None
