"""What runs in an EKS cluster beside the pods themselves: CoreDNS, aws-auth, nodes, and what makes pods.

What is read is lean, and what is written names what was read: nothing is changed that somebody else has changed meanwhile.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from fargateclaims.api.times import format_time, parse_rfc3339
from fargateclaims.domain.pinned import PinnedTemplate
from fargateclaims.domain.pods.matching import PIN
from fargateclaims.domain.pods.pod import read_pod
from fargateclaims.domain.workloads import AWSAuth, CoreDNS, Workloads
from fargateclaims.kube.client import PAGE_SIZE, KubeClient
from fargateclaims.kube.clusters import ClusterAPI
from fargateclaims.kube.errors import Conflict, Missing, Refused, Unavailable

MAP_ROLES: Final = "mapRoles"
COMPUTE_TYPE: Final = "eks.amazonaws.com/compute-type"

_CORE_DNS: Final = "/apis/apps/v1/namespaces/kube-system/deployments/coredns"
_CONFIG_MAPS: Final = "/api/v1/namespaces/kube-system/configmaps"
_AWS_AUTH: Final = "aws-auth"
_ANNOTATIONS: Final = "/spec/template/metadata/annotations"
_RESTARTED: Final = "kubectl.kubernetes.io/restartedAt"
_DOES_NOT_FIT: Final = "the server rejected our request due to an error in our request"
"""What the API server says of a JSON patch whose test fails, or whose paths are not there."""


async def read_workloads(api: ClusterAPI) -> Workloads:
    """Read what the checks of a cluster need, each part as far as the operator may look."""
    core_dns, aws_auth, other_nodes = await asyncio.gather(api.ask(read_core_dns), api.ask(read_aws_auth), api.ask(count_other_nodes))
    return Workloads(core_dns=core_dns, aws_auth=aws_auth, other_nodes=other_nodes)


async def read_core_dns(client: KubeClient) -> CoreDNS | None:
    """Read the Deployment kube-system/coredns; None if there is none. Raises KubeError."""
    try:
        found = await client.request("get", _CORE_DNS)
    except Missing:
        return None
    spec, status = _mapping(found, "spec"), _mapping(found, "status")
    template = _mapping(spec, "template", "metadata")
    annotations = _mapping(template, "annotations")
    annotation = annotations.get(COMPUTE_TYPE)
    return CoreDNS(
        compute_type=annotation if isinstance(annotation, str) else None,
        labels={key: value for key, value in _mapping(template, "labels").items() if isinstance(value, str)},
        replicas=_count(spec, "replicas", default=1),
        ready=_count(status, "readyReplicas"),
        restarted=_time(annotations.get(_RESTARTED)),
    )


async def count_other_nodes(client: KubeClient) -> int:
    """Count the nodes that are not Fargate's; PAGE_SIZE stands for that many or more. Raises KubeError."""
    # One page is enough: what matters is whether there are any, and a node is a large object.
    query = [("labelSelector", f"{COMPUTE_TYPE}!=fargate"), ("limit", str(PAGE_SIZE))]
    found = (await client.request("list", "/api/v1/nodes", query=query)).get("items")
    if not isinstance(found, list | None):
        raise Unavailable("GET /api/v1/nodes: the answer is no list")
    return len(found or ())


async def read_aws_auth(client: KubeClient) -> AWSAuth | None:
    """Read the ConfigMap kube-system/aws-auth; None if there is none. Raises KubeError."""
    found = await _config_map(client)
    return None if found is None else AWSAuth(_map_roles(found))


async def replace_map_roles(client: KubeClient, former: str | None, wanted: str, annotations: Mapping[str, str]) -> bool:
    """Replace mapRoles of aws-auth, if it still is as it was read; whether it was. Raises KubeError.

    :param former: as it was read; None if there was no such ConfigMap.
    :param annotations: to be set at once; all others stay, as does all else in the ConfigMap.
    """
    found = await _config_map(client)
    if (None if found is None else _map_roles(found)) != former:
        return False
    before = found or {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"namespace": "kube-system", "name": _AWS_AUTH}}
    body = {
        **before,
        "metadata": {**_mapping(before, "metadata"), "annotations": {**_mapping(before, "metadata", "annotations"), **annotations}},
        "data": {**_mapping(before, "data"), MAP_ROLES: wanted},
    }
    try:
        if found is None:
            await client.request("create", _CONFIG_MAPS, body=body)
        else:
            # With the resourceVersion that was read: between then and now nobody else has written.
            await client.request("update", f"{_CONFIG_MAPS}/{_AWS_AUTH}", body=body)
    except (Conflict, Missing):
        return False
    return True


