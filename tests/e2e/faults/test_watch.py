"""What the operator hears of the API server is late, wrong, or nothing at all."""

import json
import time
from typing import Any

import pytest

from fargateclaims.api.group import CLAIM_PLURAL, GROUP
from support.api_proxy import APIProxy, Exchange
from support.fault_world import CREATE, DELETE, World, profile_of, stands
from support.installation import Installation
from support.kube_contract import JSON_PATCH
from support.scenarios import CleanRun, edited, one_claim, two_claims
from support.tampered import tampered
from support.tcp_proxy import TCPProxy
from support.waiting import until

CRD_PATH = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{CLAIM_PLURAL}.{GROUP}"
COLUMNS = "/spec/versions/0/additionalPrinterColumns"
FAILURE = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
INTERNAL_ERROR = {**FAILURE, "reason": "InternalError", "code": 500, "message": "an error on the server has prevented the request"}
NOT_FOUND = {**FAILURE, "reason": "NotFound", "code": 404, "message": "the server could not find the requested resource"}
UNSUPPORTED = {**FAILURE, "reason": "UnsupportedMediaType", "code": 415, "message": "the body of the request was in an unknown format"}


def watches_claims(one: Exchange) -> bool:
    return one.watch and one.path.endswith(f"/{CLAIM_PLURAL}")


def is_gone(event: dict[str, Any]) -> bool:
    return event["type"] == "ERROR" and bool(event["object"]["code"] == 410)


def writes_ghost(one: Exchange) -> bool:
    return one.method == "PATCH" and one.path.endswith("/ghost")


async def forget_history(world: World, watch: Exchange) -> None:
    """The API server begins its watch cache anew, as after each change of a CRD: what was before is too old for a watch.

    It does so a moment later; returns when a watch that goes on from where this one would is told 410.
    """
    column = {"name": "Touched", "type": "string", "jsonPath": ".metadata.uid", "priority": 1}
    (await world.api.patch(CRD_PATH, [{"op": "add", "path": f"{COLUMNS}/-", "value": column}], JSON_PATCH)).ok()

    async def begins_with() -> dict[str, Any] | None:
        async with world.api.watch(watch.path, resourceVersion=watch.query["resourceVersion"]) as stream:
            try:
                return await stream.next() if stream.code == 200 else None
            except StopAsyncIteration:  # of the cache that is being put away
                return None

    await world.wait(begins_with, lambda event: event is not None and is_gone(event))


async def test_fault_08_deleted_in_the_gap_of_a_410(installation: Installation, api_proxy: APIProxy, world: World, clean: CleanRun) -> None:
    """The watch goes on from too early, is told 410, and the new LIST is silent about what was deleted: EKS hears of no ghost."""
    expected = await clean(one_claim)
    world.eks.foreign_create(world.name, "by-terraform", never_ends=True)
    with installation.operator(kubeconfig=installation.kubeconfig(server=api_proxy.url), class_selector=world.selector) as operator:
        for name in ("ghost", "web"):
            await world.claim(name)
            await world.until(lambda claim: stands(claim)[1] == "Queued", name)
        gap = api_proxy.hold(watches_claims)
        api_proxy.end_watches(CLAIM_PLURAL)
        await until(lambda: gap.met)
        assert await world.delete("ghost") is None
        await forget_history(world, gap.met[0])
        api_proxy.release(gap)
        await until(lambda: any(is_gone(event) for one in api_proxy.asked(watches_claims) for event in one.said))
        world.eks.finish(**world.target())
        await world.until_active()
        await world.check_at_rest(operator.turns)
        expected["profiles"]["by-terraform"] = (await world.picture())["profiles"]["by-terraform"]
        await world.check_same(expected)
        await operator.stop()
    told = [event for one in api_proxy.asked(watches_claims) for event in one.said if event["type"] == "DELETED"]
    assert "ghost" not in [event["object"]["metadata"]["name"] for event in told]
    assert 404 in [one.status for one in api_proxy.asked(writes_ghost)], "it was known of all the time"
    assert [call.profile for call in world.calls(CREATE)] == list(set(world.profiles()) - {"by-terraform"})
    assert world.begun(DELETE) == 0
    await world.check_always()


