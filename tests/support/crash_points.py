"""Crashes at a chosen write: the engine stands still right before or right after it, until the test takes it down.

The real clients are wrapped, so what was written before the crash is in the real servers, and nothing after it is.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from fargateclaims.api.arn import ClusterARN
from fargateclaims.domain.profile import Profile, ProfileSpec
from fargateclaims.engine.ports import Cloud, Gateway, Kube, Object, Permit

T = TypeVar("T")


class Moment(StrEnum):
    BEFORE = "before"
    AFTER = "after"


def never(_number: int, _write: str) -> bool:
    """Choose no write."""
    return False


def nth(index: int) -> Callable[[int, str], bool]:
    """Choose a write by its number, from 0."""
    return lambda number, _write: number == index


def first(name: str) -> Callable[[int, str], bool]:
    """Choose writes of a kind, such as `create_profile`."""
    return lambda _number, write: write == name


@dataclass
class CrashPoint:
    """Where one engine dies. `writes` lists what it has begun to write until then."""

    chosen: Callable[[int, str], bool] = never
    moment: Moment = Moment.BEFORE
    writes: list[str] = field(default_factory=list)
    crashed: asyncio.Event = field(default_factory=asyncio.Event)

    async def write(self, what: str, send: Callable[[], Awaitable[T]]) -> T:
        await self._stand_still_if_dead()
        hit = self.chosen(len(self.writes), what)
        self.writes.append(what)
        if hit and self.moment is Moment.BEFORE:
            self.crashed.set()
        await self._stand_still_if_dead()
        result = await send()
        if hit:
            self.crashed.set()
        await self._stand_still_if_dead()
        return result

    async def _stand_still_if_dead(self) -> None:
        if self.crashed.is_set():
            await asyncio.Event().wait()


class MortalKube:
    """A `Kube` whose writes go through a crash point."""

    def __init__(self, kube: Kube, point: CrashPoint) -> None:
        self._kube = kube
        self._point = point

    def __getattr__(self, name: str) -> Any:
        return getattr(self._kube, name)

    async def put_status(self, obj: Mapping[str, Any], *, urgent: bool = False) -> Object:
        return await self._point.write(f"put_status {obj['kind']}", lambda: self._kube.put_status(obj, urgent=urgent))

    async def patch_finalizers(self, obj: Mapping[str, Any], finalizers: Sequence[str], *, urgent: bool = False) -> Object:
        return await self._point.write(
            f"patch_finalizers {obj['kind']}", lambda: self._kube.patch_finalizers(obj, finalizers, urgent=urgent)
        )


class MortalCloud:
    """A `Cloud` whose mutations go through a crash point."""

    def __init__(self, cloud: Cloud, point: CrashPoint) -> None:
        self._cloud = cloud
        self._point = point

    def gateway(self, arn: ClusterARN, assume_role_arn: str | None = None, external_id: str | None = None) -> Any:
        return _MortalGateway(self._cloud.gateway(arn, assume_role_arn, external_id), self._point)


class _MortalGateway:
    def __init__(self, gateway: Gateway, point: CrashPoint) -> None:
        self._gateway = gateway
        self._point = point

    def __getattr__(self, name: str) -> Any:
        return getattr(self._gateway, name)

    async def create_profile(self, spec: ProfileSpec, permit: Permit) -> Profile:
        return await self._point.write("create_profile", lambda: self._gateway.create_profile(spec, permit))

    async def delete_profile(self, name: str, permit: Permit) -> Profile:
        return await self._point.write("delete_profile", lambda: self._gateway.delete_profile(name, permit))

    async def tag(self, arn: str, tags: Mapping[str, str], permit: Permit) -> None:
        await self._point.write("tag", lambda: self._gateway.tag(arn, tags, permit))

    async def untag(self, arn: str, keys: Iterable[str], permit: Permit) -> None:
        await self._point.write("untag", lambda: self._gateway.untag(arn, keys, permit))
