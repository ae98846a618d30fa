"""moto's EKS backend with clusters that have a Fargate control plane."""

import os
from collections.abc import Iterator
from typing import Any, cast

from moto.ec2.models import ec2_backends
from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS
from moto.eks.models import EKSBackend, eks_backends
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from fargateclaims.simulator.eks import errors
from fargateclaims.simulator.eks.cluster import KUBERNETES_VERSION, SimulatedCluster
from fargateclaims.simulator.eks.environment import ROLE_ARN, cluster_security_group, vpc_of
from fargateclaims.simulator.eks.iam import name_service_linked_role
from fargateclaims.simulator.eks.simulation import Simulation
from fargateclaims.simulator.eks.validation import check_cluster_name, check_new_tags

AUTHENTICATION_MODES = ("CONFIG_MAP", "API", "API_AND_CONFIG_MAP")


class FargateEKSBackend(EKSBackend):
    """The clusters of one account in one region. moto makes and finds it as it does its own."""

    # moto derives its URL module from the backend's module.
    __module__ = "moto.eks.models"

    def __init__(self, region_name: str, account_id: str, simulation: Simulation) -> None:
        super().__init__(region_name, account_id)
        self.simulation = simulation

    def reset(self) -> None:
        """Forget all clusters; moto's own way would lose the simulation."""
        self.clusters.clear()
        self.cluster_count = 0

    @property
    def simulated(self) -> dict[str, SimulatedCluster]:
        """The clusters by name: moto's own table, into which only ``add_cluster`` writes."""
        return cast("dict[str, SimulatedCluster]", self.clusters)

    def cluster(self, name: str) -> SimulatedCluster:
        """Return a cluster; raise EKSError (ResourceNotFoundException) if there is none."""
        cluster = self.simulated.get(name)
        if cluster is None:
            raise errors.cluster_not_found(name)
        return cluster

    def add_cluster(self, name: str, role_arn: str, resources_vpc_config: dict[str, Any], **more: Any) -> SimulatedCluster:  # noqa: ANN401
        """Make a cluster, ACTIVE at once, in the VPC of its subnets.

        Raises:
            EKSError: A refusal by EKS.

        """
        check_cluster_name(name)
        if name in self.clusters:
            raise errors.cluster_exists(name)
        if not ROLE_ARN.fullmatch(role_arn):
            raise errors.invalid_parameter(f"Invalid Role Arn: '{role_arn}'")
        tags = more.get("tags") or {}
        check_new_tags(tags)
        vpc_id = vpc_of(resources_vpc_config.get("subnetIds") or [], self.account_id, self.region_name)
        cluster = SimulatedCluster(
            plane=self.simulation.control_plane(name, self.account_id, self.region_name, self.partition),
            clock=self.simulation.clock,
            vpc_id=vpc_id,
            security_group_id=cluster_security_group(name, vpc_id, self.account_id, self.region_name),
            access_config=access_config(more.get("access_config") or {}),
            name=name,
            role_arn=role_arn,
            resources_vpc_config=dict(resources_vpc_config),
            version=more.get("version") or KUBERNETES_VERSION,
            kubernetes_network_config=more.get("kubernetes_network_config"),
            logging=more.get("logging"),
            encryption_config=more.get("encryption_config"),
            tags=dict(tags),
            account_id=self.account_id,
            region_name=self.region_name,
            aws_partition=self.partition,
        )
        self.clusters[name] = cluster
        self.cluster_count += 1
        return cluster

    def delete_cluster(self, name: str) -> SimulatedCluster:
        """Remove a cluster; raise EKSError while it has Fargate profiles or node groups."""
        cluster = self.cluster(name)
        if profiles := sorted(cluster.plane.profiles()):
            raise errors.cluster_has_profiles(name, profiles)
        if cluster.nodegroups:
            raise errors.EKSError("ResourceInUseException", "Cluster has nodegroups attached")
        self.cluster_count -= 1
        return self.simulated.pop(name)


def access_config(wanted: dict[str, Any]) -> dict[str, Any]:
    """Return a cluster's accessConfig with EKS's defaults; raise EKSError for an unknown mode."""
    mode = wanted.get("authenticationMode") or "CONFIG_MAP"
    if mode not in AUTHENTICATION_MODES:
        raise errors.invalid_parameter(f"authenticationMode is one of {', '.join(AUTHENTICATION_MODES)}")
    return {
        "bootstrapClusterCreatorAdminPermissions": wanted.get("bootstrapClusterCreatorAdminPermissions", True),
        "authenticationMode": mode,
    }


def install(simulation: Simulation) -> None:
    """Empty moto's state and make it use this backend from now on. That state is the process's, hence one simulator a process."""

    def backend(region_name: str, account_id: str) -> FargateEKSBackend:
        return FargateEKSBackend(region_name, account_id, simulation)

    for backends in (eks_backends, ec2_backends, iam_backends, sts_backends):
        backends.clear()
    # Nobody starts an instance here. Which types AWS offers where takes 45 MiB; the images, a fifth of a second per region.
    INSTANCE_TYPE_OFFERINGS.clear()
    os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
    name_service_linked_role()
    eks_backends.backend = cast("type[EKSBackend]", backend)


def backend_of(account: str, region: str) -> FargateEKSBackend:
    """Return the backend of an account in a region; raise EKSError for a region that AWS does not have."""
    try:
        return cast("FargateEKSBackend", eks_backends[account][region])
    except KeyError:
        raise errors.invalid_parameter(f"there is no EKS in region {region!r}") from None


def all_clusters() -> Iterator[tuple[str, str, SimulatedCluster]]:
    """Yield account, region and cluster of every cluster there is."""
    for account, regions in list(eks_backends.items()):
        for region, backend in list(regions.items()):
            for cluster in list(cast("FargateEKSBackend", backend).simulated.values()):
                yield account, region, cluster
