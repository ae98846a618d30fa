"""Whatever it is given, it ends with findings; and findings do not depend on the order of the objects."""

import json
from itertools import permutations
from typing import Any, Final

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fargateclaims.domain.lint.choice import FailOn, UnknownRuleError, choice
from fargateclaims.domain.lint.finding import Finding, json_path
from fargateclaims.domain.lint.linter import Linter
from fargateclaims.domain.lint.registry import BY_ID, BY_KIND
from fargateclaims.domain.lint.rule import Severity
from support.lint_fixtures import NAMES, text_of

# Words that rules look for, so that they meet them where they do not expect them.
WORDS: Final = st.sampled_from(
    [
        *("metadata", "name", "namespace", "annotations", "labels", "ownerReferences", "spec", "template", "jobTemplate", "containers"),
        *("initContainers", "volumes", "securityContext", "privileged", "ports", "hostPort", "nodeSelector", "affinity", "nodeAffinity"),
        *("requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms", "matchExpressions", "key", "operator", "values"),
        *("resources", "requests", "limits", "selector", "matchLabels", "maxUnavailable", "minAvailable", "replicas", "type", "data"),
        *("topologySpreadConstraints", "whenUnsatisfiable", "volumeClaimTemplates", "storageClassName", "provisioner", "parameters"),
        *("scaleTargetRef", "targetRef", "updatePolicy", "resourcePolicy", "metrics", "env", "args", "emptyDir", "sizeLimit", "csi"),
        *("kind", "apiVersion", "items", "controller", "fargateclaims.dev/lint-ignore", "ttlSecondsAfterFinished", "schedulerName", "os"),
    ]
)
ANYTHING: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORDS | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=5),
    max_leaves=25,
)
VERSIONS: Final = ("v1", "apps/v1", "batch/v1", "policy/v1", "storage.k8s.io/v1", "networking.k8s.io/v1", "autoscaling/v2")


@given(st.sampled_from(sorted(BY_KIND)), st.sampled_from(VERSIONS), st.dictionaries(WORDS, ANYTHING, max_size=6))
def test_no_object_crashes_it(kind: str, version: str, value: dict[str, Any]) -> None:
    linter = Linter()
    linter.add_object({**value, "apiVersion": version, "kind": kind})
    linter.add_text("a.json", json.dumps({**value, "apiVersion": version, "kind": kind}))
    for finding in linter.findings():
        assert finding.message
        assert finding.json_path is not None


@given(ANYTHING)
def test_no_value_in_a_pod_crashes_it(value: object) -> None:
    for kind, version, path in [("Pod", "v1", ("spec",)), ("Deployment", "apps/v1", ("spec", "template", "spec"))]:
        spec: Any = {"containers": [{"name": "a", "resources": value, "securityContext": value, "ports": value, "env": value}]}
        spec |= {"volumes": value, "affinity": value, "nodeSelector": value, "topologySpreadConstraints": value, "os": value}
        for key in reversed(path):
            spec = {key: spec}
        linter = Linter()
        linter.add_object({"apiVersion": version, "kind": kind, "metadata": {"name": "a", "annotations": value}, **spec})
        linter.findings()


@given(ANYTHING)
def test_no_document_crashes_it(value: object) -> None:
    linter = Linter()
    linter.add_text("a.yaml", yaml.safe_dump(value))
    linter.findings()


@pytest.mark.parametrize(
    "name", ["web/shared-budget.yaml", "web/autoscaled.yaml", "ingress/alb-class-params.yaml", "storage/efs-dynamic.yaml"]
)
def test_the_order_of_objects_is_no_matter(name: str) -> None:
    def found(objects: tuple[Any, ...]) -> set[tuple[str, str]]:
        linter = Linter()
        for each in objects:
            linter.add_object(each)
        return {(finding.object, finding.what) for finding in linter.findings()}

    objects = list(yaml.safe_load_all(text_of(name)))
    assert len({frozenset(found(order)) for order in permutations(objects)}) == 1


def test_lists_in_lists_end_somewhere() -> None:
    value: dict[str, Any] = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": {"type": "NodePort"}}
    depths = []
    for depth in range(600):
        linter = Linter()
        linter.add_object(value)
        depths += [depth] if linter.findings() else []
        value = {"kind": "List", "items": [value]}
    assert depths[:3] == [0, 1, 2]
    assert len(depths) < 20


