"""What was seen in an EKS cluster through its own Kubernetes API."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from fargateclaims.domain.unreadable import Unreadable


@dataclass(frozen=True, slots=True)
class CoreDNS:
    """The Deployment kube-system/coredns.

    :param compute_type: its pod template's annotation eks.amazonaws.com/compute-type; None without one.
    :param labels: its pod template's labels.
    :param replicas: how many pods it wants.
    :param ready: how many are ready.
    :param restarted: when its pods were last made anew, by the annotation of `kubectl rollout restart`; None if there is none.
    """

    compute_type: str | None
    labels: Mapping[str, str]
    replicas: int
    ready: int
    restarted: datetime | None = None


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
