"""What the Helm chart renders, and how it is packaged."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import helm_python as helm
import pytest
import yaml

from fargateclaims import __version__
from fargateclaims.api.claim import FargateProfileClaim
from fargateclaims.api.crd import render_crds
from fargateclaims.api.fargateclass import FargateProfileClass
from fargateclaims.domain.no_access import CLUSTER_ROLE
from support.chart_values import PARTS_ON, everything, with_value
from support.manifests import metadata
from support.rendering import CHART, NAME, NOTES, chart, from_chart, identity, named, objects, rendered
from support.strict_schemas import validate

PODS_SCRAPED = with_value(with_value(PARTS_ON, "serviceMonitor.enabled", value=False), "podMonitor.enabled", value=True)
SETS = {
    "defaults": {},
    "parts": PARTS_ON,
    "everything": everything(),
    "pods scraped": PODS_SCRAPED,
    "recreated": {"strategy": {"type": "Recreate"}},
}
CLUSTER_SCOPED = {"ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition"}


def crds(values: dict[str, Any]) -> list[dict[str, Any]]:
    return [obj for obj in from_chart(values) if obj["kind"] == "CustomResourceDefinition"]


def with_metadata(obj: dict[str, Any]) -> dict[str, Any]:
    """An object with what the API server would add."""
    return {**obj, "metadata": {**metadata(obj["metadata"]["name"]), **obj["metadata"]}}


def test_the_chart_installs_the_operator_of_its_repository() -> None:
    assert (chart().metadata["appVersion"], chart().version) == (__version__, __version__)


def test_helm_has_no_complaint() -> None:
    report = helm.lint(CHART, strict=True)
    assert (report["errors"], [each["error"] for each in report["messages"] if each["severity"] > 1]) == ([], [])


@pytest.mark.parametrize("values", SETS.values(), ids=SETS)
def test_every_object_is_valid(values: dict[str, Any]) -> None:
    made = from_chart(values)
    for obj in made:
        validate(obj)
    assert len({identity(obj) for obj in made}) == len(made)


@pytest.mark.parametrize("values", SETS.values(), ids=SETS)
def test_every_object_is_labelled_and_in_a_namespace(values: dict[str, Any]) -> None:
    for obj in from_chart(values):
        assert obj["metadata"]["labels"].items() >= {"app.kubernetes.io/part-of": NAME, "app.kubernetes.io/version": __version__}.items()
        assert ("namespace" in obj["metadata"]) == (obj["kind"] not in CLUSTER_SCOPED)


@pytest.mark.parametrize("values", SETS.values(), ids=SETS)
def test_whoever_selects_pods_finds_the_operators(values: dict[str, Any]) -> None:
    made = from_chart(values)
    template = next(obj for obj in made if obj["kind"] == "Deployment")["spec"]["template"]
    labels = template["metadata"]["labels"].items()
    selectors = [constraint["labelSelector"]["matchLabels"] for constraint in template["spec"]["topologySpreadConstraints"]]
    for obj in made:
        spec = obj.get("spec", {})
        if obj["kind"] == "Service":
            selectors.append(spec["selector"])
        elif obj["kind"] == "NetworkPolicy":
            selectors.append(spec["podSelector"]["matchLabels"])
        elif obj["kind"] in {"Deployment", "PodDisruptionBudget", "ServiceMonitor", "PodMonitor"}:
            selectors.append(spec["selector"]["matchLabels"])
    assert len(selectors) >= 4 - (values == everything())
    assert all(labels >= selector.items() for selector in selectors)


def test_a_label_that_is_given_twice_is_there_once() -> None:
    label = "app.kubernetes.io/part-of"
    parts = {part: {"enabled": True, "labels": {label: "part"}} for part in ("serviceMonitor", "prometheusRule", "dashboard")}
    values = {"crds": {"install": False}, "commonLabels": {label: "all"}, "podLabels": {label: "pods"}, **parts}
    given = {name: re.findall(rf"^ +{label}: (.*)$", text, re.MULTILINE) for name, text in rendered(values).items()}
    assert given["deployment.yaml"] == ["all", "pods"]
    assert given["service.yaml"] == ["all"]
    assert [given[name] for name in ("monitor.yaml", "prometheusrule.yaml", "dashboard.yaml")] == [["part"]] * 3


def test_a_service_monitor_finds_the_service() -> None:
    made = from_chart(PARTS_ON)
    selector = named(made, "ServiceMonitor")["spec"]["selector"]["matchLabels"]
    service = named(made, "Service")
    assert service["metadata"]["labels"].items() >= selector.items()
    assert [port["name"] for port in service["spec"]["ports"]] == [named(made, "ServiceMonitor")["spec"]["endpoints"][0]["port"]]


def test_objects_bear_the_releases_name() -> None:
    made = [obj for obj in from_chart(PARTS_ON, name="eu") if obj["kind"] != "CustomResourceDefinition"]
    others = {obj["metadata"]["name"] for obj in made if re.match(r"eu-fargateclaims(-|$)", obj["metadata"]["name"]) is None}
    # The operator's messages have this name, wherever it runs.
    assert others == {CLUSTER_ROLE}


@pytest.mark.parametrize(("replicas", "budgets"), [(0, 0), (1, 0), (2, 1), (3, 1)])
def test_only_several_replicas_have_a_disruption_budget(replicas: int, budgets: int) -> None:
    assert sum(obj["kind"] == "PodDisruptionBudget" for obj in from_chart({"replicas": replicas})) == budgets


def test_the_crds_are_the_repositorys_and_stay() -> None:
    wanted = {crd["metadata"]["name"]: crd["spec"] for crd in objects(render_crds().values())}
    assert {crd["metadata"]["name"]: crd["spec"] for crd in crds({})} == wanted
    assert [crd["metadata"]["annotations"] for crd in crds({})] == [{"helm.sh/resource-policy": "keep"}] * 2


def test_the_crds_can_go_with_the_release_or_be_left_out() -> None:
    assert [crd["metadata"].get("annotations") for crd in crds({"crds": {"keep": False}})] == [{}] * 2
    assert crds({"crds": {"install": False}}) == []


def test_a_package_renders_as_the_folder_does(tmp_path: Path) -> None:
    archive = chart().save(tmp_path)
    with helm.Chart.load(archive) as packaged:
        assert packaged.render(PARTS_ON, name=NAME, namespace=NAME) == chart().render(PARTS_ON, name=NAME, namespace=NAME)


def test_a_copy_that_lost_the_link_to_the_crds_says_so(tmp_path: Path) -> None:
    shutil.copytree(CHART, tmp_path / NAME, ignore=lambda _folder, _names: {"crds"})
    with helm.Chart.load(tmp_path / NAME) as copy, pytest.raises(helm.HelmRenderError, match="files/crds is missing"):
        copy.render(name=NAME, namespace=NAME)


def test_alerts_and_dashboard_are_the_charts_files() -> None:
    made = from_chart(PARTS_ON)
    assert named(made, "PrometheusRule")["spec"] == yaml.safe_load((CHART / "files/alerts.yaml").read_text(encoding="utf-8"))
    dashboard = named(made, "ConfigMap", f"{NAME}-dashboard")
    assert json.loads(dashboard["data"]["fargateclaims.json"]) == json.loads((CHART / "files/dashboard.json").read_text(encoding="utf-8"))
    assert dashboard["metadata"]["labels"]["grafana_dashboard"] == "1"


def test_alerts_and_dashboard_link_to_the_runbooks() -> None:
    made = from_chart({**PARTS_ON, "runbookBaseURL": "https://git.example.com/blob/main/"})
    rules = [rule for group in named(made, "PrometheusRule")["spec"]["groups"] for rule in group["rules"]]
    page = "https://git.example.com/blob/main/docs/runbooks.md"
    assert {rule["annotations"]["runbook_url"].partition("#")[0] for rule in rules} == {page}
    assert page in named(made, "ConfigMap", f"{NAME}-dashboard")["data"]["fargateclaims.json"]


def test_the_notes_class_and_claim_can_be_applied() -> None:
    first_class, first_claim = (yaml.safe_load(text) for text in re.findall(r"<<'EOF'\n(.*?)\nEOF\n", rendered()[NOTES], re.DOTALL))
    FargateProfileClass.from_object(with_metadata(first_class))
    claim = FargateProfileClaim.from_object(with_metadata(first_claim))
    assert claim.spec.class_name == first_class["metadata"]["name"]
    label = first_class["spec"]["claims"]["namespaces"]["selector"]["matchLabels"]["fargate"]
    assert f"kubectl label namespace {claim.metadata.namespace} fargate={label}" in rendered()[NOTES]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"serviceAccount": {"annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/r"}}}, "names no IAM role"),
        ({"rbac": {"classReaders": [{"kind": "Group", "name": "developers"}]}}, "cannot list classes"),
        ({"runbookBaseURL": "https://git.example.com/blob/main"}, "runbookBaseURL"),
        ({"prometheusRule": {"enabled": False}, "dashboard": {"enabled": False}}, "runbookBaseURL"),
    ],
)
def test_the_notes_say_only_what_is_left_to_do(values: dict[str, Any], sentence: str) -> None:
    assert sentence in rendered(PARTS_ON)[NOTES]
    assert sentence not in rendered({**PARTS_ON, **values})[NOTES]


def test_the_notes_say_when_the_crds_are_missing() -> None:
    assert "CRDs are not part" in rendered({"crds": {"install": False}})[NOTES]
    assert "CRDs are not part" not in rendered()[NOTES]
