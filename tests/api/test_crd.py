import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from fargateclaims.api.claim import FargateProfileClaim
from fargateclaims.api.crd import claim_crd, class_crd, render_crds, write_crds
from fargateclaims.api.fargateclass import FargateProfileClass
from support.manifests import claim_manifest, class_manifest

_FOLDER = Path(__file__).parents[2] / "crds"
_DEFINITIONS = pytest.mark.parametrize("crd", [claim_crd(), class_crd()], ids=["claim", "class"])
Schema = dict[str, Any]


def _schema(crd: dict[str, Any]) -> Schema:
    schema: Schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return schema


def _fields(schema: Schema, path: str = "") -> Iterator[tuple[str, Schema]]:
    """Every field below `schema` with its path; the values of maps and the items of lists included."""
    for name, each in schema.get("properties", {}).items():
        yield f"{path}.{name}", each
        yield from _fields(each, f"{path}.{name}")
    for key, mark in (("items", "[]"), ("additionalProperties", "{}")):
        if key in schema:
            yield path + mark, schema[key]
            yield from _fields(schema[key], path + mark)


def test_the_files_are_what_the_models_say() -> None:
    stored = {path.name: path.read_text(encoding="utf-8") for path in _FOLDER.glob("*.yaml")}
    assert stored == render_crds(), "run `make crds` and commit the result"


def test_the_files_are_written_and_hold_the_definitions(tmp_path: Path) -> None:
    write_crds(tmp_path / "new")
    texts = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "new").iterdir()}
    assert texts == render_crds()
    assert yaml.safe_load(texts["fargateprofileclaims.fargateclaims.dev.yaml"]) == claim_crd()
    assert yaml.safe_load(texts["fargateprofileclasses.fargateclaims.dev.yaml"]) == class_crd()
    assert not any("&id" in text or "*id" in text for text in texts.values())


def test_the_kinds_have_the_names_of_the_api() -> None:
    claim, class_ = claim_crd(), class_crd()
    assert claim["metadata"]["name"] == "fargateprofileclaims.fargateclaims.dev"
    assert claim["spec"]["scope"] == "Namespaced"
    assert claim["spec"]["names"] == {
        "kind": "FargateProfileClaim",
        "listKind": "FargateProfileClaimList",
        "plural": "fargateprofileclaims",
        "singular": "fargateprofileclaim",
        "shortNames": ["fpc"],
        "categories": ["fargate"],
    }
    assert class_["metadata"]["name"] == "fargateprofileclasses.fargateclaims.dev"
    assert class_["spec"]["scope"] == "Cluster"
    assert class_["spec"]["names"]["shortNames"] == ["fpclass"]
    assert class_["spec"]["names"]["categories"] == ["fargate"]


def test_the_columns_are_those_of_the_api() -> None:
    def names(crd: dict[str, Any], priority: int) -> list[str]:
        columns = crd["spec"]["versions"][0]["additionalPrinterColumns"]
        return [column["name"].upper() for column in columns if column.get("priority", 0) == priority]

    assert names(claim_crd(), 0) == ["READY", "REASON", "CLASS", "PROFILE", "QUEUE", "AGE"]
    assert names(claim_crd(), 1) == ["AVAILABLE", "CLUSTER", "MESSAGE"]
    assert names(class_crd(), 0) == ["READY", "REASON", "CLUSTER", "PROFILES", "QUEUED", "CLAIMS", "AGE"]
    assert names(class_crd(), 1) == []


@_DEFINITIONS
def test_a_column_shows_a_field_of_the_schema(crd: dict[str, Any]) -> None:
    known = {path for path, _ in _fields(_schema(crd))} | {".metadata.creationTimestamp"}
    for column in crd["spec"]["versions"][0]["additionalPrinterColumns"]:
        assert re.sub(r"\[\?\(.*?\)\]", "[]", column["jsonPath"]) in known, column["name"]


@_DEFINITIONS
def test_every_field_is_described(crd: dict[str, Any]) -> None:
    bare = [path for path, each in _fields(_schema(crd)) if not path.endswith(("[]", "{}")) and not each.get("description")]
    # The API server refuses a description of metadata.
    assert bare == [".metadata"]


@_DEFINITIONS
def test_what_has_an_aws_name_says_it(crd: dict[str, Any]) -> None:
    acronyms = ("ARN", "ID", "IDs")
    silent = [path for path, each in _fields(_schema(crd)) if path.endswith(acronyms) and "AWS: " not in each["description"]]
    assert silent == []


@_DEFINITIONS
def test_the_one_default_is_that_of_status(crd: dict[str, Any]) -> None:
    assert [path for path, each in _fields(_schema(crd)) if "default" in each] == [".status"]
    conditions = _schema(crd)["properties"]["status"]["default"]["conditions"]
    assert [(each["type"], each["status"], each["reason"]) for each in conditions] == [
        ("Ready", "Unknown", "Pending"),
        ("Reconciling", "True", "Pending"),
    ]
    assert {each["lastTransitionTime"] for each in conditions} == {"1970-01-01T00:00:00Z"}


