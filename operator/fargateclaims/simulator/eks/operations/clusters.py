"""CreateCluster, DescribeCluster, ListClusters, DeleteCluster, UpdateClusterConfig and the updates."""

import json
from typing import Any, Final

from fargateclaims.simulator.eks import errors
from fargateclaims.simulator.eks.backend import access_config
from fargateclaims.simulator.eks.operations.call import EKSCall

# How ListUpdates names what DescribeCluster names otherwise.
VPC_PARAMS: Final = {
    "subnetIds": "Subnets",
    "securityGroupIds": "SecurityGroups",
    "endpointPublicAccess": "EndpointPublicAccess",
    "endpointPrivateAccess": "EndpointPrivateAccess",
    "publicAccessCidrs": "PublicAccessCidrs",
}


def create_cluster(call: EKSCall) -> dict[str, Any]:
    """Make a cluster."""
    with call.simulation.moto_lock:
        cluster = call.backend.add_cluster(
            name=call.text("name"),
            role_arn=call.text("roleArn"),
            resources_vpc_config=call.mapping("resourcesVpcConfig"),
            version=call.body.get("version"),
            kubernetes_network_config=call.mapping("kubernetesNetworkConfig"),
            logging=call.mapping("logging"),
            encryption_config=call.body.get("encryptionConfig"),
            tags=call.mapping("tags"),
            access_config=call.mapping("accessConfig"),
        )
    return {"cluster": cluster.document()}


def describe_cluster(call: EKSCall) -> dict[str, Any]:
    """Describe a cluster."""
    return {"cluster": call.cluster().document()}


def list_clusters(call: EKSCall) -> dict[str, Any]:
    """List the names of the clusters."""
    return call.page("clusters", list(call.backend.clusters))


def delete_cluster(call: EKSCall) -> dict[str, Any]:
    """Remove a cluster that has no profiles and no node groups."""
    cluster = call.backend.delete_cluster(call.path["clusterName"])
    return {"cluster": {**cluster.document(), "status": "DELETING"}}


def update_cluster_config(call: EKSCall) -> dict[str, Any]:
    """Change a cluster's VPC, logging or access configuration by an update."""
    cluster = call.cluster()
    if not cluster.is_active:
        raise errors.EKSError("ResourceInUseException", f"Cannot update cluster {cluster.name}: it currently has an update in progress")
    vpc, access, logging = call.mapping("resourcesVpcConfig"), call.mapping("accessConfig"), call.mapping("logging")
    if not (vpc or access or logging):
        raise errors.invalid_parameter("No changes needed for the requested config update")
    kind, params = "LoggingUpdate", {"ClusterLogging": json.dumps(logging)}
    if vpc:
        cluster.resources_vpc_config = {**cluster.resources_vpc_config, **vpc}
        kind, params = "VpcConfigUpdate", {VPC_PARAMS[key]: json.dumps(value) for key, value in vpc.items() if key in VPC_PARAMS}
    if logging:
        cluster.logging = logging
    if access:
        cluster.access_config = access_config({**cluster.access_config, **access})
        kind, params = "AccessConfigUpdate", {"AuthenticationMode": cluster.access_config["authenticationMode"]}
    update = cluster.begin_update(kind, params, call.simulation.update_seconds)
    return {"update": update.document(cluster.clock())}


def list_updates(call: EKSCall) -> dict[str, Any]:
    """List the ids of a cluster's updates, or of one of its add-ons."""
    addon = next(iter(call.query.get("addonName", [])), None)
    cluster = call.cluster()
    return call.page("updateIds", [update.id for update in cluster.updates.values() if update.addon == addon])


def describe_update(call: EKSCall) -> dict[str, Any]:
    """Describe an update."""
    cluster = call.cluster()
    return {"update": cluster.update(call.path["updateId"]).document(cluster.clock())}
