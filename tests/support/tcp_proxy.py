"""A TCP proxy on loopback whose connections can be cut, held back and slowed down, one by one. What they carry, TLS too, goes unread.

```
client ──up──▶ proxy ──▶ server
       ◀─down─
```
To let answers through in another order, hold some connections and release them in that order.
"""

import asyncio
import socket
import struct
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from enum import Enum
from typing import Final

from support.loop_thread import LoopThread
from support.ports import reserved_port

_CHUNK: Final = 65536
_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)


class Way(Enum):
    """From the client, or to it."""

    UP = "up"
    DOWN = "down"


BOTH: Final = (Way.UP, Way.DOWN)


class Admission(Enum):
    """What becomes of new connections."""

    PASS = "pass"
    HOLD = "hold"
    """They open, and nothing gets through, as if packets were lost."""
    REFUSE = "refuse"
    """Nobody listens; the port stays the proxy's."""


class Link:
    """One connection, in both directions. What it tells may be read from any thread.

    :ivar number: from 0, in the order in which they came.
    :ivar carried: bytes that have got through, each way.
    :ivar spoke_at: when the client last sent something, as `time.monotonic`.
    """

    def __init__(self, number: int, ends: dict[Way, asyncio.StreamWriter]) -> None:
        self.number = number
        self.carried = dict.fromkeys(Way, 0)
        self.waiting = dict.fromkeys(Way, 0)
        self.spoke_at = time.monotonic()
        self.open = True
        self._ends = ends
        self._gates = {way: asyncio.Event() for way in Way}
        self.let(BOTH)

    def let(self, ways: Iterable[Way]) -> None:
        for way in ways:
            self._gates[way].set()

    def stop(self, ways: Iterable[Way]) -> None:
        for way in ways:
            self._gates[way].clear()

    def end(self, *, reset: bool) -> None:
        """Close both sides."""
        self.open = False
        for writer in self._ends.values():
            if reset:
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
                writer.transport.abort()
            else:
                writer.close()

    async def pump(self, way: Way, reader: asyncio.StreamReader, delay: float) -> None:
        """Carry bytes one way until an end of it closes. What is held stays in the sockets' buffers, but for one piece."""
        with suppress(OSError):
            while True:
                piece = await reader.read(_CHUNK)
                if way is Way.UP:
                    self.spoke_at = time.monotonic()
                self.waiting[way] = len(piece)
                await self._gates[way].wait()
                await asyncio.sleep(delay)
                self.waiting[way] = 0
                if not piece:
                    break
                self._ends[way].write(piece)
                await self._ends[way].drain()
                self.carried[way] += len(piece)
        self.end(reset=False)


class TCPProxy(LoopThread):
    """Passes connections on to a server. Use as a context manager.

    :param port: the server's, on loopback.
    :ivar refused: how many connections the server did not take.
    """

    def __init__(self, port: int) -> None:
        super().__init__()
        self._server_port = port
        # Nobody else gets the port while connections are refused.
        self._reservation = ExitStack()
        self._listener: asyncio.Server | None = None
        self._links: list[Link] = []
        self._serving: set[asyncio.Task[None]] = set()
        self._admission = Admission.PASS
        self._delay = 0.0
        self.port = 0
        self.refused = 0

    @property
    def links(self) -> list[Link]:
        """The connections that are open, the oldest first."""
        return [link for link in list(self._links) if link.open]

    @property
    def accepted(self) -> int:
        """How many connections there have been."""
        return len(self._links)

    def hold(self, links: Iterable[Link] | None = None, ways: Iterable[Way] = BOTH) -> list[Link]:
        """Let nothing more through on these connections, by default on all; returns them. They stay open."""
        return self._each(links, lambda link: link.stop(ways))

    def release(self, links: Iterable[Link] | None = None, ways: Iterable[Way] = BOTH) -> None:
        """Let what was held through, and what follows."""
        self._each(links, lambda link: link.let(ways))

    def cut(self, links: Iterable[Link] | None = None, *, reset: bool = True) -> None:
        """End connections, by default all: with RST, else with FIN. What was held is lost."""
        self._each(links, lambda link: link.end(reset=reset))

    def admit(self, admission: Admission) -> None:
        """Decide what becomes of connections that come from now on."""
        self._admission = admission
        self._await(self._listen() if admission is not Admission.REFUSE else self._deafen())

    def slow(self, seconds: float) -> None:
        """Delay each piece on connections that come from now on."""
        self._delay = seconds

    def _each(self, links: Iterable[Link] | None, do: Callable[[Link], None]) -> list[Link]:
        chosen = self.links if links is None else list(links)

        def run() -> None:
            for link in chosen:
                do(link)

        self._call(run)
        return chosen

    async def _open(self) -> None:
        self.port = self._reservation.enter_context(reserved_port())
        await self._listen()

    async def _close(self) -> None:
        await self._deafen()
        self._reservation.close()
        for link in self.links:
            link.end(reset=True)

    async def _listen(self) -> None:
        if self._listener is None:
            self._listener = await asyncio.start_server(self._accept, "127.0.0.1", self.port, reuse_address=True)

    async def _deafen(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def _accept(self, from_client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        # A task that asyncio made itself would complain of being cancelled.
        serving = asyncio.ensure_future(self._serve(from_client, to_client))
        self._serving.add(serving)
        serving.add_done_callback(self._serving.discard)

    async def _serve(self, from_client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        try:
            from_server, to_server = await asyncio.open_connection("127.0.0.1", self._server_port)
        except OSError:
            self.refused += 1
            to_client.transport.abort()
            return
        link = Link(len(self._links), {Way.UP: to_server, Way.DOWN: to_client})
        if self._admission is Admission.HOLD:
            link.stop(BOTH)
        self._links.append(link)
        await asyncio.gather(link.pump(Way.UP, from_client, self._delay), link.pump(Way.DOWN, from_server, self._delay))
