"""kopf's part over a real watch: what it sees reaches the store, and its end does not go unnoticed."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import pytest
import yaml
from kubernetes.aio.client import Configuration

from fargateclaims.api.crd import render_crds
from fargateclaims.api.group import CLAIM_PLURAL
from fargateclaims.engine.store import Store
from fargateclaims.handlers import Watch, connection, into
from fargateclaims.metrics import Metrics
from support.kopf_thread import kopf_has_ended
from support.kube_server import RunningKube, running_kube_server
from support.waiting import LIMIT, until


@pytest.fixture
def kube(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningKube]:
    with running_kube_server(tmp_path) as running:
        running.admin.load([yaml.safe_load(text) for text in render_crds().values()])
        monkeypatch.setenv("KUBECONFIG", str(running.kubeconfig))
        yield running


def claim(name: str, namespace: str = "default", **metadata: Any) -> dict[str, Any]:
    return {
        "apiVersion": "fargateclaims.dev/v1alpha1",
        "kind": "FargateProfileClaim",
        "metadata": {"name": name, "namespace": namespace, **metadata},
        "spec": {"className": "standard", "selectors": [{}]},
    }


def stored(uid: str, version: str, name: str = "a") -> dict[str, Any]:
    return claim(name, uid=uid, resourceVersion=version, generation=1, creationTimestamp="2026-11-21T10:00:00Z")


async def stop(watch: Watch) -> None:
    await watch.stop()
    await kopf_has_ended()


def empty_store() -> Store:
    return Store(lambda _labels: True, lambda _place: None)


def test_an_event_is_put_and_a_deletion_removes() -> None:
    store = empty_store()
    into(store, CLAIM_PLURAL, "ADDED", stored("u1", "5"))
    assert store.claims.get("default", "a") is not None
    into(store, CLAIM_PLURAL, "DELETED", stored("u1", "6"))
    assert store.claims.get("default", "a") is None


def test_the_deletion_of_an_earlier_object_leaves_its_namesake() -> None:
    store = empty_store()
    into(store, CLAIM_PLURAL, "ADDED", stored("u2", "9"))
    into(store, CLAIM_PLURAL, "DELETED", stored("u1", "8"))
    assert store.claims.get("default", "a") is not None


async def test_what_is_there_and_what_comes_reaches_the_store(kube: RunningKube) -> None:
    kube.admin.load([claim("first")])
    store, ended = empty_store(), asyncio.Event()
    watch = Watch(store, Metrics(), ended.set)
    watch.start()
    try:
        await until(lambda: store.claims.get("default", "first"))
        await until(lambda: watch.problem() is None)
        kube.admin.load([claim("second")])
        await until(lambda: store.claims.get("default", "second"))
        await until(lambda: store.namespaces.get("", "default"))
    finally:
        await stop(watch)
    await until(ended.is_set)
    await until(watch.problem)


@pytest.mark.usefixtures("kube")
async def test_the_user_needs_no_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(_uid: int) -> None:
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.setattr("pwd.getpwuid", nobody)
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    ended = asyncio.Event()
    watch = Watch(empty_store(), Metrics(), ended.set)
    watch.start()
    try:
        await until(lambda: ended.is_set() or watch.problem() is None)
        assert watch.problem() is None
    finally:
        await stop(watch)


async def test_a_cut_watch_is_begun_anew(kube: RunningKube) -> None:
    store = empty_store()
    watch = Watch(store, Metrics(), lambda: None)
    watch.start()
    try:
        await until(lambda: watch.problem() is None)
        kube.admin.cut_watches()
        kube.admin.load([claim("later")])
        await until(lambda: store.claims.get("default", "later"))
    finally:
        await stop(watch)


async def test_a_watcher_that_dies_ends_all_of_them(kube: RunningKube, caplog: pytest.LogCaptureFixture) -> None:
    ended = asyncio.Event()
    watch = Watch(empty_store(), Metrics(), ended.set)
    watch.start()
    try:
        await until(lambda: watch.problem() is None)
        kube.admin.fail(400, verb="watch", resource=CLAIM_PLURAL)
        kube.admin.cut_watches(CLAIM_PLURAL)
        await until(ended.is_set)
    finally:
        await stop(watch)
    await until(watch.problem)
    failed = [record for record in caplog.records if "has failed" in record.message]
    assert failed
    assert not [record for record in failed if record.exc_info], "a sentence is enough"


async def test_the_end_is_told_even_if_something_of_kopf_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    let_go, left = threading.Event(), []

    async def deaf() -> None:
        while not let_go.is_set():
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(0.01)

    async def operator(**_: object) -> None:
        left.append(asyncio.ensure_future(deaf()))
        await asyncio.sleep(0)
        raise ConnectionError

    monkeypatch.setattr("kopf.operator", operator)
    ended = asyncio.Event()
    watch = Watch(empty_store(), Metrics(), ended.set)
    watch.start()
    try:
        await until(ended.is_set)
        assert not left[0].done()
    finally:
        let_go.set()
        await stop(watch)


async def test_the_end_of_a_watcher_is_told_even_if_kopf_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    one_ends, let_go = threading.Event(), threading.Event()

    async def last_until(event: threading.Event) -> None:
        while not event.is_set():
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(0.01)

    async def operator(**_: object) -> None:
        watchers = [asyncio.create_task(last_until(event), name="watcher for it") for event in (one_ends, let_go, let_go)]
        await asyncio.wait(watchers)

    monkeypatch.setattr("kopf.operator", operator)
    ended = asyncio.Event()
    watch = Watch(empty_store(), Metrics(), ended.set)
    watch.start()
    try:
        await until(lambda: watch.problem() is None)
        one_ends.set()
        await until(ended.is_set)
    finally:
        let_go.set()
        await stop(watch)


class Hanging:
    """A metric that blocks whoever sets it."""

    def __init__(self, until: threading.Event) -> None:
        self._until = until

    def labels(self, _kind: str) -> Self:
        return self

    def set_to_current_time(self) -> None:
        self._until.wait(LIMIT)


async def test_watches_whose_event_loop_hangs_are_a_problem(kube: RunningKube, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fargateclaims.handlers.HEARTBEAT_LOST", 2.0)
    hanging = threading.Event()
    metrics = Metrics()
    watch = Watch(empty_store(), metrics, lambda: None)
    watch.start()
    try:
        await until(lambda: watch.problem() is None)
        # Called in kopf's thread with each event.
        monkeypatch.setattr(metrics, "watch_seen", Hanging(hanging))
        kube.admin.load([claim("first")])
        await until(lambda: str(watch.problem()).startswith("their event loop has been blocked for "))
        hanging.set()
        await until(lambda: watch.problem() is None)
    finally:
        hanging.set()
        await stop(watch)


async def test_the_watches_go_the_same_way_as_all_other_requests() -> None:
    configuration = Configuration(host="https://kubernetes.example", api_key={"BearerToken": "t1"}, proxy="http://proxy.example:3128")
    configuration.api_key_prefix = {"BearerToken": "Bearer"}
    info = await connection(configuration)
    assert (info.server, info.scheme, info.token, info.proxy_url) == (
        "https://kubernetes.example",
        "Bearer",
        "t1",
        "http://proxy.example:3128",
    )
