"""From what was read of a cluster to its chart. Whether something is well, the checks of a class decide, as they do for the operator."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from fargateclaims.api.arn import ClusterARN
from fargateclaims.api.conditions import ConditionType
from fargateclaims.api.fargateclass import FargateProfileClass, SubnetsFrom
from fargateclaims.api.reasons import Reason
from fargateclaims.domain.checks.advice import advice
from fargateclaims.domain.checks.cluster import check_cluster
from fargateclaims.domain.checks.finding import Finding, Level
from fargateclaims.domain.checks.mapping import wanted_entry
from fargateclaims.domain.checks.routing import Routing
from fargateclaims.domain.checks.subnets import each_subnet
from fargateclaims.domain.checks.texts import counted
from fargateclaims.domain.checks.ways import Ways
from fargateclaims.domain.doctor.chart import Check, ClassChart, ClusterChart
from fargateclaims.domain.doctor.class_status import check_status
from fargateclaims.domain.doctor.network_plugins import check_network_plugins
from fargateclaims.domain.doctor.permissions import check_permissions
from fargateclaims.domain.doctor.pods import check_pods
from fargateclaims.domain.doctor.profiles import check_profiles
from fargateclaims.domain.doctor.sight import CLOSED, InCluster, Known, Sight
from fargateclaims.domain.failure import Failure, FailureClass
from fargateclaims.domain.network import Subnet
from fargateclaims.domain.no_access import Barrier
from fargateclaims.domain.observation import EKSCluster, Observation
from fargateclaims.domain.profile import Profile
from fargateclaims.domain.unreadable import Unreadable

_SEE: Final[Mapping[Reason, str]] = {Reason.UNAUTHORIZED: "see permissions", Reason.UNAVAILABLE: "try again"}
"""What to do about what could not be seen, where the finding itself does not say it."""
_NO_URL: Final = "Invalid endpoint: "
"""botocore's words for an address that somebody has put in the place of AWS's."""
_Findings = Mapping[ConditionType, Finding]


def examine(sight: Sight, now: datetime) -> ClusterChart:
    """Decide about all that was read."""
    known, assumed = sight.known, sight.classes[0].spec.assume_role_arn
    if isinstance(known, Failure):
        checks = [_not_described(sight.arn, known)]
        if known.permission is not None:
            checks.append(check_permissions([known.permission], (), sight.principal, assumed))
        return ClusterChart(sight.arn, tuple(checks))
    observation = known.observation(sight.arn, sight.classes)
    found = {cls.metadata.name: _findings(observation, cls) for cls in sight.classes}
    reachable = check_cluster(sight.arn, known.cluster, known.inspection.access.versions)
    inside = known.inside.shortened()
    rights = [refusal.right for refusal in known.inside.refusals if refusal.right is not None]
    checks = [
        _cluster(sight.arn, reachable),
        *_security_group(known.cluster),
        _kubernetes_api(known.inside),
        # It is the cluster's: all classes find the same.
        _check("CoreDNS", next(iter(found.values()))[ConditionType.DNS_READY]),
        _network_plugins(inside),
        _pods(inside, known.profiles, now),
        _profiles(sight.arn, known),
        check_permissions(sight.refused, rights, sight.principal, assumed),
    ]
    classes = (
        _class(sight.arn, known, observation, cls, {**found[cls.metadata.name], reachable.condition: reachable}) for cls in sight.classes
    )
    return ClusterChart(sight.arn, tuple(checks), tuple(classes))


def _findings(observation: Observation, cls: FargateProfileClass) -> _Findings:
    facts = observation.classes[cls.metadata.name]
    return {finding.condition: finding for finding in (facts.role, facts.subnets, *advice(observation, cls))}


def _check(name: str, finding: Finding) -> Check:
    fix = finding.fix
    if not fix and finding.level is Level.UNKNOWN:
        fix = "see Kubernetes API" if CLOSED in finding.message else _SEE.get(finding.reason, "")
    return Check(name, finding.level, finding.message, fix, finding.details, finding.condition, finding.reason)


def _cluster(arn: ClusterARN, finding: Finding) -> Check:
    check = _check("cluster", finding)
    if finding.reason is not Reason.CLUSTER_NOT_ACTIVE:
        return check
    look = f"aws eks describe-cluster --name {arn.name} --region {arn.region} --query 'cluster.[status, health]'"
    return replace(check, fix=f"wait, or see what ails it: {look}")


def _unseen(name: str, what: str, why: Unreadable) -> Check:
    fix = "see Kubernetes API" if why.why == CLOSED else _SEE.get(why.reason, "")
    return Check(name, Level.UNKNOWN, f"{what} cannot be seen: {why.why}", fix, reason=why.reason)


def _not_described(arn: ClusterARN, failure: Failure) -> Check:
    """Why EKS does not describe the cluster: what only a person can mend is an error, as it is in a class's conditions."""
    match failure.kind:
        case FailureClass.CLUSTER_GONE:
            where = f"there is no cluster {arn.name} in account {arn.account}, {arn.region}"
            verdict = Level.ERROR, Reason.CLUSTER_NOT_FOUND, where, f"name one that exists: aws eks list-clusters --region {arn.region}"
        case FailureClass.WRONG_ACCOUNT:
            verdict = Level.ERROR, Reason.CLASS_CONFLICT, failure.message, f"use credentials of account {arn.account} (AWS_PROFILE)"
        case FailureClass.UNAUTHORIZED if failure.permission is not None:
            verdict = Level.ERROR, Reason.UNAUTHORIZED, f"cluster {arn.name} cannot be read: {failure.message}", "see permissions"
        case FailureClass.UNAUTHORIZED:
            whose = "get AWS credentials that are valid, and see whose they are: aws sts get-caller-identity"
            verdict = Level.ERROR, Reason.UNAUTHORIZED, f"cluster {arn.name} cannot be read: {failure.message}", whose
        case _ if _NO_URL in failure.message:
            unasked = f"cluster {arn.name} cannot be read, as AWS cannot be asked: {failure.message}"
            named = "make it a URL, or unset it: AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_EKS and the like, or endpoint_url in ~/.aws/config"
            verdict = Level.UNKNOWN, Reason.UNAVAILABLE, unasked, named
        case _:
            silent = f"cluster {arn.name} cannot be read, as AWS does not answer: {failure.operation}: {failure.message}"
            verdict = Level.UNKNOWN, Reason.UNAVAILABLE, silent, "see whether its APIs can be reached from here, and try again"
    level, reason, message, fix = verdict
    return Check("cluster", level, message, fix, condition=ConditionType.CLUSTER_REACHABLE, reason=reason)