@pytest.mark.parametrize("fault", ["an ERROR of 500", "404", "garbage"])
async def test_fault_09_watch_breaks(installation: Installation, api_proxy: APIProxy, world: World, clean: CleanRun, fault: str) -> None:
    """It ends, with 1, instead of going on blind; its next life finds what came meanwhile."""
    expected = await clean(two_claims)
    kubeconfig = installation.kubeconfig(server=api_proxy.url)
    with installation.operator(kubeconfig=kubeconfig, class_selector=world.selector) as operator:
        await world.claim("first")
        await world.until_active("first")
        if fault == "404":
            missing = api_proxy.answer(watches_claims, 404, json.dumps(NOT_FOUND).encode())
            api_proxy.end_watches(CLAIM_PLURAL)
            await until(lambda: missing.met)
            api_proxy.release(missing)
        else:
            event = {"type": "ERROR", "object": INTERNAL_ERROR}
            line = b"<html>502 Bad Gateway</html>\n" if fault == "garbage" else json.dumps(event).encode() + b"\n"
            await until(lambda: api_proxy.say(CLAIM_PLURAL, line))
        await until(lambda: operator.ended)
        assert operator.code == 1
        assert "stopping: the watches have ended" in operator.stderr
    await world.claim("second")
    with installation.operator(kubeconfig=kubeconfig, class_selector=world.selector) as operator:
        await world.until_active("second")
        await world.check_same(expected)
        await world.check_at_rest(operator.turns, ("first", "second"))
        await operator.stop()
    assert (world.begun(CREATE), world.begun(DELETE)) == (2, 0)
    await world.check_always()


async def test_fault_09_watches_cannot_begin(installation: Installation, api_proxy: APIProxy, world: World, clean: CleanRun) -> None:
    """What the API server serves cannot be found out: the same, right at the start."""
    expected = await clean(one_claim)
    kubeconfig = installation.kubeconfig(server=api_proxy.url)
    wrong = api_proxy.answer(lambda one: one.path == "/apis/apiextensions.k8s.io/v1", 415, json.dumps(UNSUPPORTED).encode())
    with installation.operator(kubeconfig=kubeconfig, class_selector=world.selector) as operator:
        await until(lambda: operator.ended)
        assert operator.code == 1
        assert "stopping: the watches have ended" in operator.stderr
    api_proxy.release(wrong)
    with installation.operator(kubeconfig=kubeconfig, class_selector=world.selector) as operator:
        await one_claim(world, operator)
        await world.check_same(expected)
        await operator.stop()
    assert (world.begun(CREATE), world.begun(DELETE)) == (1, 0)
    await world.check_always()


async def test_fault_10_half_open_connections(installation: Installation, tcp_proxy: TCPProxy, world: World, clean: CleanRun) -> None:
    """The watches' connections stay open and carry nothing, as when a router forgets them: they are given up and begun anew."""
    expected = await clean(edited)
    kubeconfig = installation.kubeconfig(server=f"https://127.0.0.1:{tcp_proxy.port}")
    # Longer than a slow machine takes from one change to the next: what begins anew meanwhile is not silent.
    impatient = tampered({"WATCH_INACTIVITY": 30.0})
    with installation.operator(kubeconfig=kubeconfig, environment=impatient, class_selector=world.selector) as operator:
        await until(lambda: operator.url and operator.ask("/healthz")[0] == 200)
        await one_claim(world, operator)
        before = time.monotonic()
        await world.annotate(retry="1")
        await world.until(lambda claim: claim["status"].get("lastHandledRetry") == "1")
        # What has asked for nothing since: the watches. The connections for writes are in use.
        silent = tcp_proxy.hold([link for link in tcp_proxy.links if link.spoke_at < before])
        assert len(silent) >= 3
        await world.edit(app="other")
        await world.until_active()
        assert all(link.open for link in silent)
        await world.check_same(expected)
        await world.check_at_rest(operator.turns)
        await operator.stop()
    assert (world.begun(CREATE), world.begun(DELETE)) == (2, 1)
    await world.check_always()


async def test_fault_10_silent_watch_is_healed_by_the_resync(
    installation: Installation, api_proxy: APIProxy, world: World, clean: CleanRun
) -> None:
    """No watch of the claims ever tells anything: the LISTs do."""
    expected = await clean(edited)
    silent = api_proxy.hold(watches_claims)
    kubeconfig = installation.kubeconfig(server=api_proxy.url)
    with installation.operator(kubeconfig=kubeconfig, class_selector=world.selector, resync_seconds=1) as operator:
        await until(lambda: silent.met)
        await one_claim(world, operator)
        before = profile_of(await world.read())
        await world.edit(app="other")
        await world.until_active()
        assert profile_of(await world.read()) != before
        await world.check_same(expected)
        await operator.stop()
    assert not any(one.said for one in silent.met)
    assert (world.begun(CREATE), world.begun(DELETE)) == (2, 1)
    await world.check_always()