def test_the_default_is_a_status_that_the_operator_reads_whole() -> None:
    claim_default = _schema(claim_crd())["properties"]["status"]["default"]
    assert FargateProfileClaim.from_object(claim_manifest(claim_default)).status.to_dict() == claim_default
    class_default = _schema(class_crd())["properties"]["status"]["default"]
    assert FargateProfileClass.from_object(class_manifest(class_default)).status.to_dict() == class_default


@_DEFINITIONS
def test_there_are_no_booleans_nulls_or_open_objects(crd: dict[str, Any]) -> None:
    for path, each in _fields(_schema(crd)):
        assert each["type"] in {"object", "array", "string", "integer"}, path
        assert "nullable" not in each, path
        assert each["type"] != "object" or path == ".metadata" or "properties" in each or "additionalProperties" in each, path
    assert "preserve" not in yaml.safe_dump(crd).lower()


@_DEFINITIONS
def test_every_list_says_how_it_is_merged_and_every_list_and_map_is_bounded(crd: dict[str, Any]) -> None:
    for path, each in _fields(_schema(crd)):
        if each["type"] == "array":
            assert each["x-kubernetes-list-type"] in {"atomic", "set", "map"}, path
            assert "maxItems" in each, path
        if "additionalProperties" in each:
            assert "maxProperties" in each, path


@_DEFINITIONS
def test_strings_of_the_spec_are_bounded(crd: dict[str, Any]) -> None:
    spec = _schema(crd)["properties"]["spec"]
    unbounded = [path for path, each in _fields(spec) if each["type"] == "string" and not {"maxLength", "enum"} & set(each)]
    assert unbounded == []


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (".spec.selectors", {"minItems": 1, "maxItems": 100, "x-kubernetes-list-type": "atomic"}),
        (".spec.selectors[].labels", {"maxProperties": 50}),
        (".spec.tags", {"maxProperties": 20}),
        (".spec.profileName", {"maxLength": 100}),
        (".spec.replacement", {"enum": ["CreateFirst", "DeleteFirst", "Never"]}),
        (".spec.existingProfile", {"enum": ["Reject", "AdoptIfIdentical"]}),
        (".status.conditions", {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]}),
        (".status.operation.queueTime", {"format": "date-time"}),
        (".status.operation.type", {"enum": ["Create", "Delete", "Replace", "Tag"]}),
        (".status.operation.state", {"enum": ["Queued", "InFlight", "BackingOff"]}),
        (".status.operation.blockedBy.origin", {"enum": ["Claim", "Foreign"]}),
    ],
)
def test_limits_of_a_claim(path: str, expected: Schema) -> None:
    found = dict(_fields(_schema(claim_crd())))[path]
    assert {key: found.get(key) for key in expected} == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (".spec.tags", {"maxProperties": 20}),
        (".spec.subnets.from", {"enum": ["Cluster", "IDs", "Tags"]}),
        (".spec.subnets.ids", {"minItems": 1, "x-kubernetes-list-type": "set"}),
        (".spec.subnets.tags", {"minProperties": 1}),
        (".spec.claims.namespaces.from", {"enum": ["All", "Selector"]}),
        (".spec.claims.selectorNamespaces.from", {"enum": ["Own", "Listed", "Any"]}),
        (".spec.claims.profileNames", {"enum": ["Generated", "Any"]}),
        (".spec.claims.tagKeys", {"x-kubernetes-list-type": "set"}),
        (".spec.claims.existingProfiles", {"enum": ["Reject", "AdoptIfIdentical"]}),
        (".spec.rollout", {"enum": ["OnClaimChange", "Automatic"]}),
        (".spec.reclaimPolicy", {"enum": ["Delete", "Retain"]}),
        (".spec.disruption.onReplace", {"enum": ["Evict", "Ignore"]}),
        (".spec.disruption.onDelete", {"enum": ["Wait", "Ignore"]}),
        (".spec.repairs.coreDNS", {"enum": ["Never", "Patch"]}),
        (".spec.repairs.roleMapping", {"enum": ["Never", "Ensure"]}),
        (".spec.repairs.pendingPods", {"enum": ["Never", "Recreate"]}),
    ],
)
def test_limits_of_a_class(path: str, expected: Schema) -> None:
    found = dict(_fields(_schema(class_crd())))[path]
    assert {key: found.get(key) for key in expected} == expected


def test_what_must_be_there_is_required_and_nothing_else() -> None:
    assert _schema(claim_crd())["required"] == ["spec"]
    assert _schema(claim_crd())["properties"]["spec"]["required"] == ["className", "selectors"]
    assert _schema(class_crd())["properties"]["spec"]["required"] == ["clusterARN", "podExecutionRoleARN", "claims"]
