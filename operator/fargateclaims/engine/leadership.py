"""Who leads: one Lease, one leader, warm standbys.

Nobody's wall clock is trusted. A candidate takes a Lease over when it has seen no renewal for as long as the Lease says, by its own
boot-time clock, counted from when the last renewal had *arrived*; a leader counts its Lease from before the renewal was *sent*. So
the leader always stops first, even if the machine slept in between.
"""

import asyncio
import logging
import random
import socket
import uuid
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any, Final, Protocol, TypeVar

from fargateclaims.api.times import format_micro_time
from fargateclaims.clock import Clock
from fargateclaims.kube.errors import Conflict, KubeError, Missing
from fargateclaims.kube.lease import Lease
from fargateclaims.timing import LEASE_DURATION, LEASE_JITTER, LEASE_RENEW_DEADLINE, LEASE_REQUEST_TIMEOUT, LEASE_RETRY_PERIOD

log = logging.getLogger(__name__)

UNREAD: Final = "the Lease has not been read yet"
"""The problem of whoever has not got as far as an attempt at the Lease."""

_NEVER: Final = float("-inf")
T = TypeVar("T")


class LeasePort(Protocol):
    """What leadership needs of `kube.lease.LeaseClient`."""

    async def get(self) -> Lease:
        """Read it. Raises Missing if there is none."""

    async def create(self, lease: Lease) -> Lease:
        """Create it. Raises Conflict if somebody else has."""

    async def update(self, lease: Lease) -> Lease:
        """Replace it, if it is as it was read. Raises Conflict if not."""


def identity() -> str:
    """Return a name for this process that nobody else has, even after a restart: `HOST_UUID`."""
    return f"{socket.gethostname()}_{uuid.uuid4()}"


