"""`fargateclaims doctor` in this process, on a simulated EKS over HTTP and an embedded API server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fargateclaims.cli.app import app
from fargateclaims.cli.doctoring import reading
from fargateclaims.kube import client as requests
from fargateclaims.simulator.eks.client import SimulatedEKS
from support.broken_set_ups import ACCOUNT, CLUSTER, REGION, SetUp
from support.doctored import Doctor, cluster_api, core_dns, fargate_class, start_core_dns
from support.eks_server import sign_in
from support.kube_server import RunningKube
from support.plugin import Ran
from support.waiting import NEVER


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningKube]:
    """Its objects stay as they are."""
    with cluster_api(tmp_path_factory.mktemp("kube"), core_dns(), fargate_class()) as kube:
        start_core_dns(kube)
        yield kube


@pytest.fixture
def set_up(eks_process: SimulatedEKS, monkeypatch: pytest.MonkeyPatch) -> Iterator[SetUp]:
    eks_process.reset()
    made = SetUp.healthy(eks_process)
    sign_in(eks_process, made.seeded, monkeypatch)
    yield made
    made.close()


@pytest.fixture
def doctor(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Doctor:
    """Doctor for a person whose home is empty, in no hurry and without regard to AWS's limits."""
    monkeypatch.setattr(requests, "KUBE_CONNECT_TIMEOUT", NEVER)
    monkeypatch.setattr(reading, "_CALLS_PER_SECOND", 1000.0)
    monkeypatch.setattr(reading, "_PAUSE", 0.0)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str) -> Ran:
        with pytest.raises(SystemExit) as ended:
            app(["doctor", *arguments], prog_name="fargateclaims")
        said = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Ran(ended.value.code, said.out, said.err)

    return run


@pytest.fixture
def kube(running: RunningKube, doctor: Doctor, set_up: SetUp, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningKube]:
    """The cluster that the kubeconfig leads to, and whose API EKS names."""
    monkeypatch.setenv("KUBECONFIG", str(running.kubeconfig))
    set_up.simulated.kubernetes(CLUSTER, running.url, account=ACCOUNT, region=REGION)
    running.admin.clear_ledger()
    yield running
    running.admin.clear_faults()
