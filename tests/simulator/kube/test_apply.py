from dataclasses import replace
from typing import Any

import pytest

from fargateclaims.simulator.kube import fieldsets
from fargateclaims.simulator.kube.apply import applied
from fargateclaims.simulator.kube.errors import ApiError
from fargateclaims.simulator.kube.managers import Manager, after_update, write
from fargateclaims.simulator.kube.managers import created as created_fields
from fargateclaims.simulator.kube.schema import compile_root

SCHEMA = compile_root(
    {
        "properties": {
            "spec": {
                "properties": {
                    "a": {"type": "string"},
                    "atomic": {"type": "array", "items": {"type": "string"}},
                    "set": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
                    "map": {
                        "type": "array",
                        "x-kubernetes-list-type": "map",
                        "x-kubernetes-list-map-keys": ["k"],
                        "items": {"type": "object", "properties": {"k": {"type": "string"}, "v": {"type": "integer"}}},
                    },
                    "tags": {"type": "object", "additionalProperties": {"type": "string"}},
                }
            }
        }
    }
)
ALICE = Manager("alice", "Apply", "x.dev/v1", "2026-01-01T00:00:00Z", frozenset())
BOB = replace(ALICE, name="bob")
EDITOR = replace(ALICE, name="editor", operation="Update")


def config(labels: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "n"} | ({"labels": labels} if labels else {}), "spec": spec}


def created(writer: Manager, obj: dict[str, Any]) -> dict[str, Any]:
    applied_fields = write([replace(writer, fields=fieldsets.of_object(SCHEMA, obj))])
    managed = applied_fields if writer.operation == "Apply" else created_fields(SCHEMA, {}, obj, writer)
    return {**obj, "metadata": {**obj["metadata"], "managedFields": managed}}


def apply(live: dict[str, Any], wanted: dict[str, Any], writer: Manager, *, force: bool = False) -> dict[str, Any]:
    obj, managed = applied(SCHEMA, live, wanted, writer, force=force)
    return {**obj, "metadata": {**obj["metadata"], "managedFields": managed}}


def test_field_sets_survive_encoding() -> None:
    fields = fieldsets.of_object(SCHEMA, config(a="1", set=["x"], map=[{"k": "y", "v": 1}], atomic=["z"]))
    assert fieldsets.decode(fieldsets.encode(fields)) == fields
    assert fieldsets.encode(fields)["f:spec"] == {
        "f:a": {},
        "f:atomic": {},
        "f:map": {'k:{"k":"y"}': {".": {}, "f:k": {}, "f:v": {}}},
        "f:set": {'v:"x"': {}},
    }


def test_what_its_manager_no_longer_applies_goes() -> None:
    live = created(
        ALICE, config({"l": "1"}, a="1", set=["x", "y"], map=[{"k": "p", "v": 1}, {"k": "q", "v": 2}], tags={"t": "1", "u": "2"})
    )
    after = apply(live, config(set=["y"], map=[{"k": "q", "v": 2}], tags={"u": "2"}), ALICE)
    assert after["spec"] == {"set": ["y"], "map": [{"k": "q", "v": 2}], "tags": {"u": "2"}}
    assert "labels" not in after["metadata"]


def test_what_others_own_stays() -> None:
    live = apply(created(ALICE, config(a="1", tags={"t": "1"})), config(a="1", tags={"u": "2"}), BOB)
    assert live["spec"] == {"a": "1", "tags": {"t": "1", "u": "2"}}
    assert apply(live, config(tags={"t": "1"}), ALICE)["spec"] == {"a": "1", "tags": {"t": "1", "u": "2"}}


def test_changing_what_others_own_is_a_conflict_that_names_them() -> None:
    live = created(EDITOR, config(a="1", map=[{"k": "p", "v": 1}]))
    with pytest.raises(ApiError) as refused:
        apply(live, config(a="2", map=[{"k": "p", "v": 2}]), ALICE)
    assert refused.value.code == 409
    assert refused.value.message == (
        'Apply failed with 2 conflicts: conflicts with "editor" using x.dev/v1:\n- .spec.a\n- .spec.map[k="p"].v'
    )
    assert [cause["field"] for cause in (refused.value.details or {})["causes"]] == [".spec.a", '.spec.map[k="p"].v']


def test_force_takes_the_field_over() -> None:
    live = apply(created(EDITOR, config(a="1")), config(a="2"), ALICE, force=True)
    assert live["spec"] == {"a": "2"}
    owned = {entry["manager"]: entry["fieldsV1"] for entry in live["metadata"]["managedFields"]}
    assert owned == {"alice": {"f:spec": {"f:a": {}}}, "editor": {"f:spec": {}}}


def test_applying_the_same_again_changes_nothing() -> None:
    live = apply(created(EDITOR, config(a="1")), config(set=["x"]), ALICE)
    assert apply(live, config(set=["x"]), replace(ALICE, time="2026-02-02T00:00:00Z")) == live


def test_an_update_takes_over_what_it_changes_and_drops_what_it_removes() -> None:
    live = created(ALICE, config(a="1", tags={"t": "1"}, set=["x"]))
    managed = after_update(SCHEMA, live, config(a="2", tags={"t": "1"}), EDITOR)
    owned = {entry["manager"]: entry["fieldsV1"] for entry in managed}
    assert owned == {"alice": {"f:spec": {"f:tags": {"f:t": {}}}}, "editor": {"f:spec": {"f:a": {}}}}


def test_an_update_that_changes_nothing_leaves_the_managers_alone() -> None:
    live = created(ALICE, config(a="1"))
    assert after_update(SCHEMA, live, live, EDITOR) == live["metadata"]["managedFields"]


def test_entries_that_lose_nothing_are_left_as_they_are() -> None:
    live = created(EDITOR, config(a="1", tags={"t": "1"}))
    (entry,) = live["metadata"]["managedFields"]
    later = replace(BOB, operation="Update", time="2026-02-02T00:00:00Z")
    managed = after_update(SCHEMA, live, {**live, "spec": {**live["spec"], "tags": {"t": "1", "u": "2"}}}, later)
    assert managed[0] is entry
    assert managed[1]["fieldsV1"] == {"f:spec": {"f:tags": {"f:u": {}}}}


def test_who_only_begins_to_own_what_is_there_has_no_time() -> None:
    live = apply(created(EDITOR, config(a="1")), config(a="1"), ALICE)
    assert [entry.get("time") for entry in live["metadata"]["managedFields"]] == [None, EDITOR.time]
