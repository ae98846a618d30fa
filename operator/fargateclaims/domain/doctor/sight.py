"""What doctor has read of one cluster, each part as far as it could be read."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from fargateclaims.api.arn import ClusterARN
from fargateclaims.api.fargateclass import FargateProfileClass
from fargateclaims.api.reasons import Reason
from fargateclaims.domain.checks.holding import class_facts
from fargateclaims.domain.failure import Failure
from fargateclaims.domain.iam import Role
from fargateclaims.domain.network import Network
from fargateclaims.domain.no_access import NoAccess
from fargateclaims.domain.observation import EKSCluster, Inspection, Observation, Quotas
from fargateclaims.domain.pods.pod import Pod
from fargateclaims.domain.profile import Profile
from fargateclaims.domain.unreadable import Unreadable
from fargateclaims.domain.workloads import DaemonSet, Workloads

T = TypeVar("T")

CLOSED: Final = "its Kubernetes API cannot be asked"
"""Why nothing is known of what is in the cluster: one check says more, all others only this."""


@dataclass(frozen=True, slots=True)
class InCluster:
    """What was read through the cluster's own Kubernetes API.

    :param pods: those that are Pending and have no node.
    """

    workloads: Workloads
    pods: tuple[Pod, ...] | Unreadable
    daemon_sets: tuple[DaemonSet, ...] | Unreadable

    @property
    def refusals(self) -> tuple[NoAccess, ...]:
        """What could not be read, each cause once."""
        workloads = self.workloads
        parts = (workloads.core_dns, workloads.aws_auth, workloads.other_nodes, self.pods, self.daemon_sets)
        return tuple(dict.fromkeys(part for part in parts if isinstance(part, NoAccess)))

    def shortened(self) -> "InCluster":
        """The same, with what could not be read told in a few words: what to do about it is said once, elsewhere."""
        workloads = self.workloads
        short = Workloads(_short(workloads.core_dns), _short(workloads.aws_auth), _short(workloads.other_nodes))
        return InCluster(short, _short(self.pods), _short(self.daemon_sets))


@dataclass(frozen=True, slots=True)
class Known:
    """What was read of a cluster that EKS describes.

    :param roles: each class's pod execution role by its ARN; None for one that does not exist.
    :param profiles: by name.
    """

    cluster: EKSCluster
    network: Network
    roles: Mapping[str, Role | Unreadable | None]
    profiles: Mapping[str, Profile] | Unreadable
    quotas: Quotas
    inspection: Inspection
    inside: InCluster

    def observation(self, arn: ClusterARN, classes: tuple[FargateProfileClass, ...]) -> Observation:
        """The same as the operator knows it."""
        inspection = replace(self.inspection, workloads=self.inside.shortened().workloads)
        facts = {
            cls.metadata.name: class_facts(
                arn,
                cls.spec.subnets,
                cls.spec.pod_execution_role_arn,
                self.cluster,
                network=self.network,
                role=self.roles[cls.spec.pod_execution_role_arn],
                inspection=inspection,
            )
            for cls in classes
        }
        profiles = None if isinstance(self.profiles, Unreadable) else self.profiles
        return Observation(arn, self.cluster, profiles, quotas=self.quotas, classes=facts, network=self.network, inspection=inspection)


@dataclass(frozen=True, slots=True)
class Sight:
    """What was read of one cluster for some classes.

    :param classes: those of this cluster that reach it in one way.
    :param known: why not, if EKS did not describe it.
    :param refused: the IAM actions that were refused.
    :param principal: the ARN of who asked; empty if that is not known.
    """

    arn: ClusterARN
    classes: tuple[FargateProfileClass, ...]
    known: Known | Failure
    refused: tuple[str, ...] = ()
    principal: str = ""


def _short(fact: T) -> T | Unreadable:
    if not isinstance(fact, NoAccess):
        return fact
    if fact.right is not None:
        return Unreadable(f"no right to {fact.right}")
    return Unreadable(CLOSED, reason=Reason.UNAVAILABLE)
