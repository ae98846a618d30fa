"""Why an EKS cluster's own Kubernetes API cannot be asked, each as one sentence with what to do.

It is a fact like others: what would have been read there is unknown, and everything else goes on.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from fargateclaims.api.arn import ClusterARN
from fargateclaims.domain.observation import EKSCluster
from fargateclaims.domain.unreadable import Unreadable

CLUSTER_ROLE: Final = "fargateclaims-workloads"
"""The ClusterRole, shipped with the operator, of all that it reads and mends in an EKS cluster."""
CLUSTER_GROUP: Final = "fargateclaims"
"""The group that is bound to it there."""

_CONFIG_MAP: Final = "CONFIG_MAP"
_FORBIDDEN: Final = re.compile(
    r'cannot (?P<verb>\S+) resource "(?P<resource>[^"]+)" in API group "(?P<group>[^"]*)"'
    r'(?: in the namespace "(?P<namespace>[^"]+)"| at the cluster scope)'
)


class Barrier(StrEnum):
    """What stands between the operator and a cluster's API."""

    NO_TOKEN = "NoToken"  # noqa: S105 - the lack of one
    """There are no AWS credentials to make a token with."""
    NOT_KNOWN = "NotKnown"
    """401: the cluster does not know the role; also for a minute after it was told of it, and while it cannot ask STS who asks."""
    FORBIDDEN = "Forbidden"
    """403: it knows it, and it has no right to this."""
    UNREACHABLE = "Unreachable"
    """There is no way to the endpoint."""
    UNTRUSTED = "Untrusted"
    """Whoever answers there is not whom EKS says."""
    FAILING = "Failing"
    """It answers, or did, and not with what was asked for."""


_PASSING: Final = frozenset({Barrier.NOT_KNOWN, Barrier.UNREACHABLE, Barrier.FAILING})


@dataclass(frozen=True, slots=True)
class NoAccess(Unreadable):
    """Stands where an answer of the cluster would be; `why` has what to do as well."""

    barrier: Barrier

    @property
    def lasting(self) -> bool:
        """Whether it certainly stays until a person mends it; else it may pass by itself."""
        return self.barrier not in _PASSING


def not_known(arn: ClusterARN, cluster: EKSCluster, principal: str) -> NoAccess:
    """401.

    :param principal: the ARN of the role or user that asked.
    """
    who = principal or "the operator's AWS identity"
    return NoAccess(f"cluster {arn.name} does not know {who} (401): {_entry(arn, cluster, principal or 'ROLE_ARN')}", Barrier.NOT_KNOWN)


def _entry(arn: ClusterARN, cluster: EKSCluster, principal: str) -> str:
    bind = f"bind the group {CLUSTER_GROUP} to ClusterRole {CLUSTER_ROLE} there"
    if cluster.authentication_mode == _CONFIG_MAP:
        return (
            f"eksctl create iamidentitymapping --cluster {arn.name} --region {arn.region} --arn {principal} --username {CLUSTER_GROUP} "
            f"--group {CLUSTER_GROUP}, then {bind}"
        )
    return (
        f"aws eks create-access-entry --cluster-name {arn.name} --region {arn.region} --principal-arn {principal} "
        f"--kubernetes-groups {CLUSTER_GROUP}, then {bind}"
    )


def forbidden(arn: ClusterARN, principal: str, words: str) -> NoAccess:
    """403.

    :param words: the API server's; they name what is missing, unless somebody else than RBAC has refused.
    """
    found = _FORBIDDEN.search(words)
    who = principal or "the operator's AWS identity"
    if found is None:
        return NoAccess(f"cluster {arn.name} refuses this to {who}: {words}", Barrier.FORBIDDEN)
    resource = f"{found['resource']}.{found['group']}" if found["group"] else found["resource"]
    where = f"in namespace {found['namespace']}" if found["namespace"] else "in all namespaces"
    return NoAccess(
        f"{who} may not {found['verb']} {resource} {where} of cluster {arn.name} (403): bind it to ClusterRole {CLUSTER_ROLE} there",
        Barrier.FORBIDDEN,
    )


def unreachable(arn: ClusterARN, cluster: EKSCluster, words: str) -> NoAccess:
    """No connection.

    :param words: what happened instead.
    """
    if cluster.public_access:
        fix = (
            "let the operator out to it (network policy, security group, proxy), and its address in "
            f"(aws eks describe-cluster --name {arn.name} --region {arn.region} --query cluster.resourcesVpcConfig.publicAccessCidrs)"
        )
    else:
        fix = (
            "it is private: run the operator in the cluster's VPC or in a network connected to it, and let TCP 443 from there into "
            f"security group {cluster.security_group_id or 'of the cluster'}"
        )
    return NoAccess(f"no way to the API server of cluster {arn.name} at {cluster.endpoint} ({words}): {fix}", Barrier.UNREACHABLE)


def no_endpoint(arn: ClusterARN, cluster: EKSCluster) -> NoAccess:
    """EKS shows none."""
    return NoAccess(f"EKS shows no endpoint of the API server of cluster {arn.name}, whose status is {cluster.status}", Barrier.UNREACHABLE)


def untrusted(arn: ClusterARN, cluster: EKSCluster, words: str) -> NoAccess:
    """TLS failed, or the CA is none."""
    return NoAccess(
        f"the API server of cluster {arn.name} at {cluster.endpoint} is not to be trusted ({words}): nothing on the way to it may end TLS; "
        "a proxy is passed by with NO_PROXY",
        Barrier.UNTRUSTED,
    )


def no_token(arn: ClusterARN, words: str) -> NoAccess:
    """Nothing to sign with.

    :param words: AWS's or botocore's.
    """
    return NoAccess(f"no token for the API server of cluster {arn.name} can be made: {words}", Barrier.NO_TOKEN)


def failing(arn: ClusterARN, words: str) -> NoAccess:
    """All else."""
    return NoAccess(f"the API server of cluster {arn.name} does not answer as it should: {words}", Barrier.FAILING)
