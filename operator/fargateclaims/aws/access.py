"""What EKS says of a cluster beside DescribeCluster, and what mends it. What follows is decided in `domain/checks/`."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from fargateclaims.aws.answers import all_pages, existing, readable
from fargateclaims.aws.calls import Caller
from fargateclaims.aws.departure import Permit
from fargateclaims.aws.memory import AccountMemory
from fargateclaims.aws.shapes import reading
from fargateclaims.domain.access import FARGATE_ENTRY_TYPE, AccessEntry, Addon, ClusterAccess, ClusterVersion
from fargateclaims.domain.observation import EKSCluster

CORE_DNS: Final = "coredns"
"""CoreDNS as a managed add-on."""
_API: Final = "API"
"""Part of each authentication mode that has access entries."""
_PAGE_SIZE: Final = 100

Raw = Mapping[str, Any]


async def read_access(caller: Caller, memory: AccountMemory, cluster: EKSCluster, role_arns: Collection[str]) -> ClusterAccess:
    """Find out how a cluster knows the pod execution roles `role_arns`, and what else only EKS can say. It serves all its classes.

    It costs two calls, and one for each role where the authentication mode has access entries. Each managed node group costs one
    more a day, as do the versions for each account and region; a group whose role is one of `role_arns` costs one each time, so that
    a group that was made anew with another role is seen at once.

    Raises AWSError where EKS does not answer or the cluster is gone; a missing permission is a fact.
    """
    return ClusterAccess(
        entries={arn: await readable(existing(_entry(caller, cluster.name, arn))) for arn in _with_entries(cluster, role_arns)},
        node_roles=await readable(_node_roles(caller, memory, cluster.name, role_arns)),
        core_dns=await readable(existing(_addon(caller, cluster.name, CORE_DNS))),
        versions=await readable(_versions(caller, memory)),
    )


async def create_access_entry(caller: Caller, cluster_name: str, role_arn: str, permit: Permit) -> AccessEntry:
    """Let the nodes of a pod execution role into the cluster, and return the entry as EKS made it.

    Raises AWSError (EXISTS if the role has an entry, whatever its type), and NotPermitted where `permit` says no.
    """
    parameters = {"clusterName": cluster_name, "principalArn": role_arn, "type": FARGATE_ENTRY_TYPE}
    return _read_entry("CreateAccessEntry", await caller.mutate(permit, "eks", "CreateAccessEntry", parameters))


async def update_addon(caller: Caller, cluster_name: str, name: str, configuration: str, permit: Permit) -> None:
    """Begin to give an add-on another configuration; what people have changed in its objects by hand stays.

    :param configuration: the whole of its configurationValues: it takes the place of those that it has.

    Raises AWSError (BUSY_CLUSTER while the add-on is CREATING or UPDATING), and NotPermitted where `permit` says no.
    """
    parameters = {
        "clusterName": cluster_name,
        "addonName": name,
        "configurationValues": configuration,
        "resolveConflicts": "PRESERVE",
    }
    await caller.mutate(permit, "eks", "UpdateAddon", parameters)


def _with_entries(cluster: EKSCluster, role_arns: Collection[str]) -> list[str]:
    """Without the API in its mode, a cluster refuses to say anything about access entries."""
    return sorted(set(role_arns)) if _API in cluster.authentication_mode else []


async def _entry(caller: Caller, cluster_name: str, role_arn: str) -> AccessEntry:
    answer = await caller.read("eks", "DescribeAccessEntry", {"clusterName": cluster_name, "principalArn": role_arn})
    return _read_entry("DescribeAccessEntry", answer)


def _read_entry(operation: str, answer: Raw) -> AccessEntry:
    with reading(operation):
        entry = answer["accessEntry"]
        return AccessEntry(entry["principalArn"], entry["type"], entry.get("username", ""), frozenset(entry.get("kubernetesGroups", ())))


async def _node_roles(caller: Caller, memory: AccountMemory, cluster_name: str, in_question: Collection[str]) -> Mapping[str, str]:
    async def ask(page: Mapping[str, object]) -> Raw:
        return await caller.read("eks", "ListNodegroups", {"clusterName": cluster_name, "maxResults": _PAGE_SIZE, **page})

    roles: dict[str, str] = {}
    for group in await all_pages("ListNodegroups", "nodegroups", ask):
        key = cluster_name, group
        known = memory.node_roles.get(key)
        if known is None or known in in_question:
            known = await existing(_node_role(caller, cluster_name, group))
            if known is None:
                continue
            memory.node_roles.put(key, known)
        roles[group] = known
    return roles


async def _node_role(caller: Caller, cluster_name: str, group: str) -> str:
    answer = await caller.read("eks", "DescribeNodegroup", {"clusterName": cluster_name, "nodegroupName": group})
    with reading("DescribeNodegroup"):
        return str(answer["nodegroup"]["nodeRole"])


async def _addon(caller: Caller, cluster_name: str, name: str) -> Addon:
    answer = await caller.read("eks", "DescribeAddon", {"clusterName": cluster_name, "addonName": name})
    with reading("DescribeAddon"):
        addon = answer["addon"]
        return Addon(addon["addonName"], addon["status"], addon.get("addonVersion", ""), addon.get("configurationValues") or "")


async def _versions(caller: Caller, memory: AccountMemory) -> tuple[ClusterVersion, ...]:
    region = caller.identity.region
    known = memory.versions.get(region)
    if known is not None:
        return known

    async def ask(page: Mapping[str, object]) -> Raw:
        return await caller.read("eks", "DescribeClusterVersions", {"includeAll": True, "maxResults": _PAGE_SIZE, **page})

    found = await all_pages("DescribeClusterVersions", "clusterVersions", ask)
    with reading("DescribeClusterVersions"):
        versions = tuple(ClusterVersion(each["clusterVersion"], _status(each)) for each in found)
    memory.versions.put(region, versions)
    return versions


def _status(version: Raw) -> str:
    """EKS spells it in two ways, of which one is there."""
    return str(version.get("status") or version["versionStatus"].lower().replace("_", "-"))
