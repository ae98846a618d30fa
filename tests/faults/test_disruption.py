"""EKS deletes the pods of a profile with it, whatever their disruption budget: so they have moved before."""

from pathlib import Path

import pytest

from fargateclaims.cli.demonstration.kubernetes_api import KubernetesAPI
from support.budgeted_move import TITLES, replace_under_budget
from support.embedded_world import EmbeddedWorld
from support.operator_process import operator_process
from support.tampered import tampered
from support.waiting import NEVER

pytestmark = pytest.mark.timeout(600)

# A slow machine is no fault: it costs no leadership.
KEEPS_ITS_LEASE = tampered(
    dict.fromkeys(
        ("LEASE_DURATION", "LEASE_RENEW_DEADLINE", "LEASE_REQUEST_TIMEOUT", "KUBE_CONNECT_TIMEOUT", "KUBE_REQUEST_TIMEOUT"), NEVER
    )
)


async def test_twenty_pods_move_and_never_is_more_than_one_away(world: EmbeddedWorld, tmp_path: Path) -> None:
    seeded = world.seeded
    world.eks.kubernetes(world.name, world.kube.url, account=seeded.account, region=seeded.region)
    async with KubernetesAPI(world.kube.url) as watching:
        with operator_process(tmp_path, KEEPS_ITS_LEASE, class_selector=world.selector) as operator:
            record = await replace_under_budget(world, world.kube.kubeconfig, watching)
            await operator.stop()
    record.check()
    record.write(tmp_path / "timeline.csv")
    header, *_, last = (tmp_path / "timeline.csv").read_text().splitlines()
    assert header == ",".join(TITLES)
    assert last.endswith(",20,0,0,20,-,ACTIVE")
    assert f"20 pods moved from {record.predecessor} to {record.successor} in" in record.summary()
    assert "never fewer than 19 ready (budget: 19)" in record.summary()
