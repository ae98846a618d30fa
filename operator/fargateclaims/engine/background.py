"""What a worker has done beside its passes: inspections, drains and repairs. A pass never waits for any of them.

```
pass ──▶ inspect ─▶ Inspector ─▶ a fact of later passes
     ──▶ drain ───▶ Drainer ───▶ a fact of later passes
     ──▶ follow ──▶ Repairer ──▶ an event, and an inspection anew
```
"""

from collections.abc import Callable, Sequence
from functools import partial

from fargateclaims.api.fargateclass import FargateProfileClass
from fargateclaims.api.group import CLAIM_KIND, CLASS_KIND
from fargateclaims.clock import Clock
from fargateclaims.domain.checks.advice import advice
from fargateclaims.domain.checks.finding import Level
from fargateclaims.domain.observation import Inspection
from fargateclaims.domain.plan import Plan
from fargateclaims.domain.repairs.due import repairs_due
from fargateclaims.domain.repairs.early_pods import ClaimKey, became_active, pods_due, profile_views
from fargateclaims.engine.access import Access, access_by
from fargateclaims.engine.drainer import Drainer
from fargateclaims.engine.inspector import Inspector
from fargateclaims.engine.observer import Observer
from fargateclaims.engine.ports import DataPlane, Gateway, Permit
from fargateclaims.engine.repairer import Hands, Repairer
from fargateclaims.engine.reporter import Reporter
from fargateclaims.timing import INSPECTION_RETRY


class Background:
    """The tasks of one cluster's worker.

    :param interval: seconds between two looks at the pods of a profile that is to go.
    :param permit: asked before anything is changed.
    :param mark: called when there is something new for a pass.
    """

    def __init__(  # noqa: PLR0913 - the parts of a worker
        self,
        name: str,
        clock: Clock,
        observer: Observer,
        reporter: Reporter,
        *,
        interval: float,
        permit: Permit,
        mark: Callable[[], None],
    ) -> None:
        self._clock = clock
        self._observer = observer
        self._reporter = reporter
        self._mark = mark
        self._inspector = Inspector(name, clock, self._inspected)
        self._repairer = Repairer(name, clock, permit, self._mended)
        self._inspected_anew = False
        self._classes: Sequence[FargateProfileClass] = ()
        # Kept until there are hands: a new leader has none for a while, and nothing else tells of them again.
        self._became_active: frozenset[ClaimKey] = frozenset()
        self.drainer = Drainer(name, clock, interval, permit, mark)
        self.due_at: float | None = None

    def inspect_again(self) -> None:
        """Somebody has asked for it."""
        self._inspector.again()

    def inspect(self, gateway: Gateway, data_plane: DataPlane | None, classes: Sequence[FargateProfileClass]) -> None:
        """Begin an inspection if one is due, and EKS itself answers.

        :param data_plane: None while the cluster has not been read.
        """
        seen, self.due_at, self._classes = self._observer.observation, None, classes
        if data_plane is not None and seen.cluster is not None and seen.profiles is not None and seen.failure is None:
            self.due_at = self._clock.monotonic() + self._inspector.begin(gateway, data_plane, seen, classes)

    def follow(self, decided: Plan, hands: Callable[[Access], Hands] | None, classes: Sequence[FargateProfileClass]) -> None:
        """Do about roles, CoreDNS and Pending pods what is due; the drainer is told apart from this.

        :param hands: what to change the cluster with, as its class says; None where nothing may be changed.
        """
        self._became_active |= became_active(decided.claims)
        if hands is None:
            return
        anew, self._inspected_anew = self._inspected_anew, False
        became, self._became_active = self._became_active, frozenset()
        if not (anew or became):
            return
        views = profile_views(self._observer.observation, decided.claims)
        of_class = {cls.metadata.name: hands(access_by(cls)) for cls in classes}
        if anew:
            orders = repairs_due(self._observer.observation, classes)
            self._repairer.mend(
                [(order, of_class[order.class_name]) for order in orders], views, partial(self._reporter.tell, CLASS_KIND, "")
            )
        for order in pods_due(decided.claims, classes, self._clock.now(), became=became, every=anew):
            tell = partial(self._reporter.tell, CLAIM_KIND, order.namespace, order.name)
            self._repairer.look_after(of_class[order.class_name].data_plane, order, views, tell)

    async def stop(self) -> None:
        """End all that is under way."""
        await self._repairer.stop()
        await self.drainer.stop()
        await self._inspector.stop()

    def _inspected(self, inspection: Inspection, *, complete: bool) -> bool:
        self._observer.inspected(inspection)
        self._inspected_anew = complete
        self._mark()
        return any(found.level is Level.ERROR for cls in self._classes for found in advice(self._observer.observation, cls))

    def _mended(self) -> None:
        self._inspector.again(INSPECTION_RETRY)
        self._mark()