async def remove_compute_type(client: KubeClient, seen: str) -> bool:
    """Remove CoreDNS's annotation that keeps it off Fargate, if it still is what was seen; whether it was. Raises KubeError.

    The Deployment rolls by that alone, since its pod template changes.
    """
    path = f"{_ANNOTATIONS}/{COMPUTE_TYPE.replace('/', '~1')}"
    return await _patch_core_dns(client, [{"op": "test", "path": path, "value": seen}, {"op": "remove", "path": path}])


async def restart_core_dns(client: KubeClient, now: datetime) -> bool:
    """Make CoreDNS's pods anew, as `kubectl rollout restart` does; whether there is one. Raises KubeError."""
    patch = {"spec": {"template": {"metadata": {"annotations": {_RESTARTED: format_time(now)}}}}}
    return await _patch_core_dns(client, patch)


async def _patch_core_dns(client: KubeClient, patch: Mapping[str, Any] | list[dict[str, str]]) -> bool:
    try:
        await client.request("patch", _CORE_DNS, body=patch)
    except (Conflict, Missing):
        return False
    except Refused as error:
        if _DOES_NOT_FIT in str(error):
            return False
        raise
    return True


async def pinned_templates(client: KubeClient, profile: str, namespaces: Iterable[str] | None) -> list[PinnedTemplate]:
    """Find what will make pods that name a profile by label. Raises KubeError.

    :param namespaces: where to look; None for all.
    """
    places = [""] if namespaces is None else [f"/namespaces/{quote(name, safe='')}" for name in sorted(set(namespaces))]
    found: list[PinnedTemplate] = []
    for maker in _MAKERS:
        for place in places:
            found += await _pinned_by(client, maker, f"{maker.root}{place}/{maker.plural}", profile)
    return found


@dataclass(frozen=True, slots=True)
class _Maker:
    """A kind that makes pods."""

    root: str
    plural: str
    kind: str
    template: tuple[str, ...] = ("spec", "template")


_MAKERS: Final = (
    _Maker("/apis/apps/v1", "deployments", "Deployment"),
    _Maker("/apis/apps/v1", "statefulsets", "StatefulSet"),
    _Maker("/apis/apps/v1", "replicasets", "ReplicaSet"),
    _Maker("/apis/batch/v1", "cronjobs", "CronJob", ("spec", "jobTemplate", "spec", "template")),
    _Maker("/apis/batch/v1", "jobs", "Job"),
    _Maker("/api/v1", "replicationcontrollers", "ReplicationController"),
)
"""DaemonSets are none: their pods do not run on Fargate."""


async def _pinned_by(client: KubeClient, maker: _Maker, path: str, profile: str) -> list[PinnedTemplate]:
    def read(obj: dict[str, Any]) -> PinnedTemplate | None:
        if _mapping(obj, *maker.template, "metadata", "labels").get(PIN) != profile:
            return None
        # What its owner's template was before it was changed, or has done its work, makes no pod any more.
        owned = read_pod(obj)
        idle = owned.controller is not None and _count(_mapping(obj, "spec"), "replicas", default=1) == 0
        if idle or _ended(obj):
            return None
        return PinnedTemplate(owned.namespace, maker.kind, owned.name, owned.controller)

    try:
        items, _ = await client.list_path(path, (), read)
    except Missing:
        return []  # an API server need not serve every kind
    return [item for item in items if item is not None]


def _ended(obj: Mapping[str, Any]) -> bool:
    """Whether a Job has."""
    conditions = _mapping(obj, "status").get("conditions")
    return any(
        isinstance(each, Mapping) and each.get("type") in ("Complete", "Failed") and each.get("status") == "True"
        for each in (conditions if isinstance(conditions, list) else ())
    )


async def _config_map(client: KubeClient) -> dict[str, Any] | None:
    try:
        return await client.request("get", f"{_CONFIG_MAPS}/{_AWS_AUTH}")
    except Missing:
        return None


def _map_roles(config_map: Mapping[str, Any]) -> str:
    text = _mapping(config_map, "data").get(MAP_ROLES)
    return text if isinstance(text, str) else ""


def _mapping(obj: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    """What is there under the keys; nothing where it is no mapping."""
    found: object = obj
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _time(value: object) -> datetime | None:
    try:
        return parse_rfc3339(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _count(obj: Mapping[str, Any], key: str, default: int = 0) -> int:
    value = obj.get(key)
    return value if isinstance(value, int) else default
