"""Two operators of one installation, of which one leads."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from fargateclaims.simulator.eks.ledger import Call
from support.fault_world import World
from support.installation import NAME, Installation
from support.operator_process import OperatorProcess
from support.waiting import LIMIT, until

LEADS: Final = "this replica leads now"
LOST: Final = "leadership is lost"
_FIRST: Final = "first-leader"
_LOOK_AGAIN: Final = 0.05


@asynccontextmanager
async def replicas(
    installation: Installation,
    world: World,
    *,
    leaders: Path | None = None,
    others: Path | None = None,
    environment: Mapping[str, str | None] | None = None,
    **settings: Any,
) -> AsyncIterator[tuple[OperatorProcess, OperatorProcess]]:
    """Run both until the end of the with block: the first leads, the second has seen it lead.

    :param leaders: the first one's kubeconfig.
    :param others: the second one's.
    :param environment: the first one's, as for `Installation.operator`.
    :param settings: the second one's, as there.
    """
    # The SDK adds this name to its User-Agent: one account's credentials tell nobody apart.
    named = {"AWS_SDK_UA_APP_ID": _FIRST, **(environment or {})}
    with installation.operator(kubeconfig=leaders, environment=named, class_selector=world.selector) as leader:
        await until(lambda: LEADS in leader.stderr)
        with installation.operator(kubeconfig=others, class_selector=world.selector, **settings) as standby:
            await _until_looked_at(installation.plane.audit_log)
            yield leader, standby


def by_first_leader(call: Call) -> bool:
    """Whether the first of `replicas` made a call."""
    return f"app/{_FIRST}" in call.user_agent


async def ended(leader: OperatorProcess) -> None:
    """Wait until the former leader has made room for one that can work."""
    await until(lambda: leader.ended)
    assert leader.code == 1
    assert LOST in leader.stderr


async def _until_looked_at(log: Path) -> None:
    """Wait until the Lease is read once more: its holder only writes it."""
    with log.open("rb") as audit:
        rest = audit.read().rpartition(b"\n")[2]
        async with asyncio.timeout(LIMIT):
            while True:
                *lines, rest = (rest + audit.read()).split(b"\n")
                if any(map(_is_look, map(json.loads, lines))):
                    return
                await asyncio.sleep(_LOOK_AGAIN)


def _is_look(event: Mapping[str, Any]) -> bool:
    about = event.get("objectRef", {})
    return (event["verb"], about.get("resource"), about.get("name")) == ("get", "leases", NAME)
