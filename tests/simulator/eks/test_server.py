"""The simulator as a process: its line, its end, its bad input."""

import signal
import socket
import subprocess
import sys

import pytest

from fargateclaims.simulator.eks.client import SimulatedEKS
from support.eks_server import READY, eks_server
from support.waiting import LIMIT, until

COMMAND = [sys.executable, "-m", "fargateclaims.simulator.eks"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_is_and_ends_with_0(number: signal.Signals) -> None:
    with subprocess.Popen(COMMAND, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        line = process.stdout.readline()
        assert line.startswith(f"{READY}http://127.0.0.1:")
        with SimulatedEKS(line.removeprefix(READY).strip()) as simulated:
            assert simulated.health()["ready"]
        process.send_signal(number)
        rest, errors = process.communicate(timeout=LIMIT)
        assert (process.returncode, rest, errors) == (0, "", "")


def test_a_taken_port_is_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run([*COMMAND, f"--port={port}"], capture_output=True, text=True, timeout=LIMIT, check=False)
    assert done.returncode == 1
    assert f"cannot listen on 127.0.0.1 port {port}" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("option", ["--create-seconds=-1", "--jitter=2", "--port=x"])
def test_impossible_options_are_refused(option: str) -> None:
    done = subprocess.run([*COMMAND, option], capture_output=True, text=True, timeout=LIMIT, check=False)
    assert done.returncode == 2
    assert option.split("=", maxsplit=1)[0] in done.stderr


async def test_a_hanging_answer_does_not_hold_up_its_end() -> None:
    with eks_server() as simulated, SimulatedEKS(simulated.url) as other:
        simulated.fault("hang", seconds=3600)
        scope = "AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/eks/aws4_request"
        other._connection.request("GET", "/clusters", headers={"Authorization": scope})
        await until(simulated.calls)


@pytest.mark.parametrize("url", ["https://localhost:1", "localhost:1", ""])
def test_a_client_needs_a_url(url: str) -> None:
    with pytest.raises(ValueError, match="http://"):
        SimulatedEKS(url)


def test_the_pure_half_needs_neither_moto_nor_aiohttp() -> None:
    modules = ["lifecycle", "foreign", "faults", "ledger", "verdict", "client"]
    imports = "; ".join(f"import fargateclaims.simulator.eks.{name}" for name in modules)
    check = f"{imports}; import sys; print([name for name in ('moto', 'aiohttp', 'boto3', 'flask') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, timeout=LIMIT, check=True)
    assert done.stdout.strip() == "[]"
