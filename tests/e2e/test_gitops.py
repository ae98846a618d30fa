"""What GitOps tools do to claims on a real API server: apply again, heal, replace."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fargateclaims.api.group import FINALIZER, PAUSED
from support import kstatus
from support.argocd_lua import act, health, merge_patch
from support.fault_world import CREATE, World
from support.gitops_files import script
from support.installation import Installation
from support.kubectl import Kubectl

DEPLOY = Path(__file__).parents[2] / "deploy"
ARGO_CD = ("--server-side", "--force-conflicts", "--field-manager", "argocd-controller")
"""How Argo CD applies with ServerSideApply=true; Flux does the same under another name."""

Object = dict[str, Any]


@pytest.fixture
def operator(installation: Installation, world: World) -> Iterator[None]:
    with installation.operator(class_selector=world.selector):
        yield


def manifest(world: World) -> Object:
    found = world.manifest("web", "web")
    return {**found, "metadata": {**found["metadata"], "namespace": world.name}}


async def read(world: World) -> Object:
    found = await world.read()
    assert found is not None
    return found


async def applied(world: World, kubectl: Kubectl) -> Object:
    """A claim that a GitOps tool has made, once it is Active."""
    kubectl("apply", *ARGO_CD, "-f", "-", stdin=manifest(world))
    await world.until_active()
    return await read(world)


async def test_applying_again_changes_nothing(operator: None, world: World, kubectl: Kubectl) -> None:
    claim = await applied(world, kubectl)
    assert claim["metadata"]["finalizers"] == [FINALIZER]
    assert claim["spec"] == manifest(world)["spec"], "no default drifts"
    assert health(script(claim["kind"], "health.lua"), claim).status == "Healthy"
    assert kstatus.compute(claim).status == "Current"
    kubectl("apply", *ARGO_CD, "-f", "-", stdin=manifest(world))
    assert (await read(world))["metadata"]["resourceVersion"] == claim["metadata"]["resourceVersion"]
    cls = await world.until_class(lambda found: any(c["type"] == "Ready" and c["status"] == "True" for c in found["status"]["conditions"]))
    assert health(script(cls["kind"], "health.lua"), cls).status == "Healthy"


async def test_an_action_s_annotation_survives_self_heal(operator: None, world: World, kubectl: Kubectl) -> None:
    claim = await applied(world, kubectl)
    patch = merge_patch(claim, act(script(claim["kind"], "actions/pause/action.lua"), claim))
    (await world.api.patch(f"{world.path()}/web", patch)).ok()
    await world.until(lambda found: any(c["type"] == "Paused" for c in found["status"]["conditions"]))
    kubectl("apply", *ARGO_CD, "-f", "-", stdin=manifest(world))
    paused = await read(world)
    assert paused["metadata"]["annotations"] == {PAUSED: "true"}
    assert health(script(claim["kind"], "health.lua"), paused).status == "Healthy"
    patch = merge_patch(paused, act(script(claim["kind"], "actions/resume/action.lua"), paused))
    (await world.api.patch(f"{world.path()}/web", patch)).ok()
    resumed = await world.until(lambda found: all(c["type"] != "Paused" for c in found["status"]["conditions"]))
    assert PAUSED not in resumed["metadata"].get("annotations", {})


async def test_replace_wipes_annotations_and_the_finalizer_but_not_the_status(operator: None, world: World, kubectl: Kubectl) -> None:
    before = await applied(world, kubectl)
    await world.annotate(paused="true")
    await world.until(lambda found: any(c["type"] == "Paused" for c in found["status"]["conditions"]))
    replaced = kubectl("replace", "-f", "-", "-o", "jsonpath={.metadata}{.status.profile.name}", stdin=manifest(world)).stdout
    assert PAUSED not in replaced
    assert FINALIZER not in replaced
    assert replaced.endswith(before["status"]["profile"]["name"])
    await world.until(lambda found: found["metadata"].get("finalizers") == [FINALIZER])
    await world.until_active()
    assert world.begun(CREATE) == 1


def test_the_examples_are_what_the_api_server_takes(installation: Installation, kubectl: Kubectl) -> None:
    assert installation.namespace
    kubectl("apply", "--server-side", "-f", str(DEPLOY / "argocd" / "platform" / "namespaces.yaml"))
    try:
        for example in ("argocd/platform", "argocd/shop"):
            kubectl("apply", "--server-side", "--dry-run=server", "--validate=strict", "-k", str(DEPLOY / example))
    finally:
        kubectl("delete", "namespace", "shop")
