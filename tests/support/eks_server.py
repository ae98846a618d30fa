"""A simulated EKS in a process of its own, for any test that wants real AWS calls over real HTTP."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from botocore.config import Config

from fargateclaims.aws import calls, sessions
from fargateclaims.simulator.eks.client import Seeded, SimulatedEKS
from support.programs import start
from support.waiting import LIMIT, NEVER

READY = "EKS simulator ready at "
LEAPING_CREATE_S, LEAPING_DELETE_S = 60.0, 90.0
"""How long operations take for those who put the clock forward instead of waiting."""
# No hidden retries: a test sees what the simulator answered to its one call.
ONE_ATTEMPT = Config(retries={"total_max_attempts": 1}, connect_timeout=NEVER, read_timeout=NEVER)


@contextmanager
def eks_server(*, create_seconds: float = 0.2, delete_seconds: float = 0.2, jitter: float = 0.0, seed: int = 0) -> Iterator[SimulatedEKS]:
    """Run a simulator on a free port and give its admin client. Its start takes seconds: most tests share one, made `as_new`."""
    options = {"create-seconds": create_seconds, "delete-seconds": delete_seconds, "jitter": jitter, "seed": seed}
    arguments = [f"--{name}={value}" for name, value in options.items()]
    command = [sys.executable, "-m", "fargateclaims.simulator.eks", "--port=0", *arguments]
    with start(command, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout
            line = process.stdout.readline().decode()
            if not line.startswith(READY):
                raise RuntimeError(f"the EKS simulator did not start: {line!r}, exit {process.wait(LIMIT)}")
            with SimulatedEKS(line.removeprefix(READY).strip()) as simulated:
                yield simulated
        finally:
            process.terminate()
            try:
                code = process.wait(LIMIT)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        if code:
            raise RuntimeError(f"the EKS simulator ended with {code}")


def as_new(simulated: SimulatedEKS, *, create_seconds: float, delete_seconds: float) -> SimulatedEKS:
    """A simulator that other tests have used, without what they left there, and with timings of its own."""
    simulated.reset()
    simulated.timings(create_seconds, delete_seconds)
    return simulated


def sign_in(simulated: SimulatedEKS, seeded: Seeded, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what this process asks of AWS go to the simulator, as a seeded account, whatever whoever runs the tests has configured."""
    for name in ("AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    environment = seeded.environment(simulated.url)
    for name, value in {**environment, "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}.items():
        monkeypatch.setenv(name, value)
    # Each client would first read the authorities of the system, in 50 ms of a CPU: nobody is asked that they vouch for.
    monkeypatch.setenv("SSL_CERT_FILE", os.devnull)


def be_patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no AWS call of this process be given up: a slow machine is no fault, but where the test is about that."""
    patient = sessions._CLIENT_CONFIG.merge(Config(connect_timeout=NEVER, read_timeout=NEVER))
    monkeypatch.setattr(sessions, "_CLIENT_CONFIG", patient)
    for limit in ("MUTATION_LIMIT", "AWS_READ_LIMIT"):
        monkeypatch.setattr(calls, limit, NEVER)


def aws_client(service: str, simulated: SimulatedEKS, seeded: Seeded | None = None, *, region: str | None = None, **config: Any) -> Any:
    """Return a boto3 client of the simulator with the credentials of a seeded account, or with ones that nobody knows."""
    return boto3.client(  # type: ignore[call-overload]
        service,
        region_name=region or (seeded.region if seeded else "us-east-1"),
        endpoint_url=simulated.url,
        aws_access_key_id=seeded.access_key_id if seeded else "AKIAUNKNOWNUNKNOWN00",
        aws_secret_access_key=seeded.secret_access_key if seeded else "secret",
        config=ONE_ATTEMPT.merge(Config(**config)),
    )
