"""Flux's manifests: their fields, their order, and that what they name is there."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from fargateclaims.api.crd import claim_crd, class_crd
from support.flux_health import KUSTOMIZATIONS, kustomizations
from support.rendering import CHART, ROOT, from_chart, from_kustomize, named
from support.strict_fields import ANYTHING, DURATION, SWITCH, check, fields, items, manifest, one_of

FLUX = KUSTOMIZATIONS.parent
PATH = {"type": "string", "pattern": "^[.]/"}
SOURCE = fields("namespace", required=("kind", "name"), kind=one_of("GitRepository"))
STRATEGY = fields(strategy=fields(required=("name",), name=one_of("RetryOnFailure", "RemediateOnFailure")))

KUSTOMIZATION = manifest(
    "kustomize.toolkit.fluxcd.io/v1",
    "Kustomization",
    fields(
        required=("sourceRef", "path", "prune", "force", "interval", "retryInterval", "timeout"),
        sourceRef=SOURCE,
        path=PATH,
        prune=SWITCH,
        wait={"const": True},
        force={"const": False},
        deletionPolicy=one_of("MirrorPrune", "Delete", "WaitForTermination", "Orphan"),
        dependsOn=items(fields(required=("name",))),
        healthChecks=items(fields(required=("apiVersion", "kind", "name", "namespace"))),
        healthCheckExprs=items(fields("failed", "inProgress", required=("apiVersion", "kind", "current"))),
        interval=DURATION,
        retryInterval=DURATION,
        timeout=DURATION,
    ),
)
RELEASE = manifest(
    "helm.toolkit.fluxcd.io/v2",
    "HelmRelease",
    fields(
        required=("chart", "interval", "timeout", "values"),
        chart=fields(
            required=("spec",),
            spec=fields(
                required=("chart", "sourceRef"),
                chart=PATH,
                sourceRef=SOURCE,
                interval=DURATION,
                reconcileStrategy=one_of("ChartVersion", "Revision"),
            ),
        ),
        install=STRATEGY,
        upgrade=STRATEGY,
        interval=DURATION,
        timeout=DURATION,
        values=ANYTHING,
    ),
)
REPOSITORY = manifest(
    "source.toolkit.fluxcd.io/v1",
    "GitRepository",
    fields(
        required=("interval", "url", "ref"),
        interval=DURATION,
        url={"type": "string", "pattern": "^https://git[.]example[.]com/"},
        ref=fields("branch", "tag"),
    ),
)


def loaded(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


def release() -> dict[str, Any]:
    return named(from_kustomize(FLUX / "operator"), "HelmRelease")


@pytest.mark.parametrize("name", kustomizations())
def test_a_kustomization_has_only_fields_that_flux_knows(name: str) -> None:
    check(kustomizations()[name], KUSTOMIZATION)


def test_release_and_source_have_only_fields_that_flux_knows() -> None:
    check(release(), RELEASE)
    check(loaded(FLUX / "source.yaml"), REPOSITORY)


def test_each_waits_for_the_one_before() -> None:
    known = kustomizations()
    assert list(known) == ["fargateclaims-crds", "fargateclaims-operator", "fargateclaims-platform", "shop-claims", "shop-workload"]
    before = [[each["name"] for each in one["spec"].get("dependsOn", [])] for one in known.values()]
    assert before == [[], *([name] for name in list(known)[:-1])]
    assert all(one["spec"].get("wait") or one["spec"].get("healthChecks") for one in known.values()), "or the next would not wait"


def test_every_path_has_what_its_name_says() -> None:
    kinds = {name: {obj["kind"] for obj in from_kustomize(ROOT / one["spec"]["path"])} for name, one in kustomizations().items()}
    assert kinds == {
        "fargateclaims-crds": {"CustomResourceDefinition"},
        "fargateclaims-operator": {"Namespace", "HelmRelease"},
        "fargateclaims-platform": {"Namespace", "FargateProfileClass"},
        "shop-claims": {"FargateProfileClaim"},
        "shop-workload": {"Deployment"},
    }


def test_everything_comes_from_the_one_source() -> None:
    source = loaded(FLUX / "source.yaml")["metadata"]
    references = [one["spec"]["sourceRef"] for one in kustomizations().values()]
    assert all(reference == {"kind": "GitRepository", "name": source["name"]} for reference in references)
    assert {one["metadata"]["namespace"] for one in kustomizations().values()} == {source["namespace"]}
    chart = release()["spec"]["chart"]["spec"]
    assert chart["sourceRef"] == {"kind": "GitRepository", "name": source["name"], "namespace": source["namespace"]}
    assert ROOT / chart["chart"] == CHART


def test_what_the_health_checks_name_is_installed() -> None:
    installed = [release(), *from_chart(release()["spec"]["values"])]
    for check_ in kustomizations()["fargateclaims-operator"]["spec"]["healthChecks"]:
        obj = named(installed, check_["kind"], check_["name"])
        assert obj["apiVersion"] == check_["apiVersion"]
        assert obj["metadata"].get("namespace") == check_["namespace"]


def test_the_crds_come_once_and_stay() -> None:
    assert "CustomResourceDefinition" not in {obj["kind"] for obj in from_chart(release()["spec"]["values"])}
    spec = kustomizations()["fargateclaims-crds"]["spec"]
    assert (spec["prune"], spec["deletionPolicy"]) == (False, "Orphan")


def test_what_takes_others_with_it_is_never_deleted() -> None:
    lasting = []
    for one in kustomizations().values():
        whole = (one["spec"]["prune"], one["spec"].get("deletionPolicy")) == (False, "Orphan")
        for obj in from_kustomize(ROOT / one["spec"]["path"]):
            if obj["kind"] in ("CustomResourceDefinition", "Namespace"):
                kept = whole or obj["metadata"].get("annotations", {}).get("kustomize.toolkit.fluxcd.io/prune") == "disabled"
                lasting.append((obj["metadata"]["name"], kept))
    assert len(lasting) == 4
    assert [name for name, kept in lasting if not kept] == []


def test_deleting_the_claims_waits_for_their_profiles() -> None:
    spec = kustomizations()["shop-claims"]["spec"]
    assert (spec["prune"], spec["deletionPolicy"]) == (True, "WaitForTermination")


def test_deleting_all_kustomizations_at_once_leaves_the_operator_to_the_claims() -> None:
    spec = kustomizations()["fargateclaims-operator"]["spec"]
    assert (spec["prune"], spec["deletionPolicy"]) == (True, "Orphan")


def test_the_documented_removal_takes_the_operator_after_the_claims_and_classes() -> None:
    text = (ROOT / "docs/gitops.md").read_text(encoding="utf-8")
    (commands,) = re.findall(r"### Remove it all\n.*?```\n(.*?)```", text, re.DOTALL)
    claims, classes = claim_crd()["spec"]["names"]["shortNames"][0], class_crd()["spec"]["names"]["shortNames"][0]
    assert commands.splitlines() == [
        f"kubectl delete -k {FLUX.relative_to(ROOT)}",
        f"kubectl delete {claims} --all --all-namespaces",
        f"kubectl delete {classes} --all",
        f"kubectl -n {release()['metadata']['namespace']} delete helmrelease {release()['metadata']['name']}",
        "kubectl delete -k crds",
        f"kubectl delete namespace {release()['metadata']['namespace']}",
    ]
