"""Ports of loopback that belong to a test while it lasts."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def reserved_port() -> Iterator[int]:
    """A free port that nobody else is given until the end of the with block.

    Connections are refused, until a server with SO_REUSEADDR, as asyncio's and Go's have it, listens there; it may come and go.
    """
    with socket.socket() as reservation:
        reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reservation.bind(("127.0.0.1", 0))
        yield reservation.getsockname()[1]
