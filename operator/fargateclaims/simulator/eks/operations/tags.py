"""TagResource, UntagResource, ListTagsForResource, by ARN, for clusters, profiles, add-ons and access entries.

These have exceptions of their own: BadRequestException and NotFoundException.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from fargateclaims.simulator.eks import errors
from fargateclaims.simulator.eks.cluster import SimulatedCluster
from fargateclaims.simulator.eks.operations.call import EKSCall
from fargateclaims.simulator.eks.validation import merged_tags, remaining_tags

ARN: Final = re.compile(r"arn:[a-z-]+:eks:([a-z0-9-]+):(\d{12}):(cluster|fargateprofile|addon|access-entry)/([^/]+)(?:/.+)?")


def tag_resource(call: EKSCall) -> dict[str, Any]:
    """Add or overwrite tags."""
    arn, (kind, cluster) = call.path["resourceArn"], _resource(call)
    tags = call.body.get("tags")
    if kind == "fargateprofile":
        cluster.plane.tag(arn, tags)  # type: ignore[arg-type]
    else:
        holder = _holder(kind, cluster, arn)
        holder["tags"] = merged_tags(holder["tags"], tags)
        _store(kind, cluster, holder)
    return {}


def untag_resource(call: EKSCall) -> dict[str, Any]:
    """Remove tags."""
    arn, (kind, cluster) = call.path["resourceArn"], _resource(call)
    keys = list(call.query.get("tagKeys", []))
    if kind == "fargateprofile":
        cluster.plane.untag(arn, keys)
    else:
        holder = _holder(kind, cluster, arn)
        holder["tags"] = remaining_tags(holder["tags"], keys)
        _store(kind, cluster, holder)
    return {}


def list_tags_for_resource(call: EKSCall) -> dict[str, Any]:
    """Return the tags."""
    arn, (kind, cluster) = call.path["resourceArn"], _resource(call)
    tags: Mapping[str, str] = cluster.plane.tags(arn) if kind == "fargateprofile" else _holder(kind, cluster, arn)["tags"]
    return {"tags": dict(tags)}


def _resource(call: EKSCall) -> tuple[str, SimulatedCluster]:
    arn = call.path["resourceArn"]
    match = ARN.fullmatch(arn)
    if not match:
        raise errors.bad_request(f"Invalid ARN: {arn}")
    region, account, kind, name = match.groups()
    cluster = call.backend.simulated.get(name)
    if cluster is None or (account, region) != (call.backend.account_id, call.backend.region_name):
        raise errors.tagged_resource_not_found(arn)
    return kind, cluster


def _holder(kind: str, cluster: SimulatedCluster, arn: str) -> dict[str, Any]:
    """Return the document with the tags of anything but a profile."""
    if kind == "cluster":
        candidates = [{"arn": cluster.arn, "tags": cluster.tags}]
    else:
        candidates = list((cluster.addons if kind == "addon" else cluster.access_entries).values())
    for candidate in candidates:
        if arn in {candidate.get("arn"), candidate.get("addonArn"), candidate.get("accessEntryArn")}:
            return candidate
    raise errors.tagged_resource_not_found(arn)


def _store(kind: str, cluster: SimulatedCluster, holder: dict[str, Any]) -> None:
    """Put a cluster's tags back; the other documents are the stored ones themselves."""
    if kind == "cluster":
        cluster.tags = holder["tags"]
