"""WATCH."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from support.kube_contract import Api
from support.ticket_kind import Kind
from support.waiting import LIMIT


@pytest.fixture(autouse=True)
async def limit() -> AsyncIterator[None]:
    async with asyncio.timeout(LIMIT):
        yield


async def version_of(api: Api, path: str) -> str:
    version: str = (await api.get(path)).ok()["metadata"]["resourceVersion"]
    return version


async def test_without_a_version_it_begins_with_what_is_there(api: Api, kind: Kind, namespace: str) -> None:
    (await api.create(kind.path(namespace), kind.ticket("a"))).ok()
    async with api.watch(kind.path(namespace)) as watch:
        assert await watch.take(1) == [("ADDED", "a")]
        (await api.patch(kind.path(namespace, "a"), {"spec": {"tags": {"t": "1"}}})).ok()
        (await api.delete(kind.path(namespace, "a"))).ok()
        assert await watch.take(2) == [("MODIFIED", "a"), ("DELETED", "a")]


async def test_with_a_version_it_goes_on_from_there(api: Api, kind: Kind, namespace: str) -> None:
    (await api.create(kind.path(namespace), kind.ticket("before"))).ok()
    version = await version_of(api, kind.path(namespace))
    made = (await api.create(kind.path(namespace), kind.ticket("after"))).ok()
    async with api.watch(kind.path(namespace), resourceVersion=version) as watch:
        event = await watch.next()
        assert event == {"type": "ADDED", "object": made}


async def test_a_deletion_has_a_version_of_its_own(api: Api, kind: Kind, namespace: str) -> None:
    made = (await api.create(kind.path(namespace), kind.ticket("a"))).ok()
    async with api.watch(kind.path(namespace), resourceVersion=made["metadata"]["resourceVersion"]) as watch:
        (await api.delete(kind.path(namespace, "a"))).ok()
        event = await watch.next()
    assert event["type"] == "DELETED"
    assert int(event["object"]["metadata"]["resourceVersion"]) > int(made["metadata"]["resourceVersion"])


async def test_all_namespaces_at_once(api: Api, kind: Kind, namespace: str) -> None:
    version = await version_of(api, kind.path())
    async with api.watch(kind.path(), resourceVersion=version) as watch:
        (await api.create(kind.path(namespace), kind.ticket("a"))).ok()
        # What earlier tests have left in their namespaces may still be going.
        while (await watch.next())["object"]["metadata"]["namespace"] != namespace:
            pass


async def test_one_namespace_hears_nothing_of_others(api: Api, kind: Kind, namespace: str) -> None:
    version = await version_of(api, kind.path(namespace))
    async with api.watch(kind.path(namespace), resourceVersion=version) as watch:
        (await api.create(kind.path("default"), kind.ticket(f"other-{namespace}"))).ok()
        (await api.create(kind.path(namespace), kind.ticket("mine"))).ok()
        assert await watch.take(1) == [("ADDED", "mine")]
    (await api.delete(kind.path("default", f"other-{namespace}"))).ok()


async def test_a_selector_adds_and_deletes_what_begins_and_ceases_to_match(api: Api, kind: Kind, namespace: str) -> None:
    version = await version_of(api, kind.path(namespace))
    (await api.create(kind.path(namespace), kind.ticket("a"))).ok()
    path = kind.path(namespace, "a")
    async with api.watch(kind.path(namespace), resourceVersion=version, labelSelector="l=1") as watch:
        (await api.patch(path, {"metadata": {"labels": {"l": "1"}}})).ok()
        (await api.patch(path, {"spec": {"tags": {"t": "1"}}})).ok()
        (await api.patch(path, {"metadata": {"labels": {"l": "2"}}})).ok()
        (await api.patch(path, {"metadata": {"labels": {"l": "3"}}})).ok()
        (await api.patch(path, {"metadata": {"labels": {"l": "1"}}})).ok()
        (await api.delete(path)).ok()
        kinds = [event for event, _ in await watch.take(5)]
    assert kinds == ["ADDED", "MODIFIED", "DELETED", "ADDED", "DELETED"]


async def test_one_object_by_field_selector(api: Api, kind: Kind, namespace: str) -> None:
    version = await version_of(api, kind.path(namespace))
    async with api.watch(kind.path(namespace), resourceVersion=version, fieldSelector="metadata.name=b") as watch:
        for name in ("a", "b"):
            (await api.create(kind.path(namespace), kind.ticket(name))).ok()
        assert await watch.take(1) == [("ADDED", "b")]


async def test_it_ends_after_its_time(api: Api, kind: Kind, namespace: str) -> None:
    version = await version_of(api, kind.path(namespace))
    async with api.watch(kind.path(namespace), resourceVersion=version, timeoutSeconds=1) as watch:
        assert [event for event in await watch.rest() if event["type"] != "BOOKMARK"] == []


async def test_too_old_a_version_is_gone(api: Api, kind: Kind, namespace: str) -> None:
    async with api.watch(kind.path(namespace), resourceVersion=1) as watch:
        event = await watch.next()
        assert event["type"] == "ERROR"
        assert (event["object"]["kind"], event["object"]["code"], event["object"]["reason"]) == ("Status", 410, "Expired")
        assert event["object"]["message"].startswith("too old resource version: 1 (")
        assert await watch.rest() == []


async def test_the_initial_state_as_events_ends_with_a_bookmark(api: Api, kind: Kind, namespace: str) -> None:
    (await api.create(kind.path(namespace), kind.ticket("a"))).ok()
    query = {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan", "allowWatchBookmarks": "true"}
    async with api.watch(kind.path(namespace), **query) as watch:
        assert await watch.take(1) == [("ADDED", "a")]
        bookmark = await watch.next()
        assert bookmark["type"] == "BOOKMARK"
        assert bookmark["object"]["kind"] == "Ticket"
        assert bookmark["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


async def test_the_initial_state_as_events_needs_its_companions(api: Api, kind: Kind, namespace: str) -> None:
    async with api.watch(kind.path(namespace), sendInitialEvents="true") as watch:
        assert watch.code == 422


async def test_tables_and_metadata_can_be_watched(api: Api, kind: Kind, namespace: str) -> None:
    (await api.create(kind.path(namespace), kind.ticket("a"))).ok()
    async with api.watch(kind.path(namespace), accept="application/json;as=Table;v=v1;g=meta.k8s.io") as watch:
        event = await watch.next()
        assert event["object"]["kind"] == "Table"
        assert event["object"]["rows"][0]["cells"][0] == "a"
        assert event["object"]["columnDefinitions"]
    async with api.watch(kind.path(namespace), accept="application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io") as watch:
        event = await watch.next()
        assert event["object"]["kind"] == "PartialObjectMetadata"


async def test_the_watch_of_a_missing_kind(api: Api, kind: Kind) -> None:
    async with api.watch(f"/apis/{kind.group}/v1/nonsense") as watch:
        assert watch.code == 404


@pytest.mark.parametrize(
    "query",
    [
        {"resourceVersionMatch": "NotOlderThan"},
        {"sendInitialEvents": "true", "resourceVersionMatch": "Exact"},
        {"sendInitialEvents": "false"},
        {"continue": "x"},
    ],
)
async def test_options_that_do_not_go_together(api: Api, kind: Kind, namespace: str, query: dict[str, str]) -> None:
    async with api.watch(kind.path(namespace), **query) as watch:
        assert watch.code == 422


async def test_a_version_that_is_none(api: Api, kind: Kind, namespace: str) -> None:
    async with api.watch(kind.path(namespace), resourceVersion="abc") as watch:
        assert watch.code == 500


async def test_without_initial_events_it_begins_now(api: Api, kind: Kind, namespace: str) -> None:
    (await api.create(kind.path(namespace), kind.ticket("before"))).ok()
    query = {"sendInitialEvents": "false", "resourceVersionMatch": "NotOlderThan"}
    async with api.watch(kind.path(namespace), **query) as watch:
        (await api.create(kind.path(namespace), kind.ticket("after"))).ok()
        assert await watch.take(1) == [("ADDED", "after")]


async def test_the_end_of_the_initial_events_is_marked_by_a_bookmark_alone(api: Api, kind: Kind, namespace: str) -> None:
    (await api.create(kind.path(namespace), kind.ticket("a"))).ok()
    query = {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"}
    async with api.watch(kind.path(namespace), **query) as watch:
        first = await watch.next()
        (await api.create(kind.path(namespace), kind.ticket("b"))).ok()
        events = [(event["type"], event["object"]["metadata"].get("name")) for event in (first, await watch.next())]
    assert events == [("ADDED", "a"), ("ADDED", "b")]
