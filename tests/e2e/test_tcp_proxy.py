"""The proxy does to connections what it says, and nothing else."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack

import pytest

from support.ports import reserved_port
from support.tcp_proxy import Admission, TCPProxy, Way
from support.waiting import until


@pytest.fixture
async def echo() -> AsyncIterator[int]:
    """A server that sends back each line."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(line)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


@pytest.fixture
def proxy(echo: int) -> Iterator[TCPProxy]:
    with TCPProxy(echo) as running:
        yield running


class Client:
    """One connection through the proxy."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def say(self, text: str) -> str:
        self.send(text)
        return await self.hear()

    def send(self, text: str) -> None:
        self.writer.write(f"{text}\n".encode())

    async def hear(self) -> str:
        return (await self.reader.readline()).decode().rstrip("\n")


Connect = Callable[[], Awaitable[Client]]


@pytest.fixture
async def connect(proxy: TCPProxy) -> AsyncIterator[Connect]:
    """Opens connections through the proxy."""
    async with AsyncExitStack() as opened:

        async def one_more() -> Client:
            client = Client(*await asyncio.open_connection("127.0.0.1", proxy.port))
            opened.callback(client.writer.close)
            return client

        yield one_more


async def test_what_is_said_gets_through_and_is_counted(proxy: TCPProxy, connect: Connect) -> None:
    client = await connect()
    assert await client.say("hello") == "hello"
    (link,) = proxy.links
    await until(lambda: link.carried == {Way.UP: 6, Way.DOWN: 6})
    client.writer.close()
    await until(lambda: not proxy.links)
    assert proxy.accepted == 1


@pytest.mark.parametrize("way", Way)
async def test_held_is_not_lost(proxy: TCPProxy, connect: Connect, way: Way) -> None:
    client = await connect()
    await client.say("before")
    (link,) = proxy.hold(ways=[way])
    client.send("held")
    await until(lambda: link.waiting[way])
    assert link.carried[way] == len("before\n")
    proxy.release()
    assert await client.hear() == "held"


async def test_answers_in_the_other_order(proxy: TCPProxy, connect: Connect) -> None:
    clients = []
    for _ in range(2):
        clients.append(await connect())
        await clients[-1].say("before")
    first, second = proxy.hold(ways=[Way.DOWN])
    for client in clients:
        client.send("held")
    await until(lambda: first.waiting[Way.DOWN] and second.waiting[Way.DOWN])
    proxy.release([second])
    assert await clients[1].hear() == "held"
    assert first.waiting[Way.DOWN]
    proxy.release([first])
    assert await clients[0].hear() == "held"


async def test_cut_with_a_reset_or_an_end(proxy: TCPProxy, connect: Connect) -> None:
    for reset in (True, False):
        client = await connect()
        await client.say("before")
        proxy.cut(reset=reset)
        if reset:
            with pytest.raises(ConnectionResetError):
                await client.hear()
        else:
            assert await client.hear() == ""
        assert not proxy.links


async def test_one_is_cut_and_the_other_is_not(proxy: TCPProxy, connect: Connect) -> None:
    gone = await connect()
    await gone.say("before")
    stays = await connect()
    await stays.say("before")
    proxy.cut(proxy.links[:1])
    assert await stays.say("after") == "after"


async def test_new_connections_are_refused_and_taken_again(proxy: TCPProxy, connect: Connect) -> None:
    old = await connect()
    await old.say("before")
    proxy.admit(Admission.REFUSE)
    with pytest.raises(ConnectionRefusedError):
        await connect()
    assert await old.say("after") == "after"
    proxy.admit(Admission.PASS)
    assert await (await connect()).say("again") == "again"


async def test_nobody_else_gets_the_port_meanwhile(proxy: TCPProxy) -> None:
    """A client's connection from that port would keep the proxy from listening there again."""
    proxy.admit(Admission.REFUSE)
    with socket.socket() as somebody, pytest.raises(OSError, match="in use"):
        somebody.bind(("127.0.0.1", proxy.port))


async def test_new_connections_are_swallowed(proxy: TCPProxy, connect: Connect) -> None:
    proxy.admit(Admission.HOLD)
    client = await connect()
    client.send("hello")
    await until(lambda: [link.waiting[Way.UP] for link in proxy.links] == [6])
    proxy.release()
    assert await client.hear() == "hello"


async def test_slow(proxy: TCPProxy, connect: Connect) -> None:
    proxy.slow(0.05)
    client = await connect()
    loop = asyncio.get_running_loop()
    begun = loop.time()
    await client.say("hello")
    assert loop.time() - begun >= 0.1


async def test_nobody_behind_it() -> None:
    with reserved_port() as port, TCPProxy(port) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        assert not await reader.read()
        writer.close()
        assert proxy.refused == 1
