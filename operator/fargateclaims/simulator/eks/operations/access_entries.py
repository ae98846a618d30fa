"""Access entries: which IAM principals Kubernetes lets in, kept by EKS instead of the aws-auth ConfigMap."""

from typing import Any, Final
from uuid import uuid4

from fargateclaims.simulator.eks import errors
from fargateclaims.simulator.eks.cluster import SimulatedCluster
from fargateclaims.simulator.eks.operations.call import EKSCall
from fargateclaims.simulator.eks.validation import check_new_tags

FARGATE_TYPE: Final = "FARGATE_LINUX"
TYPES: Final = frozenset({"STANDARD", FARGATE_TYPE, "EC2_LINUX", "EC2_WINDOWS", "EC2", "HYBRID_LINUX", "HYPERPOD_LINUX"})
FARGATE_USERNAME: Final = "system:node:{{SessionName}}"
FARGATE_GROUPS: Final = ["system:node-proxier"]


def create_access_entry(call: EKSCall) -> dict[str, Any]:
    """Make an entry for a principal that has none."""
    cluster = _cluster(call)
    principal, kind = call.text("principalArn"), call.body.get("type") or "STANDARD"
    if kind not in TYPES:
        raise errors.invalid_parameter(f"The type of an access entry is one of {', '.join(sorted(TYPES))}")
    if principal in cluster.access_entries:
        raise errors.EKSError("ResourceInUseException", "The specified access entry resource is already in use on this cluster.")
    tags = call.mapping("tags")
    check_new_tags(tags)
    username = call.text("username") if call.body.get("username") else principal
    entry = _entry(cluster, principal, kind, tags)
    if kind != FARGATE_TYPE:
        entry.update(kubernetesGroups=call.texts("kubernetesGroups"), username=username)
    cluster.access_entries[principal] = entry
    return {"accessEntry": entry}


def describe_access_entry(call: EKSCall) -> dict[str, Any]:
    """Describe a principal's entry."""
    return {"accessEntry": _existing(call)}


def list_access_entries(call: EKSCall) -> dict[str, Any]:
    """List the principals that have an entry."""
    return call.page("accessEntries", list(_cluster(call).access_entries))


def update_access_entry(call: EKSCall) -> dict[str, Any]:
    """Change the groups or the user name of a STANDARD entry."""
    entry = _existing(call)
    if entry["type"] != "STANDARD":
        raise errors.invalid_request("Only access entries of type STANDARD can be changed")
    if "kubernetesGroups" in call.body:
        entry["kubernetesGroups"] = call.texts("kubernetesGroups")
    if call.body.get("username"):
        entry["username"] = call.text("username")
    entry["modifiedAt"] = call.simulation.clock()
    return {"accessEntry": entry}


def delete_access_entry(call: EKSCall) -> dict[str, Any]:
    """Remove a principal's entry."""
    del _cluster(call).access_entries[_existing(call)["principalArn"]]
    return {}


def ensure_fargate_entry(cluster: SimulatedCluster, role: str) -> None:
    """Add a pod execution role's entry where EKS adds it by itself: at the create of a profile, if the mode includes the API."""
    if cluster.accepts_access_entries and role not in cluster.access_entries:
        cluster.access_entries[role] = _entry(cluster, role, FARGATE_TYPE, {})


def _cluster(call: EKSCall) -> SimulatedCluster:
    cluster = call.cluster()
    if not cluster.accepts_access_entries:
        raise errors.invalid_request(
            "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this operation."
        )
    return cluster


def _existing(call: EKSCall) -> dict[str, Any]:
    entry = _cluster(call).access_entries.get(call.path["principalArn"])
    if entry is None:
        raise errors.EKSError("ResourceNotFoundException", "The specified principalArn could not be found.")
    return entry


def _entry(cluster: SimulatedCluster, principal: str, kind: str, tags: dict[str, str]) -> dict[str, Any]:
    """Return an entry with the groups and the user name that Fargate's have."""
    now = cluster.clock()
    return {
        "clusterName": cluster.name,
        "principalArn": principal,
        "kubernetesGroups": FARGATE_GROUPS,
        "accessEntryArn": f"{cluster.arn.replace(':cluster/', ':access-entry/')}/role/{principal.rpartition('/')[2]}/{uuid4()}",
        "createdAt": now,
        "modifiedAt": now,
        "tags": tags,
        "username": FARGATE_USERNAME,
        "type": kind,
    }
