import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from random import Random

import pytest

from fargateclaims.engine.leadership import Leadership, identity
from fargateclaims.kube.errors import Refused, Unavailable
from fargateclaims.kube.lease import Lease
from support.memory_lease import Line, MemoryLease
from support.virtual_clock import VirtualClock


class Candidate:
    """A replica: its own clock (it can be suspended), its own line to the API server, its own loop."""

    def __init__(self, name: str, lease: MemoryLease) -> None:
        self.name = name
        self.clock = VirtualClock()
        self.line = Line(lease)
        self.changes: list[bool] = []
        self.fit = True
        self.leadership = Leadership(self.line, name, self.clock, jitter=lambda: 0.0, fit=lambda: self.fit, changed=self.changes.append)
        self.task = asyncio.ensure_future(self._campaign())

    async def _campaign(self) -> None:
        while True:
            await self.leadership.run()

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


class Replicas:
    def __init__(self) -> None:
        self.lease = MemoryLease()
        self.all: list[Candidate] = []

    def start(self, name: str) -> Candidate:
        candidate = Candidate(name, self.lease)
        self.all.append(candidate)
        return candidate

    async def live(self, seconds: float, *, without: Candidate | None = None, step: float = 0.25) -> None:
        """Time passes for all; whoever is left out is suspended meanwhile: its clocks go on, its tasks do not."""
        for _ in range(round(seconds / step)):
            for candidate in self.all:
                if candidate is without:
                    candidate.clock.freeze(step)
                else:
                    await candidate.clock.advance(step)
                assert len(self.leaders()) <= 1

    def leaders(self) -> list[str]:
        return [candidate.name for candidate in self.all if candidate.leadership.is_leader]


@pytest.fixture
async def replicas() -> AsyncIterator[Replicas]:
    replicas = Replicas()
    yield replicas
    for candidate in replicas.all:
        await candidate.stop()


def cut() -> Callable[[], asyncio.Future[None]]:
    def refuse() -> asyncio.Future[None]:
        future = asyncio.get_running_loop().create_future()
        future.set_exception(Unavailable("no route to host"))
        return future

    return refuse


def hang() -> asyncio.Future[None]:
    return asyncio.get_running_loop().create_future()


async def test_the_first_candidate_leads_at_once_and_stays_the_leader(replicas: Replicas) -> None:
    a = replicas.start("a")
    await replicas.live(1)
    b = replicas.start("b")
    await replicas.live(120)
    assert replicas.leaders() == ["a"]
    assert a.changes == [True]
    assert b.changes == []
    assert replicas.lease.stored is not None
    assert (replicas.lease.stored.holder, replicas.lease.stored.transitions, replicas.lease.stored.duration) == ("a", 0, 15)


async def test_a_leader_that_dies_is_replaced_when_its_lease_has_run_out(replicas: Replicas) -> None:
    a, b = replicas.start("a"), replicas.start("b")
    await replicas.live(10)
    await a.stop()
    replicas.all.remove(a)
    await replicas.live(12)
    assert replicas.leaders() == []
    await replicas.live(8)
    assert replicas.leaders() == ["b"]
    assert b.changes == [True]
    assert replicas.lease.stored is not None
    assert replicas.lease.stored.transitions == 1


async def test_a_released_lease_is_taken_over_within_a_retry_period(replicas: Replicas) -> None:
    a, b = replicas.start("a"), replicas.start("b")
    await replicas.live(10)
    await a.stop()
    assert not a.leadership.is_leader
    await a.leadership.release()
    assert replicas.lease.stored is not None
    assert replicas.lease.stored.holder == ""
    await replicas.live(3)
    assert b.leadership.is_leader
    assert replicas.lease.stored.holder == "b"


async def test_who_does_not_hold_the_lease_releases_nothing(replicas: Replicas) -> None:
    a, b = replicas.start("a"), replicas.start("b")
    await replicas.live(10)
    await b.stop()
    await b.leadership.release()
    assert replicas.lease.stored is not None
    assert replicas.lease.stored.holder == "a"
    assert a.leadership.is_leader


async def test_a_lease_won_by_a_request_whose_answer_was_never_seen_is_released(replicas: Replicas) -> None:
    a = replicas.start("a")
    a.line.after = hang
    await replicas.live(1)
    a.line.after = Line(replicas.lease).after
    await a.stop()
    await a.leadership.release()
    assert replicas.lease.stored is not None
    assert replicas.lease.stored.holder == ""


