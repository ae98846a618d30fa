"""Others write to the same objects: what the operator writes too late is refused, and it reads again what it has missed."""

import asyncio

from fargateclaims.api.group import CLAIM_PLURAL, CLASS_PLURAL, GROUP, VERSION
from support.control_plane import ControlPlane, audited
from support.fault_world import CREATE, World
from support.installation import NAME, Installation
from support.least_privilege import request_of
from support.waiting import LIMIT

KINDS = {f"{CLAIM_PLURAL}.{GROUP}", f"{CLASS_PLURAL}.{GROUP}"}
OPERATOR = f"system:serviceaccount:{NAME}:{NAME}"


async def test_claims_and_classes_are_read_again(plane: ControlPlane, installation: Installation, world: World) -> None:
    """Labels that come and go all the time, until both kinds have met a write of the operator."""
    made = 0
    with installation.operator(class_selector=world.selector) as operator:
        # Several rounds, even of a slow machine: whether writes meet is chance.
        async with asyncio.timeout(LIMIT * 4):
            while KINDS - _read_again(plane, world):
                made += 1
                await world.claim(f"c{made}")
                await _scribble(world, f"c{made}")
                await world.until_active(f"c{made}")
                await world.delete(f"c{made}")
                await world.until_gone(f"c{made}")
        await operator.stop()
    assert world.begun(CREATE) == made
    await world.check_always()


async def _scribble(world: World, claim: str) -> None:
    """Write to both as fast as they are written to by the operator."""
    cls = f"/apis/{GROUP}/{VERSION}/{CLASS_PLURAL}/{world.name}"

    async def write(path: str) -> None:
        for number in range(60):
            await world.api.patch(path, {"metadata": {"labels": {"note": f"n{number}"}}})

    await asyncio.gather(write(f"{world.path()}/{claim}"), write(cls), write(cls))


def _read_again(plane: ControlPlane, world: World) -> set[str]:
    """The kinds of which the operator has read single objects."""
    asked = [request_of(event) for event in audited(plane.audit_log) if event["user"].get("username") == OPERATOR]
    return {each.resource for each in asked if each and each.verb == "get" and world.name in {each.name, each.namespace}}
