"""A kopf operator in a thread of its own, as the product embeds it, that notes every event of one kind."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import kopf
import pytest

from fargateclaims.clock import SystemClock
from fargateclaims.handlers import connection
from fargateclaims.kube.config import load_configuration
from support.waiting import LIMIT


@dataclass
class Noted:
    """What kopf saw: type (None for what was there at the start or after a relist), and name."""

    events: list[tuple[str | None, str]] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)


@contextlib.contextmanager
def kopf_events(kubeconfig: Path, group: str, plural: str, namespace: str, **watching: float) -> Iterator[Noted]:
    """Note the events of a kind in one namespace until the end of the with block. `watching` are settings of that name."""
    registry = kopf.OperatorRegistry()
    noted = Noted()

    async def note(event: Any, name: str, **_: Any) -> None:
        noted.events.append((event["type"], name))

    async def login(**_: Any) -> kopf.ConnectionInfo:
        return await connection(await load_configuration(SystemClock()))

    kopf.on.event(group, "v1", plural, registry=registry)(note)
    kopf.on.login(registry=registry)(login)
    settings = kopf.OperatorSettings()
    for name, value in watching.items():
        setattr(settings.watching, name, value)
    stop, ready = threading.Event(), threading.Event()

    def run() -> None:
        try:
            operator = kopf.operator(
                registry=registry, settings=settings, standalone=True, namespaces=[namespace], stop_flag=stop, ready_flag=ready
            )
            asyncio.run(operator)
        finally:
            noted.ended.set()

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUBECONFIG", str(kubeconfig))
        thread = threading.Thread(target=run, name="kopf")
        thread.start()
        try:
            assert ready.wait(LIMIT)
            yield noted
        finally:
            stop.set()
            thread.join(LIMIT)
