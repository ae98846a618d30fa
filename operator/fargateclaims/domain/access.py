"""How an EKS cluster knows IAM roles, as EKS describes it; its ConfigMap aws-auth is in `workloads`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fargateclaims.domain.unreadable import Unreadable

FARGATE_ENTRY_TYPE: Final = "FARGATE_LINUX"
"""The type of a pod execution role's access entry."""


@dataclass(frozen=True, slots=True)
class AccessEntry:
    """An access entry (eks:DescribeAccessEntry)."""

    principal_arn: str
    kind: str
    username: str = ""
    groups: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Addon:
    """A managed add-on (eks:DescribeAddon).

    :param configuration: its configurationValues as they are, JSON or YAML; empty for none.
    """

    name: str
    status: str
    version: str = ""
    configuration: str = ""


@dataclass(frozen=True, slots=True)
class ClusterVersion:
    """A Kubernetes version of EKS (eks:DescribeClusterVersions).

    :param status: as EKS has it: standard-support, extended-support, unsupported.
    """

    version: str
    status: str


@dataclass(frozen=True, slots=True)
class ClusterAccess:
    """What EKS says of a cluster beside DescribeCluster.

    :param entries: the access entry of each pod execution role that was asked for, by ARN; None for one without.
    :param node_roles: the role of each managed node group, by its name.
    :param core_dns: the managed add-on coredns; None if CoreDNS is not managed by EKS.
    :param versions: the Kubernetes versions that EKS knows.
    """

    entries: Mapping[str, AccessEntry | Unreadable | None]
    node_roles: Mapping[str, str] | Unreadable
    core_dns: Addon | Unreadable | None
    versions: tuple[ClusterVersion, ...] | Unreadable
