"""All that the demo shows, on a real API server: two teams, two clusters in two accounts, someone else's profile in between, an edit
without a gap, deletes, and a refusal by EKS; judged by EKS's ledger with the demo's own verdict.
"""

from collections.abc import Callable
from dataclasses import replace
from io import StringIO

from rich.console import Console

from fargateclaims.api.group import CLAIM_PLURAL
from fargateclaims.cli.demonstration import manifests
from fargateclaims.cli.demonstration.performance import play
from fargateclaims.cli.demonstration.stage import Stage, seed
from support.control_plane import ControlPlane
from support.installation import Installation
from support.kubectl import Kubectl
from support.kubectl_story import KubectlAPI

SECONDS = 3.0
"""A shorter pace would leave a busy machine too little time between two of EKS's operations."""
TEAMS = ("shop", "data")


async def test_the_demo(plane: ControlPlane, kubectl: Kubectl, installation: Installation, show: Callable[[object], None]) -> None:
    eks, prod = installation.eks, seed(installation.eks.url, plane.url)
    eks.timings(SECONDS, SECONDS)
    where = Stage(SECONDS, plane.url, plane.kubeconfig, eks.url, prod.environment(eks.url), prod.spare_subnets[0], ())
    with replace(installation, seeded=prod).operator() as operator:
        async with KubectlAPI(plane, kubectl) as api:
            findings = await play(Console(file=StringIO()), where, api)
        # As people clean up: what has profiles first, and the classes when nobody uses them any more.
        for team in TEAMS:
            kubectl("delete", CLAIM_PLURAL, "--all", "--namespace", team, "--timeout=100s")
        for file in ("10-classes.yaml", "00-namespaces.yaml"):
            kubectl("delete", "-f", str(manifests.samples() / file), "--timeout=100s")
        await operator.stop()
    show("\n".join(findings.lines))
    assert findings.problems == ()
    assert eks.verdict().refused == 0
    assert {profile["fargateProfileName"] for cluster in eks.clusters() for profile in cluster["profiles"]} == {"tf-batch"}
