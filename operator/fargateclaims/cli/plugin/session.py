"""A command's way to the cluster and back: connects with the person's own rights, and turns what goes wrong into one sentence."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from fargateclaims.cli.plugin.errors import PluginError
from fargateclaims.cli.plugin.options import Place
from fargateclaims.clock import SystemClock
from fargateclaims.domain.failure import AWSError
from fargateclaims.kube.config import load_user_configuration
from fargateclaims.kube.errors import KubeError
from fargateclaims.kube.viewer import Viewer

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Session:
    """A cluster as one person sees it.

    :param namespace: the one that they named, else the context's own.
    :param cluster: what their kubeconfig calls the cluster.
    """

    viewer: Viewer
    namespace: str
    cluster: str
    clock: SystemClock


def on_cluster(place: Place, work: Callable[[Session], Awaitable[T]]) -> T:
    """Do something with the cluster that a person means. Raises PluginError for all that the cluster or AWS refuses."""
    try:
        return asyncio.run(_run(place, work))
    except AWSError as error:
        raise PluginError(f"AWS: {error}") from None
    except KubeError as error:
        raise PluginError(str(error)) from None


async def _run(place: Place, work: Callable[[Session], Awaitable[T]]) -> T:
    clock = SystemClock()
    configuration = await load_user_configuration(clock, place.kubeconfig, place.context)
    viewer = Viewer.connect(configuration, clock)
    try:
        return await work(Session(viewer, place.namespace or configuration.namespace, configuration.cluster, clock))
    finally:
        await viewer.close()
