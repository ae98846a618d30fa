"""The DaemonSets of an EKS cluster: by them one sees which network plugins its nodes have."""

from collections.abc import Mapping
from typing import Any

from fargateclaims.domain.workloads import DaemonSet
from fargateclaims.kube.client import KubeClient


async def daemon_sets(client: KubeClient) -> tuple[DaemonSet, ...]:
    """Read the names of all DaemonSets. Raises KubeError."""
    found, _ = await client.list_path("/apis/apps/v1/daemonsets", (), _read)
    return tuple(sorted(found, key=lambda each: (each.namespace, each.name)))


def _read(obj: Mapping[str, Any]) -> DaemonSet:
    metadata = obj.get("metadata")
    names = metadata if isinstance(metadata, Mapping) else {}
    return DaemonSet(str(names.get("namespace") or ""), str(names.get("name") or ""))
