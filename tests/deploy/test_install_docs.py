"""docs/install.md says what is so."""

import re
import shlex
from itertools import pairwise
from pathlib import Path
from typing import Any

import helm_python as helm
import pytest
import yaml

from support.chart_values import defaults
from support.rendering import KUSTOMIZE, NAME, ROOT, from_chart, from_kustomize, named

TEXT = (ROOT / "docs/install.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"```\n(.*?)```", TEXT, re.DOTALL) for line in block.replace("\\\n", "").splitlines()]
ROLE = "arn:aws:iam::111122223333:role/fargateclaims"


def merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    both = {key: merged(one[key], other[key]) for key in one.keys() & other.keys() if isinstance(one[key], dict)}
    return {**one, **other, **both}


def relative(path: Path, start: Path) -> Path:
    """A path as Kustomize takes it: absolute ones it does not follow."""
    return Path("../" * (len(start.parts) - 1)) / path.relative_to("/")


def test_the_helm_command_installs_what_it_says() -> None:
    (command,) = (line for line in COMMANDS if line.startswith("helm install"))
    words = shlex.split(command)
    values: dict[str, Any] = {}
    for option, value in pairwise(words):
        if option == "--values":
            values = merged(values, yaml.safe_load((ROOT / value).read_text(encoding="utf-8")))
        elif option == "--set":
            values = merged(values, helm.parse_set_string(value))
    made = from_chart(values)
    assert named(made, "Deployment")["spec"]["replicas"] == 2
    assert named(made, "ServiceAccount")["metadata"]["annotations"] == {"eks.amazonaws.com/role-arn": ROLE}


def test_the_overlay_works(tmp_path: Path) -> None:
    (overlay,) = re.findall(r"```yaml\n# kustomization.yaml\n(.*?)```", TEXT, re.DOTALL)
    here = relative(ROOT, tmp_path)
    (tmp_path / "kustomization.yaml").write_text(overlay.replace("../fargateclaims/", f"{here}/"), encoding="utf-8")
    made = from_kustomize(tmp_path)
    (container,) = named(made, "Deployment")["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "111122223333.dkr.ecr.eu-west-1.amazonaws.com/fargateclaims:0.1.0"
    assert {each["name"] for each in container["env"]} == {"AWS_EC2_METADATA_DISABLED", "FARGATECLAIMS_INSTALLATION"}
    assert named(made, "ServiceAccount")["metadata"]["annotations"] == {"eks.amazonaws.com/role-arn": ROLE}
    assert named(made, "PodDisruptionBudget")["spec"]["maxUnavailable"] == 1


def test_for_openshift_no_number_is_named(tmp_path: Path) -> None:
    section = TEXT.partition("## OpenShift\n")[2].partition("\n## ")[0]
    values: dict[str, Any] = {}
    for value in re.findall(r"--set ([\w.=]+)", section):
        values = merged(values, helm.parse_set_string(value))
    (patch,) = re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)
    overlay = {"resources": [str(relative(KUSTOMIZE / "base", tmp_path))], "patches": [{"patch": patch}]}
    (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump(overlay), encoding="utf-8")
    for made in (from_chart(values), from_kustomize(tmp_path)):
        context = named(made, "Deployment")["spec"]["template"]["spec"]["securityContext"]
        assert context == {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}


@pytest.mark.parametrize("path", sorted(set(re.findall(r"deploy/[\w./-]+|(?<=`)components/[\w-]+", TEXT))))
def test_paths_lead_somewhere(path: str) -> None:
    assert (ROOT / path).exists() or (ROOT / "deploy/kustomize" / path).exists()


def test_values_exist() -> None:
    values = defaults()
    missing = []
    for mentioned in re.findall(r"`([a-z]\w*(?:\.\w+)+)[:=`]", TEXT):
        first, second, *_ = mentioned.split(".")
        if first != "count" and not (first == "settings" or second in values.get(first, {})):
            missing.append(mentioned)
    assert missing == []


def test_roles_exist() -> None:
    roles = {obj["metadata"]["name"] for obj in from_chart() if obj["kind"] == "ClusterRole"}
    assert set(re.findall(rf"^\| `({NAME}[\w-]*)` \|", TEXT, re.MULTILINE)) == roles
    bound = {word for line in COMMANDS for word in re.findall(r"--clusterrole (\S+)", line)}
    assert bound <= roles
