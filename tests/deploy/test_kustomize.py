"""Kustomize makes of its base and overlays what the chart renders with the matching values."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.rendering import (
    CHART,
    EKS_CLUSTER,
    KUSTOMIZE,
    NAME,
    REPAIRS,
    ROOT,
    from_chart,
    from_kustomize,
    generated,
    identity,
    named,
    workloads,
)
from support.strict_schemas import validate

HELMS_OWN = {"helm.sh/chart", "app.kubernetes.io/managed-by"}
OVERLAYS = sorted(folder.name for folder in (KUSTOMIZE / "overlays").iterdir())


def comparable(obj: dict[str, Any]) -> dict[str, Any]:
    """Without what Helm says about itself, and without what the chart writes onto CRDs."""
    labels = {key: value for key, value in obj["metadata"]["labels"].items() if key not in HELMS_OWN} if "labels" in obj["metadata"] else {}
    kept = {} if obj["kind"] == "CustomResourceDefinition" else {**obj["metadata"], "labels": labels}
    return {**obj, "metadata": {**kept, "name": obj["metadata"]["name"]}}


def compared(made: list[dict[str, Any]]) -> dict[tuple[str, str, str], dict[str, Any]]:
    return {identity(obj): comparable(obj) for obj in made if obj["kind"] != "Namespace"}


def values_of(overlay: str) -> dict[str, Any]:
    values: dict[str, Any] = yaml.safe_load((CHART.parent / "values" / f"{overlay}.yaml").read_text(encoding="utf-8"))
    return values


def kustomization(folder: Path, *, base: Path = KUSTOMIZE, **fields: Any) -> Path:
    # Kustomize follows relative paths only.
    up = Path("../" * (len(folder.parts) - 1))
    for key in ("resources", "components"):
        fields[key] = [str(up / base.relative_to("/") / name) for name in fields.get(key, [])]
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(fields), encoding="utf-8")
    return folder


def test_generated_files_are_as_their_sources_say() -> None:
    differ = [str(path.relative_to(ROOT)) for path, text in generated().items() if path.read_text(encoding="utf-8") != text]
    assert differ == [], "run `make manifests` and commit the result"


def test_the_base_is_the_chart_with_its_defaults() -> None:
    assert compared(from_kustomize(KUSTOMIZE / "base")) == compared(from_chart())


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_an_overlay_is_the_chart_with_its_values(overlay: str) -> None:
    made = from_kustomize(KUSTOMIZE / "overlays" / overlay)
    assert compared(made) == compared(from_chart(values_of(overlay)))
    for obj in made:
        validate(obj)


def test_overlays_and_values_come_in_pairs() -> None:
    assert sorted(file.stem for file in (CHART.parent / "values").iterdir()) == OVERLAYS
    assert sorted(folder.name for folder in (KUSTOMIZE / "components").iterdir()) == OVERLAYS


def test_components_can_be_combined(tmp_path: Path) -> None:
    folder = kustomization(tmp_path, resources=["base"], components=["components/irsa", "components/two-replicas"])
    assert compared(from_kustomize(folder)) == compared(from_chart(values_of("irsa") | values_of("two-replicas")))


def test_another_namespace_and_image_reach_all_that_names_them(tmp_path: Path) -> None:
    images = [{"name": NAME, "newName": "registry.example/fargateclaims", "newTag": "0.1.0-1"}]
    made = from_kustomize(kustomization(tmp_path, resources=["base"], namespace="platform", images=images))
    wanted = from_chart({"image": {"registry": "registry.example", "tag": "0.1.0-1"}}, namespace="platform")
    assert compared(made) == compared(wanted)
    assert named(made, "Namespace", "platform")["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_for_an_eks_cluster_there_is_what_the_chart_makes_for_its_own() -> None:
    made = from_kustomize(EKS_CLUSTER)
    assert compared(made) == compared(workloads())
    whole = from_chart({"rbac": {"workloads": {"create": True}}})
    assert {identity(obj) for obj in whole} - {identity(obj) for obj in from_chart()} == {identity(obj) for obj in made}


@pytest.mark.parametrize("repairs", [(name,) for name in REPAIRS] + [tuple(REPAIRS)], ids=str)
def test_rights_for_repairs_are_added_as_the_chart_does(tmp_path: Path, repairs: tuple[str, ...]) -> None:
    folders = [f"repairs/{REPAIRS[name]}" for name in repairs]
    made = from_kustomize(kustomization(tmp_path, base=EKS_CLUSTER, resources=["."], components=folders))
    # In whatever order: no rule weighs more than another.
    for obj in (*made, *(wanted := workloads(*repairs))):
        obj.get("rules", []).sort(key=str)
    assert compared(made) == compared(wanted)
    assert compared(made) != compared(workloads())


def test_the_yaml_is_tidy() -> None:
    # The rest of the project's lines are as long; `---` stands between documents, not before the first.
    rules = {
        "extends": "default",
        "rules": {"line-length": {"max": 140}, "comments": {"min-spaces-from-content": 1}, "document-start": "disable"},
    }
    files = [
        *KUSTOMIZE.rglob("*.yaml"),
        *EKS_CLUSTER.rglob("*.yaml"),
        *(CHART.parent / "values").glob("*.yaml"),
        CHART / "values.yaml",
        CHART / "Chart.yaml",
    ]
    command = [sys.executable, "-m", "yamllint", "--strict", "--config-data", yaml.safe_dump(rules), *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
