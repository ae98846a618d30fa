"""The data plane as a program: its line, its end, its bad input."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from support.fargate_world import FargateWorld
from support.programs import start
from support.waiting import LIMIT

COMMAND = [sys.executable, "-m", "fargateclaims", "simulate", "fargate"]
NOWHERE = "arn:aws:eks:us-east-1:123456789012:cluster/nowhere"


def environment(world: FargateWorld) -> dict[str, str]:
    """As the operator has it, so that one set of variables serves both."""
    return {**os.environ, **world.seeded.environment(world.eks.url), "KUBECONFIG": str(world.kubeconfig)}


async def test_it_says_that_it_is_ready_takes_pods_and_ends_with_0(world: FargateWorld) -> None:
    world.profile()
    arn = world.seeded.clusters[world.cluster]
    command = [*COMMAND, f"--cluster={arn}", "--provision-seconds=0", "--start-seconds=0"]
    with start(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(world)) as process:
        assert process.stdout
        assert process.stdout.readline().decode() == f"Fargate data plane ready for {arn}\n"
        await world.ready(await world.pod())
        process.send_signal(signal.SIGTERM)
        rest, errors = process.communicate(timeout=LIMIT)
        assert (process.returncode, rest, errors) == (0, b"", b"")


async def test_a_cluster_that_is_not_there_is_one_clear_line(world: FargateWorld) -> None:
    done = run(f"--cluster={NOWHERE}", env=environment(world))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"the simulated EKS at {world.eks.url} has no cluster {NOWHERE}\n"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--cluster=prod"], "'prod' is not the ARN of an EKS cluster"),
        ([f"--cluster={NOWHERE}", "--stop-seconds=inf"], "stop is a number of seconds"),
        ([f"--cluster={NOWHERE}", "--retry-seconds=-1"], "--retry-seconds"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, options: list[str], said: str) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.touch()
    done = run(f"--kubeconfig={kubeconfig}", "--eks-url=http://127.0.0.1:1", *options, env=dict(os.environ))
    assert done.returncode == 2
    assert said in done.stderr


def run(*options: str, env: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([*COMMAND, *options], capture_output=True, text=True, timeout=LIMIT, check=False, env=env)
