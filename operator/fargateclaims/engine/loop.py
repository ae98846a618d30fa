"""The loop of a worker: one pass, then sleep until it is marked or something is due."""

import asyncio
import logging
from abc import ABC, abstractmethod
from contextlib import suppress

from fargateclaims.timing import TURN_LIMIT, WORKER_RETRY

log = logging.getLogger(__name__)


class Loop(ABC):
    """Runs passes until cancelled, one at a time."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._dirty = asyncio.Event()
        self._turn_began: float | None = None

    def mark(self) -> None:
        """Something has changed: make another pass."""
        self._dirty.set()

    async def run(self) -> None:
        """Work until cancelled. A pass that fails is logged and made again: one cluster's trouble is no other's."""
        while True:
            self._dirty.clear()
            self._turn_began = asyncio.get_running_loop().time()
            try:
                wait = await self.turn()
            except Exception:
                log.exception("a pass failed and is made again", extra={"fields": {"cluster": self._name}})
                wait = WORKER_RETRY
            self._turn_began = None
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._dirty.wait()

    def hangs(self, now: float) -> bool:
        """Whether the turn under way lasts longer than any can; `now` by the event loop's clock. For any thread."""
        began = self._turn_began
        return began is not None and now - began > TURN_LIMIT

    @abstractmethod
    async def turn(self) -> float | None:
        """One pass; returns the seconds until the next if nothing changes before, None for no next."""
