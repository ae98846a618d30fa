"""What the API server refuses by its schemas alone: for each limit, an object that keeps all of them and a change that breaks that one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from fargateclaims.api import rules
from fargateclaims.api.group import API_VERSION, CLAIM_KIND, CLASS_KIND
from fargateclaims.api.rules import Rule
from support.manifests import CLUSTER_ARN, ROLE_ARN
from support.schema_limits import RULE, Limit, broken, limits

CRDS: Final = Path(__file__).parents[2] / "crds"
Object = dict[str, Any]


@dataclass(frozen=True)
class Refusal:
    """An object that is refused.

    :param spec: of an object that is taken.
    :param refused: the spec that it must not become.
    :param said: what the API server says, and of which field.
    :param status: of the object at that time.
    :param name: that it would have to bear; else any.
    """

    limit: Limit
    spec: Object
    refused: Object
    said: tuple[str, ...]
    status: Object = field(default_factory=dict)
    name: str | None = None


_CLAIM: Final[Object] = {
    "className": "standard",
    "profileName": "web",
    "existingProfile": "Reject",
    "replacement": "DeleteFirst",
    "selectors": [{"namespace": "team", "labels": {"app": "web"}}],
    "tags": {"team": "web"},
}
_IN: Final = {"key": "team", "operator": "In", "values": ["a"]}
_CLASS: Final[Object] = {
    "clusterARN": CLUSTER_ARN,
    "podExecutionRoleARN": ROLE_ARN,
    "assumeRoleARN": ROLE_ARN,
    "externalID": "outside",
    "claims": {
        "namespaces": {"from": "Selector", "selector": {"matchLabels": {"team": "a"}, "matchExpressions": [_IN]}},
        "selectorNamespaces": {"from": "Listed", "patterns": ["{namespace}"]},
        "profileNames": "Any",
        "tagKeys": ["team"],
        "existingProfiles": "Reject",
    },
    "disruption": {"onDelete": "Wait", "onReplace": "Evict", "timeout": "30m"},
    "profileNameTemplate": "web",
    "reclaimPolicy": "Delete",
    "repairs": {"coreDNS": "Never", "pendingPods": "Never", "roleMapping": "Never"},
    "replacement": "Never",
    "rollout": "Automatic",
    "subnets": {"from": "Tags", "tags": {"use": "fargate"}},
    "tags": {"team": "web"},
}
# What excludes each other takes more than one object.
_COMPLETE: Final[dict[str, list[Object]]] = {
    CLAIM_KIND: [_CLAIM],
    CLASS_KIND: [_CLASS, {**_CLASS, "subnets": {"from": "IDs", "ids": ["subnet-1"]}}],
}
_MADE: Final[Object] = {
    "profile": {"name": "web", "arn": "arn:aws:eks:eu-west-1:111122223333:fargateprofile/prod/web/1", "status": "ACTIVE"}
}
_LONG: Final = "k" * 400


def _claims(**change: Any) -> Object:
    return {"claims": {**_CLASS["claims"], **change}}


def _expression(**change: Any) -> Object:
    selector = {"matchExpressions": [{key: value for key, value in {**_IN, **change}.items() if value is not None}]}
    return _claims(namespaces={"from": "Selector", "selector": selector})


# Kind, where the rule stands, the rule, what is changed (None takes a field away), and the status at that time.
_RULES: Final[list[tuple[str, str, Rule, Object, Object]]] = [
    (CLAIM_KIND, "", rules.CLASS_NAME_FROZEN, {"className": "other"}, {"resolved": {"className": "standard"}}),
    (CLAIM_KIND, "", rules.PROFILE_NAME_FROZEN, {"profileName": "other"}, _MADE),
    (CLAIM_KIND, "", rules.PROFILE_NAME_FROZEN, {"profileName": None, "existingProfile": None}, _MADE),
    (CLAIM_KIND, "spec", rules.CREATE_FIRST_NEEDS_GENERATED_NAME, {"replacement": "CreateFirst"}, {}),
    (CLAIM_KIND, "spec", rules.EXISTING_PROFILE_NEEDS_NAME, {"profileName": None}, {}),
    (CLAIM_KIND, "spec.profileName", rules.PROFILE_NAME_PREFIX, {"profileName": "eks-web"}, {}),
    (CLAIM_KIND, "spec.selectors.[].labels", rules.LABEL_KEY_LENGTH, {"selectors": [{"labels": {_LONG: "a"}}]}, {}),
    (CLAIM_KIND, "spec.tags", rules.TAG_KEY_LENGTH, {"tags": {_LONG: "a"}}, {}),
    (CLAIM_KIND, "spec.tags", rules.TAG_KEY_PREFIX, {"tags": {"Aws:team": "a"}}, {}),
    (CLAIM_KIND, "spec.tags", rules.TAG_KEY_PREFIX, {"tags": {"fargateclaims.dev/name": "a"}}, {}),
    (CLASS_KIND, "spec", rules.EXTERNAL_ID_NEEDS_ROLE, {"assumeRoleARN": None}, {}),
    (CLASS_KIND, "spec.clusterARN", rules.CLUSTER_ARN_IMMUTABLE, {"clusterARN": f"{CLUSTER_ARN}-2"}, {}),
    (CLASS_KIND, "spec.subnets", rules.SUBNETS_UNION, {"subnets": {"from": "IDs"}}, {}),
    (CLASS_KIND, "spec.subnets.tags", rules.TAG_KEY_LENGTH, {"subnets": {"from": "Tags", "tags": {_LONG: "a"}}}, {}),
    (CLASS_KIND, "spec.tags", rules.TAG_KEY_LENGTH, {"tags": {_LONG: "a"}}, {}),
    (CLASS_KIND, "spec.tags", rules.TAG_KEY_PREFIX, {"tags": {"fargateclaims.dev/name": "a"}}, {}),
    (CLASS_KIND, "spec.claims.namespaces", rules.NAMESPACES_UNION, _claims(namespaces={"from": "Selector"}), {}),
    (CLASS_KIND, "spec.claims.selectorNamespaces", rules.SELECTOR_NAMESPACES_UNION, _claims(selectorNamespaces={"from": "Listed"}), {}),
    (
        CLASS_KIND,
        "spec.claims.namespaces.selector.matchLabels",
        rules.LABEL_KEY_LENGTH,
        _claims(namespaces={"from": "Selector", "selector": {"matchLabels": {_LONG: "a"}}}),
        {},
    ),
    (
        CLASS_KIND,
        "spec.claims.namespaces.selector.matchExpressions.[]",
        rules.MATCH_EXPRESSION_VALUES,
        _expression(operator="Exists"),
        {},
    ),
]


def every_limit() -> list[Limit]:
    """All that `crds/` sets."""
    return [limit for path in sorted(CRDS.glob("*.*.yaml")) for limit in limits(yaml.safe_load(path.read_text()))]


def table() -> list[Refusal]:
    """At least one refusal for each limit."""
    return [*_by_rules(), *_by_schema()]


def _by_rules() -> Iterator[Refusal]:
    for kind, place, rule, change, status in _RULES:
        complete = _COMPLETE[kind][0]
        refused = {key: value for key, value in {**complete, **change}.items() if value is not None}
        limit = Limit(kind, tuple(filter(None, place.split("."))), RULE, rule.message)
        yield Refusal(limit, complete, refused, (rule.message,), status)
    long = Limit(CLAIM_KIND, (), RULE, rules.CLAIM_NAME_LENGTH.message)
    yield Refusal(long, _CLAIM, _CLAIM, (long.said,), name="n" * 64)


def _by_schema() -> Iterator[Refusal]:
    for limit in every_limit():
        if limit.keyword == RULE:
            continue
        for complete in _COMPLETE[limit.kind]:
            wrong = broken({"spec": complete}, limit)
            if wrong:
                yield Refusal(limit, complete, wrong["spec"], (f"{limit.where}: ", limit.said))
                break


def manifest(kind: str, name: str, namespace: str, spec: Mapping[str, Any]) -> Object:
    """An object to be applied."""
    metadata = {"name": name, "labels": {"refusals": namespace}, **({"namespace": namespace} if kind == CLAIM_KIND else {})}
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": metadata, "spec": dict(spec)}
