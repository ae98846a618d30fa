"""The policies tell what the rules find, for all objects of the fixtures; tests/e2e asks a real API server, with its types."""

from collections.abc import Iterator
from typing import Any

import pytest

from fargateclaims.domain.lint.admission import LABEL, TARGETS, WARN, manifests
from fargateclaims.domain.lint.linter import Linter
from fargateclaims.domain.lint.registry import RULES
from fargateclaims.domain.lint.rule import Severity
from fargateclaims.domain.lint.texts import Document, documents
from support.lint_fixtures import NAMES, text_of
from support.lint_policies import kinds, told
from support.strict_schemas import validate

# The API server refuses what is misshapen, and sees no patches of Kustomize's, but what they make.
WHOLE = [name for name in NAMES if name != "input/misshapen.yaml" and not name.startswith("patches/")]
KINDS = set().union(*(kinds(target) for target in TARGETS))


def objects(name: str) -> Iterator[dict[str, Any]]:
    for document in documents(text_of(name)):
        value = document.value if isinstance(document, Document) else None
        for each in value.get("items", [value]) if isinstance(value, dict) else ():
            # What controllers make is not warned of.
            if each.get("kind") in KINDS and "ownerReferences" not in each.get("metadata", ()):
                yield each


def judged(obj: dict[str, Any]) -> tuple[set[str], set[str]]:
    """What the policies have to tell of an object, and what they may tell."""
    linter = Linter()
    linter.add_object(obj)
    found = {finding.rule for finding in linter.findings() if finding.rule.expressions}
    # Nothing can be said here that needs another object, and the one rule that needs Kubernetes' own functions is told by e2e alone.
    return {rule.id for rule in found if rule.whole and rule.id != "FG501"}, {rule.id for rule in found}


@pytest.mark.parametrize("name", WHOLE)
def test_policies_tell_what_the_rules_find(name: str) -> None:
    for obj in objects(name):
        must, may = judged(obj)
        assert must <= set(told(obj)) <= may, obj["metadata"]


def test_each_expression_is_tried() -> None:
    tried = {rule_id for name in WHOLE for obj in objects(name) for rule_id in told(obj)}
    assert tried == {rule.id for rule in RULES if rule.expressions} - {"FG501"}


def test_manifests_are_valid_and_only_warn() -> None:
    for manifest in manifests():
        validate(manifest)
    bindings = [each for each in manifests() if each["kind"] == "ValidatingAdmissionPolicyBinding"]
    assert {binding["spec"]["policyName"] for binding in bindings} == {f"fargateclaims-lint-{target.name}" for target in TARGETS}
    for binding in bindings:
        assert binding["spec"]["validationActions"] == ["Warn"]
        assert binding["spec"]["matchResources"]["namespaceSelector"] == {"matchLabels": {LABEL: WARN}}


def test_what_can_be_told_is_told() -> None:
    """Each expression belongs to a policy, and no one is warned of what is only worth knowing."""
    placed = {rule.id for target in TARGETS for rule, _ in target.rules}
    assert placed == {rule.id for rule in RULES if rule.expressions}
    assert all(rule.severity is not Severity.INFO for rule in RULES if rule.expressions)


def test_nobody_warns_a_controller() -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"hostNetwork": True, "containers": [{"name": "a"}]}}
    assert set(told(pod)) == {"FG104", "FG203"}
    assert set(told({**pod, "metadata": {"ownerReferences": [{"controller": True}]}})) == set()
    assert set(told({**pod, "metadata": {"ownerReferences": [{"name": "a"}]}})) == {"FG104", "FG203"}
