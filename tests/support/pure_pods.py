"""Pods in a `World`: who takes them, who evicts them, and an operator that looks at them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from fargateclaims.api.fargateclass import DrainPolicy, WaitPolicy
from fargateclaims.domain.assessment import Step, Work
from fargateclaims.domain.draining import DrainOrder, PodsSeen, decide
from fargateclaims.domain.evictions import PodOnProfile
from fargateclaims.domain.facts import Facts
from fargateclaims.domain.identity import owner
from fargateclaims.domain.profile import Profile, ProfileState
from fargateclaims.domain.selectors import same_selectors, wanted_selectors
from support.pure_operator import Operator
from support.pure_world import World

LOOK_EVERY = 60.0
BROKEN_CLASS = "spec.rollout: is not known"


@dataclass
class PodWorld(World):
    """A world with pods, made again by their controllers whenever they go.

    :param labels: those of each workload's pods, one pod each.
    :param on: the profile that has taken each workload's pod; a pod that none takes is Pending.
    :param blocked: the workloads whose disruption budget lets no pod go.
    :param unread: whether the class cannot be read.
    """

    labels: dict[str, Mapping[str, str]] = field(default_factory=dict)
    on: dict[str, PodOnProfile] = field(default_factory=dict)
    blocked: set[str] = field(default_factory=set)
    unread: bool = False

    def run_pod(self, workload: str, labels: Mapping[str, str]) -> None:
        """Make a workload's pod, or make it anew."""
        self.labels[workload] = labels
        self.on.pop(workload, None)
        profiles = sorted(self.profiles().values(), key=lambda profile: profile.name)
        taking = [profile for profile in profiles if profile.state is ProfileState.ACTIVE and _takes(profile, labels)]
        if taking:
            uid = f"{workload}-{self._next()}"
            self.on[workload] = PodOnProfile(
                "shop", workload, uid, "Running", created=self.now, controller=f"ReplicaSet/{workload}", node=taking[0].name
            )

    def scale_down(self, workload: str) -> None:
        """The workload wants no pod any more."""
        self.labels.pop(workload, None)
        self.on.pop(workload, None)

    def running_on(self, profile: str) -> tuple[PodOnProfile, ...]:
        """The pods that a profile has taken."""
        return tuple(pod for pod in self.on.values() if pod.node == profile)

    def evict(self, pod: PodOnProfile) -> None:
        """Evict a pod, if its budget lets it go."""
        if pod.name not in self.blocked:
            self.run_pod(pod.name, self.labels[pod.name])

    def lose_pods_of(self, profile: str) -> None:
        """EKS deletes the pods of a profile that is being deleted."""
        for pod in self.running_on(profile):
            self.run_pod(pod.name, self.labels[pod.name])


@dataclass
class LookingOperator(Operator):
    """An operator that looks at pods and drains."""

    world: PodWorld

    def reconcile(self) -> bool:
        """See `Operator.reconcile`."""
        changed = super().reconcile()
        for claim, order in self.plan.drains if self.plan is not None else ():
            stored = self.world.claims.get((claim.metadata.namespace or "", claim.metadata.name))
            operation = stored.status.operation if stored is not None else None
            if operation is not None and operation.drain_start_time == order.since:
                self._drain(order)
        return changed

    def next_moment(self) -> float:
        """See `Operator.next_moment`."""
        moment = super().next_moment()
        return min(moment, self.world.seconds + LOOK_EVERY) if self.plan is not None and self.plan.drains else moment

    def _facts(self) -> Facts:
        facts, world = super()._facts(), self.world
        profiles = (facts.observation.profiles or {}).values()
        facts = replace(
            facts,
            pods={profile.arn: PodsSeen(world.running_on(profile.name)) for profile in profiles},
            pins={profile.arn: () for profile in profiles},
        )
        return replace(facts, classes={}, malformed_classes={"standard": BROKEN_CLASS}) if world.unread else facts

    def _drain(self, order: DrainOrder) -> None:
        for pod in decide(order.situation(PodsSeen(self.world.running_on(order.profile)), self.world.now)).evict:
            assert self.world.classes["standard"].spec.disruption.on_replace is DrainPolicy.EVICT
            active = [profile.name for profile in self.world.profiles().values() if profile.state is ProfileState.ACTIVE]
            assert order.successor in active, "nothing is evicted before something else can take it"
            self.world.evict(pod)


def check_pods(world: PodWorld, work: Work) -> None:
    """What must hold when a call is about to be sent: no pod goes with its profile unless that was asked for, or cannot be helped."""
    assert not world.unread or work.step is Step.CREATE, "a class that cannot be read may say Retain, or Wait"
    if work.step is not Step.DELETE or work.profile is None or work.profile.state is not ProfileState.ACTIVE:
        return
    profile = work.profile
    if world.running_on(profile.name):
        assert not _promised(world, profile), f"{profile.name} goes with its pods"
    world.lose_pods_of(profile.name)


def _promised(world: PodWorld, profile: Profile) -> bool:
    """Whether the class says that the pods of a profile are moved or waited for, and something can take them."""
    disruption, whose = world.classes["standard"].spec.disruption, owner(profile.tags)
    assert whose is not None
    claim = world.claims[whose.namespace, whose.name]
    if claim.metadata.deletion_timestamp is not None:
        return disruption.on_delete is WaitPolicy.WAIT
    wanted = wanted_selectors(claim.spec.selectors, whose.namespace)
    others = [other for other in world.profiles().values() if owner(other.tags) == whose and other.name != profile.name]
    active = [other for other in others if other.state is ProfileState.ACTIVE]
    # After an edit was taken back, the older one stays, which takes no pod as long as the newer one is there.
    taken_back = any(same_selectors(other.selectors, wanted) and other.name > profile.name for other in active)
    return disruption.on_replace is DrainPolicy.EVICT and bool(active) and not taken_back


def _takes(profile: Profile, labels: Mapping[str, str]) -> bool:
    return any(selector.namespace == "shop" and selector.labels.items() <= labels.items() for selector in profile.selectors)
