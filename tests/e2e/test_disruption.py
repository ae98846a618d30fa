"""A profile is replaced under twenty pods that have a disruption budget of one, on a real API server: by its own disruption controller and
eviction API, and with the rights that `deploy/eks-cluster` gives the operator there.

The timeline stays in `.e2e/disruption.csv`.
"""

import base64
import ssl
from collections.abc import Callable
from pathlib import Path

import aiohttp

from fargateclaims.cli.demonstration.kubernetes_api import KubernetesAPI
from support.budgeted_move import replace_under_budget
from support.control_plane import ADMIN_TOKEN, ControlPlane
from support.fault_world import World
from support.installation import Installation
from support.kubectl import Kubectl
from support.rendering import EKS_CLUSTER

REPOSITORY = Path(__file__).parents[2]
TIMELINE = REPOSITORY / ".e2e" / "disruption.csv"


async def test_twenty_pods_move_within_their_budget(
    plane: ControlPlane, kubectl: Kubectl, installation: Installation, world: World, show: Callable[[object], None]
) -> None:
    kubectl("apply", "-k", str(EKS_CLUSTER))
    authority = base64.b64encode(plane.certificate.read_bytes()).decode()
    world.eks.kubernetes(world.name, plane.url, authority, account=world.seeded.account, region=world.seeded.region)
    trusted = aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=plane.certificate))
    async with KubernetesAPI(plane.url, headers={"Authorization": f"Bearer {ADMIN_TOKEN}"}, connector=trusted) as watching:
        with installation.operator(class_selector=world.selector) as operator:
            record = await replace_under_budget(world, plane.kubeconfig, watching)
            await operator.stop()
    record.write(TIMELINE)
    show(f"{record.summary()}\nall of it: {TIMELINE.relative_to(REPOSITORY)}")
    record.check()
