"""The engine as a whole, on ports in memory and the running loop's time: what `process.py` puts together, without sockets."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from fargateclaims.api.group import CLAIM_PLURAL, CLASS_PLURAL
from fargateclaims.engine.crd import CRDWatch
from fargateclaims.engine.pace import Paces
from fargateclaims.engine.reporter import Reporter
from fargateclaims.engine.store import Store
from fargateclaims.engine.supervisor import Supervisor
from fargateclaims.engine.telemetry import Telemetry
from fargateclaims.engine.worker import Surroundings
from fargateclaims.kube.events import EventType, ObjectRef
from fargateclaims.metrics import Metrics
from fargateclaims.process import rules
from fargateclaims.settings import Settings
from support.memory_cloud import MemoryCloud
from support.memory_data_planes import MemoryDataPlanes
from support.memory_kube import NAMESPACES, MemoryKube, Object
from support.virtual_loop import LoopClock


@dataclass
class MemoryEvents:
    """Implements `engine.ports.Events`: what was said, by object, reason and note."""

    said: list[tuple[str, str, str]] = field(default_factory=list)

    def emit(self, regarding: ObjectRef, event_type: EventType, reason: str, action: str, note: str) -> None:  # noqa: ARG002 - the port's
        """See `Events.emit`."""
        self.said.append((regarding.name, reason, note))


class MemoryOperator:
    """One operator process that leads. A `deaf` one hears nothing of its watches."""

    def __init__(self, kube: MemoryKube, cloud: MemoryCloud, settings: Settings | None = None) -> None:
        settings = settings or Settings()
        self.clock = LoopClock()
        self.events = MemoryEvents()
        self.data_planes = MemoryDataPlanes()
        self.metrics = Metrics()
        self.may_mutate = True
        self.deaf = False
        self._leading_since = self.clock.monotonic()
        self._settle = settings.settle_seconds
        paces = Paces(settings.poll_min_seconds, settings.poll_max_seconds)

        def around(store: Store) -> Surroundings:
            return Surroundings(
                clock=self.clock,
                cloud=cloud,
                data_planes=self.data_planes,
                store=store,
                crd=CRDWatch(kube),
                telemetry=Telemetry(self.metrics, self.clock),
                rules=rules(settings),
                make_reporter=lambda: Reporter(kube, store, self.events, self.clock),
                hold=self._hold,
                permit=lambda: self.may_mutate,
                paces=paces,
                resync_seconds=settings.resync_seconds,
                busy_max=timedelta(seconds=settings.busy_max_seconds),
            )

        self.supervisor = Supervisor(kube, self.clock, lambda changed: Store(settings.class_matcher.matches, changed), around)
        self._running: asyncio.Task[None] | None = None
        kube.watch(self._take)

    def start(self) -> None:
        """Begin to work."""
        self._running = asyncio.get_running_loop().create_task(self.supervisor.run())

    async def stop(self) -> None:
        """End: no mutation begins any more, calls under way end."""
        self.may_mutate = False
        await self.supervisor.stop()
        if self._running is not None:
            self._running.cancel()
            with suppress(asyncio.CancelledError):
                await self._running
        self._running = None

    def _hold(self) -> float | None:
        if not self.may_mutate:
            return None
        return max(0.0, self._leading_since + self._settle - self.clock.monotonic())

    def _take(self, plural: str, kind: str, obj: Object) -> None:
        if self._running is None or self.deaf:
            return
        store = self.supervisor.store
        put, remove = {
            CLAIM_PLURAL: (store.put_claim, store.remove_claim),
            CLASS_PLURAL: (store.put_class, store.remove_class),
            NAMESPACES: (store.put_namespace, store.remove_namespace),
        }[plural]
        (remove if kind == "DELETED" else put)(obj)


def conditions(obj: Object) -> dict[str, tuple[str, str]]:
    """The conditions in a status: status and reason by type."""
    found: Sequence[dict[str, Any]] = obj.get("status", {}).get("conditions", ())
    return {condition["type"]: (condition["status"], condition["reason"]) for condition in found}
