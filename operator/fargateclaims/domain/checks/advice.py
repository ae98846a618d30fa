"""The checks of a class that hold nothing: CoreDNS and a first profile must be able to come."""

from collections.abc import Iterable

from fargateclaims.api.conditions import ConditionType
from fargateclaims.api.fargateclass import FargateProfileClass
from fargateclaims.api.reasons import Reason
from fargateclaims.domain.checks.dns import check_dns
from fargateclaims.domain.checks.egress import check_egress
from fargateclaims.domain.checks.finding import Finding, Level
from fargateclaims.domain.checks.mapping import check_mapping
from fargateclaims.domain.observation import Observation
from fargateclaims.domain.patterns import matches
from fargateclaims.domain.profile import Profile, ProfileState
from fargateclaims.domain.unreadable import NOT_YET

_CORE_DNS_NAMESPACE = "kube-system"
_CONDITIONS = (ConditionType.ROLE_MAPPED, ConditionType.EGRESS_AVAILABLE, ConditionType.DNS_READY)


def advice(observation: Observation, cls: FargateProfileClass) -> tuple[Finding, ...]:
    """What an inspection has found about a class: whether its role is mapped, its subnets have egress, and CoreDNS is ready."""
    cluster, seen, inspection = observation.cluster, observation.classes.get(cls.metadata.name), observation.inspection
    if cluster is None or seen is None or inspection is None or observation.network is None:
        return tuple(Finding(kind, Level.UNKNOWN, Reason.NOT_OBSERVED, "this has not been looked at yet") for kind in _CONDITIONS)
    role, workloads, profiles = cls.spec.pod_execution_role_arn, inspection.workloads, (observation.profiles or {}).values()
    looked_at = [profile for profile in profiles if profile.arn in inspection.profile_arns]
    entry = inspection.access.entries.get(role, NOT_YET)
    return (
        check_mapping(role, observation.arn, cluster, entry=entry, aws_auth=workloads.aws_auth, profiles=looked_at),
        check_egress(observation.arn, seen.subnet_ids, cluster, observation.network),
        check_dns(observation.arn, workloads, inspection.access.core_dns, profiles),
    )


def occasions(classes: Iterable[FargateProfileClass], profiles: Iterable[Profile]) -> frozenset[tuple[str, str]]:
    """What makes an inspection worth while before its time: a role, its first ACTIVE profile, and each that may take CoreDNS."""
    active = [profile for profile in profiles if profile.state is ProfileState.ACTIVE]
    roles = {cls.spec.pod_execution_role_arn for cls in classes}
    used = {profile.pod_execution_role_arn for profile in active} & roles
    dns = {profile.arn for profile in active if any(matches(each.namespace, _CORE_DNS_NAMESPACE) for each in profile.selectors)}
    return frozenset({*(("role", arn) for arn in roles), *(("used", arn) for arn in used), *(("dns", arn) for arn in dns)})
