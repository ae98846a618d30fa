"""Which groups, versions and resources are served, as clients discover them: one document for each level, or all in one (aggregated)."""

from collections.abc import Iterable
from typing import Final

from fargateclaims.simulator.kube.errors import PageNotFoundError
from fargateclaims.simulator.kube.objects import Obj
from fargateclaims.simulator.kube.resources import SUBRESOURCES, Kinds, ResourceType

AGGREGATED_TYPES: Final = {
    version: f"application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList" for version in ("v2", "v2beta1")
}
VERSION: Final = {
    "major": "1",
    "minor": "36",
    "gitVersion": "v1.36.3+fargateclaims-simulator",
    "gitCommit": "",
    "gitTreeState": "",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": "",
    "compiler": "",
    "platform": "python",
}


def aggregated_version(accept: str) -> str | None:
    """The version of aggregated discovery that an ``Accept`` header prefers to the plain documents."""
    for part in accept.split(","):
        options = {piece.strip() for piece in part.split(";")}
        if "as=APIGroupDiscoveryList" in options:
            return next((version for version in AGGREGATED_TYPES if f"v={version}" in options), None)
        if "application/json" in options:
            return None
    return None


def core_versions(address: str) -> Obj:
    """``/api``."""
    addresses = [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}]
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": addresses}


def group_list(kinds: Kinds) -> Obj:
    """``/apis``."""
    groups = [_group(name, versions) for name, versions in kinds.groups().items() if name]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def group(kinds: Kinds, name: str) -> Obj:
    """``/apis/<group>``; 404 if it is not served."""
    versions = kinds.groups().get(name)
    if not name or versions is None:
        raise PageNotFoundError
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(name, versions)}


def _group(name: str, versions: list[str]) -> Obj:
    listed = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": listed, "preferredVersion": listed[0]}


def resource_list(kinds: Kinds, group_name: str, version: str) -> Obj:
    """``/api/v1`` and ``/apis/<group>/<version>``; 404 if it is not served."""
    resources = [resource for resource in kinds if (resource.group, resource.version) == (group_name, version)]
    if not resources:
        raise PageNotFoundError
    listed = [entry for resource in resources for entry in _api_resources(resource)]
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": resources[0].api_version, "resources": listed}


def _api_resources(resource: ResourceType) -> Iterable[Obj]:
    entry: Obj = {
        "name": resource.plural,
        "singularName": resource.singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": list(resource.verbs),
    }
    for name, values in (("shortNames", resource.short_names), ("categories", resource.categories)):
        if values:
            entry[name] = list(values)
    yield entry
    for name in sorted(resource.subresources):
        found = SUBRESOURCES[name]
        own = {"group": found.group, "version": found.version} if found.group else {}
        yield {
            "name": f"{resource.plural}/{name}",
            "singularName": "",
            "namespaced": resource.namespaced,
            **own,
            "kind": found.kind or resource.kind,
            "verbs": list(found.verbs),
        }


def aggregated(kinds: Kinds, api_version: str, *, core: bool) -> Obj:
    """``/api`` (core) or ``/apis`` as one document."""
    groups = [
        {"metadata": {"name": name} if name else {}, "versions": [_aggregated_version(kinds, name, version) for version in versions]}
        for name, versions in kinds.groups().items()
        if bool(name) != core
    ]
    return {"kind": "APIGroupDiscoveryList", "apiVersion": f"apidiscovery.k8s.io/{api_version}", "metadata": {}, "items": groups}


def _aggregated_version(kinds: Kinds, group_name: str, version: str) -> Obj:
    resources = [_aggregated_resource(resource) for resource in kinds if (resource.group, resource.version) == (group_name, version)]
    return {"version": version, "freshness": "Current", "resources": resources}


def _aggregated_resource(resource: ResourceType) -> Obj:
    response_kind = {"group": resource.group, "version": resource.version, "kind": resource.kind}
    entry: Obj = {
        "resource": resource.plural,
        "responseKind": response_kind,
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": resource.singular,
        "verbs": list(resource.verbs),
        "shortNames": list(resource.short_names),
        "categories": list(resource.categories),
    }
    if resource.subresources:
        entry["subresources"] = [_aggregated_subresource(resource, name) for name in sorted(resource.subresources)]
    return {name: value for name, value in entry.items() if value != []}


def _aggregated_subresource(resource: ResourceType, name: str) -> Obj:
    found = SUBRESOURCES[name]
    kind = {
        "group": found.group or resource.group,
        "version": found.version or resource.version,
        "kind": found.kind or resource.kind,
    }
    return {"subresource": name, "responseKind": kind, "verbs": list(found.verbs)}
