"""What was seen in an EKS cluster through its own Kubernetes API."""

from collections.abc import Mapping
from dataclasses import dataclass

from fargateclaims.domain.unreadable import Unreadable


@dataclass(frozen=True, slots=True)
class CoreDNS:
    """The Deployment kube-system/coredns.

    :param compute_type: its pod template's annotation eks.amazonaws.com/compute-type; None without one.
    :param labels: its pod template's labels.
    :param replicas: how many pods it wants.
    :param ready: how many are ready.
    """

    compute_type: str | None
    labels: Mapping[str, str]
    replicas: int
    ready: int


@dataclass(frozen=True, slots=True)
class AWSAuth:
    """The ConfigMap kube-system/aws-auth.

    :param map_roles: the text of mapRoles; empty for none.
    """

    map_roles: str


@dataclass(frozen=True, slots=True)
class DaemonSet:
    """A DaemonSet, by its name."""

    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class Workloads:
    """What was read of the cluster; each part None where there is none.

    :param other_nodes: how many nodes there are that are not Fargate's.
    """

    core_dns: CoreDNS | Unreadable | None
    aws_auth: AWSAuth | Unreadable | None
    other_nodes: int | Unreadable
