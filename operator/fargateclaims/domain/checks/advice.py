"""The checks of a class that hold nothing: CoreDNS and a first profile must be able to come."""

from fargateclaims.api.conditions import ConditionType
from fargateclaims.api.fargateclass import FargateProfileClass
from fargateclaims.api.reasons import Reason
from fargateclaims.domain.checks.dns import check_dns
from fargateclaims.domain.checks.egress import check_egress
from fargateclaims.domain.checks.finding import Finding, Level
from fargateclaims.domain.checks.mapping import check_mapping
from fargateclaims.domain.observation import Observation
from fargateclaims.domain.unreadable import NOT_YET

_CONDITIONS = (ConditionType.ROLE_MAPPED, ConditionType.EGRESS_AVAILABLE, ConditionType.DNS_READY)


def advice(observation: Observation, cls: FargateProfileClass) -> tuple[Finding, ...]:
    """What an inspection has found about a class: whether its role is mapped, its subnets have egress, and CoreDNS is ready."""
    cluster, seen, inspection = observation.cluster, observation.classes.get(cls.metadata.name), observation.inspection
    if cluster is None or seen is None or inspection is None or observation.network is None:
        return tuple(Finding(kind, Level.UNKNOWN, Reason.NOT_OBSERVED, "this has not been looked at yet") for kind in _CONDITIONS)
    role, workloads, profiles = cls.spec.pod_execution_role_arn, inspection.workloads, (observation.profiles or {}).values()
    entry = inspection.access.entries.get(role, NOT_YET)
    return (
        check_mapping(role, observation.arn, cluster, entry=entry, aws_auth=workloads.aws_auth, profiles=profiles),
        check_egress(observation.arn, seen.subnet_ids, cluster, observation.network),
        check_dns(observation.arn, workloads, inspection.access.core_dns, profiles),
    )
