"""Judges objects as strictly as the API server's own field validation: no field that the kind does not have."""

import json
from functools import cache
from typing import Any, Final

import jsonschema
import kubernetes_validate  # type: ignore[import-untyped]

VERSIONS: Final = ("1.33", "1.37")
"""The oldest version of Kubernetes that the CRDs need, and the newest that schemas are at hand for."""

_STRINGS: Final = {"type": "object", "additionalProperties": {"type": "string"}}
_DURATION: Final = {"type": "string", "pattern": "^([0-9]+(ms|[smhdwy]))+$"}


def _object(required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": properties, "required": list(required)}


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": 1}


_METADATA: Final = _object(("name", "namespace", "labels"), name={"type": "string"}, namespace={"type": "string"}, labels=_STRINGS)
_RELABELING: Final = _object(
    ("action",),
    action={"enum": ["replace", "keep", "drop", "labelmap", "labeldrop", "labelkeep", "hashmod"]},
    regex={"type": "string"},
    replacement={"type": "string"},
    sourceLabels=_list({"type": "string"}),
    targetLabel={"type": "string"},
)
_ENDPOINTS: Final = _list(
    _object(
        ("port", "path", "interval", "scrapeTimeout"),
        port={"const": "http"},
        path={"const": "/metrics"},
        interval=_DURATION,
        scrapeTimeout=_DURATION,
        relabelings=_list(_RELABELING),
        metricRelabelings=_list(_RELABELING),
    )
)
_SELECTOR: Final = _object(("matchLabels",), matchLabels=_STRINGS)
_RULE: Final = _object(
    ("alert", "expr", "labels", "annotations"),
    alert={"type": "string", "pattern": "^[A-Z][A-Za-z]+$"},
    expr={"type": "string"},
    **{"for": _DURATION, "keep_firing_for": _DURATION},
    labels=_object(("severity",), severity={"enum": ["critical", "warning", "info"]}),
    annotations=_object(
        ("summary", "description", "runbook_url"), **{key: {"type": "string"} for key in ("summary", "description", "runbook_url")}
    ),
)
_GROUP: Final = _object(("name", "rules"), name={"type": "string"}, interval=_DURATION, rules=_list(_RULE))
# What the chart uses of the Prometheus operator's kinds: https://prometheus-operator.dev/docs/api-reference/api/
_MONITORING: Final = {
    "ServiceMonitor": _object(("selector", "endpoints"), selector=_SELECTOR, endpoints=_ENDPOINTS),
    "PodMonitor": _object(("selector", "podMetricsEndpoints"), selector=_SELECTOR, podMetricsEndpoints=_ENDPOINTS),
    "PrometheusRule": _object(("groups",), groups=_list(_GROUP)),
}


def validate(obj: dict[str, Any]) -> None:
    """Raise ValidationError for an object with a field or value that its kind does not take."""
    _validate(json.dumps(obj))


# Most objects are the same with most values, and the schemas of the built-in kinds are big.
@cache
def _validate(text: str) -> None:
    obj = json.loads(text)
    if obj["apiVersion"] == "monitoring.coreos.com/v1":
        schema = _object(
            ("apiVersion", "kind", "metadata", "spec"),
            apiVersion={},
            kind={"type": "string"},
            metadata=_METADATA,
            spec=_MONITORING[obj["kind"]],
        )
        jsonschema.validate(obj, schema)
        return
    for version in VERSIONS:
        kubernetes_validate.validate(obj, version, strict=True)
