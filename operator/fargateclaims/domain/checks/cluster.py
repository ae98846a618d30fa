"""ClusterReachable: whether EKS takes Fargate profiles for the cluster."""

from collections.abc import Iterable
from functools import partial
from typing import Final

from fargateclaims.api.arn import ClusterARN
from fargateclaims.api.conditions import ConditionType
from fargateclaims.api.reasons import Reason
from fargateclaims.domain.access import ClusterVersion
from fargateclaims.domain.checks.finding import Finding, Level
from fargateclaims.domain.checks.verdicts import conclude
from fargateclaims.domain.observation import EKSCluster, Observation
from fargateclaims.domain.outage import not_active
from fargateclaims.domain.unreadable import Unreadable

_finding = partial(Finding, ConditionType.CLUSTER_REACHABLE)
_GOVCLOUD: Final = "aws-us-gov"
# The values of ClusterVersion.status.
_UNSUPPORTED: Final = "unsupported"
_EXTENDED: Final = "extended-support"


def check_cluster(arn: ClusterARN, cluster: EKSCluster, versions: tuple[ClusterVersion, ...] | Unreadable) -> Finding:
    """Decide by what EKS says of the cluster.

    Only what makes EKS refuse every profile is an error, since it holds creates: a version out of support is not, as EKS goes on
    taking profiles for it and updates the cluster by itself (EKS user guide, "Kubernetes version lifecycle on EKS"). The platform version
    is told and not judged: no version that EKS supports has a limit for Fargate.
    """
    inactive = not_active(Observation(arn, cluster=cluster))
    if inactive is not None:
        return _finding(Level.ERROR, inactive.reason, inactive.message)
    if cluster.on_outposts:
        return _finding(
            Level.ERROR,
            Reason.CLUSTER_UNSUPPORTED,
            f"cluster {cluster.name} is a local cluster on AWS Outposts, where there is no Fargate",
            "name a cluster in an AWS Region in a new class",
        )
    healthy = _finding(Level.OK, Reason.USABLE, _described(cluster))
    return conclude(healthy, [*_region(arn), *_version(arn, cluster, versions)], _details(cluster, versions))


def _version(arn: ClusterARN, cluster: EKSCluster, versions: tuple[ClusterVersion, ...] | Unreadable) -> Iterable[Finding]:
    known = {} if isinstance(versions, Unreadable) else {each.version: each.status for each in versions}
    support = {
        _UNSUPPORTED: "out of support, so EKS will update the cluster by itself",
        _EXTENDED: "in extended support, which costs more and ends",
    }.get(known.get(cluster.version, ""))
    if support is not None:
        yield _finding(
            Level.WARNING,
            Reason.LIMITED,
            f"Kubernetes {cluster.version} of cluster {cluster.name} is {support}",
            f"update it: aws eks update-cluster-version --name {cluster.name} --region {arn.region} --kubernetes-version VERSION",
        )


def _region(arn: ClusterARN) -> Iterable[Finding]:
    if arn.partition == _GOVCLOUD:
        yield _finding(
            Level.WARNING,
            Reason.LIMITED,
            f"cluster {arn.name} is in {arn.region}, and the EKS user guide says that the GovCloud regions have no Fargate on EKS",
            "look there whether that still holds; if it does, EKS will refuse the profiles",
        )


def _described(cluster: EKSCluster) -> str:
    parts = [f"cluster {cluster.name} is {cluster.status}"]
    if cluster.version:
        parts.append(f"Kubernetes {cluster.version}")
    if cluster.platform_version:
        parts.append(f"platform {cluster.platform_version}")
    return ", ".join(parts)


def _details(cluster: EKSCluster, versions: tuple[ClusterVersion, ...] | Unreadable) -> Iterable[str]:
    yield f"private endpoint access is {'on' if cluster.private_access else 'off'}"
    if cluster.security_group_id:
        yield f"Fargate's nodes get the cluster security group {cluster.security_group_id}, and need no other"
    if isinstance(versions, Unreadable):
        yield f"whether EKS still supports Kubernetes {cluster.version} cannot be seen: {versions.why}"
