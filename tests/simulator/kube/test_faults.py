"""What goes wrong on demand, and what clients see of it."""

from typing import Any

import aiohttp
import pytest

from fargateclaims.simulator.kube.client import AdminError
from support.kopf_events import kopf_events
from support.kube_contract import Api, WatchStream
from support.kube_server import RunningKube
from support.ticket_kind import Kind
from support.waiting import until

NS = "default"


async def created(http: Api, tickets: Kind, name: str = "a") -> dict[str, Any]:
    return (await http.create(tickets.path(NS), tickets.ticket(name))).ok()


def opened(http: Api, tickets: Kind, **query: Any) -> WatchStream:
    return http.watch(tickets.path(NS), **query)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (400, "BadRequest"),
        (401, "Unauthorized"),
        (403, "Forbidden"),
        (404, "NotFound"),
        (409, "Conflict"),
        (429, "TooManyRequests"),
        (500, "InternalError"),
        (503, "ServiceUnavailable"),
        (504, "Timeout"),
    ],
)
async def test_the_next_requests_fail_and_change_nothing(kube: RunningKube, http: Api, tickets: Kind, code: int, reason: str) -> None:
    kube.admin.fail(code, verb="create", resource="tickets", times=2)
    for _ in range(2):
        (await http.create(tickets.path(NS), tickets.ticket("a"))).refused(code, reason)
    await created(http, tickets)
    assert kube.admin.faults() == []


async def test_a_fault_without_times_stays_until_it_is_removed(kube: RunningKube, http: Api, tickets: Kind) -> None:
    first = kube.admin.fail(503, message="maintenance")
    other = kube.admin.fail(404, resource="configmaps")
    for _ in range(3):
        assert (await http.get(tickets.path(NS))).refused(503, "ServiceUnavailable")["message"] == "maintenance"
    assert [fault["hits"] for fault in kube.admin.faults()] == [3, 0]
    kube.admin.clear_faults(first)
    (await http.get(tickets.path(NS))).ok()
    assert [fault["id"] for fault in kube.admin.faults()] == [other]


async def test_a_fault_is_about_what_it_matches(kube: RunningKube, http: Api, tickets: Kind) -> None:
    made = await created(http, tickets)
    kube.admin.fail(409, verb="update", subresource="status", name="a", userAgent="Python")
    (await http.replace(tickets.path(NS, "a"), made)).ok()
    (await http.replace(tickets.path(NS, "a", "status"), made)).refused(409, "Conflict")


async def test_throttling_says_when_to_come_back(kube: RunningKube) -> None:
    kube.admin.fail(429, retryAfter=7)
    async with aiohttp.ClientSession() as session, session.get(f"{kube.url}/api/v1/namespaces") as response:
        assert response.headers["Retry-After"] == "7"
        assert (await response.json())["details"]["retryAfterSeconds"] == 7


async def test_a_write_can_succeed_and_its_answer_be_lost(kube: RunningKube, http: Api, tickets: Kind) -> None:
    kube.admin.fail(500, verb="create", when="After", times=1)
    (await http.create(tickets.path(NS), tickets.ticket("a"))).refused(500, "InternalError")
    (await http.get(tickets.path(NS, "a"))).ok()
    kube.admin.fail(drop=True, verb="create", when="After", times=1)
    with pytest.raises(aiohttp.ClientError):
        await http.create(tickets.path(NS), tickets.ticket("b"))
    (await http.get(tickets.path(NS, "b"))).ok()


async def test_a_connection_can_break_before_anything_is_done(kube: RunningKube, http: Api, tickets: Kind) -> None:
    kube.admin.fail(drop=True, verb="create", times=1)
    with pytest.raises(aiohttp.ClientError):
        await http.create(tickets.path(NS), tickets.ticket("a"))
    (await http.get(tickets.path(NS, "a"))).refused(404, "NotFound")


async def test_a_slow_answer_is_still_an_answer(kube: RunningKube, http: Api, tickets: Kind) -> None:
    kube.admin.fail(delay=60, verb="list", times=1)
    with pytest.raises(TimeoutError):
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(0.05)) as session:
            await session.get(f"{kube.url}{tickets.path(NS)}")
    kube.admin.fail(delay=0.01, verb="list", times=1)
    (await http.get(tickets.path(NS))).ok()


async def test_a_list_can_lag_behind(kube: RunningKube, http: Api, tickets: Kind) -> None:
    await created(http, tickets, "old")
    revision = kube.admin.state()["revision"]
    await created(http, tickets, "new")
    kube.admin.stale_lists("tickets", revision, times=1)
    stale = (await http.get(tickets.path(NS))).ok()
    assert [item["metadata"]["name"] for item in stale["items"]] == ["old"]
    assert stale["metadata"]["resourceVersion"] == str(revision)
    assert len((await http.get(tickets.path(NS))).ok()["items"]) == 2


