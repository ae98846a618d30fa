import json
from typing import Any, Final

import jsonschema
import pytest

from fargateclaims.domain.lint.formats import Format, Report, rendered
from fargateclaims.domain.lint.linter import Linter
from fargateclaims.domain.lint.registry import RULES
from support.lint_fixtures import NAMES, text_of

_TEXT: Final = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
_URI: Final = {"type": "string", "pattern": r"^[A-Za-z0-9._~:/?#@!$&'()*+,;=%-]+$"}
_PHYSICAL: Final = {
    "type": "object",
    "required": ["artifactLocation"],
    "properties": {
        "artifactLocation": {"type": "object", "required": ["uri"], "properties": {"uri": _URI, "uriBaseId": {"const": "SRCROOT"}}},
        "region": {"type": "object", "required": ["startLine"], "properties": {"startLine": {"type": "integer", "minimum": 1}}},
    },
    "additionalProperties": False,
}
_LOGICAL: Final = {"type": "array", "items": {"type": "object", "required": ["name", "fullyQualifiedName"]}}
# What the standard asks for, and what code scanning reads: https://docs.oasis-open.org/sarif/sarif/v2.1.0/
SARIF: Final = {
    "type": "object",
    "required": ["$schema", "version", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["tool", "results"],
                "properties": {
                    "tool": {
                        "type": "object",
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "type": "object",
                                "required": ["name", "version", "rules"],
                                "properties": {
                                    "rules": {
                                        "type": "array",
                                        "items": {
                                            "type": "object",
                                            "required": ["id", "shortDescription", "fullDescription", "help", "defaultConfiguration"],
                                            "properties": {
                                                "id": {"type": "string"},
                                                "name": {"type": "string", "pattern": "^[A-Z][A-Za-z0-9]+$"},
                                                "shortDescription": _TEXT,
                                                "fullDescription": _TEXT,
                                                "help": _TEXT,
                                                "helpUri": {"type": "string", "pattern": "^https://.*#fg[0-9]{3}$"},
                                            },
                                        },
                                    }
                                },
                            }
                        },
                    },
                    "results": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["ruleId", "ruleIndex", "level", "message", "locations", "partialFingerprints"],
                            "properties": {
                                "level": {"enum": ["error", "warning", "note"]},
                                "message": _TEXT,
                                "locations": {
                                    "type": "array",
                                    "minItems": 1,
                                    "items": {
                                        "type": "object",
                                        "properties": {"physicalLocation": _PHYSICAL, "logicalLocations": _LOGICAL},
                                        "additionalProperties": False,
                                    },
                                },
                            },
                        },
                    },
                },
            },
        },
    },
}


def written(linter: Linter, form: Format, docs_url: str = "") -> str:
    return rendered(form, Report(linter.findings(), linter.objects, 1), colour=False, docs_url=docs_url, version="1.2.3")


def sarif(linter: Linter, docs_url: str = "") -> Any:
    found = json.loads(written(linter, Format.SARIF, docs_url))
    jsonschema.validate(found, SARIF)
    return found


def linted(text: str, name: str = "deploy/a b.yaml") -> Linter:
    linter = Linter()
    linter.add_text(name, text)
    return linter


def test_sarif_of_all_fixtures() -> None:
    linter = Linter()
    for name in NAMES:
        linter.add_text(name, text_of(name))
    (run,) = sarif(linter, "https://docs.example/lint.md")["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [rule.id for rule in RULES]
    assert len(run["results"]) == len(linter.findings())
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert rules[result["ruleIndex"]]["defaultConfiguration"]["level"] == result["level"]


def test_a_place_in_a_file() -> None:
    (result,) = sarif(linted(text_of("platforms/windows-by-os.yaml")))["runs"][0]["results"]
    assert result["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "deploy/a%20b.yaml", "uriBaseId": "SRCROOT"},
                "region": {"startLine": 7},
            },
            "logicalLocations": [{"name": "Pod powershell", "fullyQualifiedName": "Pod powershell: spec.os.name"}],
        }
    ]
    assert result["message"]["text"].startswith("Pod powershell: the pod is for windows: ")


def test_a_place_in_what_helm_has_rendered() -> None:
    (first, _) = sarif(linted(text_of("input/rendered-by-helm.yaml"), "-"))["runs"][0]["results"]
    # The line is one of the output, not of the template.
    assert first["locations"][0]["physicalLocation"] == {"artifactLocation": {"uri": "shop/templates/service.yaml", "uriBaseId": "SRCROOT"}}


def test_a_place_in_a_cluster() -> None:
    linter = Linter()
    linter.add_object({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a", "namespace": "b"}, "spec": {"type": "NodePort"}})
    (result,) = sarif(linter)["runs"][0]["results"]
    assert list(result["locations"][0]) == ["logicalLocations"]


def test_rules_link_to_the_docs_where_they_are_published() -> None:
    rules = sarif(linted(""), "https://docs.example/lint.md")["runs"][0]["tool"]["driver"]["rules"]
    assert {rule["helpUri"] for rule in rules} == {f"https://docs.example/lint.md#{rule.id.lower()}" for rule in RULES}
    assert all("helpUri" not in rule for rule in sarif(linted(""))["runs"][0]["tool"]["driver"]["rules"])


def test_fingerprints_stay_when_lines_move() -> None:
    text = text_of("web/host-port.yaml")
    before, after = (
        [result["partialFingerprints"] for result in sarif(linted(each))["runs"][0]["results"]] for each in (text, f"# moved\n\n{text}")
    )
    assert before == after
    assert len({json.dumps(each) for each in before}) == len(before)


@pytest.mark.parametrize("form", Format)
def test_nothing_found(form: Format) -> None:
    assert written(linted(text_of("web/frontend.yaml")), form) == {
        Format.TEXT: "nothing found in 4 objects of 1 file\n",
        Format.GITHUB: "",
    }.get(form, written(linted(text_of("web/frontend.yaml")), form))
