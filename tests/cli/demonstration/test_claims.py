"""The demo's own watch, on the embedded API server."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from fargateclaims.cli.demonstration import manifests
from fargateclaims.cli.demonstration.claims import Claims, ClaimView, Key
from fargateclaims.cli.demonstration.errors import DemoError
from fargateclaims.cli.demonstration.kubernetes_api import CLAIMS, KubernetesAPI, WatchExpiredError
from fargateclaims.simulator.kube.server import Settings, read_manifests
from support.kube_server import RunningKube, running_kube_server
from support.scripted_server import ScriptedServer, answer, failure, scripted_server
from support.waiting import LIMIT

ETL = Key("data", "etl")


@pytest.fixture
async def kube(tmp_path: Path) -> AsyncIterator[tuple[RunningKube, KubernetesAPI]]:
    with running_kube_server(tmp_path, Settings(objects=read_manifests(manifests.crds()))) as server:
        async with KubernetesAPI(server.url) as api:
            for obj in manifests.read(manifests.samples() / "00-namespaces.yaml", {}):
                await api.create(obj)
            yield server, api


def claim(name: str = "etl", class_name: str = "standard") -> dict[str, Any]:
    return {
        "apiVersion": "fargateclaims.dev/v1alpha1",
        "kind": "FargateProfileClaim",
        "metadata": {"name": name, "namespace": "data"},
        "spec": {"className": class_name, "selectors": [{}]},
    }


async def test_changes_are_seen_once_and_a_watch_that_ends_is_begun_anew(kube: tuple[RunningKube, KubernetesAPI]) -> None:
    server, api = kube
    claims, seen = Claims(), list[tuple[Key, ClaimView | None]]()
    following = asyncio.ensure_future(claims.follow(api, lambda key, view: seen.append((key, view))))
    async with asyncio.timeout(LIMIT):
        await api.create(claim())
        await claims.until(lambda: claims.reason(ETL) == "Pending")
        await asyncio.to_thread(server.admin.end_watches)
        await api.create(claim("ingest"))
        await claims.until(lambda: Key("data", "ingest") in claims.present)
        await asyncio.to_thread(server.admin.expire_watches)
        await api.delete_claim(*ETL)
        await claims.until(lambda: ETL not in claims.present)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    assert [(key.name, view is None) for key, view in seen] == [("etl", False), ("ingest", False), ("etl", True)]
    assert claims.reason(ETL) == ""
    assert not claims.has_profile(ETL)
    assert not claims.is_queued(ETL)
    assert not claims.active(Key("data", "ingest"))
    assert claims.describe().startswith("  data/ingest: Pending: ")


async def test_what_a_claim_says_of_its_profile_and_of_whom_it_waits_for(kube: tuple[RunningKube, KubernetesAPI]) -> None:
    server, api = kube
    profile = {"name": "data-etl-9998", "arn": "arn", "status": "ACTIVE"}
    blocker = {"profileName": "theirs", "status": "CREATING", "origin": "Foreign"}
    operation = {"type": "Replace", "state": "Queued", "profileName": "x", "queueTime": "2026-11-21T14:02:11.000000Z", "display": "1/2"}
    status = {
        "observedGeneration": 1,
        "conditions": [
            {"type": "Ready", "status": "True", "reason": "Active", "message": "m", "lastTransitionTime": "2026-11-21T14:02:11Z"}
        ],
        "profile": profile,
        "previousProfile": {**profile, "name": "data-etl-9999"},
        "operation": {**operation, "blockedBy": blocker},
    }
    await asyncio.to_thread(server.admin.load, [{**claim(), "status": status}])
    claims = Claims()
    following = asyncio.ensure_future(claims.follow(api, lambda _key, _view: None))
    async with asyncio.timeout(LIMIT):
        await claims.until(lambda: claims.active(ETL))
        assert claims.has_profile(ETL)
        assert claims.is_queued(ETL)
        view = claims.present[ETL]
        await api.patch_claim(*ETL, {"spec": {"selectors": [{"labels": {"app": "etl"}}]}})
        await claims.until(lambda: not claims.active(ETL))
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    assert (view.ready, view.reason, view.message, view.profile, view.queue) == ("True", "Active", "m", "data-etl-9998", "1/2")
    assert claims.profiles[ETL] == {"data-etl-9998", "data-etl-9999"}
    assert claims.waited_for == {"theirs": ETL}


async def test_a_refusal_is_told_in_the_servers_words(kube: tuple[RunningKube, KubernetesAPI]) -> None:
    _, api = kube
    with pytest.raises(DemoError, match=r"the Kubernetes API refuses: .*className"):
        await api.create(claim(class_name="NO NAME"))
    with pytest.raises(DemoError, match="not found"):
        await api.get_class("none")


@pytest.fixture
async def scripted() -> AsyncIterator[tuple[ScriptedServer, KubernetesAPI]]:
    async with scripted_server() as server, KubernetesAPI(server.url) as api:
        yield server, api


@pytest.mark.parametrize(
    ("refusal", "told"),
    [
        (failure(403, "Forbidden", "no"), "the Kubernetes API refuses a watch of /apis/.*fargateprofileclaims: 403 Forbidden"),
        (web.Response(text="<html>"), "the watch of /apis/.*fargateprofileclaims has failed: Expecting value"),
    ],
)
async def test_a_watch_that_is_refused_or_makes_no_sense_is_told(
    scripted: tuple[ScriptedServer, KubernetesAPI], refusal: web.Response, told: str
) -> None:
    server, api = scripted
    server.will(answer({"items": [], "metadata": {"resourceVersion": "7"}}), refusal)
    with pytest.raises(DemoError, match=told):
        await Claims().follow(api, lambda _key, _view: None)
    assert server.asked[-1].query == {"watch": "true", "resourceVersion": "7"}


async def test_a_watch_from_too_long_ago_is_told_from_one_that_ends(scripted: tuple[ScriptedServer, KubernetesAPI]) -> None:
    server, api = scripted
    server.will(failure(410, "Expired", "too old resource version"), web.Response(text=""))
    with pytest.raises(WatchExpiredError):
        await anext(api.watch(CLAIMS, "1"))
    assert [event async for event in api.watch(CLAIMS, "1")] == []


async def test_an_api_server_that_is_gone_is_told(kube: tuple[RunningKube, KubernetesAPI]) -> None:
    async with KubernetesAPI("http://127.0.0.1:1") as nobody:
        with pytest.raises(DemoError, match="the Kubernetes API does not answer: GET /apis/"):
            await nobody.list_all(CLAIMS)
