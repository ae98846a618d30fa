"""DescribeClusterVersions: the Kubernetes versions that EKS has, and how it supports them."""

from typing import Any, Final

from fargateclaims.simulator.eks.cluster import KUBERNETES_VERSION
from fargateclaims.simulator.eks.operations.call import EKSCall

_STANDARD: Final = "STANDARD_SUPPORT"
_EXTENDED: Final = "EXTENDED_SUPPORT"
_UNSUPPORTED: Final = "UNSUPPORTED"
SUPPORT: Final = {
    "1.35": _STANDARD,
    "1.34": _STANDARD,
    "1.33": _EXTENDED,
    "1.32": _EXTENDED,
    "1.31": _EXTENDED,
    "1.30": _UNSUPPORTED,
    "1.29": _UNSUPPORTED,
}
"""As of November 2026, whatever the clock says (EKS user guide, "Understand the Kubernetes version lifecycle on EKS")."""


def describe_cluster_versions(call: EKSCall) -> dict[str, Any]:
    """Describe those asked for by name or by support; by default, and unless all are wanted, those that are supported."""
    named, support = call.query.get("clusterVersions", ()), call.query.get("versionStatus", ())
    everything = bool(named or support) or _true(call, "includeAll")
    chosen = [
        version
        for version, state in SUPPORT.items()
        if (everything or state != _UNSUPPORTED)
        and (not named or version in named)
        and (not support or state in support)
        and (version == KUBERNETES_VERSION or not _true(call, "defaultOnly"))
    ]
    page = call.page("clusterVersions", chosen)
    return {**page, "clusterVersions": [_document(version) for version in page["clusterVersions"]]}


def _true(call: EKSCall, name: str) -> bool:
    return call.query.get(name, ["false"])[0] == "true"


def _document(version: str) -> dict[str, Any]:
    state = SUPPORT[version]
    return {
        "clusterVersion": version,
        "clusterType": "eks",
        "defaultVersion": version == KUBERNETES_VERSION,
        "status": state.lower().replace("_", "-"),
        "versionStatus": state,
    }
