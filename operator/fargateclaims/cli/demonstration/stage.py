"""Where the demo plays: two embedded APIs, the data plane of one cluster, and the operator, on this machine, with a folder of their own."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fargateclaims.cli.demonstration import manifests
from fargateclaims.cli.demonstration.errors import steering, ungrouped
from fargateclaims.cli.demonstration.programs import Program
from fargateclaims.simulator.eks.client import Seeded, SimulatedEKS

PROD: Final = "prod"
PROD_ACCOUNT: Final = "111122223333"
PROD_REGION: Final = "eu-west-1"
STAGING: Final = "staging"

_SETTINGS: Final = {
    # Longer than a call to the simulated EKS takes; the default is made for AWS.
    "FARGATECLAIMS_SETTLE_SECONDS": "1",
    "FARGATECLAIMS_AWS_CALLS_PER_SECOND": "50",
    "FARGATECLAIMS_HTTP_ADDRESS": "127.0.0.1:0",
    "FARGATECLAIMS_LOG_FORMAT": "text",
}
# How often a profile is looked at while its operation lasts; the defaults are made for creates of a minute.
_POLLS_AT_LEAST: Final = 6
_POLLS_AT_MOST: Final = 30
# What a pod takes, as a share of a profile's create: in EKS, both are about a minute.
_PROVISIONING: Final = 0.1
_START: Final = 0.05
_STOP: Final = 0.05
_PLACEHOLDER_SUBNET: Final = "subnet-00000000000000000"


@dataclass(frozen=True, slots=True)
class Stage:
    """All is running.

    :param seconds: how long EKS takes for each create and delete.
    :param aws: environment variables that point AWS's tools at the simulated EKS, with the account of `PROD`.
    :param spare_subnet: a private subnet of `PROD`'s network that the cluster does not name.
    """

    seconds: float
    kubernetes_url: str
    kubeconfig: Path
    eks_url: str
    aws: dict[str, str]
    spare_subnet: str
    programs: tuple[Program, ...]

    @property
    def replacements(self) -> dict[str, str]:
        """What the samples leave open."""
        return {_PLACEHOLDER_SUBNET: self.spare_subnet}

    async def broken(self) -> None:
        """Wait until one of the programs ends by itself, and raise DemoError then."""
        with ungrouped():
            async with asyncio.TaskGroup() as watching:
                for program in self.programs:
                    watching.create_task(program.ended())


@asynccontextmanager
async def stage(seconds: float) -> AsyncIterator[Stage]:
    """Start everything, and leave nothing behind: neither a process nor a file. Raises DemoError.

    :param seconds: how long EKS takes for each create and delete.
    """
    with _folder() as folder:
        running: list[Program] = []
        try:
            yield await _start(folder, running, seconds)
        finally:
            # The operator first: it has calls to finish and a Lease to give back.
            for program in reversed(running):
                await program.stop()


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="fargateclaims-demo-", ignore_cleanup_errors=True) as name:
        yield Path(name)


async def _start(folder: Path, running: list[Program], seconds: float) -> Stage:
    kubeconfig = folder / "kubeconfig"
    kube = Program.start(
        "the embedded Kubernetes API",
        folder / "kubernetes.log",
        *("simulate", "kube", "--kubeconfig", str(kubeconfig), "--crds", str(manifests.crds())),
    )
    running.append(kube)
    eks = Program.start(
        "the simulated EKS",
        folder / "eks.log",
        *("simulate", "eks", "--create-seconds", str(seconds), "--delete-seconds", str(seconds)),
    )
    running.append(eks)
    with ungrouped():
        async with asyncio.TaskGroup() as starting:
            kube_said = starting.create_task(kube.said("Kubernetes API: "))
            eks_said = starting.create_task(eks.said("EKS simulator ready at "))
    kubernetes_url, eks_url = kube_said.result(), eks_said.result()
    prod = seed(eks_url, kubernetes_url)
    aws = prod.environment(eks_url)
    running.append(Program.start("the data plane", folder / "data-plane.log", *_data_plane(prod, kubeconfig, eks_url, seconds)))
    environment = {
        **aws,
        **_SETTINGS,
        "FARGATECLAIMS_POLL_MIN_SECONDS": str(seconds / _POLLS_AT_MOST),
        "FARGATECLAIMS_POLL_MAX_SECONDS": str(seconds / _POLLS_AT_LEAST),
        "KUBECONFIG": str(kubeconfig),
    }
    running.append(Program.start("the operator", folder / "operator.log", "run", environment=environment))
    return Stage(seconds, kubernetes_url, kubeconfig, eks_url, aws, prod.spare_subnets[0], tuple(running))


def _data_plane(prod: Seeded, kubeconfig: Path, eks_url: str, seconds: float) -> list[str]:
    delays = {"provision": _PROVISIONING, "start": _START, "stop": _STOP}
    return [
        *("simulate", "fargate", "--cluster", prod.clusters[PROD], "--kubeconfig", str(kubeconfig)),
        *("--eks-url", eks_url, "--access-key-id", prod.access_key_id),
        *(word for name, share in delays.items() for word in (f"--{name}-seconds", str(share * seconds))),
    ]


def seed(eks_url: str, kubernetes_url: str, certificate_authority: str = "") -> Seeded:
    """Make the clusters that the samples' classes name. Returns the account whose credentials the operator gets. Raises DemoError.

    :param kubernetes_url: the API of `PROD` itself, where its pods are.
    :param certificate_authority: of that API, as PEM in base64; none without TLS.
    """
    with steering("the simulated EKS cannot be set up"), SimulatedEKS(eks_url) as eks:
        eks.seed([STAGING], account="444455556666", region="us-east-1")
        prod = eks.seed([PROD], account=PROD_ACCOUNT, region=PROD_REGION)
        eks.kubernetes(PROD, kubernetes_url, certificate_authority, account=PROD_ACCOUNT, region=PROD_REGION)
        return prod
