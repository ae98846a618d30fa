from typing import Any

import pytest
import yaml

from fargateclaims.domain.lint.choice import choice
from fargateclaims.domain.lint.linter import Linter
from fargateclaims.domain.lint.rule import Severity

POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: a
spec:
  hostNetwork: true
  hostPID: true
  containers:
    - {name: a, image: a,
       resources: {requests: {cpu: 250m, memory: 256Mi}}}
"""


def found(text: str, select: str = "") -> list[str]:
    linter = Linter(choice([select], [], Severity.INFO))
    linter.add_text("a.yaml", text)
    return [f"{finding.line} {finding.rule.id}" for finding in linter.findings()]


def changed(old: str, new: str) -> str:
    assert old in POD
    return POD.replace(old, new)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (POD, ["6 FG104", "7 FG105"]),
        (changed("hostNetwork: true", "hostNetwork: true # fargate-lint: ignore=FG104 why"), ["7 FG105"]),
        (changed("hostNetwork: true", "hostNetwork: true #fargate-lint:ignore=fg104"), ["7 FG105"]),
        # On the line above only where it stands alone.
        (changed("  hostNetwork: true", "  # fargate-lint: ignore=FG104\n  hostNetwork: true"), ["8 FG105"]),
        (changed("hostNetwork: true", "hostNetwork: true # fargate-lint: ignore=FG105"), ["6 FG004", "6 FG104", "7 FG105"]),
        # At the head, for all of the document, and for no other.
        (f"# fargate-lint: ignore=FG104, FG105 both\n{POD}", []),
        (f"# a\n# fargate-lint: ignore=FG104\n---\n# fargate-lint: ignore=FG105\n{POD}", []),
        (f"---\n# fargate-lint: ignore=FG104,FG105\n{POD}---\n{POD}", ["19 FG104", "20 FG105"]),
        (f"{POD}---\n# fargate-lint: ignore=FG104,FG105\n{POD}", ["6 FG104", "7 FG105"]),
        # What hides nothing is told, whatever its reason says.
        (f"# fargate-lint: ignore=FG104,FG105,FG102 FG103\n{POD}", ["1 FG004"]),
        (f"# fargate-lint: ignore=FG104,FG105,XY1\n{POD}", ["1 FG004"]),
        (f"# fargate-lint: ignore=\n{POD}", ["7 FG104", "8 FG105"]),
        (f"# fargate-lint: ignore=all of it\n{POD}", ["7 FG104", "8 FG105"]),
    ],
)
def test_comments(text: str, left: list[str]) -> None:
    assert found(text) == left


@pytest.mark.parametrize(
    ("value", "left"),
    [
        ("FG104,FG105 for a reason, FG102", []),
        ("FG104", ["8 FG105"]),
        ("fg105 , FG104", []),
        ("FG104,FG105,FG106", ["4 FG004"]),
        ("everything", ["7 FG104", "8 FG105"]),
        ("", ["7 FG104", "8 FG105"]),
    ],
)
def test_annotations(value: str, left: list[str]) -> None:
    # On one line, so that the other lines stay the same.
    annotations = f"annotations: {{fargateclaims.dev/lint-ignore: '{value}'}}"
    assert found(changed("  name: a\nspec", f"  {annotations}\n  name: a\nspec")) == left


def test_an_annotation_of_the_pod_template_is_as_good() -> None:
    template = yaml.safe_load(POD)
    template["metadata"] = {"annotations": {"fargateclaims.dev/lint-ignore": "FG104,FG105"}}
    job: dict[str, Any] = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "a"}, "spec": {"ttlSecondsAfterFinished": 1}}
    job["spec"]["template"] = {"metadata": template["metadata"], "spec": template["spec"]}
    linter = Linter()
    linter.add_object(job)
    assert linter.findings() == []


def test_what_was_not_asked_for_is_not_missed() -> None:
    text = f"# fargate-lint: ignore=FG104,FG102\n{POD}"
    assert found(text, "FG105") == ["8 FG105"]
    # FG104 was not looked for, so nobody knows whether it would hide something.
    assert found(text, "FG105,FG102,FG004") == ["1 FG004", "8 FG105"]


def test_other_comments_are_none() -> None:
    assert found(f"# fargate-lint: see docs\n{POD}") == ["7 FG104", "8 FG105"]
