"""The operator is upgraded: what was stored under the CRDs of the release before is served on, and nothing is done to EKS for it."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from fargateclaims.api.group import CLAIM_PLURAL, CLASS_PLURAL, GROUP
from support.fault_world import CREATE, DELETE, World, stands
from support.installation import Installation
from support.kubectl import Kubectl

PREVIOUS = Path(__file__).with_name("previous_crds")
CRDS = [f"customresourcedefinition/{plural}.{GROUP}" for plural in (CLAIM_PLURAL, CLASS_PLURAL)]
LATER = {("status", "resolved", "tagKeys"), ("status", "operation", "display")}
"""Fields that a release may well have added: without them, the API server drops what the operator writes there."""


@pytest.mark.parametrize("without", [set(), LATER], ids=["the release before", "one with fewer fields"])
async def test_upgrade(kubectl: Kubectl, installation: Installation, world: World, without: set[tuple[str, ...]]) -> None:
    for crd in sorted(PREVIOUS.glob("*.yaml")):
        kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=_less(yaml.safe_load(crd.read_text()), without))
    with installation.operator(class_selector=world.selector) as operator:
        await world.claim("active", tags={"team": "web"}, selectors=[{"namespace": world.name}, {"labels": {"app": "a"}}])
        await world.claim("named", profileName="named", replacement="DeleteFirst")
        await world.claim("refused", className=f"{world.name}-x")
        await world.until_active("active", "named")
        await world.until(lambda claim: stands(claim)[1] == "ClassNotFound", "refused")
        before = await world.rest()
        await operator.stop()
    stored = await _statuses(world)
    # As the chart and the base do it, first the CRDs.
    installation.apply()
    assert [kubectl("get", crd, "--output", "jsonpath={.status.storedVersions}").stdout for crd in CRDS] == ['["v1alpha1"]'] * len(CRDS)
    assert await _statuses(world) == stored, "lost by the new schema"
    kept = {key for status in stored.values() for key in status.get("resolved", {})}
    assert "className" in kept
    assert ("tagKeys" in kept) == (not without)
    with installation.operator(class_selector=world.selector) as operator:
        await world.check_same(before)
        # It is at work, and on what is new as well as on what was there.
        await world.claim("new")
        await world.until_active("new", "active", "named")
        assert (world.begun(CREATE), world.begun(DELETE)) == (3, 0)
        await world.edit("active", app="other")
        await world.until_active("active")
        await operator.stop()
    assert (world.begun(CREATE), world.begun(DELETE)) == (4, 1)
    await world.check_always()


async def _statuses(world: World) -> dict[str, Any]:
    return {claim["metadata"]["name"]: claim["status"] for claim in await world.claims()}


def _less(crd: dict[str, Any], paths: set[tuple[str, ...]]) -> dict[str, Any]:
    """The definition without some fields, where it has them."""
    for *parents, last in paths:
        schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
        for parent in parents:
            schema = schema.get("properties", {}).get(parent, {})
        schema.get("properties", {}).pop(last, None)
    return crd
