"""The EKS operations that the simulator answers itself, and which request asks for which. Others are left to moto (node groups)."""

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import unquote

from fargateclaims.simulator.eks.operations import access_entries, addons, clusters, fargate, node_groups, tags, versions
from fargateclaims.simulator.eks.operations.call import EKSCall

Handler = Callable[[EKSCall], dict[str, Any]]

_CLUSTER: Final = "/clusters/{clusterName}"

# Method, path and name as in botocore's model of EKS; a test compares them.
OPERATIONS: Final[dict[str, tuple[str, str, Handler]]] = {
    "CreateCluster": ("POST", "/clusters", clusters.create_cluster),
    "ListClusters": ("GET", "/clusters", clusters.list_clusters),
    "DescribeCluster": ("GET", _CLUSTER, clusters.describe_cluster),
    "DeleteCluster": ("DELETE", _CLUSTER, clusters.delete_cluster),
    "DescribeClusterVersions": ("GET", "/cluster-versions", versions.describe_cluster_versions),
    "UpdateClusterConfig": ("POST", f"{_CLUSTER}/update-config", clusters.update_cluster_config),
    "ListUpdates": ("GET", f"{_CLUSTER}/updates", clusters.list_updates),
    "DescribeUpdate": ("GET", f"{_CLUSTER}/updates/{{updateId}}", clusters.describe_update),
    "CreateFargateProfile": ("POST", f"{_CLUSTER}/fargate-profiles", fargate.create_fargate_profile),
    "ListFargateProfiles": ("GET", f"{_CLUSTER}/fargate-profiles", fargate.list_fargate_profiles),
    "DescribeFargateProfile": ("GET", f"{_CLUSTER}/fargate-profiles/{{fargateProfileName}}", fargate.describe_fargate_profile),
    "DeleteFargateProfile": ("DELETE", f"{_CLUSTER}/fargate-profiles/{{fargateProfileName}}", fargate.delete_fargate_profile),
    "CreateAccessEntry": ("POST", f"{_CLUSTER}/access-entries", access_entries.create_access_entry),
    "ListAccessEntries": ("GET", f"{_CLUSTER}/access-entries", access_entries.list_access_entries),
    "DescribeAccessEntry": ("GET", f"{_CLUSTER}/access-entries/{{principalArn}}", access_entries.describe_access_entry),
    "UpdateAccessEntry": ("POST", f"{_CLUSTER}/access-entries/{{principalArn}}", access_entries.update_access_entry),
    "DeleteAccessEntry": ("DELETE", f"{_CLUSTER}/access-entries/{{principalArn}}", access_entries.delete_access_entry),
    "CreateAddon": ("POST", f"{_CLUSTER}/addons", addons.create_addon),
    "ListAddons": ("GET", f"{_CLUSTER}/addons", addons.list_addons),
    "DescribeAddon": ("GET", f"{_CLUSTER}/addons/{{addonName}}", addons.describe_addon),
    "UpdateAddon": ("POST", f"{_CLUSTER}/addons/{{addonName}}/update", addons.update_addon),
    "DeleteAddon": ("DELETE", f"{_CLUSTER}/addons/{{addonName}}", addons.delete_addon),
    "ListNodegroups": ("GET", f"{_CLUSTER}/node-groups", node_groups.list_nodegroups),
    "TagResource": ("POST", "/tags/{resourceArn}", tags.tag_resource),
    "UntagResource": ("DELETE", "/tags/{resourceArn}", tags.untag_resource),
    "ListTagsForResource": ("GET", "/tags/{resourceArn}", tags.list_tags_for_resource),
}

# moto's own: named here for the ledger and the faults.
MOTOS: Final = {
    "CreateNodegroup": ("POST", f"{_CLUSTER}/node-groups"),
    "DescribeNodegroup": ("GET", f"{_CLUSTER}/node-groups/{{nodegroupName}}"),
    "DeleteNodegroup": ("DELETE", f"{_CLUSTER}/node-groups/{{nodegroupName}}"),
    "UpdateNodegroupConfig": ("POST", f"{_CLUSTER}/node-groups/{{nodegroupName}}/update-config"),
}

_BY_SHAPE: Final[dict[tuple[str, int], list[tuple[str, list[str]]]]] = {}
for _name, (_method, _path) in {**{name: entry[:2] for name, entry in OPERATIONS.items()}, **MOTOS}.items():
    _segments = _path.split("/")
    _BY_SHAPE.setdefault((_method, len(_segments)), []).append((_name, _segments))


def route(method: str, raw_path: str) -> tuple[str, dict[str, str]] | None:
    """Return the operation that a request asks for and the parameters of its path; None for one that neither side knows.

    ``raw_path`` is still percent-encoded, so that an ARN's slashes do not count as the path's.
    """
    segments = raw_path.split("/")
    if segments[1] == "tags":
        segments = ["", "tags", "/".join(segments[2:])]
    for name, template in _BY_SHAPE.get((method, len(segments)), ()):
        found: dict[str, str] = {}
        for wanted, sent in zip(template, segments, strict=True):
            if wanted.startswith("{") and sent:
                found[wanted[1:-1]] = unquote(sent)
            elif wanted != sent:
                break
        else:
            return name, found
    return None


def run(operation: str, call: EKSCall) -> dict[str, Any]:
    """Carry out an operation and return its answer; raise EKSError for EKS's refusals."""
    return OPERATIONS[operation][2](call)
