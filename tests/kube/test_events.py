import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from fargateclaims.kube.client import KubeClient
from fargateclaims.kube.events import EventRecorder, ObjectRef
from support.scripted_server import ScriptedServer, answer, failure
from support.virtual_clock import VirtualClock
from support.waiting import until

CLAIM = ObjectRef("fargateclaims.dev/v1alpha1", "FargateProfileClaim", "shop", "checkout", "u1")
CLASS = ObjectRef("fargateclaims.dev/v1alpha1", "FargateProfileClass", "", "standard", "u2")
EVENTS = "/apis/events.k8s.io/v1/namespaces/shop/events"


@pytest.fixture
def fates() -> list[str]:
    return []


@pytest.fixture
async def recorder(client: KubeClient, clock: VirtualClock, fates: list[str]) -> AsyncIterator[EventRecorder]:
    recorder = EventRecorder(client, clock, "fargateclaims-7d9f-x", observe=fates.append)
    recorder.start()
    yield recorder
    stopping = asyncio.ensure_future(recorder.stop())
    await clock.advance(2)
    await stopping


def created(recorder: EventRecorder, note: str = "ACTIVE after 74 s", regarding: ObjectRef = CLAIM) -> None:
    recorder.emit(regarding, "Normal", "Created", "CreateProfile", note)


async def test_an_event_says_all_that_describe_shows(
    server: ScriptedServer, recorder: EventRecorder, fates: list[str], clock: VirtualClock
) -> None:
    server.will(answer({}))
    created(recorder)
    await until(lambda: fates == ["sent"])
    (asked,) = server.asked
    assert (asked.method, asked.path) == ("POST", EVENTS)
    name = asked.body["metadata"].pop("name")
    assert name.startswith("checkout.")
    assert len(name) == len("checkout.") + 16
    assert asked.body == {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"namespace": "shop"},
        "eventTime": "2026-11-21T12:00:00.000000Z",
        "reportingController": "fargateclaims.dev/operator",
        "reportingInstance": "fargateclaims-7d9f-x",
        "type": "Normal",
        "reason": "Created",
        "action": "CreateProfile",
        "note": "ACTIVE after 74 s",
        "regarding": {
            "apiVersion": "fargateclaims.dev/v1alpha1",
            "kind": "FargateProfileClaim",
            "namespace": "shop",
            "name": "checkout",
            "uid": "u1",
        },
    }


async def test_events_about_a_class_go_to_the_default_namespace(server: ScriptedServer, recorder: EventRecorder, fates: list[str]) -> None:
    server.will(answer({}))
    created(recorder, regarding=CLASS)
    await until(lambda: fates)
    (asked,) = server.asked
    assert asked.path == "/apis/events.k8s.io/v1/namespaces/default/events"
    assert asked.body["metadata"]["namespace"] == "default"
    assert "namespace" not in asked.body["regarding"]


async def test_a_reference_is_taken_from_an_object() -> None:
    obj = {
        "apiVersion": "fargateclaims.dev/v1alpha1",
        "kind": "FargateProfileClaim",
        "metadata": {"namespace": "shop", "name": "checkout", "uid": "u1"},
    }
    assert ObjectRef.of(obj) == CLAIM


async def test_the_same_again_is_counted_in_the_first(
    server: ScriptedServer, recorder: EventRecorder, fates: list[str], clock: VirtualClock
) -> None:
    server.will(*[answer({}) for _ in range(3)])
    created(recorder)
    await until(lambda: fates == ["sent"])
    await clock.advance(5)
    created(recorder)
    await until(lambda: fates == ["sent", "counted"])
    first, second = server.asked
    assert (second.method, second.path) == ("PATCH", f"{EVENTS}/{first.body['metadata']['name']}")
    assert second.body == {"series": {"count": 2, "lastObservedTime": "2026-11-21T12:00:05.000000Z"}}
    for _ in range(50):
        await clock.advance(1)
        created(recorder)
    assert len(server.asked) == 2, "an error that repeats each second is not sent each second"
    await clock.advance(20)
    created(recorder)
    await until(lambda: len(fates) == 3)
    assert server.asked[2].body["series"]["count"] == 53


async def test_what_happens_twice_before_it_is_sent_is_one_event(server: ScriptedServer, recorder: EventRecorder, fates: list[str]) -> None:
    server.will(answer({}))
    created(recorder)
    created(recorder)
    await until(lambda: fates)
    await asyncio.sleep(0.01)
    (asked,) = server.asked
    assert asked.body["series"]["count"] == 2


async def test_after_the_window_it_is_news_again(
    server: ScriptedServer, recorder: EventRecorder, fates: list[str], clock: VirtualClock
) -> None:
    server.will(answer({}), answer({}))
    created(recorder)
    await until(lambda: len(fates) == 1)
    await clock.advance(600)
    created(recorder)
    await until(lambda: len(fates) == 2)
    assert fates == ["sent", "sent"]
    assert server.asked[0].body["metadata"]["name"] != server.asked[1].body["metadata"]["name"]


async def test_another_note_is_another_event(server: ScriptedServer, recorder: EventRecorder, fates: list[str]) -> None:
    server.will(answer({}), answer({}))
    created(recorder, "2nd of 5")
    created(recorder, "1st of 4")
    await until(lambda: len(fates) == 2)
    assert [asked.body["note"] for asked in server.asked] == ["2nd of 5", "1st of 4"]


