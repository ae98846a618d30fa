"""Waiting for a condition that others bring about, with a limit that only a broken test reaches."""

import asyncio
from collections.abc import Callable
from typing import Final

LIMIT: Final = 120.0
NEVER: Final = 600.0
"""Seconds beyond the end of any test: for time-outs and lags that are not to end by themselves."""


async def until(condition: Callable[[], object], limit: float = LIMIT) -> None:
    """Return as soon as `condition` holds. Raises TimeoutError after `limit` seconds."""
    async with asyncio.timeout(limit):
        while not condition():  # noqa: ASYNC110  (what is waited for comes over sockets and from threads)
            await asyncio.sleep(0.001)
