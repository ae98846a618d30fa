"""All objects of a kind as the API server has them: a LIST, then a WATCH from there, and a LIST again whenever that is not enough."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import aclosing
from typing import Final

from fargateclaims.clock import Clock
from fargateclaims.kube.errors import KubeError
from fargateclaims.simulator.fargate.kubernetes import KubernetesAPI, is_gone
from fargateclaims.simulator.kube.objects import Obj, metadata_of

RETRY: Final = 1.0
"""Seconds before an API server that did not answer is asked again."""

log = logging.getLogger(__name__)


class Informer:
    """Keeps the objects of one kind.

    :param path: of the collection, such as `/api/v1/pods`.
    :param changed: told of each object that is new or another, and with None of each that is gone; by its UID.
    """

    def __init__(self, api: KubernetesAPI, path: str, clock: Clock, changed: Callable[[str, Obj | None], None]) -> None:
        self._api = api
        self._path = path
        self._clock = clock
        self._changed = changed
        self._objects: dict[str, Obj] = {}
        self.synced = asyncio.Event()

    @property
    def objects(self) -> Mapping[str, Obj]:
        """The objects by UID."""
        return self._objects

    async def run(self) -> None:
        """Keep them, for ever."""
        version = ""
        while True:
            try:
                if not version:
                    version = await self._list()
                    self.synced.set()
                version = await self._watch(version)
            except KubeError as error:
                # From where it broke off, nobody knows what was missed: a new list is always right.
                version = ""
                if not is_gone(error):
                    log.warning("%s", error)
                    await self._clock.sleep(RETRY)

    async def _list(self) -> str:
        items, version = await self._api.list_all(self._path)
        listed = {item["metadata"]["uid"]: item for item in items}
        for uid in self._objects.keys() - listed.keys():
            self._forget(uid)
        for uid, item in listed.items():
            self._put(uid, item)
        return version

    async def _watch(self, version: str) -> str:
        """Follow the changes until the server ends the watch; the resourceVersion to go on from."""
        async with aclosing(self._api.watch(self._path, version)) as events:
            async for kind, item in events:
                version = item["metadata"]["resourceVersion"]
                if kind == "DELETED":
                    self._forget(item["metadata"]["uid"])
                elif kind != "BOOKMARK":
                    self._put(item["metadata"]["uid"], item)
        return version

    def _put(self, uid: str, item: Obj) -> None:
        known = self._objects.get(uid)
        if known is None or metadata_of(known)["resourceVersion"] != metadata_of(item)["resourceVersion"]:
            self._objects[uid] = item
            self._changed(uid, item)

    def _forget(self, uid: str) -> None:
        if self._objects.pop(uid, None) is not None:
            self._changed(uid, None)
