"""A world whose Kubernetes is the embedded API server, which a test can steer beside using it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from support.fault_world import World
from support.kube_server import RunningKube


@dataclass(kw_only=True)
class EmbeddedWorld(World):
    """A world, and its API server."""

    kube: RunningKube


EmbeddedWorlds = Callable[..., Awaitable[EmbeddedWorld]]
"""Makes such a world of a name; keywords are fields of its class's spec."""
