"""What a CRD's schema refuses, prunes and checks by rules."""

from typing import Any

import pytest

from support.kube_contract import Api
from support.ticket_kind import Kind


def causes(status: dict[str, Any]) -> set[tuple[str, str]]:
    return {(cause["reason"], cause["field"]) for cause in status["details"]["causes"]}


@pytest.mark.parametrize(
    ("spec", "reason", "field"),
    [
        ({"className": None}, "FieldValueRequired", "spec.className"),
        ({"className": 1}, "FieldValueTypeInvalid", "spec.className"),
        ({"className": ""}, "FieldValueInvalid", "spec.className"),
        ({"className": "x" * 64}, "FieldValueTooLong", "spec.className"),
        ({"replacement": "Maybe"}, "FieldValueNotSupported", "spec.replacement"),
        ({"seats": 0}, "FieldValueInvalid", "spec.seats"),
        ({"seats": 10}, "FieldValueInvalid", "spec.seats"),
        ({"seats": "1"}, "FieldValueTypeInvalid", "spec.seats"),
        ({"selectors": []}, "FieldValueInvalid", "spec.selectors"),
        ({"selectors": [{}] * 4}, "FieldValueTooMany", "spec.selectors"),
        ({"selectors": [{"labels": {"a": 1}}]}, "FieldValueTypeInvalid", "spec.selectors[0].labels.a"),
        ({"tags": {str(number): "x" for number in range(6)}}, "FieldValueTooMany", "spec.tags"),
        ({"source": {"from": "IDs", "ids": ["a", "a"]}}, "FieldValueDuplicate", "spec.source.ids[1]"),
        ({"source": {"from": "IDs"}}, "FieldValueInvalid", "spec.source.ids"),
        ({"selectors": [{"namespace": "a"}, {"namespace": "kube-system"}]}, "FieldValueInvalid", "spec.selectors[1]"),
    ],
)
async def test_what_is_invalid(api: Api, kind: Kind, namespace: str, spec: dict[str, Any], *, reason: str, field: str) -> None:
    ticket = kind.ticket("a", **spec)
    ticket["spec"] = {name: value for name, value in ticket["spec"].items() if value is not None}
    status = (await api.create(kind.path(namespace), ticket)).refused(422, "Invalid")
    assert (reason, field) in causes(status)
    assert status["details"] | {"causes": []} == {"name": "a", "group": kind.group, "kind": "Ticket", "causes": []}
    assert status["message"].startswith(f'Ticket.{kind.group} "a" is invalid: ')


async def test_messages_are_kubernetes_own(api: Api, kind: Kind, namespace: str) -> None:
    refused = (await api.create(kind.path(namespace), kind.ticket("a", replacement="Maybe"))).refused(422, "Invalid")
    assert 'spec.replacement: Unsupported value: "Maybe": supported values: "CreateFirst", "Never"' in refused["message"]


async def test_all_errors_come_at_once(api: Api, kind: Kind, namespace: str) -> None:
    refused = (await api.create(kind.path(namespace), kind.ticket("a", replacement="Maybe", seats=0))).refused(422, "Invalid")
    assert {("FieldValueNotSupported", "spec.replacement"), ("FieldValueInvalid", "spec.seats")} <= causes(refused)


async def test_rules_say_their_message(api: Api, kind: Kind, namespace: str) -> None:
    refused = (await api.create(kind.path(namespace), kind.ticket("a", selectors=[{"namespace": "kube-system"}]))).refused(422, "Invalid")
    assert "kube-system is reserved" in refused["message"]


async def test_a_rule_may_read_the_status(api: Api, kind: Kind, namespace: str) -> None:
    made = (await api.create(kind.path(namespace), kind.ticket("a"))).ok()
    (await api.patch(kind.path(namespace, "a"), {"spec": {"className": "other"}})).ok()
    (await api.patch(kind.path(namespace, "a", "status"), {"status": {"className": "other"}})).ok()
    refused = (await api.patch(kind.path(namespace, "a"), {"spec": {"className": "third"}})).refused(422, "Invalid")
    assert "className is frozen: other" in refused["message"]
    assert made["spec"]["className"] == "standard"


