"""The CustomResourceDefinitions, generated from the models: `python -m fargateclaims.api.crd FOLDER` writes them."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from fargateclaims.api import group
from fargateclaims.api.claim import FargateProfileClaim
from fargateclaims.api.conditions import ConditionStatus, ConditionType
from fargateclaims.api.fargateclass import FargateProfileClass
from fargateclaims.api.objects import APIObject
from fargateclaims.api.reasons import Reason
from fargateclaims.api.schema import Schema, structural_schema

_HEADER: Final = "# Generated from operator/fargateclaims/api by `make crds`; changes belong there.\n---\n"
_LINE_WIDTH: Final = 120
_EPOCH: Final = "1970-01-01T00:00:00Z"
_NOT_SEEN: Final = "the operator has not looked at this object yet"

Column = dict[str, str | int]


def _column(name: str, path: str, description: str, *, type_: str = "string", wide: bool = False) -> Column:
    column: Column = {"name": name, "type": type_, "jsonPath": path, "description": description}
    return {**column, "priority": 1} if wide else column


def _condition(type_: ConditionType, field: str) -> str:
    return f'.status.conditions[?(@.type=="{type_}")].{field}'


_READY: Final = _column("Ready", _condition(ConditionType.READY, "status"), "Whether all is as the spec says.")
_REASON: Final = _column("Reason", _condition(ConditionType.READY, "reason"), "Why, in one word of a closed list.")
_AGE: Final = _column("Age", ".metadata.creationTimestamp", "How long the object has existed.", type_="date")

_CLAIM_COLUMNS: Final = (
    _READY,
    _REASON,
    _column("Class", ".spec.className", "The class of the claim."),
    _column("Profile", ".status.profile.name", "The EKS Fargate profile."),
    _column("Queue", ".status.operation.display", "The place in the cluster's queue and the queue's length."),
    _AGE,
    _column("Available", _condition(ConditionType.AVAILABLE, "status"), "Whether an ACTIVE profile takes pods.", wide=True),
    _column("Cluster", ".status.resolved.clusterARN", "The EKS cluster.", wide=True),
    _column("Message", _condition(ConditionType.READY, "message"), "What is so, and what can be done.", wide=True),
)
_CLASS_COLUMNS: Final = (
    _READY,
    _REASON,
    _column("Cluster", ".spec.clusterARN", "The EKS cluster."),
    _column("Profiles", ".status.profiles.display", "The cluster's Fargate profiles and its quota."),
    _column("Queued", ".status.queue.length", "How many operations wait for the cluster.", type_="integer"),
    _column("Claims", ".status.attachedClaims", "How many claims use the class.", type_="integer"),
    _AGE,
)


def claim_crd() -> dict[str, Any]:
    """The definition of FargateProfileClaim."""
    names = {
        "kind": group.CLAIM_KIND,
        "listKind": f"{group.CLAIM_KIND}List",
        "plural": group.CLAIM_PLURAL,
        "singular": group.CLAIM_SINGULAR,
        "shortNames": [group.CLAIM_SHORT_NAME],
    }
    return _definition(names, "Namespaced", _CLAIM_COLUMNS, _schema(FargateProfileClaim))


def class_crd() -> dict[str, Any]:
    """The definition of FargateProfileClass."""
    names = {
        "kind": group.CLASS_KIND,
        "listKind": f"{group.CLASS_KIND}List",
        "plural": group.CLASS_PLURAL,
        "singular": group.CLASS_SINGULAR,
        "shortNames": [group.CLASS_SHORT_NAME],
    }
    return _definition(names, "Cluster", _CLASS_COLUMNS, _schema(FargateProfileClass))


def _definition(names: dict[str, Any], scope: str, columns: Sequence[Column], schema: Schema) -> dict[str, Any]:
    version = {
        "name": group.VERSION,
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "additionalPrinterColumns": [dict(column) for column in columns],
        "schema": {"openAPIV3Schema": schema},
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{names['plural']}.{group.GROUP}"},
        "spec": {
            "group": group.GROUP,
            "names": {**names, "categories": [group.CATEGORY]},
            "scope": scope,
            "versions": [version],
        },
    }


def _schema(model: type[APIObject]) -> Schema:
    schema = structural_schema(model)
    schema["properties"] = {
        "apiVersion": {"type": "string", "description": f"The version of the API: {group.API_VERSION}."},
        "kind": {"type": "string", "description": f"The kind of object: {model.KIND}."},
        # The API server has its own schema of metadata, and refuses even a description here.
        "metadata": {"type": "object"},
        "spec": schema["properties"]["spec"],
        "status": {**schema["properties"]["status"], "default": _unseen_status()},
    }
    schema["required"] = ["spec"]
    return schema


def _unseen_status() -> dict[str, Any]:
    """The one default: to kstatus and Argo CD an object without any status would be healthy."""
    return {
        "conditions": [
            {
                "type": str(type_),
                "status": str(status),
                "reason": str(Reason.PENDING),
                "message": _NOT_SEEN,
                "lastTransitionTime": _EPOCH,
            }
            for type_, status in ((ConditionType.READY, ConditionStatus.UNKNOWN), (ConditionType.RECONCILING, ConditionStatus.TRUE))
        ]
    }


class _Dumper(yaml.SafeDumper):
    """Writes shared parts in full: the API server's files have no anchors."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002  the signature is PyYAML's
        return True


def render_crds() -> dict[str, str]:
    """The files by name, always the same text for the same models."""
    return {
        f"{definition['metadata']['name']}.yaml": _HEADER + yaml.dump(definition, Dumper=_Dumper, width=_LINE_WIDTH, allow_unicode=True)
        for definition in (class_crd(), claim_crd())
    }


def write_crds(folder: Path) -> None:
    """Write the files into `folder`, which is made if it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in render_crds().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_crds(Path(sys.argv[1] if len(sys.argv) > 1 else "crds"))
