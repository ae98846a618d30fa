"""What one simulator process shares: its clock, timings, quotas, faults and ledger."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from threading import RLock
from typing import Final

from fargateclaims.simulator.eks.clock import SimulatedClock
from fargateclaims.simulator.eks.faults import FaultBook
from fargateclaims.simulator.eks.ledger import Ledger, StatusChange
from fargateclaims.simulator.eks.lifecycle import FargateControlPlane
from fargateclaims.simulator.eks.model import IN_FLIGHT, Quotas, Transition
from fargateclaims.simulator.eks.timings import Timings

# The one zone that AWS's own error text names.
ZONES_WITHOUT_FARGATE: Final = frozenset({"ca-central-1d"})


@dataclass(slots=True)
class Behaviour:
    """How clusters behave that are made from now on; see FargateControlPlane for the units."""

    hidden_update_after_create: float = 0.0
    describe_lag: float = 0.0
    list_lag: float = 0.0


@dataclass
class Simulation:
    """The shared state.

    Attributes:
        moto_lock: Held while moto's EC2, IAM, STS and node group state is read or written: moto answers on a worker thread.
        update_seconds: How long an update of a cluster or an add-on stays InProgress.
        zones_without_fargate: Availability zone names that a create is refused for.

    """

    timings: Timings = field(default_factory=Timings)
    behaviour: Behaviour = field(default_factory=Behaviour)
    clock: SimulatedClock = field(default_factory=SimulatedClock)
    ledger: Ledger = field(default_factory=Ledger)
    update_seconds: float = 0.0
    zones_without_fargate: frozenset[str] = ZONES_WITHOUT_FARGATE
    moto_lock: RLock = field(default_factory=RLock)
    faults: FaultBook = field(init=False)
    _quotas: dict[tuple[str, str], Quotas] = field(default_factory=dict)
    _acting: str = ""
    _began: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.faults = FaultBook(self.clock, self.timings.seed)
        self._initial = (self.timings, replace(self.behaviour), self.update_seconds, self.zones_without_fargate)

    def reset(self) -> None:
        """Return to how the process started, but for the clock, which never goes back."""
        self.timings, behaviour, self.update_seconds, self.zones_without_fargate = self._initial
        self.behaviour = replace(behaviour)
        self.ledger.clear()
        self.faults.clear()
        self._quotas.clear()
        self._began.clear()

    def quotas(self, account: str, region: str) -> Quotas:
        """Return the quotas of an account in a region, which all its clusters share."""
        return self._quotas.setdefault((account, region), Quotas())

    @contextmanager
    def acting_as(self, caller: str) -> Iterator[None]:
        """Name who begins the operations inside the block, for the ledger."""
        before, self._acting = self._acting, caller
        try:
            yield
        finally:
            self._acting = before

    def control_plane(self, cluster: str, account: str, region: str, partition: str) -> FargateControlPlane:
        """Return a new cluster's control plane that reports to the ledger."""
        plane = FargateControlPlane(
            cluster,
            account,
            region,
            clock=self.clock,
            timings=self.timings,
            quotas=self.quotas(account, region),
            partition=partition,
            on_transition=lambda change: self._record(account, region, change),
        )
        plane.hidden_update_after_create = self.behaviour.hidden_update_after_create
        plane.describe_lag, plane.list_lag = self.behaviour.describe_lag, self.behaviour.list_lag
        return plane

    def _record(self, account: str, region: str, change: Transition) -> None:
        if change.after in IN_FLIGHT:
            self._began[change.arn] = caller = self._acting
        else:
            caller = self._began.pop(change.arn, "")
        self.ledger.add(
            StatusChange(
                change.at,
                account,
                region,
                change.cluster_name,
                change.profile,
                change.arn,
                change.before,
                change.after,
                caller,
            )
        )
