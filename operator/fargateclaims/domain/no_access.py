"""Why an EKS cluster's own Kubernetes API cannot be asked, each as one sentence with what to do.

It is a fact like others: what would have been read there is unknown, and everything else goes on.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from fargateclaims.api.arn import ClusterARN
from fargateclaims.domain.observation import EKSCluster
from fargateclaims.domain.unreadable import Unreadable

CLUSTER_ROLE: Final = "fargateclaims-workloads"
"""The ClusterRole, and in kube-system the Role, of all that the operator reads and mends in an EKS cluster."""
CLUSTER_GROUP: Final = "fargateclaims"
"""The group that is bound to both there."""
CLUSTER_MANIFESTS: Final = "deploy/eks-cluster"
"""Where both are."""
_COMPONENTS: Final = {
    ("delete", "pods"): "repairs/pending-pods",
    ("patch", "deployments"): "repairs/core-dns",
    ("update", "configmaps"): "repairs/role-mapping",
    ("create", "configmaps"): "repairs/role-mapping",
}
"""Which component there has a right that is only given for a repair."""

_CONFIG_MAP: Final = "CONFIG_MAP"
_NOBODY: Final = "the AWS identity that asks"
_FORBIDDEN: Final = re.compile(
    r'cannot (?P<verb>\S+) resource "(?P<resource>[^"]+)" in API group "(?P<group>[^"]*)"'
    r'(?: in the namespace "(?P<namespace>[^"]+)"| at the cluster scope)'
)


class Barrier(StrEnum):
    """What stands between whoever asks and a cluster's API."""

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
class Right:
    """What RBAC has refused, in its words.

    :param group: the API group; empty for the core's.
    :param namespace: None for all of them.
    """

    verb: str
    resource: str
    group: str
    namespace: str | None

    def __str__(self) -> str:
        resource = f"{self.resource}.{self.group}" if self.group else self.resource
        return f"{self.verb} {resource} in {f'namespace {self.namespace}' if self.namespace else 'all namespaces'}"


@dataclass(frozen=True, slots=True)
class NoAccess(Unreadable):
    """Stands where an answer of the cluster would be; `why` has what to do as well.

    :param problem: `why` without what to do.
    :param fix: what to do; empty where nobody knows.
    :param right: the one that is missing, if it is for want of one.
    """

    barrier: Barrier
    problem: str = field(default="", kw_only=True)
    fix: str = field(default="", kw_only=True)
    right: Right | None = field(default=None, kw_only=True)

    @property
    def lasting(self) -> bool:
        """Whether it certainly stays until a person mends it; else it may pass by itself."""
        return self.barrier not in _PASSING


def _barred(barrier: Barrier, problem: str, fix: str = "", right: Right | None = None) -> NoAccess:
    return NoAccess(f"{problem}: {fix}" if fix else problem, barrier, problem=problem, fix=fix, right=right)


def not_known(arn: ClusterARN, cluster: EKSCluster, principal: str) -> NoAccess:
    """401.

    :param principal: the ARN of the role or user that asked.
    """
    problem = f"cluster {arn.name} does not know {principal or _NOBODY} (401)"
    return _barred(Barrier.NOT_KNOWN, problem, _entry(arn, cluster, principal or "ROLE_ARN"))


def _entry(arn: ClusterARN, cluster: EKSCluster, principal: str) -> str:
    bind = f"apply {CLUSTER_MANIFESTS} there, which binds the group {CLUSTER_GROUP} to ClusterRole {CLUSTER_ROLE}"
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
    who = principal or _NOBODY
    if found is None:
        return _barred(Barrier.FORBIDDEN, f"cluster {arn.name} refuses this to {who}: {words}")
    right = Right(found["verb"], found["resource"], found["group"], found["namespace"])
    problem = f"{who} may not {right} of cluster {arn.name} (403)"
    component = _COMPONENTS.get((right.verb, right.resource))
    manifests = f"{CLUSTER_MANIFESTS} with its component {component}" if component else CLUSTER_MANIFESTS
    fix = f"apply {manifests} there, which lets the group {CLUSTER_GROUP} do so (docs/eks-access.md)"
    return _barred(Barrier.FORBIDDEN, problem, fix, right)


def unreachable(arn: ClusterARN, cluster: EKSCluster, words: str) -> NoAccess:
    """No connection.

    :param words: what happened instead.
    """
    if cluster.public_access:
        fix = (
            "let requests out to it (network policy, security group, proxy), and the address that they come from in "
            f"(aws eks describe-cluster --name {arn.name} --region {arn.region} --query cluster.resourcesVpcConfig.publicAccessCidrs)"
        )
    else:
        fix = (
            "it is private: ask from the cluster's VPC or from a network connected to it, and let TCP 443 from there into "
            f"security group {cluster.security_group_id or 'of the cluster'}"
        )
    return _barred(Barrier.UNREACHABLE, f"no way to the API server of cluster {arn.name} at {cluster.endpoint} ({words})", fix)


def no_endpoint(arn: ClusterARN, cluster: EKSCluster) -> NoAccess:
    """EKS shows none."""
    problem = f"EKS shows no endpoint of the API server of cluster {arn.name}, whose status is {cluster.status}"
    return _barred(Barrier.UNREACHABLE, problem)


def untrusted(arn: ClusterARN, cluster: EKSCluster, words: str) -> NoAccess:
    """TLS failed."""
    problem = f"the API server of cluster {arn.name} at {cluster.endpoint} is not to be trusted ({words})"
    return _barred(Barrier.UNTRUSTED, problem, "nothing on the way to it may end TLS; a proxy is passed by with NO_PROXY")


def no_authority(arn: ClusterARN, words: str) -> NoAccess:
    """What EKS gives as the CA is none, so that nobody can be asked."""
    look = f"aws eks describe-cluster --name {arn.name} --region {arn.region} --query cluster.certificateAuthority.data"
    problem = f"the certificate authority that EKS gives for cluster {arn.name} cannot be read ({words})"
    return _barred(Barrier.UNTRUSTED, problem, f"a PEM certificate in base64 should be shown by {look}")


def no_token(arn: ClusterARN, words: str) -> NoAccess:
    """Nothing to sign with.

    :param words: AWS's or botocore's.
    """
    return _barred(Barrier.NO_TOKEN, f"no token for the API server of cluster {arn.name} can be made: {words}")


def failing(arn: ClusterARN, words: str) -> NoAccess:
    """All else."""
    return _barred(Barrier.FAILING, f"the API server of cluster {arn.name} does not answer as it should: {words}")