async def test_release_without_an_api_server_is_no_error(replicas: Replicas) -> None:
    a = replicas.start("a")
    await replicas.live(1)
    await a.stop()
    a.line.before = cut()
    await a.leadership.release()
    assert not a.leadership.is_leader


@pytest.mark.parametrize("fault", [cut(), hang], ids=["refused", "silent"])
async def test_a_leader_cut_off_stands_down_before_another_may_begin(replicas: Replicas, fault: Callable[[], asyncio.Future[None]]) -> None:
    a, b = replicas.start("a"), replicas.start("b")
    await replicas.live(10)
    a.line.before = fault
    await replicas.live(8)
    assert a.leadership.is_leader, "a short outage costs nothing"
    await replicas.live(4)
    assert a.changes == [True, False]
    assert replicas.leaders() == []
    await replicas.live(10)
    assert replicas.leaders() == ["b"]
    a.line.before = Line(replicas.lease).before
    await replicas.live(60)
    assert (replicas.leaders(), b.changes) == (["b"], [True])


async def test_a_short_outage_costs_no_leadership(replicas: Replicas) -> None:
    a = replicas.start("a")
    await replicas.live(10)
    for fault in (cut(), hang):
        a.line.before = fault
        await replicas.live(6)
        a.line.before = Line(replicas.lease).before
        await replicas.live(10)
    assert a.changes == [True]


async def test_a_renewal_that_took_effect_without_an_answer_is_recognised(replicas: Replicas) -> None:
    a = replicas.start("a")
    await replicas.live(10)
    a.line.after = hang
    await replicas.live(5)
    a.line.after = Line(replicas.lease).after
    await replicas.live(30)
    assert a.changes == [True]


async def test_the_lease_is_counted_from_before_the_renewal_was_sent(replicas: Replicas) -> None:
    a = replicas.start("a")
    a.line.after = lambda: a.clock.sleep(3)
    await replicas.live(3.25)
    assert a.leadership.remaining() == pytest.approx(15 - 3.25), "sent at 0, answered at 3"


async def test_a_paused_process_knows_at_once_that_it_does_not_lead_any_more(replicas: Replicas) -> None:
    a, b = replicas.start("a"), replicas.start("b")
    await replicas.live(10)
    await replicas.live(30, without=a)
    # Not one of its tasks has run yet.
    assert a.changes == [True]
    assert (a.leadership.is_leader, a.leadership.remaining()) == (False, 0)
    assert b.leadership.is_leader
    await replicas.live(30)
    assert a.changes == [True, False]
    assert replicas.leaders() == ["b"]


async def test_a_paused_process_that_nobody_replaced_leads_anew_not_on(replicas: Replicas) -> None:
    a = replicas.start("a")
    await replicas.live(10)
    a.clock.freeze(60)
    await replicas.live(10)
    assert a.changes == [True, False, True], "what it believed before the pause must be read again"


async def test_wall_clocks_do_not_matter(replicas: Replicas) -> None:
    a, b = replicas.start("a"), replicas.start("b")
    await replicas.live(10)
    for hours in (5, -9, 4):
        a.clock.jump(hours * 3600)
        b.clock.jump(-hours * 3600)
        await replicas.live(40)
    assert (a.changes, b.changes) == ([True], [])


async def test_a_lease_written_by_hand_is_respected(replicas: Replicas) -> None:
    a = replicas.start("a")
    await replicas.live(10)
    assert replicas.lease.stored is not None
    replicas.lease.update(replace(replicas.lease.stored, holder="somebody", duration=40.0))
    await replicas.live(3)
    assert a.changes == [True, False]
    await replicas.live(35)
    assert replicas.leaders() == []
    await replicas.live(10)
    assert replicas.leaders() == ["a"]


async def test_a_lease_without_a_duration_is_left_alone_for_ours(replicas: Replicas) -> None:
    replicas.lease.create(Lease(holder="somebody"))
    replicas.start("a")
    await replicas.live(14)
    assert replicas.leaders() == []
    await replicas.live(4)
    assert replicas.leaders() == ["a"]


async def test_a_deleted_lease_is_made_again(replicas: Replicas) -> None:
    a, b = replicas.start("a"), replicas.start("b")
    await replicas.live(10)
    replicas.lease.delete()
    await replicas.live(40)
    assert (a.changes, b.changes) == ([True], [])
    assert replicas.lease.get().holder == "a"


