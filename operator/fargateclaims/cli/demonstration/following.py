"""Keeping up with what an API server has, without missing anything in between."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from fargateclaims.cli.demonstration.kubernetes_api import Collection, KubernetesAPI, WatchExpiredError

_PAUSE_BETWEEN_WATCHES: Final = 0.2


class Followed(ABC):
    """Objects as they are now."""

    def __init__(self) -> None:
        self._something = asyncio.Event()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Return as soon as `condition` holds, which is asked at each change."""
        while not condition():
            self._something.clear()
            await self._something.wait()

    async def follow_all(self, api: KubernetesAPI, collection: Collection) -> None:
        """Keep this up to date until cancelled. A watch that ends goes on where it was; only one that expired begins with a new list."""
        while True:
            items, version = await api.list_all(collection)
            self._listed(items)
            self._something.set()
            with suppress(WatchExpiredError):
                while True:
                    async for kind, obj in api.watch(collection, version):
                        version = obj["metadata"]["resourceVersion"]
                        self._seen(obj, deleted=kind == "DELETED")
                        self._something.set()
                    await asyncio.sleep(_PAUSE_BETWEEN_WATCHES)
            await asyncio.sleep(_PAUSE_BETWEEN_WATCHES)

    @abstractmethod
    def _listed(self, items: Sequence[Mapping[str, Any]]) -> None:
        """These are all."""

    @abstractmethod
    def _seen(self, raw: Mapping[str, Any], *, deleted: bool) -> None:
        """One has changed, or is gone."""
