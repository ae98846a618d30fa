from typing import Any

import pytest

from fargateclaims.api.arn import ClusterARN
from fargateclaims.api.claim import ExistingProfilePolicy, ReplacementPolicy
from fargateclaims.api.crd import class_crd
from fargateclaims.api.errors import MalformedObject
from fargateclaims.api.fargateclass import (
    ClassSpec,
    ClassStatus,
    CoreDNSRepair,
    DrainPolicy,
    FargateProfileClass,
    NamespacesFrom,
    PendingPodsRepair,
    ProfileNamePolicy,
    ReclaimPolicy,
    RoleMappingRepair,
    Rollout,
    SelectorNamespacesFrom,
    SubnetsFrom,
    WaitPolicy,
)
from fargateclaims.api.labels import LabelSelector, LabelSelectorOperator
from support.manifests import CLUSTER_ARN, ROLE_ARN, class_manifest

_FULL: dict[str, Any] = {
    "assumeRoleARN": "arn:aws:iam::111122223333:role/paths/are/fine/operator",
    "externalID": "a:b/c=1",
    "subnets": {"from": "Tags", "tags": {"kubernetes.io/role/internal-elb": "1"}},
    "profileNameTemplate": "x-{name}",
    "tags": {"owner": "platform"},
    "claims": {
        "namespaces": {
            "from": "Selector",
            "selector": {
                "matchLabels": {"fargate": "allowed"},
                "matchExpressions": [{"key": "team", "operator": "In", "values": ["a", "b"]}, {"key": "x", "operator": "Exists"}],
            },
        },
        "selectorNamespaces": {"from": "Listed", "patterns": ["{namespace}", "{namespace}-*", "shared"]},
        "profileNames": "Any",
        "tagKeys": ["cost-center"],
        "existingProfiles": "AdoptIfIdentical",
    },
    "replacement": "Never",
    "rollout": "Automatic",
    "reclaimPolicy": "Retain",
    "disruption": {"onReplace": "Ignore", "onDelete": "Wait", "timeout": "1h"},
    "repairs": {"coreDNS": "Patch", "roleMapping": "Ensure", "pendingPods": "Recreate"},
}


def _read(**spec: Any) -> ClassSpec:
    return FargateProfileClass.from_object(class_manifest(**spec)).spec


def test_every_field_survives_the_round_trip() -> None:
    manifest = class_manifest({"observedGeneration": 2}, **_FULL)
    assert FargateProfileClass.from_object(manifest).to_dict() == manifest


def test_absent_fields_have_the_documented_defaults() -> None:
    spec = _read()
    assert spec.cluster_arn == ClusterARN.parse(CLUSTER_ARN)
    assert spec.pod_execution_role_arn == ROLE_ARN
    assert (spec.assume_role_arn, spec.external_id, spec.tags) == (None, None, {})
    assert spec.subnets.from_ is SubnetsFrom.CLUSTER
    assert spec.profile_name_template == "{namespace}-{name}"
    assert spec.claims.namespaces.from_ is NamespacesFrom.ALL
    assert spec.claims.selector_namespaces.from_ is SelectorNamespacesFrom.OWN
    assert spec.claims.profile_names is ProfileNamePolicy.GENERATED
    assert spec.claims.tag_keys is None
    assert spec.claims.existing_profiles is ExistingProfilePolicy.REJECT
    assert spec.replacement is ReplacementPolicy.CREATE_FIRST
    assert spec.rollout is Rollout.ON_CLAIM_CHANGE
    assert spec.reclaim_policy is ReclaimPolicy.DELETE
    assert (spec.disruption.on_replace, spec.disruption.on_delete) == (DrainPolicy.EVICT, WaitPolicy.IGNORE)
    assert spec.disruption.timeout == "30m"
    assert spec.repairs.core_dns is CoreDNSRepair.NEVER
    assert spec.repairs.role_mapping is RoleMappingRepair.NEVER
    assert spec.repairs.pending_pods is PendingPodsRepair.NEVER


