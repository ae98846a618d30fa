"""All that the demo shows, on a real API server: two teams, two clusters in two accounts, someone else's profile in between, pods that
move within their disruption budget, deletes, and a refusal by EKS; judged with the demo's own verdict.
"""

import asyncio
import base64
from collections.abc import Callable
from dataclasses import replace
from io import StringIO

from rich.console import Console

from fargateclaims.api.arn import ClusterARN
from fargateclaims.api.group import CLAIM_PLURAL
from fargateclaims.cli.demonstration import manifests
from fargateclaims.cli.demonstration.performance import play
from fargateclaims.cli.demonstration.stage import PROD, Stage, seed
from fargateclaims.simulator.fargate.plane import Settings, running
from fargateclaims.simulator.fargate.settings import Timings
from support.control_plane import ControlPlane
from support.installation import Installation
from support.kubectl import Kubectl
from support.kubectl_story import KubectlAPI
from support.rendering import EKS_CLUSTER

SECONDS = 3.0
"""A shorter pace would leave a busy machine too little time between two of EKS's operations."""
TEAMS = ("shop", "data")
PODS = Timings(provision=0.3, start=0.1, stop=0.1)


async def test_the_demo(plane: ControlPlane, kubectl: Kubectl, installation: Installation, show: Callable[[object], None]) -> None:
    kubectl("apply", "-k", str(EKS_CLUSTER))
    authority = base64.b64encode(plane.certificate.read_bytes()).decode()
    eks, prod = installation.eks, seed(installation.eks.url, plane.url, authority)
    eks.timings(SECONDS, SECONDS)
    where = Stage(SECONDS, plane.url, plane.kubeconfig, eks.url, prod.environment(eks.url), prod.spare_subnets[0], ())
    data_plane = Settings(ClusterARN.parse(prod.clusters[PROD]), plane.kubeconfig, eks.url, prod.access_key_id, PODS)
    with replace(installation, seeded=prod).operator() as operator:
        async with running(data_plane):
            async with KubectlAPI(plane, kubectl) as api:
                findings = await play(Console(file=StringIO()), where, api)
            # In a thread: the data plane goes on, without which no pod would end.
            await asyncio.to_thread(clean_up, kubectl)
        await operator.stop()
    show("\n".join(findings.lines))
    assert findings.problems == ()
    assert eks.verdict().refused == 0
    assert {profile["fargateProfileName"] for cluster in eks.clusters() for profile in cluster["profiles"]} == {"tf-batch"}


def clean_up(kubectl: Kubectl) -> None:
    """As people do: what has profiles first, and the classes when nobody uses them any more."""
    for team in TEAMS:
        kubectl("delete", CLAIM_PLURAL, "--all", "--namespace", team, "--timeout=100s")
    for file in ("10-classes.yaml", "00-namespaces.yaml"):
        kubectl("delete", "-f", str(manifests.samples() / file), "--timeout=100s")
