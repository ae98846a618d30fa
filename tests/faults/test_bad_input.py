"""Objects that no schema has checked: written before a change of the CRD, they stop nobody but themselves."""

from typing import Any

import pytest

from fargateclaims.api.group import API_VERSION, CLAIM_KIND, CLASS_KIND
from support.embedded_world import EmbeddedWorld
from support.engine_in_process import Engine
from support.fault_world import CREATE, condition, stands

CRD_PATH = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
ANYTHING = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}


async def write_unchecked(world: EmbeddedWorld, plural: str, *objects: dict[str, Any]) -> None:
    """Store objects while the CRD lets everything pass, then put its schema back."""
    path = f"{CRD_PATH}/{plural}.fargateclaims.dev"
    crd = (await world.api.get(path)).ok()
    (version,) = crd["spec"]["versions"]
    (await world.api.patch(path, {"spec": {"versions": [{**version, "schema": ANYTHING}]}})).ok()
    world.kube.admin.load(objects)
    (await world.api.patch(path, {"spec": {"versions": [version]}})).ok()


def claim_of(world: EmbeddedWorld, name: str, spec: Any, **more: Any) -> dict[str, Any]:
    return {"apiVersion": API_VERSION, "kind": CLAIM_KIND, "metadata": {"name": name, "namespace": world.name}, "spec": spec, **more}


async def test_bad_input_malformed_claims(world: EmbeddedWorld, caplog: pytest.LogCaptureFixture) -> None:
    bad = {
        "no-selectors": {"className": world.name},
        "text-for-a-list": {"className": world.name, "selectors": "web"},
        "text-for-labels": {"className": world.name, "selectors": [{"labels": ["app", "web"]}]},
        "number-for-a-name": {"className": world.name, "selectors": [{}], "profileName": 7},
    }
    await write_unchecked(world, "fargateprofileclaims", *(claim_of(world, name, spec) for name, spec in bad.items()))
    async with Engine(selector=world.selector) as engine:
        await world.claim("good")
        await world.until_active("good")
        for name in bad:
            told = await world.until(lambda claim: stands(claim) == ("False", "Invalid"), name)
            assert stands(told, "Accepted") == ("False", "Invalid")
            assert "spec." in condition(told)["message"]
        await world.check_at_rest(lambda: engine.turns(world.arn), ["good"])
        for name in bad:
            await world.delete(name)
        await world.until_gone(*bad)
    assert len(world.calls(CREATE)) == 1
    assert not [record for record in caplog.records if record.exc_info]
    await world.check_always()


async def test_bad_input_nonsense_for_a_status(world: EmbeddedWorld, caplog: pytest.LogCaptureFixture) -> None:
    """What somebody else has written there is worth no more than nothing."""
    status = {"operation": "Create", "conditions": {"Ready": True}, "profile": ["web"], "failedAttempts": "many"}
    spec = {"className": world.name, "selectors": [{"labels": {"app": "web"}}]}
    await write_unchecked(world, "fargateprofileclaims", claim_of(world, "web", spec, status=status))
    async with Engine(selector=world.selector) as engine:
        await world.until_active()
        await world.check_at_rest(lambda: engine.turns(world.arn))
    assert len(world.calls(CREATE)) == 1
    assert not [record for record in caplog.records if record.exc_info]
    await world.check_always()


async def test_bad_input_malformed_class(world: EmbeddedWorld, caplog: pytest.LogCaptureFixture) -> None:
    broken = {"apiVersion": API_VERSION, "kind": CLASS_KIND, "metadata": {"name": "broken", "labels": {"world": world.name}}}
    await write_unchecked(world, "fargateprofileclasses", {**broken, "spec": {"clusterARN": "prod", "claims": []}})
    async with Engine(selector=world.selector):
        await world.claim("bad", className="broken")
        await world.claim("good")
        await world.until_active("good")
        told = await world.until(lambda claim: stands(claim) == ("False", "ClassNotReady"), "bad")
        assert 'class "broken" cannot be read' in condition(told)["message"]
        await world.delete("bad")
        await world.until_gone("bad")
    assert not [record for record in caplog.records if record.exc_info]
    await world.check_always()
