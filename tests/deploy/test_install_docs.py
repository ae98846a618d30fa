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
from support.rendering import KUSTOMIZE, NAME, ROOT, from_chart, from_kustomize, identity, named

TEXT = (ROOT / "docs/install.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
COMMANDS = [line for language, block in BLOCKS if not language for line in block.replace("\\\n", "").splitlines()]
ROLE = "arn:aws:iam::111122223333:role/fargateclaims"


def merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    both = {key: merged(one[key], other[key]) for key in one.keys() & other.keys() if isinstance(one[key], dict)}
    return {**one, **other, **both}


def relative(path: Path, start: Path) -> Path:
    """A path as Kustomize takes it: absolute ones it does not follow."""
    return Path("../" * (len(start.parts) - 1)) / path.relative_to("/")


def installed(release: str) -> list[dict[str, Any]]:
    """What the page's command makes of a release."""
    (command,) = (line for line in COMMANDS if line.startswith(f"helm install {release} "))
    values: dict[str, Any] = {}
    for option, value in pairwise(shlex.split(command)):
        if option == "--values":
            values = merged(values, yaml.safe_load((ROOT / value).read_text(encoding="utf-8")))
        elif option == "--set":
            values = merged(values, helm.parse_set_string(value))
    return from_chart(values, name=release)


def test_a_second_release_has_nothing_of_the_first_but_its_service_account() -> None:
    releases = {name: installed(name) for name in ("fargateclaims", "fargateclaims-b")}
    first, second = releases.values()
    assert not {identity(obj) for obj in first} & {identity(obj) for obj in second}
    accounts = [named(made, "Deployment", name)["spec"]["template"]["spec"]["serviceAccountName"] for name, made in releases.items()]
    assert accounts == [named(first, "ServiceAccount")["metadata"]["name"]] * 2
    subjects = [subject["name"] for obj in second for subject in obj.get("subjects", [])]
    assert subjects == accounts
    leases = [named(made, "Role", name)["rules"][0]["resourceNames"] for name, made in releases.items()]
    assert leases == [["fargateclaims"], ["fargateclaims-b"]]


def test_the_helm_command_installs_what_it_says() -> None:
    made = installed("fargateclaims")
    assert named(made, "Deployment")["spec"]["replicas"] == 2
    assert named(made, "ServiceAccount")["metadata"]["annotations"] == {"eks.amazonaws.com/role-arn": ROLE}


def test_the_overlay_works(tmp_path: Path) -> None:
    (overlay,) = re.findall(r"```yaml\n# kustomization.yaml\n(.*?)```", TEXT, re.DOTALL)
    here = relative(ROOT, tmp_path)
    (tmp_path / "kustomization.yaml").write_text(overlay.replace("../fargateclaims/", f"{here}/"), encoding="utf-8")
    made = from_kustomize(tmp_path)
    (container,) = named(made, "Deployment")["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "111122223333.dkr.ecr.eu-west-1.amazonaws.com/fargateclaims:0.1.0"
    assert {each["name"] for each in container["env"]} == {
        "AWS_EC2_METADATA_DISABLED",
        "FARGATECLAIMS_INSTALLATION",
        "FARGATECLAIMS_OWN_PROFILE",
    }
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
