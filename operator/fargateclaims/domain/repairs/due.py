"""Which repairs a cluster needs and its classes ask for, by what an inspection has found."""

from collections.abc import Iterable
from dataclasses import dataclass

from fargateclaims.api.conditions import ConditionType
from fargateclaims.api.fargateclass import CoreDNSRepair, FargateProfileClass, RoleMappingRepair
from fargateclaims.domain.checks.advice import advice
from fargateclaims.domain.checks.finding import Level
from fargateclaims.domain.observation import Inspection, Observation
from fargateclaims.domain.pods.matching import ProfileView, decide
from fargateclaims.domain.profile import Profile
from fargateclaims.domain.repairs import coredns, role_mapping
from fargateclaims.domain.repairs.aws_auth import AddMapRole
from fargateclaims.domain.repairs.plans import NothingToDo
from fargateclaims.domain.retries import is_paused
from fargateclaims.domain.unreadable import NOT_YET, Unreadable
from fargateclaims.domain.workloads import CoreDNS


@dataclass(frozen=True, slots=True)
class RepairOrder:
    """A repair that a class asks for.

    :param class_name: the first, by name, of the classes that do.
    """

    class_name: str
    plan: role_mapping.Plan | coredns.Plan


def repairs_due(observation: Observation, classes: Iterable[FargateProfileClass]) -> tuple[RepairOrder, ...]:
    """Plan what may be mended; nothing for what is in order, cannot be seen, or is left to people by the class."""
    cluster, inspection = observation.cluster, observation.inspection
    if cluster is None or inspection is None:
        return ()
    mapped: dict[str, RepairOrder] = {}
    dns: list[RepairOrder] = []
    for cls in sorted(filter(at_work, classes), key=lambda each: each.metadata.name):
        wrong = {finding.condition for finding in advice(observation, cls) if finding.level is Level.ERROR}
        repairs, role = cls.spec.repairs, cls.spec.pod_execution_role_arn
        if ConditionType.ROLE_MAPPED in wrong and repairs.role_mapping is RoleMappingRepair.ENSURE and role not in mapped:
            entry, aws_auth = inspection.access.entries.get(role, NOT_YET), inspection.workloads.aws_auth
            plan = role_mapping.plan(role, observation.arn, cluster.authentication_mode, entry=entry, aws_auth=aws_auth)
            mapped[role] = RepairOrder(cls.metadata.name, plan)
        if ConditionType.DNS_READY in wrong and repairs.core_dns is CoreDNSRepair.PATCH and not dns:
            dns.append(RepairOrder(cls.metadata.name, _core_dns(observation, inspection)))
    return tuple(order for order in (*_one_by_one(mapped.values()), *dns) if not isinstance(order.plan, NothingToDo))


def _one_by_one(orders: Iterable[RepairOrder]) -> Iterable[RepairOrder]:
    """All, but only the first of those that write aws-auth: the others were planned with the text that it replaces."""
    writes = False
    for order in orders:
        if not (writes and isinstance(order.plan, AddMapRole)):
            yield order
        writes = writes or isinstance(order.plan, AddMapRole)


def at_work(cls: FargateProfileClass) -> bool:
    """Whether anything may be changed for a class: it is neither paused nor about to go."""
    return cls.metadata.deletion_timestamp is None and not is_paused(cls)


def _core_dns(observation: Observation, inspection: Inspection) -> coredns.Plan:
    core_dns, addon, nodes = inspection.workloads.core_dns, inspection.access.core_dns, inspection.workloads.other_nodes
    if isinstance(core_dns, Unreadable) or isinstance(addon, Unreadable) or isinstance(nodes, Unreadable):
        return NothingToDo("it cannot be seen what CoreDNS needs")
    profile = _taker(core_dns, (observation.profiles or {}).values()) if core_dns is not None else None
    return coredns.plan(observation.arn, core_dns=core_dns, addon=addon, other_nodes=nodes, profile=profile)


def _taker(core_dns: CoreDNS, profiles: Iterable[Profile]) -> str | None:
    views = [ProfileView(profile.name, profile.selectors, profile.state) for profile in profiles]
    winner = decide(coredns.NAMESPACE, core_dns.labels, {}, views).winner
    return winner.profile.name if winner is not None else None
