"""Objects as the API server gives them, to be varied by a test."""

from copy import deepcopy
from typing import Any

CLUSTER_ARN = "arn:aws:eks:eu-west-1:111122223333:cluster/prod"
ROLE_ARN = "arn:aws:iam::111122223333:role/fargate-pods"


def metadata(name: str, namespace: str | None = None) -> dict[str, Any]:
    located = {"namespace": namespace} if namespace else {}
    return {
        "name": name,
        **located,
        "uid": "7c6f1a52-0000-4000-8000-000000000001",
        "resourceVersion": "17",
        "generation": 1,
        "creationTimestamp": "2026-11-21T14:00:00Z",
    }


def claim_manifest(status: Any = None, /, **spec: Any) -> dict[str, Any]:
    """A valid claim; a keyword replaces a field of its spec, None removes it."""
    fields = {"className": "standard", "selectors": [{"labels": {"app": "checkout"}}], **spec}
    return _manifest("FargateProfileClaim", metadata("checkout", "shop"), fields, status)


def class_manifest(status: Any = None, /, **spec: Any) -> dict[str, Any]:
    """A valid class; a keyword replaces a field of its spec, None removes it."""
    fields = {"clusterARN": CLUSTER_ARN, "podExecutionRoleARN": ROLE_ARN, "claims": {"namespaces": {"from": "All"}}, **spec}
    return _manifest("FargateProfileClass", metadata("standard"), fields, status)


def _manifest(kind: str, meta: dict[str, Any], spec: dict[str, Any], status: Any) -> dict[str, Any]:
    given = {key: value for key, value in spec.items() if value is not None}
    manifest = {"apiVersion": "fargateclaims.dev/v1alpha1", "kind": kind, "metadata": meta, "spec": given}
    return deepcopy(manifest if status is None else {**manifest, "status": status})