@pytest.mark.parametrize(
    ("items", "flaws"),
    [
        ("5", [(3, "items must be a list, not a number")]),
        ("{a: b}", [(3, "items must be a list, not a mapping")]),
        ("", []),
        ("[]", []),
        (
            "\n- 5\n- {metadata: {name: a}}\n- [a]",
            [
                (4, "items[0] is no Kubernetes object: it is a number"),
                (5, "items[1] is no Kubernetes object: it has no kind"),
                (6, "items[2] is no Kubernetes object: it is a list"),
            ],
        ),
    ],
)
def test_what_a_list_has_instead_of_objects_is_found(items: str, flaws: list[tuple[int, str]]) -> None:
    linter = Linter()
    linter.add_text("a.yaml", f"apiVersion: v1\nkind: List\nitems: {items}\n")
    assert [(finding.rule.id, finding.line, finding.what) for finding in linter.findings()] == [("FG002", *flaw) for flaw in flaws]


def test_files_of_a_run_see_each_other() -> None:
    documents = text_of("web/autoscaled.yaml").split("---\n")
    alone, together = Linter(), Linter()
    alone.add_text("a.yaml", documents[0])
    for number, text in enumerate(documents):
        together.add_text(f"{number}.yaml", text)
    assert [finding.rule.id for finding in alone.findings()] == ["FG208"]
    assert together.findings() == []


def test_what_is_context_is_not_judged_itself() -> None:
    linter = Linter()
    storage, claim = yaml.safe_load_all(text_of("storage/own-ebs-class.yaml"))
    linter.add_object(storage, is_context=True)
    linter.add_object(claim)
    assert [finding.rule.id for finding in linter.findings()] == ["FG112"]
    assert linter.objects == 1


def test_ten_thousand_objects_and_budgets() -> None:
    """Each is looked up by one of its labels: compared with each other, they would take minutes."""
    linter = Linter()
    budget: dict[str, Any] = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget"}
    for number in range(5000):
        labels = {"app": f"app-{number}"}
        containers = [{"name": "a", "resources": {"requests": {"cpu": "250m", "memory": "256Mi"}}}]
        spec = {"replicas": 2, "template": {"metadata": {"labels": labels}, "spec": {"containers": containers}}}
        linter.add_object({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": f"app-{number}"}, "spec": spec})
        meta = {"metadata": {"name": f"app-{number}"}}
        linter.add_object({**budget, **meta, "spec": {"maxUnavailable": 1, "selector": {"matchLabels": labels}}})
    assert linter.findings() == []
    assert linter.objects == 10_000


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), ""),
        (("spec", "containers", 0, "name"), "spec.containers[0].name"),
        (("metadata", "annotations", "a.b/c-d"), "metadata.annotations['a.b/c-d']"),
        (("items", 3, "spec"), "items[3].spec"),
    ],
)
def test_paths_are_written_as_kubectl_does(path: tuple[str | int, ...], text: str) -> None:
    assert json_path(path) == text


def test_choice() -> None:
    def wanted(*select: str, ignore: str = "", least: Severity = Severity.INFO) -> set[str]:
        asked = choice(select, [ignore], least)
        return {rule_id for rule_id, rule in BY_ID.items() if asked(rule)}

    assert wanted() == set(BY_ID)
    assert wanted("FG102, fg103", "FG5") == {"FG102", "FG103", "FG501", "FG502"}
    assert wanted("FG1", ignore="FG11,FG12") == {f"FG10{number}" for number in range(1, 10)}
    assert wanted(least=Severity.ERROR) == {rule_id for rule_id, rule in BY_ID.items() if rule.severity is Severity.ERROR}
    with pytest.raises(UnknownRuleError, match="FG7"):
        choice(["FG102,FG7"], [], Severity.INFO)


@pytest.mark.parametrize(
    ("fail_on", "severities"),
    [
        (FailOn.ERROR, {"error"}),
        (FailOn.WARNING, {"error", "warning"}),
        (FailOn.INFO, {"error", "warning", "info"}),
        (FailOn.NEVER, set[str]()),
    ],
)
def test_what_fails(fail_on: FailOn, severities: set[str]) -> None:
    findings = {rule.severity.value: Finding(rule, "a") for rule in BY_ID.values()}
    assert {severity for severity, finding in findings.items() if fail_on.is_failed_by([finding])} == severities
    assert not fail_on.is_failed_by([])


def test_all_fixtures_in_one_run() -> None:
    linter = Linter()
    for name in NAMES:
        linter.add_text(name, text_of(name))
    found = linter.findings()
    assert [finding.file for finding in found] == sorted(finding.file for finding in found)
