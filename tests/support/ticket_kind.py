"""A small custom kind for tests of API servers: status default, rules, list types, printer columns, what one cannot change."""

from dataclasses import dataclass
from typing import Any

PENDING = {"type": "Ready", "status": "Unknown", "reason": "Pending", "message": "waiting", "lastTransitionTime": "1970-01-01T00:00:00Z"}

CONDITIONS = {
    "type": "array",
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["type"],
    "items": {
        "type": "object",
        "required": ["type", "status"],
        "properties": {
            "type": {"type": "string"},
            "status": {"type": "string", "enum": ["True", "False", "Unknown"]},
            "reason": {"type": "string"},
            "message": {"type": "string", "maxLength": 100},
            "lastTransitionTime": {"type": "string", "format": "date-time"},
        },
    },
}
SELECTORS = {
    "type": "array",
    "minItems": 1,
    "maxItems": 3,
    "x-kubernetes-list-type": "atomic",
    "items": {
        "type": "object",
        "properties": {
            "namespace": {"type": "string", "maxLength": 63},
            "labels": {"type": "object", "maxProperties": 5, "additionalProperties": {"type": "string", "maxLength": 63}},
        },
        "x-kubernetes-validations": [
            {"rule": "!has(self.__namespace__) || self.__namespace__ != 'kube-system'", "message": "kube-system is reserved"}
        ],
    },
}
SOURCE = {
    "type": "object",
    "required": ["from"],
    "properties": {
        "from": {"type": "string", "enum": ["Cluster", "IDs"]},
        "ids": {
            "type": "array",
            "maxItems": 4,
            "items": {"type": "string", "maxLength": 30},
            "x-kubernetes-list-type": "set",
        },
    },
    "x-kubernetes-validations": [
        {"rule": "(self.from == 'IDs') == has(self.ids)", "message": "ids are needed with from: IDs, and only then", "fieldPath": ".ids"}
    ],
}
SPEC = {
    "type": "object",
    "description": "What is wanted.",
    "required": ["className"],
    "properties": {
        "className": {"type": "string", "minLength": 1, "maxLength": 63, "description": "Name of the class."},
        "replacement": {"type": "string", "enum": ["CreateFirst", "Never"]},
        "seats": {"type": "integer", "minimum": 1, "maximum": 9},
        "selectors": SELECTORS,
        "source": SOURCE,
        "tags": {"type": "object", "maxProperties": 5, "additionalProperties": {"type": "string", "maxLength": 63}},
    },
}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "A ticket.",
    "required": ["spec"],
    "properties": {
        "spec": SPEC,
        "status": {
            "type": "object",
            "default": {"conditions": [PENDING]},
            "properties": {"conditions": CONDITIONS, "className": {"type": "string", "maxLength": 63}, "queue": {"type": "integer"}},
        },
    },
    "x-kubernetes-validations": [
        {
            "rule": "!has(self.status) || !has(self.status.className) || self.spec.className == self.status.className",
            "messageExpression": "'className is frozen: ' + self.status.className",
        },
        {
            "rule": "has(oldSelf.spec.seats) == has(self.spec.seats)",
            "message": "seats can neither be added nor removed",
            "reason": "FieldValueForbidden",
        },
    ],
}
COLUMNS = [
    {"name": "Ready", "type": "string", "jsonPath": '.status.conditions[?(@.type=="Ready")].status'},
    {"name": "Queue", "type": "integer", "jsonPath": ".status.queue"},
    {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
    {"name": "Class", "type": "string", "jsonPath": ".spec.className", "priority": 1},
]


@dataclass(frozen=True)
class Kind:
    """The custom kind that the tests use: its group, and where its objects are."""

    group: str

    @property
    def crd(self) -> str:
        return f"tickets.{self.group}"

    def path(self, namespace: str | None = None, *rest: str) -> str:
        scope = f"/namespaces/{namespace}" if namespace else ""
        return "/".join([f"/apis/{self.group}/v1{scope}/tickets", *rest])

    def ticket(
        self, name: str, /, labels: dict[str, str] | None = None, finalizers: list[str] | None = None, **spec: Any
    ) -> dict[str, Any]:
        meta = {"name": name, "labels": labels, "finalizers": finalizers}
        return {
            "apiVersion": f"{self.group}/v1",
            "kind": "Ticket",
            "metadata": {key: value for key, value in meta.items() if value},
            "spec": {"className": "standard", **spec},
        }


def crd_manifest(group: str, schema: dict[str, Any] = SCHEMA) -> dict[str, Any]:
    """The CRD of tickets in a group."""
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "additionalPrinterColumns": COLUMNS,
        "schema": {"openAPIV3Schema": schema},
    }
    names = {"plural": "tickets", "singular": "ticket", "kind": "Ticket", "shortNames": [f"tk{group[:6]}"], "categories": ["contract"]}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"tickets.{group}"},
        "spec": {"group": group, "scope": "Namespaced", "names": names, "versions": [version]},
    }