async def test_a_deleted_lease_takes_no_leadership_away(replicas: Replicas) -> None:
    a = replicas.start("a")
    await replicas.live(1)
    b = replicas.start("b")
    await replicas.live(9)
    a.line.before = hang
    replicas.lease.delete()
    await replicas.live(8)
    assert (a.leadership.is_leader, b.leadership.is_leader) == (True, False)
    await replicas.live(12)
    assert replicas.leaders() == ["b"]


async def test_an_error_that_nobody_thought_of_is_not_a_renewal(replicas: Replicas) -> None:
    a = replicas.start("a")
    await replicas.live(10)

    def surprise() -> asyncio.Future[None]:
        raise KeyError("spec")

    a.line.before = surprise
    await replicas.live(14)
    assert a.changes == [True, False]
    a.line.before = Line(replicas.lease).before
    await replicas.live(3)
    assert a.leadership.is_leader


async def test_a_process_that_cannot_work_gives_leadership_up_and_does_not_ask_for_it(replicas: Replicas) -> None:
    a = replicas.start("a")
    await replicas.live(1)
    b = replicas.start("b")
    await replicas.live(5)
    assert replicas.leaders() == ["a"]
    a.fit = False
    await replicas.live(3)
    assert replicas.leaders() == []
    assert replicas.lease.get().holder == "a", "a call of the old leader's may be under way: the Lease must run out"
    await replicas.live(20)
    assert replicas.leaders() == ["b"]
    await b.stop()
    await replicas.live(60)
    assert replicas.leaders() == []
    a.fit = True
    await replicas.live(20)
    assert replicas.leaders() == ["a"]


@pytest.mark.parametrize("seed", range(8))
async def test_there_is_never_more_than_one_leader_whatever_the_network_does(replicas: Replicas, seed: int) -> None:
    random = Random(seed)

    def weather(candidate: Candidate) -> Callable[[], asyncio.Future[None]]:
        async def one() -> None:
            await candidate.clock.sleep(random.choice([0.0, 0.0, 0.5, 3.0, 9.0]))
            if random.random() < 0.25:
                raise Unavailable("lost")

        return lambda: asyncio.ensure_future(one())

    for name in "abc":
        candidate = replicas.start(name)
        candidate.line.before = candidate.line.after = weather(candidate)
    for _ in range(8):
        await replicas.live(random.uniform(5, 20), without=random.choice([None, None, *replicas.all]))
    for candidate in replicas.all:
        candidate.line.before = candidate.line.after = Line(replicas.lease).before
    await replicas.live(30)
    assert len(replicas.leaders()) == 1


async def test_who_has_not_read_the_lease_has_a_problem(replicas: Replicas) -> None:
    a = Candidate("a", replicas.lease)
    assert a.leadership.problem() == "the Lease has not been read yet"
    a.line.before = cut()
    replicas.all.append(a)
    await replicas.live(60)
    assert a.leadership.problem() == "the Lease has not been read yet"
    a.line.before = Line(replicas.lease).before
    await replicas.live(3)
    assert a.leadership.problem() is None


async def test_a_standby_has_no_problem_until_it_is_cut_off_for_as_long_as_a_lease_lasts(replicas: Replicas) -> None:
    a = replicas.start("a")
    await replicas.live(1)
    b = replicas.start("b")
    await replicas.live(60)
    assert (replicas.leaders(), a.leadership.problem(), b.leadership.problem()) == (["a"], None, None)
    b.line.before = hang
    await replicas.live(12)
    assert b.leadership.problem() is None, "a short outage takes nobody out"
    await replicas.live(8)
    assert b.leadership.problem() == "the Lease could be neither read nor written for 20 s"
    b.line.before = Line(replicas.lease).before
    await replicas.live(10)
    assert b.leadership.problem() is None


async def test_a_lease_that_may_be_read_but_not_taken_is_a_problem() -> None:
    class ReadOnly(Line):
        async def create(self, lease: Lease) -> Lease:
            raise Refused(f"{lease.holder} may not create it", status=403)

    clock = VirtualClock()
    leadership = Leadership(ReadOnly(MemoryLease()), "a", clock)
    campaign = asyncio.ensure_future(leadership.run())
    await clock.advance(30)
    campaign.cancel()
    assert leadership.problem() == "the Lease has not been read yet"


def test_each_process_has_a_name_of_its_own() -> None:
    assert identity() != identity()