class Leadership:
    """A candidate for the Lease, and its holder while it leads.

    `is_leader` and `remaining` may be called from any thread, and are right at once after a pause of the process:
    they look at the clock, not at what some task has noticed so far.

    :param jitter: gives a number in [0, 1).
    :param fit: whether this process can work at all: one that cannot neither leads nor tries to.
    :param changed: called in the event loop with True when leadership has been won and with False when it is lost or given up.
    """

    def __init__(  # noqa: PLR0913 - keywords with defaults, but for the first three
        self,
        lease: LeasePort,
        holder: str,
        clock: Clock,
        *,
        jitter: Callable[[], float] = random.random,
        fit: Callable[[], bool] = lambda: True,
        changed: Callable[[bool], None] = lambda _leads: None,
    ) -> None:
        self._lease = lease
        self._holder = holder
        self._clock = clock
        self._jitter = jitter
        self._fit = fit
        self._changed = changed
        self._record: Lease | None = None
        self._seen_at = _NEVER
        # Read by other threads: single attributes, replaced as a whole.
        self._expires_at = _NEVER
        self._heard_at = _NEVER

    @property
    def is_leader(self) -> bool:
        """Whether this process may act as the leader now."""
        return self.remaining() > 0

    def remaining(self) -> float:
        """Seconds for which nobody else can become the leader; 0 when this process is not."""
        return max(0.0, self._expires_at - self._clock.monotonic())

    def problem(self) -> str | None:
        """Why this process could not lead if it had to, for the probes; None if it could: it leads, or sees another's Lease.

        A short outage is none: only who has heard nothing for as long as a Lease lasts could not take one over. For any thread.
        """
        silent = self._clock.monotonic() - self._heard_at
        if silent < LEASE_DURATION:
            return None
        return UNREAD if self._heard_at == _NEVER else f"the Lease could be neither read nor written for {silent:.0f} s"

    async def run(self) -> None:
        """Try to lead, and stay the leader as long as it goes. Call `release` when nothing that needs the Lease is under way."""
        await self._acquire()
        log.info("this replica leads now", extra={"fields": {"holder": self._holder}})
        self._changed(True)  # noqa: FBT003  (the callback's only argument)
        try:
            await self._hold()
        finally:
            self._stand_down()

    async def release(self) -> None:
        """Give the Lease back, so that another candidate need not wait; does nothing if somebody else has it. Never raises KubeError.

        For after `run` was cancelled: a request that was under way may have had an effect that nobody has seen.
        """
        self._expires_at = _NEVER
        try:
            record = await self._within(LEASE_REQUEST_TIMEOUT, self._lease.get())
            if record.holder == self._holder:
                free = replace(record, holder="", duration=1.0, renew_time=format_micro_time(self._clock.now()))
                await self._within(LEASE_REQUEST_TIMEOUT, self._lease.update(free))
                log.info("the Lease is released")
        except (KubeError, TimeoutError) as error:
            log.warning("the Lease could not be released; the next leader waits until it runs out: %s", error)

    async def _acquire(self) -> None:
        while not (self._fit() and await self._attempt(self._try_to_win, LEASE_REQUEST_TIMEOUT * 2)):
            await self._pause()

    async def _hold(self) -> None:
        deadline = self._expires_at - LEASE_DURATION + LEASE_RENEW_DEADLINE
        while True:
            await self._pause()
            if not self._fit():
                # Not released: a call of ours may still be under way. The Lease runs out by itself.
                log.error("leadership is given up: the main event loop does not respond")
                return
            # After a pause of the whole process it is too late: another leader may have come and gone meanwhile.
            left = min(deadline - self._clock.monotonic(), LEASE_REQUEST_TIMEOUT)
            if left <= 0:
                log.error("leadership is lost: the Lease could not be renewed in time")
                return
            if await self._attempt(self._renew, left):
                deadline = self._expires_at - LEASE_DURATION + LEASE_RENEW_DEADLINE
            elif self._record is not None and self._record.holder != self._holder:
                log.error("leadership is lost to %s", self._record.holder or "nobody: the Lease was emptied")
                return

    def _stand_down(self) -> None:
        self._expires_at = _NEVER
        self._changed(False)  # noqa: FBT003  (the callback's only argument)

    async def _pause(self) -> None:
        await self._clock.sleep(LEASE_RETRY_PERIOD * (1 + LEASE_JITTER * self._jitter()))

    async def _attempt(self, action: Callable[[], Coroutine[Any, Any, bool]], limit: float) -> bool:
        try:
            done = await self._within(limit, action())
        except TimeoutError:
            log.warning("no answer about the Lease within %.0f s", limit)
        except Conflict as error:
            # Somebody else was faster: that is what the Lease is for.
            self._heard_at = self._clock.monotonic()
            log.debug("the Lease has changed meanwhile: %s", error)
        except KubeError as error:
            log.warning("the Lease could not be read or written: %s", error)
        except Exception:
            # Whatever it is, it did not renew the Lease; a leader that dies of it would take longer to be replaced.
            log.exception("the Lease could not be handled")
        else:
            self._heard_at = self._clock.monotonic()
            return done
        return False

    async def _try_to_win(self) -> bool:
        try:
            record = await self._lease.get()
        except Missing:
            # Deleting a Lease takes no leadership away: whom we saw hold it may count on it until it runs out.
            return self._may_take(self._record or Lease()) and await self._write(Lease(), self._lease.create)
        if record != self._record:
            self._record, self._seen_at = record, self._clock.monotonic()
        return self._may_take(record) and await self._write(record, self._lease.update)

    def _may_take(self, record: Lease) -> bool:
        idle = self._clock.monotonic() - self._seen_at
        return record.holder in {"", self._holder} or idle >= (record.duration or LEASE_DURATION)

    async def _renew(self) -> bool:
        record = self._record or Lease()
        try:
            return await self._write(record, self._lease.update)
        except Missing:
            # Somebody deleted the Lease; whoever creates it first, leads.
            return await self._write(Lease(transitions=record.transitions), self._lease.create)
        except Conflict:
            # Ours from before a time-out, or somebody else's: the next attempt, or the caller, acts on what it says.
            self._record = await self._lease.get()
            if self._record.holder != self._holder:
                return False
            return await self._write(self._record, self._lease.update)

    async def _write(self, old: Lease, send: Callable[[Lease], Coroutine[Any, Any, Lease]]) -> bool:
        before = self._clock.monotonic()
        now = format_micro_time(self._clock.now())
        new = replace(old, holder=self._holder, duration=LEASE_DURATION, renew_time=now)
        if old.holder != self._holder:
            new = replace(new, acquire_time=now, transitions=old.transitions + bool(old.raw))
        self._record = await send(new)
        self._seen_at = self._clock.monotonic()
        self._expires_at = before + LEASE_DURATION
        return True

    async def _within(self, seconds: float, work: Coroutine[Any, Any, T]) -> T:
        # By the injected clock, unlike asyncio.timeout, so that it counts the time that a machine sleeps, too.
        working = asyncio.ensure_future(work)
        timer = asyncio.ensure_future(self._clock.sleep(seconds))
        try:
            await asyncio.wait({working, timer}, return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                raise TimeoutError
            return working.result()
        finally:
            working.cancel()
            timer.cancel()
            await asyncio.gather(working, timer, return_exceptions=True)
