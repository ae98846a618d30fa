"""``fargateclaims simulate kube``: a Kubernetes API on this machine, in memory."""

from pathlib import Path
from typing import Annotated

import typer


def simulate_kube(
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 0,
    kubeconfig: Annotated[Path | None, typer.Option(dir_okay=False, help="Write a kubeconfig for this server here.")] = None,
    crds: Annotated[Path | None, typer.Option(exists=True, file_okay=False, help="Apply the manifests in this folder first.")] = None,
) -> None:
    """Run a Kubernetes API server in the foreground, with a ledger and faults under /_sim."""
    from yaml import YAMLError  # noqa: PLC0415  (the other commands start without it)

    try:
        from fargateclaims.simulator.kube.errors import ApiError  # noqa: PLC0415  (an extra that need not be installed)
        from fargateclaims.simulator.kube.server import serve  # noqa: PLC0415  (the same)
    except ModuleNotFoundError as missing:
        typer.echo(f"{missing.name} is not installed: the simulator needs pip install 'fargateclaims[simulator]'", err=True)
        raise typer.Exit(2) from None
    try:
        serve(host, port, kubeconfig=kubeconfig, manifests=crds)
    except ApiError as refused:
        typer.echo(f"a manifest in {crds} was refused: {refused}", err=True)
        raise typer.Exit(1) from None
    except (YAMLError, UnicodeError, RecursionError) as problem:
        typer.echo(f"a manifest in {crds} is no YAML that can be read: {' '.join(str(problem).split())}", err=True)
        raise typer.Exit(1) from None
    except OSError as problem:
        failed = f"{problem.filename} cannot be used" if problem.filename else f"cannot listen on {host} port {port}"
        typer.echo(f"{failed}: {problem.strerror or problem}", err=True)
        raise typer.Exit(1) from None
