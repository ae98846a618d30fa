"""Leadership in a thread and an event loop of its own: however much the main loop has to do, the Lease is renewed in time.

The main loop must be alive all the same: a process that cannot work must not keep the others from it.
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress

from fargateclaims.clock import Clock
from fargateclaims.engine.leadership import UNREAD, Leadership, LeasePort

log = logging.getLogger(__name__)


class CampaignError(Exception):
    """The thread has ended by itself; its log says why."""


class Campaign:
    """One process's part in the election, to be made and used in its main event loop.

    :param lease: opens the way to the Lease, in the campaign's own loop.
    :param fit: whether this process can work at all; a leader that is not stands down. Called in the campaign's thread.
    :param changed: called in the campaign's thread with True when leadership has been won and with False when it is lost or given up.
    """

    def __init__(
        self,
        lease: Callable[[], AbstractAsyncContextManager[LeasePort]],
        holder: str,
        clock: Clock,
        *,
        fit: Callable[[], bool],
        changed: Callable[[bool], None],
    ) -> None:
        self._lease = lease
        self._holder = holder
        self._clock = clock
        self._fit = fit
        self._changed = changed
        self._main = asyncio.get_running_loop()
        self._won: asyncio.Future[None] = self._main.create_future()
        self._lost = asyncio.Event()
        self._leadership: Leadership | None = None
        self._own: asyncio.AbstractEventLoop | None = None
        self._work: asyncio.Task[None] | None = None
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, name="leadership", daemon=True)

    def start(self) -> None:
        """Begin to campaign. Blocks for the moment that the thread needs to begin."""
        self._thread.start()
        self._started.wait()

    def remaining(self) -> float:
        """See `Leadership.remaining`. For any thread."""
        return self._leadership.remaining() if self._leadership is not None else 0.0

    def problem(self) -> str | None:
        """See `Leadership.problem`. For any thread."""
        return self._leadership.problem() if self._leadership is not None else UNREAD

    async def wait_won(self) -> None:
        """Return once this process leads. Raises CampaignError if it never will."""
        await asyncio.shield(self._won)

    async def wait_lost(self) -> None:
        """Return once leadership that was won is lost, or nobody renews it any more."""
        await self._lost.wait()

    async def stop(self) -> None:
        """Give up, and release the Lease. For when nothing that needs it is under way any more."""
        if self._own is not None and self._work is not None:
            with suppress(RuntimeError):  # it has ended by itself, and its loop is closed
                self._own.call_soon_threadsafe(self._work.cancel)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        try:
            asyncio.run(self._campaign())
        except asyncio.CancelledError:
            log.debug("the campaign is over")
        except Exception:
            log.exception("the campaign has failed")
        finally:
            self._started.set()
            self._in_main(self._ended)

    async def _campaign(self) -> None:
        self._own, self._work = asyncio.get_running_loop(), asyncio.current_task()
        self._started.set()
        async with self._lease() as lease:
            self._leadership = Leadership(lease, self._holder, self._clock, fit=self._fit, changed=self._tell)
            try:
                await self._leadership.run()
                # Whoever has lost it stops, and must not lead anew meanwhile; until then, a call of theirs may be under way.
                await asyncio.get_running_loop().create_future()
            finally:
                await self._leadership.release()

    def _tell(self, leads: bool) -> None:  # noqa: FBT001 - the callback's only argument
        self._changed(leads)
        self._in_main(self._settle_won if leads else self._lost.set)

    def _in_main(self, call: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the main loop is closed: nobody is left to be told
            self._main.call_soon_threadsafe(call)

    def _settle_won(self) -> None:
        if not self._won.done():
            self._won.set_result(None)

    def _ended(self) -> None:
        self._lost.set()
        if not self._won.done():
            self._won.set_exception(CampaignError("the election of a leader has ended by itself"))
            self._won.exception()  # looked at, even if nobody waits any more