async def test_an_event_that_the_api_server_has_forgotten_is_posted_anew(
    server: ScriptedServer, recorder: EventRecorder, fates: list[str]
) -> None:
    server.will(answer({}), failure(404, "NotFound", "gone"), answer({}))
    created(recorder)
    await until(lambda: len(fates) == 1)
    created(recorder)
    await until(lambda: len(fates) == 2)
    assert [asked.method for asked in server.asked] == ["POST", "PATCH", "POST"]
    assert fates == ["sent", "sent"]


async def test_an_object_with_much_to_say_is_cut_short_and_others_are_not(
    server: ScriptedServer, recorder: EventRecorder, fates: list[str], clock: VirtualClock
) -> None:
    server.will(*[answer({}) for _ in range(27)])
    for n in range(40):
        created(recorder, f"note {n}")
    created(recorder, regarding=CLASS)
    await until(lambda: fates.count("sent") == 26)
    assert fates.count("dropped") == 15
    await clock.advance(299)
    created(recorder, "too early")
    assert fates.count("dropped") == 16
    await clock.advance(2)
    created(recorder, "one more")
    await until(lambda: fates.count("sent") == 27)
    assert server.asked[-1].body["note"] == "one more"


@pytest.mark.parametrize("refusal", [(403, "Forbidden"), (404, "NotFound"), (409, "AlreadyExists"), (422, "Invalid")])
async def test_a_refused_event_is_swallowed_and_the_next_one_sent(
    server: ScriptedServer, recorder: EventRecorder, fates: list[str], caplog: pytest.LogCaptureFixture, refusal: tuple[int, str]
) -> None:
    server.will(failure(*refusal, "namespace is being terminated"), answer({}))
    created(recorder, "first")
    created(recorder, "second")
    await until(lambda: len(fates) == 2)
    assert fates == ["refused", "sent"]
    assert caplog.records == []


async def test_an_event_is_tried_again_once(server: ScriptedServer, recorder: EventRecorder, fates: list[str], clock: VirtualClock) -> None:
    busy = [failure(503, "ServiceUnavailable", "busy") for _ in range(3)]
    server.will(busy[0], answer({}), busy[1], busy[2], answer({}))
    for note in ("first", "second", "third"):
        created(recorder, note)
    await until(lambda: len(server.asked) == 1)
    for fate in (1, 2, 3):
        async with asyncio.timeout(30):
            while len(fates) < fate:
                await clock.advance(0.25)
                await asyncio.sleep(0.001)
    assert fates == ["sent", "failed", "sent"]
    assert [asked.body["note"] for asked in server.asked] == ["first", "first", "second", "second", "third"]


async def test_an_event_that_is_refused_again_and_again_is_not_tried_again_and_again(
    server: ScriptedServer, recorder: EventRecorder, fates: list[str], clock: VirtualClock
) -> None:
    server.will(*[failure(403, "Forbidden", "no") for _ in range(9)])
    for _ in range(30):
        created(recorder)
        await clock.advance(1)
        await asyncio.sleep(0.002)
    assert len(server.asked) <= 2


async def test_a_note_is_cut_to_what_the_api_takes_and_holds_no_secret(
    server: ScriptedServer, recorder: EventRecorder, fates: list[str]
) -> None:
    server.will(answer({}), answer({}))
    created(recorder, "ü" * 2000)
    created(recorder, "password=hunter2")
    await until(lambda: len(fates) == 2)
    note = server.asked[0].body["note"]
    assert len(note.encode()) <= 1024
    assert note.startswith("üüü")
    assert note.endswith("ü…")
    assert "hunter2" not in server.asked[1].body["note"]


async def test_to_emit_never_waits_even_if_nothing_can_be_sent(client: KubeClient, clock: VirtualClock, fates: list[str]) -> None:
    recorder = EventRecorder(client, clock, "x", observe=fates.append)
    for n in range(1200):
        created(recorder, regarding=ObjectRef("v1", "X", "shop", f"x{n}", f"u{n}"))
    assert fates == ["dropped"] * 200
    await recorder.stop()


async def test_a_stop_sends_what_is_waiting(server: ScriptedServer, client: KubeClient, clock: VirtualClock) -> None:
    server.will(answer({}), answer({}))
    recorder = EventRecorder(client, clock, "x")
    recorder.start()
    created(recorder, "first")
    created(recorder, "second")
    await recorder.stop()
    assert len(server.asked) == 2


async def test_a_stop_does_not_wait_for_a_server_that_does_not_answer(
    server: ScriptedServer, client: KubeClient, clock: VirtualClock
) -> None:
    release = asyncio.Event()

    async def hang(_request: web.Request) -> web.StreamResponse:
        await release.wait()
        return answer({})

    server.will(hang)
    recorder = EventRecorder(client, clock, "x")
    recorder.start()
    created(recorder)
    await until(lambda: server.asked)
    stopping: asyncio.Future[Any] = asyncio.ensure_future(recorder.stop())
    await clock.advance(0.9)
    assert not stopping.done()
    await clock.advance(0.2)
    await asyncio.wait_for(stopping, 30)
    release.set()
