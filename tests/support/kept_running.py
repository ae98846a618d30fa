"""The operator as its Deployment runs it: whenever it ends, it is started again."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager

from support.operator_process import OperatorProcess
from support.waiting import until


class KeptRunning:
    """The lives of one operator, the present one last.

    :param start: starts it; must not wait for anything.
    """

    def __init__(self, start: Callable[[], AbstractContextManager[OperatorProcess]], stack: ExitStack) -> None:
        self._start = start
        self._stack = stack
        self.lives = [stack.enter_context(start())]

    @property
    def ended(self) -> list[OperatorProcess]:
        """Those that ended by themselves."""
        return self.lives[:-1]

    @property
    def warnings(self) -> list[str]:
        """Each different warning and error of all lives, but for what kopf says of its requests."""
        lines = [_parsed(line) for life in self.lives for line in life.stderr.splitlines()]
        return list(dict.fromkeys(line["message"] for line in lines if line["level"] != "info" and not line["logger"].startswith("kopf")))

    async def keep(self) -> None:
        """Run until cancelled."""
        while True:
            await until(lambda: self.lives[-1].ended, float("inf"))
            self.lives.append(self._stack.enter_context(self._start()))

    async def stop(self) -> None:
        """Stop the present one, and see that each life ended for a reason that it says, and by no fault of its own."""
        await self.lives[-1].stop()
        for life in self.ended:
            assert life.code == 1, life.stderr
            assert "Traceback" not in life.stderr, life.stderr


def _parsed(line: str) -> dict[str, str]:
    # Who cannot even start says so without the log.
    parsed: dict[str, str] = json.loads(line) if line.startswith("{") else {"level": "error", "logger": "", "message": line}
    return parsed


@asynccontextmanager
async def kept_running(start: Callable[[], AbstractContextManager[OperatorProcess]]) -> AsyncIterator[KeptRunning]:
    """Keep an operator running until the end of the with block, where it is asked to stop."""
    with ExitStack() as stack:
        kept = KeptRunning(start, stack)
        keeping = asyncio.ensure_future(kept.keep())
        try:
            yield kept
            assert not keeping.done()
        finally:
            keeping.cancel()
        await kept.stop()
