"""What is generated for Argo CD is what its sources say; the patches fit a real argocd-cm."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from fargateclaims.api.group import CLAIM_KIND, CLASS_KIND, GROUP
from support.argocd_lua import Health, health
from support.gitops_files import ACTIONS, CUSTOMIZATIONS, PATCH, REPOSITORY, files, script
from support.kubectl import KUBECTL

APPLICATIONS_PATCH = PATCH.with_name("argocd-cm-applications-patch.yaml")
CONFIG_MAP_KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}")


def test_what_is_generated_is_current() -> None:
    old = [str(path.relative_to(REPOSITORY)) for path, text in files().items() if not path.exists() or path.read_text("utf-8") != text]
    assert not old, "run `make gitops` and commit the result"


def test_nothing_is_left_of_situations_that_are_no_more() -> None:
    assert set(CUSTOMIZATIONS.glob("**/testdata/*.yaml")) == {path for path in files() if path.parent.name == "testdata"}


def customizations(path: Path) -> dict[str, str]:
    data: dict[str, str] = yaml.safe_load(path.read_text(encoding="utf-8"))["data"]
    return data


@pytest.mark.parametrize("kind", [CLAIM_KIND, CLASS_KIND])
def test_argo_cd_finds_each_script_under_its_key(kind: str) -> None:
    data = customizations(PATCH)
    assert data[f"resource.customizations.health.{GROUP}_{kind}"] == script(kind, "health.lua")
    actions = yaml.safe_load(data[f"resource.customizations.actions.{GROUP}_{kind}"])
    assert actions == {
        "discovery.lua": script(kind, "actions/discovery.lua"),
        "definitions": [{"name": name, "action.lua": script(kind, f"actions/{name}/action.lua")} for name in ACTIONS],
    }


@pytest.mark.parametrize("patch", [PATCH, APPLICATIONS_PATCH], ids=lambda path: path.name)
def test_a_patch_adds_its_keys_and_leaves_the_rest(patch: Path, tmp_path: Path) -> None:
    present = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "argocd-cm"}, "data": {"url": "https://argocd.example.com"}}
    file = tmp_path / "argocd-cm.yaml"
    file.write_text(yaml.safe_dump(present), encoding="utf-8")
    command: list[str | Path] = [KUBECTL, "patch", "--local", "-f", file, "--type", "merge", "--patch-file", patch, "-o", "yaml"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    data = yaml.safe_load(done.stdout)["data"]
    assert data == {**customizations(patch), "url": "https://argocd.example.com"}
    assert all(CONFIG_MAP_KEY.fullmatch(key) for key in data)


def application_health(status: dict[str, Any], *, automated: bool = True) -> Health:
    """What the patch says of an Application that is to be at v2."""
    (lua,) = customizations(APPLICATIONS_PATCH).values()
    policy = {"automated": {"selfHeal": True}} if automated else {}
    return health(lua, {"metadata": {}, "spec": {"source": {"targetRevision": "v2"}, "syncPolicy": policy}, "status": status})


def compared(revision: str, sync: str = "Synced", health: str = "Healthy") -> dict[str, Any]:
    """The status of an Application that Argo CD has compared with a revision."""
    found = {"status": sync, "comparedTo": {"source": {"targetRevision": revision}}}
    return {"sync": found, "health": {"status": health, "message": "words"}}


@pytest.mark.parametrize("shown", ["Healthy", "Degraded", "Suspended", "Progressing"])
def test_an_application_is_as_healthy_as_its_resources(shown: str) -> None:
    assert application_health(compared("v2", health=shown)) == Health(shown, "words")


def test_an_application_is_progressing_until_argo_cd_has_looked() -> None:
    (lua,) = customizations(APPLICATIONS_PATCH).values()
    assert health(lua, {"metadata": {}}) == Health("Progressing", "")
    assert application_health({}) == application_health(compared("v1")) == Health("Progressing", "not compared with v2 yet")


def test_an_application_that_is_to_sync_is_not_healthy_before_it_has() -> None:
    running = {"operationState": {"phase": "Running"}}
    failed = {"operationState": {"phase": "Failed", "message": "one or more objects failed to apply"}}
    assert application_health(compared("v2", "OutOfSync")) == Health("Progressing", "out of sync")
    assert application_health(compared("v2", "OutOfSync") | running) == Health("Progressing", "out of sync")
    assert application_health(compared("v2", "OutOfSync") | failed) == Health("Degraded", "one or more objects failed to apply")
    assert application_health(compared("v2", "OutOfSync"), automated=False) == Health("Healthy", "words")