def test_a_namespace_selector_is_read_as_kubernetes_has_it() -> None:
    selector = _read(claims=_FULL["claims"]).claims.namespaces.selector
    assert selector is not None
    assert selector.match_labels == {"fargate": "allowed"}
    assert [each.operator for each in selector.match_expressions] == [LabelSelectorOperator.IN, LabelSelectorOperator.EXISTS]


@pytest.mark.parametrize(
    "spec",
    [
        {"subnets": {"from": "Cluster"}},
        {"subnets": {"from": "IDs", "ids": ["subnet-0123456789abcdef0", "subnet-1"]}},
        {"profileNameTemplate": "{namespace}_{name}-fargate"},
        {"profileNameTemplate": "a" * 100},
        {"claims": {"namespaces": {"from": "All"}, "tagKeys": []}},
        {"claims": {"namespaces": {"from": "Selector", "selector": {}}}},
        {"claims": {"namespaces": {"from": "All"}, "selectorNamespaces": {"from": "Any"}}},
        {"podExecutionRoleARN": "arn:aws-us-gov:iam::111122223333:role/fargate+pods@x"},
        {"externalID": "ab", "assumeRoleARN": ROLE_ARN},
        {"tags": {f"k{n}": "" for n in range(20)}},
    ],
)
def test_accepts(spec: dict[str, Any]) -> None:
    _read(**spec)


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ({"clusterARN": None}, "spec.clusterARN"),
        ({"clusterARN": "prod"}, "spec.clusterARN"),
        ({"podExecutionRoleARN": None}, "spec.podExecutionRoleARN"),
        ({"podExecutionRoleARN": "fargate-pods"}, "spec.podExecutionRoleARN"),
        ({"podExecutionRoleARN": "arn:aws:iam::111122223333:role/" + "a" * 640}, "spec.podExecutionRoleARN"),
        ({"assumeRoleARN": "arn:aws:iam::111122223333:user/a"}, "spec.assumeRoleARN"),
        ({"assumeRoleARN": ROLE_ARN, "externalID": "a"}, "spec.externalID"),
        ({"assumeRoleARN": ROLE_ARN, "externalID": "a" * 1225}, "spec.externalID"),
        ({"externalID": "abc"}, "spec"),
        ({"subnets": {}}, "spec.subnets.from"),
        ({"subnets": {"from": "Everywhere"}}, "spec.subnets.from"),
        ({"subnets": {"from": "Cluster", "ids": ["subnet-1"]}}, "spec.subnets"),
        ({"subnets": {"from": "IDs"}}, "spec.subnets"),
        ({"subnets": {"from": "IDs", "ids": []}}, "spec.subnets.ids"),
        ({"subnets": {"from": "IDs", "ids": ["subnet-1"] * 51}}, "spec.subnets.ids"),
        ({"subnets": {"from": "IDs", "ids": ["vpc-1"]}}, "spec.subnets.ids[0]"),
        ({"subnets": {"from": "IDs", "ids": ["subnet-1"], "tags": {"a": "b"}}}, "spec.subnets"),
        ({"subnets": {"from": "Tags"}}, "spec.subnets"),
        ({"subnets": {"from": "Tags", "tags": {}}}, "spec.subnets.tags"),
        ({"profileNameTemplate": ""}, "spec.profileNameTemplate"),
        ({"profileNameTemplate": "{cluster}"}, "spec.profileNameTemplate"),
        ({"profileNameTemplate": "-{name}"}, "spec.profileNameTemplate"),
        ({"profileNameTemplate": "a" * 101}, "spec.profileNameTemplate"),
        ({"tags": {"fargateclaims.dev/x": ""}}, "spec.tags"),
        ({"tags": {f"k{n}": "" for n in range(21)}}, "spec.tags"),
        ({"claims": None}, "spec.claims"),
        ({"claims": {}}, "spec.claims.namespaces"),
        ({"claims": {"namespaces": {"from": "Selector"}}}, "spec.claims.namespaces"),
        ({"claims": {"namespaces": {"from": "All", "selector": {}}}}, "spec.claims.namespaces"),
        ({"claims": {"namespaces": {"from": "All"}, "selectorNamespaces": {"from": "Listed"}}}, "spec.claims.selectorNamespaces"),
        (
            {"claims": {"namespaces": {"from": "All"}, "selectorNamespaces": {"from": "Own", "patterns": ["a"]}}},
            "spec.claims.selectorNamespaces",
        ),
        (
            {"claims": {"namespaces": {"from": "All"}, "selectorNamespaces": {"from": "Listed", "patterns": ["{name}"]}}},
            "spec.claims.selectorNamespaces.patterns[0]",
        ),
        ({"claims": {"namespaces": {"from": "All"}, "profileNames": "Some"}}, "spec.claims.profileNames"),
        ({"claims": {"namespaces": {"from": "All"}, "tagKeys": [""]}}, "spec.claims.tagKeys[0]"),
        ({"claims": {"namespaces": {"from": "All"}, "tagKeys": ["a"] * 51}}, "spec.claims.tagKeys"),
        ({"claims": {"namespaces": {"from": "All"}, "existingProfiles": "Steal"}}, "spec.claims.existingProfiles"),
        ({"replacement": "Sometimes"}, "spec.replacement"),
        ({"rollout": "Sometimes"}, "spec.rollout"),
        ({"reclaimPolicy": "Recycle"}, "spec.reclaimPolicy"),
        ({"disruption": {"onReplace": "Wait"}}, "spec.disruption.onReplace"),
        ({"disruption": {"onDelete": "Evict"}}, "spec.disruption.onDelete"),
        ({"disruption": {"timeout": "soon"}}, "spec.disruption.timeout"),
        ({"repairs": {"coreDNS": "Ensure"}}, "spec.repairs.coreDNS"),
        ({"repairs": {"roleMapping": "Patch"}}, "spec.repairs.roleMapping"),
        ({"repairs": {"pendingPods": True}}, "spec.repairs.pendingPods"),
    ],
)
def test_refuses_and_says_where(spec: dict[str, Any], path: str) -> None:
    with pytest.raises(MalformedObject) as refusal:
        _read(**spec)
    assert [problem.path for problem in refusal.value.problems] == [path]