async def test_a_fault_with_an_unknown_field_is_refused(kube: RunningKube) -> None:
    with pytest.raises(AdminError, match="unknown fields in the fault: colour"):
        kube.admin.fail(500, colour="red")


async def test_a_watch_can_be_cut(kube: RunningKube, http: Api, tickets: Kind) -> None:
    async with opened(http, tickets) as watch:
        assert kube.admin.cut_watches("tickets") == 1
        with pytest.raises(aiohttp.ClientError):
            await watch.next()


async def test_a_watch_can_end_while_others_go_on(kube: RunningKube, http: Api, tickets: Kind) -> None:
    async with opened(http, tickets) as watch, http.watch("/api/v1/namespaces") as other:
        assert kube.admin.end_watches("tickets") == 1
        assert await watch.rest() == []
        assert (await other.take(1))[0][0] == "ADDED"


async def test_history_can_be_forgotten(kube: RunningKube, http: Api, tickets: Kind) -> None:
    for name in ("a", "b", "c"):
        await created(http, tickets, name)
    page = (await http.get(tickets.path(NS), limit=1)).ok()
    version = page["metadata"]["resourceVersion"]
    async with opened(http, tickets, resourceVersion=version) as watch:
        await created(http, tickets, "d")
        assert kube.admin.expire_watches("tickets") == 1
        assert await watch.take(1) in ([("ADDED", "d")], [("ERROR", "d")])
        assert (await watch.next())["object"]["code"] == 410
        assert await watch.rest() == []
    async with opened(http, tickets, resourceVersion=version) as watch:
        assert (await watch.next())["object"]["reason"] == "Expired"
    status = (await http.get(tickets.path(NS), limit=1, **{"continue": page["metadata"]["continue"]})).refused(410, "Expired")
    rest = (await http.get(tickets.path(NS), **{"continue": status["metadata"]["continue"]})).ok()
    assert [item["metadata"]["name"] for item in rest["items"]] == ["b", "c", "d"]


async def test_a_watch_can_send_an_error_or_garbage(kube: RunningKube, http: Api, tickets: Kind) -> None:
    async with opened(http, tickets) as watch:
        kube.admin.trouble_watches("garbage")
        with pytest.raises(ValueError, match="Expecting value"):
            await watch.next()
        kube.admin.trouble_watches("error")
        event = await watch.next()
        assert (event["type"], event["object"]["code"]) == ("ERROR", 500)
    with pytest.raises(AdminError, match="unknown action 'explode'"):
        kube.admin.trouble_watches("explode")


async def test_a_silent_watch_says_nothing_until_it_is_resumed(kube: RunningKube, http: Api, tickets: Kind) -> None:
    async with opened(http, tickets, allowWatchBookmarks="true") as watch:
        assert (await watch.next())["type"] == "BOOKMARK"
        assert kube.admin.silence_watches("tickets") == 1
        await until(lambda: kube.admin.state()["watches"][0]["silent"])
        await created(http, tickets)
        async with opened(http, tickets, timeoutSeconds=1) as later:
            assert await later.rest() == []
        assert kube.admin.state()["watches"][0]["backlog"] == 1
        kube.admin.resume_watches()
        assert await watch.take(1) == [("ADDED", "a")]


async def test_bookmarks_carry_the_present_version(kube: RunningKube, http: Api, tickets: Kind) -> None:
    async with opened(http, tickets, allowWatchBookmarks="true") as watch:
        bookmark = await watch.next()
    assert bookmark["type"] == "BOOKMARK"
    assert bookmark["object"] == {
        "kind": "Ticket",
        "apiVersion": f"{tickets.group}/v1",
        "metadata": {"resourceVersion": str(kube.admin.state()["revision"])},
    }


@pytest.mark.parametrize("trouble", ["cut", "end"])
async def test_kopf_comes_back_after_its_watch_broke(kube: RunningKube, http: Api, tickets: Kind, trouble: str) -> None:
    with kopf_events(kube.kubeconfig, tickets.group, "tickets", NS, reconnect_backoff=0.01) as noted:
        await until(lambda: kube.admin.trouble_watches(trouble, "tickets"))
        await created(http, tickets)
        await until(lambda: "a" in [name for _, name in noted.events])
        await until(lambda: kube.admin.count(verb="watch", resource="tickets") >= 2)


async def test_kopf_lists_again_after_410(kube: RunningKube, http: Api, tickets: Kind) -> None:
    await created(http, tickets, "gone")
    with kopf_events(kube.kubeconfig, tickets.group, "tickets", NS, reconnect_backoff=0.01) as noted:
        await until(lambda: kube.admin.count(verb="watch", resource="tickets") == 1)
        kube.admin.silence_watches("tickets")
        (await http.delete(tickets.path(NS, "gone"))).ok()
        await created(http, tickets, "new")
        kube.admin.expire_watches("tickets")
        kube.admin.resume_watches("tickets")
        await until(lambda: "new" in [name for _, name in noted.events])
        assert kube.admin.count(verb="list", resource="tickets") >= 2
