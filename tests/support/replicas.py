"""Two operators of one installation, of which one leads."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from support.control_plane import audited
from support.fault_world import World
from support.installation import NAME, Installation
from support.operator_process import OperatorProcess
from support.waiting import until

LEADS: Final = "this replica leads now"
LOST: Final = "leadership is lost"


@asynccontextmanager
async def replicas(
    installation: Installation, world: World, *, leaders: Path | None = None, others: Path | None = None
) -> AsyncIterator[tuple[OperatorProcess, OperatorProcess]]:
    """Run both until the end of the with block: the first leads, the second has seen it lead.

    :param leaders: the first one's kubeconfig.
    :param others: the second one's.
    """
    with installation.operator(kubeconfig=leaders, class_selector=world.selector) as leader:
        await until(lambda: LEADS in leader.stderr)
        looks = _looks(installation)
        with installation.operator(kubeconfig=others, class_selector=world.selector) as standby:
            await until(lambda: _looks(installation) > looks)
            yield leader, standby


async def ended(leader: OperatorProcess) -> None:
    """Wait until the former leader has made room for one that can work."""
    await until(lambda: leader.ended)
    assert leader.code == 1
    assert LOST in leader.stderr


def _looks(installation: Installation) -> int:
    """How often the Lease was read: its holder only writes it."""
    about = ((event["verb"], event.get("objectRef", {})) for event in audited(installation.plane.audit_log))
    return sum((verb, what.get("resource"), what.get("name")) == ("get", "leases", NAME) for verb, what in about)