@pytest.mark.parametrize(
    ("operator", "values", "fits"),
    [
        ("In", ["a"], True),
        ("NotIn", ["a"], True),
        ("Exists", [], True),
        ("DoesNotExist", [], True),
        ("In", [], False),
        ("NotIn", [], False),
        ("Exists", ["a"], False),
        ("DoesNotExist", ["a"], False),
    ],
)
def test_values_go_with_in_and_not_in(operator: str, values: list[str], fits: bool) -> None:  # noqa: FBT001  a column of the table
    raw = {"matchExpressions": [{"key": "team", "operator": operator, "values": values}]}
    if fits:
        LabelSelector.model_validate(raw)
    else:
        with pytest.raises(ValueError, match="set values exactly when operator is In or NotIn"):
            LabelSelector.model_validate(raw)


def test_a_status_from_elsewhere_never_makes_a_class_malformed() -> None:
    manifest = class_manifest({"observedGeneration": "two", "profiles": {"owned": 1}, "revision": "7f3a"})
    assert FargateProfileClass.from_object(manifest).status == ClassStatus(revision="7f3a")


def test_where_a_user_looks_it_is_said_what_each_repair_does_by_default() -> None:
    schema = class_crd()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    repairs = schema["properties"]["spec"]["properties"]["repairs"]
    assert set(repairs["properties"]) == {"coreDNS", "roleMapping", "pendingPods"}
    for described in repairs["properties"].values():
        assert "Never is the default." in described["description"]
