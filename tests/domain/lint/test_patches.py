"""Patches for Kustomize are told as such, and no rule judges what is only a part of an object."""

from typing import Final

import pytest

from fargateclaims.domain.lint.choice import choice
from fargateclaims.domain.lint.linter import Linter
from fargateclaims.domain.lint.rule import Severity

PATCH: Final = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 1}\n"
WHOLE: Final = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - {name: web, image: a, resources: {requests: {cpu: 250m, memory: 256Mi}}}
"""
INGRESS: Final = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: web}\nspec: {ingressClassName: alb}\n"


def found(*files: tuple[str, str], ignore: str = "") -> list[str]:
    linter = Linter(choice([], [ignore], Severity.INFO))
    for name, text in files:
        linter.add_text(name, text)
    return [f"{finding.file} {finding.rule.id} {finding.what}" for finding in linter.findings()]


def test_a_whole_one_is_judged() -> None:
    assert found(("web.yaml", WHOLE)) == ["web.yaml FG208 keeps one pod"]


@pytest.mark.parametrize(
    ("text", "lacking"),
    [
        (PATCH, "spec.selector"),
        (WHOLE.replace("  selector: {matchLabels: {app: web}}\n", ""), "spec.selector"),
        (WHOLE.replace("selector: {matchLabels: {app: web}}", "selector:"), "spec.selector"),
        (WHOLE.replace("image: a", "tty: true"), "spec.template.spec.containers[0].image"),
        (WHOLE.replace("containers", "volumes"), "spec.template.spec.containers"),
        (WHOLE + "      initContainers: [{name: a, image: a}, {name: b}]\n", "spec.template.spec.initContainers[1].image"),
        ("apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: a}\n$patch: delete\n", "spec.selector"),
        ("apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: {a: b}}\n", "spec.containers"),
        ("apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: a}\n", "spec.jobTemplate.spec.template.spec.containers"),
        ("kind: DeploymentList\napiVersion: apps/v1\nitems: [{metadata: {name: a}}]\n", "spec.selector"),
    ],
)
def test_a_part_of_a_workload_is_no_error(text: str, lacking: str) -> None:
    assert found(("a.yaml", text)) == [f"a.yaml FG003 it has no {lacking}, so it is a patch"]
    assert found(("a.yaml", text), ignore="FG003") == []


@pytest.mark.parametrize(
    "text",
    [
        WHOLE.replace("{matchLabels: {app: web}}", "{}").replace("\n        - {name: web", " [5, {name: web").replace("}}}\n", "}}}]\n"),
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: []}\n",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: web\n",
    ],
)
def test_what_has_another_shape_stays_an_error(text: str) -> None:
    assert [line.split()[1] for line in found(("a.yaml", text))] == ["FG002"]


def test_what_comes_through_a_pipe_is_what_comes_out() -> None:
    assert found(("-", PATCH)) == ["- FG002 spec.template is missing"]


def test_other_kinds_are_none() -> None:
    assert found(("a.yaml", INGRESS)) == ["a.yaml FG304 its ALB is not told to send to pods"]


@pytest.mark.parametrize("field", ["patches: [{path: ../web.yaml, target: {kind: Ingress}}]", "patchesStrategicMerge: [../web.yaml]"])
@pytest.mark.parametrize("name", ["kustomization.yaml", "kustomization.yml", "Kustomization"])
def test_what_a_kustomization_names_is_a_patch(name: str, field: str) -> None:
    """Whichever is read first; a kustomization need not say its kind."""
    kustomization, patch = (f"deploy/prod/{name}", f"resources: [a.yaml]\n{field}\n"), ("./deploy/web.yaml", WHOLE + "---\n" + INGRESS)
    said = [f"./deploy/web.yaml FG003 deploy/prod/{name} names it as a patch"] * 2
    assert found(kustomization, patch) == found(patch, kustomization) == said
    assert len(found(kustomization, ("deploy/prod/web.yaml", INGRESS))) == 1


def test_patches_in_place_and_nonsense_name_no_files() -> None:
    text = "patches: [{patch: a}, 5, null, {path: 5}, [a]]\npatchesStrategicMerge: {a: b}\nresources: [web.yaml]\n"
    assert found(("kustomization.yaml", text), ("web.yaml", INGRESS)) == ["web.yaml FG304 its ALB is not told to send to pods"]


def test_a_patch_does_not_count_for_others() -> None:
    budget = "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: web}\nspec: {minAvailable: 1, selector: {}}\n"
    patch = WHOLE.replace("image: a", "tty: true")
    assert [line.split()[1] for line in found(("web.yaml", patch), ("budget.yaml", budget))] == ["FG003"]