def _security_group(cluster: EKSCluster) -> list[Check]:
    if not cluster.security_group_id:
        return []
    return [Check("security group", Level.OK, f"{cluster.security_group_id} is attached to Fargate's nodes; they need no other")]


def _kubernetes_api(inside: InCluster) -> Check:
    name = "Kubernetes API"
    barred = next((each for each in inside.refusals if each.right is None), None)
    if barred is None:
        return Check(name, Level.OK, "answers")
    otherwise = "ask who looks after its authorization, as RBAC has its own words" if barred.barrier is Barrier.FORBIDDEN else "try again"
    return Check(name, Level.UNKNOWN, barred.problem, barred.fix or otherwise, reason=barred.reason)


def _network_plugins(inside: InCluster) -> Check:
    if isinstance(inside.daemon_sets, Unreadable):
        return _unseen("network plugin", "which network plugins there are", inside.daemon_sets)
    return check_network_plugins(inside.daemon_sets)


def _pods(inside: InCluster, profiles: Mapping[str, Profile] | Unreadable, now: datetime) -> Check:
    name, question = "Pending pods", "whether pods wait that a profile would take"
    if isinstance(inside.pods, Unreadable):
        return _unseen(name, question, inside.pods)
    if isinstance(profiles, Unreadable):
        return _unseen(name, question, profiles)
    return check_pods(inside.pods, profiles.values(), now)


def _profiles(arn: ClusterARN, known: Known) -> Check:
    if isinstance(known.profiles, Unreadable):
        return _unseen("profiles", "which Fargate profiles there are", known.profiles)
    return check_profiles(arn, known.profiles, known.quotas.profiles_per_cluster)


def _class(arn: ClusterARN, known: Known, observation: Observation, cls: FargateProfileClass, found: _Findings) -> ClassChart:
    checks = [
        _check("role", found[ConditionType.ROLE_USABLE]),
        _mapping(arn, known, cls, found[ConditionType.ROLE_MAPPED]),
        _subnets(known, cls, found[ConditionType.SUBNETS_USABLE]),
        _egress(found),
    ]
    if cls.metadata.uid:
        levels = {kind: finding.level for kind, finding in found.items()}
        checks.append(check_status(cls, levels, observation.classes[cls.metadata.name].subnet_ids))
    return ClassChart(cls.metadata.name, tuple(checks))


def _mapping(arn: ClusterARN, known: Known, cls: FargateProfileClass, finding: Finding) -> Check:
    check, entry = _check("role mapping", finding), wanted_entry(cls.spec.pod_execution_role_arn, arn, known.cluster)
    if entry not in check.fix:
        check = replace(check, details=(*check.details, f"the entry: {entry}"))
    # Before the first profile there is nothing to be mended: EKS does it with that.
    comes = finding.level is Level.UNKNOWN and finding.reason is Reason.NOT_OBSERVED and not isinstance(known.profiles, Unreadable)
    return replace(check, level=Level.OK) if comes else check


def _subnets(known: Known, cls: FargateProfileClass, finding: Finding) -> Check:
    tables, source = known.network.route_tables, cls.spec.subnets
    ways = None if isinstance(tables, Unreadable) else Ways(Routing(tables), known.network.nat_gateways)
    found = each_subnet(source, known.cluster, known.network)
    # Of those that are only come upon, some are expected to be public.
    each_counts = source.from_ is SubnetsFrom.IDS or all(obstacle for _, obstacle in found)
    children = tuple(_subnet(subnet, obstacle, ways, each_counts=each_counts) for subnet, obstacle in found)
    told = [f"{subnet.id} {obstacle}" for subnet, obstacle in found if obstacle]
    details = tuple(detail for detail in finding.details if not any(each in detail for each in told))
    return replace(_check("subnets", finding), details=details, children=children)


def _subnet(subnet: Subnet, obstacle: str, ways: Ways | None, *, each_counts: bool) -> Check:
    if obstacle:
        return Check(subnet.id, Level.ERROR, obstacle) if each_counts else Check(subnet.id, None, f"left out: it {obstacle}")
    told = [subnet.zone] if subnet.zone else []
    if subnet.free_addresses is not None:
        told.append(counted(subnet.free_addresses, "free address", "free addresses"))
    if ways is None:
        return Check(subnet.id, None, ", ".join(told))
    return Check(subnet.id, Level.OK, ", ".join([*told, ways.of(subnet.id).text]))


def _egress(found: _Findings) -> Check:
    subnets, finding = found[ConditionType.SUBNETS_USABLE], found[ConditionType.EGRESS_AVAILABLE]
    check = _check("egress", finding)
    if finding.level is Level.UNKNOWN and finding.reason is Reason.NOT_OBSERVED and subnets.level is not Level.OK:
        return replace(check, message="the way out can be seen when there are usable subnets", fix="see subnets")
    return check
