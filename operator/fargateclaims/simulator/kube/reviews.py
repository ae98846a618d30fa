"""Reviews that clients create to ask who they are and what they may do. Everyone may do everything here."""

from typing import Final

from fargateclaims.simulator.kube.objects import Obj
from fargateclaims.simulator.kube.resources import ResourceType
from fargateclaims.simulator.kube.schema import Node

USER: Final = {"username": "simulator", "groups": ["system:masters", "system:authenticated"]}
_STATUS: Final[dict[str, Obj]] = {
    "SelfSubjectAccessReview": {"allowed": True},
    "SelfSubjectReview": {"userInfo": USER},
    "SelfSubjectRulesReview": {
        "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
        "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
        "incomplete": False,
    },
}


def _review(group: str, kind: str) -> ResourceType:
    return ResourceType(
        group=group,
        version="v1",
        kind=kind,
        plural=f"{kind.lower()}s",
        singular=kind.lower(),
        namespaced=False,
        collection="",
        storage_version=f"{group}/v1",
        openapi={"type": "object", "description": "A question to the API server about the one who asks."},
        schema=Node(type="object", preserve_unknown=True),
        columns=(),
        verbs=("create",),
    )


REVIEW_KINDS: Final = (
    _review("authentication.k8s.io", "SelfSubjectReview"),
    _review("authorization.k8s.io", "SelfSubjectAccessReview"),
    _review("authorization.k8s.io", "SelfSubjectRulesReview"),
)


def answer(resource: ResourceType, review: Obj) -> Obj:
    """The review with its status."""
    return {"metadata": {}} | review | {"apiVersion": resource.api_version, "kind": resource.kind, "status": _STATUS[resource.kind]}
