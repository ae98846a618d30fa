import asyncio
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from fargateclaims.clock import SystemClock
from fargateclaims.engine.heartbeat import Heartbeat
from fargateclaims.engine.probes import Probes, ProbesError
from fargateclaims.metrics import Metrics
from support.virtual_clock import VirtualClock
from support.waiting import LIMIT


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def heartbeat(clock: VirtualClock) -> Heartbeat:
    return Heartbeat(clock)


@pytest.fixture
def probes(heartbeat: Heartbeat, metrics: Metrics) -> Iterator[Probes]:
    probes = Probes("127.0.0.1:0", metrics.exposition, heartbeat)
    probes.start()
    yield probes
    probes.stop()


def ask(probes: Probes, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(probes.url + path, timeout=LIMIT) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_all_is_well(probes: Probes) -> None:
    probes.add_liveness("watch", lambda: None)
    assert ask(probes, "/healthz") == (200, "[+] event-loop: ok\n[+] watch: ok\nok\n")


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_failing_check_is_named_among_the_others(probes: Probes, path: str) -> None:
    add = probes.add_liveness if path == "/healthz" else probes.add_readiness
    add("workers", lambda: None)
    add("watch", lambda: "silent for 95 s")
    status, text = ask(probes, path)
    assert status == 503
    assert "[+] workers: ok\n[-] watch: silent for 95 s\nfailed\n" in text


def test_readiness_and_liveness_are_apart(probes: Probes) -> None:
    probes.add_readiness("first-list", lambda: "not read yet")
    assert ask(probes, "/healthz")[0] == 200
    assert ask(probes, "/readyz") == (503, "[-] first-list: not read yet\nfailed\n")


def test_a_check_is_made_anew_each_time(probes: Probes) -> None:
    answers = iter([None, "stale", None])
    probes.add_readiness("watch", lambda: next(answers))
    assert [ask(probes, "/readyz")[0] for _ in range(3)] == [200, 503, 200]


def test_a_check_that_breaks_is_a_failure_not_a_crash(probes: Probes, caplog: pytest.LogCaptureFixture) -> None:
    probes.add_liveness("odd", lambda: str(1 / 0))
    status, text = ask(probes, "/healthz")
    assert status == 503
    assert "[-] odd: the check itself failed: ZeroDivisionError\n" in text
    assert "check odd failed" in caplog.text
    assert ask(probes, "/metrics")[0] == 200


def test_metrics_are_served(probes: Probes, metrics: Metrics) -> None:
    metrics.leader.set(1)
    status, text = ask(probes, "/metrics")
    assert status == 200
    assert "fargateclaims_leader 1.0\n" in text


def test_anything_else_is_not_found(probes: Probes) -> None:
    assert ask(probes, "/")[0] == 404


async def test_a_beating_loop_is_fresh(probes: Probes, heartbeat: Heartbeat, clock: VirtualClock) -> None:
    beating = asyncio.ensure_future(heartbeat.run())
    await clock.advance(60)
    assert (await asyncio.to_thread(ask, probes, "/healthz"))[0] == 200
    beating.cancel()
    await clock.advance(4)
    assert (await asyncio.to_thread(ask, probes, "/healthz"))[0] == 200
    await clock.advance(3)
    status, text = await asyncio.to_thread(ask, probes, "/healthz")
    assert status == 503
    assert "[-] event-loop: blocked for" in text


async def test_a_blocked_event_loop_is_reported_while_it_is_blocked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fargateclaims.engine.probes.HEARTBEAT_STALE", 0.2)
    heartbeat = Heartbeat(SystemClock())
    probes = Probes("127.0.0.1:0", bytes, heartbeat)
    probes.start()
    beating = asyncio.ensure_future(heartbeat.run())
    try:
        await asyncio.sleep(0)
        # As a handler would that forgets to await: nothing else of this loop runs until it returns.
        status, limit = 200, time.monotonic() + LIMIT
        while status == 200 and time.monotonic() < limit:
            status, text = ask(probes, "/healthz")
        assert status == 503
        assert "event-loop: blocked" in text
    finally:
        beating.cancel()
        probes.stop()


def test_a_name_as_host() -> None:
    probes = Probes("localhost:0", bytes, Heartbeat(VirtualClock()))
    probes.start()
    try:
        assert ask(probes, "/readyz")[0] == 200
    finally:
        probes.stop()


def test_without_a_host_all_addresses_have_the_same_port() -> None:
    probes = Probes(":0", bytes, Heartbeat(VirtualClock()))
    probes.start()
    try:
        port = probes.url.rpartition(":")[2]
        for host in ("127.0.0.1", *(["[::1]"] if has_ipv6() else [])):
            with urllib.request.urlopen(f"http://{host}:{port}/readyz", timeout=LIMIT) as response:
                assert response.status == 200
    finally:
        probes.stop()


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
def test_ipv6() -> None:
    probes = Probes("[::1]:0", bytes, Heartbeat(VirtualClock()))
    probes.start()
    try:
        assert probes.url.startswith("http://[::1]:")
        assert ask(probes, "/readyz")[0] == 200
    finally:
        probes.stop()


def test_an_address_in_use_is_one_clear_sentence(probes: Probes) -> None:
    address = probes.url.removeprefix("http://")
    with pytest.raises(ProbesError, match=f"cannot be served on {address}: .*in use") as error:
        Probes(address, bytes, Heartbeat(VirtualClock())).start()
    assert "\n" not in str(error.value)


def test_after_a_stop_nobody_listens(clock: VirtualClock) -> None:
    probes = Probes("127.0.0.1:0", bytes, Heartbeat(clock))
    probes.stop()
    probes.start()
    url = probes.url
    probes.stop()
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(url + "/readyz", timeout=LIMIT)
    probes.stop()