async def test_transition_rules_run_on_updates(api: Api, kind: Kind, namespace: str) -> None:
    (await api.create(kind.path(namespace), kind.ticket("a", seats=1))).ok()
    (await api.patch(kind.path(namespace, "a"), {"spec": {"seats": 2}})).ok()
    refused = (await api.patch(kind.path(namespace, "a"), {"spec": {"seats": None}})).refused(422, "Invalid")
    assert "seats can neither be added nor removed" in refused["message"]
    assert refused["details"]["causes"][0]["reason"] == "FieldValueForbidden"


async def test_unknown_fields_are_pruned_with_a_warning(api: Api, kind: Kind, namespace: str) -> None:
    answer = await api.create(kind.path(namespace), kind.ticket("a", bogus=1))
    assert answer.ok()["spec"] == {"className": "standard"}
    assert answer.warnings == ['299 - "unknown field \\"spec.bogus\\""']


async def test_unknown_fields_are_pruned_silently_if_asked_for(api: Api, kind: Kind, namespace: str) -> None:
    answer = await api.create(kind.path(namespace), kind.ticket("a", bogus=1), fieldValidation="Ignore")
    assert answer.ok()["spec"] == {"className": "standard"}
    assert answer.warnings == []


async def test_unknown_fields_are_refused_if_asked_for(api: Api, kind: Kind, namespace: str) -> None:
    refused = (await api.create(kind.path(namespace), kind.ticket("a", bogus=1), fieldValidation="Strict")).refused(400, "BadRequest")
    assert 'strict decoding error: unknown field "spec.bogus"' in refused["message"]


async def test_unknown_metadata_is_pruned(api: Api, kind: Kind, namespace: str) -> None:
    ticket = kind.ticket("a")
    ticket["metadata"]["bogus"] = 1
    assert "bogus" not in (await api.create(kind.path(namespace), ticket)).ok()["metadata"]


async def test_null_is_dropped_where_it_is_not_allowed(api: Api, kind: Kind, namespace: str) -> None:
    assert (await api.create(kind.path(namespace), kind.ticket("a", tags=None))).ok()["spec"] == {"className": "standard"}


async def test_a_strict_patch_is_invalid_rather_than_bad(api: Api, kind: Kind, namespace: str) -> None:
    (await api.create(kind.path(namespace), kind.ticket("a"))).ok()
    refused = (await api.patch(kind.path(namespace, "a"), {"spec": {"bogus": 1}}, fieldValidation="Strict")).refused(422, "Invalid")
    (cause,) = refused["details"]["causes"]
    assert cause["field"] == "patch"
    assert 'strict decoding error: unknown field "spec.bogus"' in cause["message"]


async def test_rules_at_the_root_have_no_field(api: Api, kind: Kind, namespace: str) -> None:
    (await api.create(kind.path(namespace), kind.ticket("a"))).ok()
    (await api.patch(kind.path(namespace, "a", "status"), {"status": {"className": "standard"}})).ok()
    refused = (await api.patch(kind.path(namespace, "a"), {"spec": {"className": "other"}})).refused(422, "Invalid")
    assert refused["details"]["causes"] == [
        {"reason": "FieldValueInvalid", "message": "Invalid value: className is frozen: standard", "field": "<nil>"}
    ]


async def test_finalizers_without_a_domain_bring_a_warning(api: Api, kind: Kind, namespace: str) -> None:
    answer = await api.create(kind.path(namespace), kind.ticket("a", finalizers=["unqualified"]))
    assert answer.ok()["metadata"]["finalizers"] == ["unqualified"]
    assert "prefer a domain-qualified finalizer name" in answer.warnings[0]
    (await api.patch(kind.path(namespace, "a"), {"metadata": {"finalizers": None}})).ok()
