"""Who may do what: the operator, people with Kubernetes' own roles, and class administrators."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from fargateclaims.api.group import CLAIM_PLURAL, CLASS_PLURAL, GROUP
from fargateclaims.api.reasons import READY_REASONS
from fargateclaims.api.reasons.facts import Actor
from fargateclaims.domain.no_access import CLUSTER_GROUP, CLUSTER_ROLE
from support.chart_values import everything
from support.rendering import NAME, REPAIRS, from_chart, named, workloads

Right = tuple[str, str, str]

READ = {"get", "list", "watch"}
WRITE = {"create", "update", "patch", "delete", "deletecollection"}


@pytest.fixture(scope="module")
def made() -> list[dict[str, Any]]:
    return from_chart()


@pytest.fixture(scope="module")
def in_eks() -> list[dict[str, Any]]:
    """With the rights for all repairs."""
    return workloads(*REPAIRS)


def rights(role: dict[str, Any]) -> Iterator[Right]:
    for rule in role["rules"]:
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                for verb in rule["verbs"]:
                    yield group, resource, verb


def roles(made: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [obj for obj in made if obj["kind"] in {"ClusterRole", "Role"}]


def aggregated(made: list[dict[str, Any]], to: str) -> set[Right]:
    label = f"rbac.authorization.k8s.io/aggregate-to-{to}"
    return {right for role in roles(made) if role["metadata"]["labels"].get(label) == "true" for right in rights(role)}


def of(plural: str, verbs: set[str]) -> set[Right]:
    return {(GROUP, plural, verb) for verb in verbs}


def test_nothing_is_granted_by_a_wildcard(made: list[dict[str, Any]], in_eks: list[dict[str, Any]]) -> None:
    for role in roles([*made, *in_eks]):
        assert not any("nonResourceURLs" in rule for rule in role["rules"])
        assert not any("*" in word for right in rights(role) for word in right)


def test_no_role_grants_the_same_twice(made: list[dict[str, Any]]) -> None:
    for role in roles(made):
        granted = list(rights(role))
        assert len(granted) == len(set(granted))


def test_the_operator_is_bound_to_its_own_two_roles(made: list[dict[str, Any]]) -> None:
    bindings = [obj for obj in made if obj["kind"] in {"ClusterRoleBinding", "RoleBinding"}]
    assert sorted((each["roleRef"]["kind"], each["roleRef"]["name"]) for each in bindings) == [("ClusterRole", NAME), ("Role", NAME)]
    for each in bindings:
        assert each["subjects"] == [{"kind": "ServiceAccount", "name": NAME, "namespace": NAME}]
    assert not any("aggregate-to" in label for kind in ("ClusterRole", "Role") for label in named(made, kind)["metadata"]["labels"])


def test_the_operator_never_writes_specs_nor_deletes(made: list[dict[str, Any]]) -> None:
    granted = set(rights(named(made, "ClusterRole")))
    assert {verb for group, _, verb in granted if group == GROUP} == {*READ, "patch", "update"}
    assert {resource for _, resource, verb in granted if verb == "update"} == {f"{CLAIM_PLURAL}/status", f"{CLASS_PLURAL}/status"}
    assert not {verb for *_, verb in granted} & {"delete", "deletecollection", "bind", "escalate", "impersonate"}


def test_the_operator_reads_its_own_crds_and_its_own_lease(made: list[dict[str, Any]]) -> None:
    (crds,) = (rule for rule in named(made, "ClusterRole")["rules"] if rule["resources"] == ["customresourcedefinitions"])
    assert sorted(crds["resourceNames"]) == [f"{CLAIM_PLURAL}.{GROUP}", f"{CLASS_PLURAL}.{GROUP}"]
    existing, new = named(made, "Role")["rules"]
    assert (existing["resourceNames"], sorted(existing["verbs"]), new["verbs"]) == ([NAME], ["get", "update"], ["create"])


def test_claims_follow_kubernetes_own_roles(made: list[dict[str, Any]]) -> None:
    assert aggregated(made, "view") == of(CLAIM_PLURAL, READ) | of(CLASS_PLURAL, READ)
    assert aggregated(made, "edit") == aggregated(made, "admin") == of(CLAIM_PLURAL, READ | WRITE)


def test_classes_are_written_by_a_role_that_nobody_has(made: list[dict[str, Any]]) -> None:
    writers = [role["metadata"]["name"] for role in roles(made) if set(rights(role)) & of(CLASS_PLURAL, WRITE - {"patch"})]
    assert writers == [f"{NAME}-platform"]
    labels = named(made, "ClusterRole", f"{NAME}-platform")["metadata"]["labels"]
    assert not any(label.startswith("rbac.authorization.k8s.io/") for label in labels)


def test_what_the_platform_is_told_to_do_its_role_lets_it_do() -> None:
    written = {
        kind
        for facts in READY_REASONS.values()
        if facts.who_acts is Actor.PLATFORM
        for kind in re.findall(r"kubectl (?:annotate|apply|delete|edit|patch) (\S+)", facts.remedy)
    }
    assert written == {"fpclass"}


def test_class_readers_are_bound() -> None:
    binding = named(from_chart(everything()), "ClusterRoleBinding", "profiles-classes-view")
    assert [subject["name"] for subject in binding["subjects"]] == ["developers"]
    assert binding["roleRef"]["name"] == "profiles-classes-view"


def test_roles_can_be_left_to_others() -> None:
    assert [obj["kind"] for obj in from_chart({"rbac": {"create": False}}) if "rbac" in obj["apiVersion"]] == []


def test_without_aggregation_nothing_joins_kubernetes_own_roles() -> None:
    made = from_chart({"rbac": {"aggregate": False}})
    assert [aggregated(made, role) for role in ("view", "edit", "admin")] == [set()] * 3


def test_in_an_eks_cluster_only_the_group_that_messages_name_has_anything(in_eks: list[dict[str, Any]]) -> None:
    bindings = [obj for obj in in_eks if obj["kind"] in {"ClusterRoleBinding", "RoleBinding"}]
    referred = [(each["roleRef"]["kind"], each["roleRef"]["name"]) for each in bindings]
    assert referred == [("ClusterRole", CLUSTER_ROLE), ("Role", CLUSTER_ROLE)]
    for each in bindings:
        assert each["subjects"] == [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": CLUSTER_GROUP}]
    assert {obj["metadata"].get("namespace") for obj in in_eks} == {None, "kube-system"}


def test_without_repairs_and_draining_an_eks_cluster_is_only_read(in_eks: list[dict[str, Any]]) -> None:
    reading = from_chart({"rbac": {"workloads": {"create": True, "draining": False}}})
    granted = {right for role in roles(reading) if role["metadata"]["name"] == CLUSTER_ROLE for right in rights(role)}
    assert {verb for *_, verb in granted} == {"get", "list"}
    with_draining = {right for role in roles(workloads()) for right in rights(role)}
    assert with_draining - granted == {("", "pods/eviction", "create")}
    assert {right for role in roles(in_eks) for right in rights(role)} - with_draining == {
        ("", "pods", "delete"),
        ("", "configmaps", "create"),
        ("", "configmaps", "update"),
        ("apps", "deployments", "patch"),
    }


def test_all_that_is_written_in_kube_system_is_named_but_a_config_map_that_is_not_there_yet(in_eks: list[dict[str, Any]]) -> None:
    rules = [rule for rule in named(in_eks, "Role", CLUSTER_ROLE)["rules"] if "resourceNames" not in rule]
    assert rules == [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["create"]}]
