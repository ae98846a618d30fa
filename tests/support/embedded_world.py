"""A world whose Kubernetes is the embedded API server, which a test can steer beside using it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fargateclaims.api.group import CLAIM_PLURAL
from support.engine_in_process import Engine
from support.fault_world import World
from support.kube_server import RunningKube


@dataclass(kw_only=True)
class EmbeddedWorld(World):
    """A world, and its API server."""

    kube: RunningKube

    async def silence(self, engine: Engine, name: str = "web") -> None:
        """Let the watch tell the engine of no claim any more, once it has told of a change of this one."""
        await engine.hears(await self.annotate(name, note="the last that is heard"))
        self.kube.admin.silence_watches(CLAIM_PLURAL)


EmbeddedWorlds = Callable[..., Awaitable[EmbeddedWorld]]
"""Makes such a world of a name; keywords are fields of its class's spec."""
