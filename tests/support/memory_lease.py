"""A Lease in memory, with the API server's rules: one object, resourceVersion, 404 and 409."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from fargateclaims.kube.errors import Conflict, Missing
from fargateclaims.kube.lease import Lease


class MemoryLease:
    """What the API server has; each candidate goes through a `Line` of its own."""

    def __init__(self) -> None:
        self.stored: Lease | None = None
        self.version = 0

    def get(self) -> Lease:
        """Read."""
        if self.stored is None:
            raise Missing("no such Lease", status=404)
        return self.stored

    def create(self, lease: Lease) -> Lease:
        """Create."""
        if self.stored is not None:
            raise Conflict("it exists", status=409)
        return self._store(lease)

    def update(self, lease: Lease) -> Lease:
        """Update."""
        if self.get().raw["version"] != lease.raw["version"]:
            raise Conflict("it has changed", status=409)
        return self._store(lease)

    def delete(self) -> None:
        """Delete."""
        self.stored = None

    def _store(self, lease: Lease) -> Lease:
        self.version += 1
        self.stored = replace(lease, raw={"version": self.version})
        return self.stored


async def _pass() -> None:
    """Nothing is in the way."""


class Line:
    """One candidate's way to the Lease: tests put waits and failures before and after each request takes effect."""

    def __init__(self, lease: MemoryLease) -> None:
        self._lease = lease
        self.before: Callable[[], Awaitable[None]] = _pass
        self.after: Callable[[], Awaitable[None]] = _pass

    async def get(self) -> Lease:
        """See `LeasePort.get`."""
        return await self._through(self._lease.get)

    async def create(self, lease: Lease) -> Lease:
        """See `LeasePort.create`."""
        return await self._through(lambda: self._lease.create(lease))

    async def update(self, lease: Lease) -> Lease:
        """See `LeasePort.update`."""
        return await self._through(lambda: self._lease.update(lease))

    async def _through(self, request: Callable[[], Lease]) -> Lease:
        await self.before()
        answer = request()
        await self.after()
        return answer
