"""Whether a request has left the machine: the line between "nothing happened" and "nobody knows".

Between asking for a call and its first byte on the wire there can be seconds: a queue for threads, a role to assume, a name to
resolve. So the last word on a mutation is spoken where botocore hands the signed request to its connection (`before-send`).
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

Permit = Callable[[], bool]
"""Whether a mutation may be sent now. Called on a worker thread, immediately before the request leaves."""


class NotPermitted(Exception):  # noqa: N818 - a decision, not an error
    """The permit was refused: the mutation was not sent."""


class Abandoned(Exception):  # noqa: N818 - as above
    """The caller had given up before the request left: it was not sent."""


_thread: Final = threading.local()


class Departure:
    """One request's way out, decided once: it leaves, or its caller abandons it first."""

    def __init__(self, permit: Permit | None = None) -> None:
        self._permit = permit
        self._lock = threading.Lock()
        self._left = False
        self._abandoned = False

    @property
    def mutation(self) -> bool:
        """Whether the request changes something: it then needs a permit."""
        return self._permit is not None

    @property
    def left(self) -> bool:
        """Whether the request may have reached AWS."""
        with self._lock:
            return self._left

    def leave(self) -> None:
        """Mark the request as sent. Raises NotPermitted or Abandoned where it must not be."""
        permitted = self._permit is None or self._permit()
        with self._lock:
            if self._abandoned:
                raise Abandoned
            if not permitted:
                raise NotPermitted
            self._left = True

    def abandon(self) -> bool:
        """Keep the request from leaving if it has not left yet; return whether it has."""
        with self._lock:
            self._abandoned = True
            return self._left

    @contextmanager
    def on_this_thread(self) -> Iterator[None]:
        """Tie the requests that this thread sends inside the block to this departure."""
        _thread.departure = self
        try:
            yield
        finally:
            del _thread.departure


def leave(**_event: object) -> None:
    """Handle botocore's `before-send`: ask the departure that the sending thread is tied to."""
    departure: Departure | None = getattr(_thread, "departure", None)
    if departure is not None:
        departure.leave()
