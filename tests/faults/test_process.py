"""The operator as a process: how it stops, and what it says when it cannot work."""

import json
from pathlib import Path
from typing import Any

import pytest

from fargateclaims.simulator.kube.kubeconfig import write_kubeconfig
from support.embedded_world import EmbeddedWorld
from support.fault_world import CREATE, World, condition, stands
from support.kube_contract import Api
from support.kube_server import RunningKube
from support.operator_process import operator_process
from support.ports import reserved_port
from support.scenarios import CleanRun, one_claim
from support.tampered import tampered
from support.waiting import NEVER, until

# Each start of a process may take a slow machine half a minute.
pytestmark = pytest.mark.timeout(600)

CRD_PATH = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
WRITES = {"create", "update", "patch"}
# A slow machine is no fault: it costs no leadership, and the Lease is released all the same.
LASTING = dict.fromkeys(
    ("LEASE_DURATION", "LEASE_RENEW_DEADLINE", "LEASE_REQUEST_TIMEOUT", "KUBE_CONNECT_TIMEOUT", "KUBE_REQUEST_TIMEOUT"), NEVER
)
KEEPS_ITS_LEASE = tampered(LASTING)
# What is answered in the end has been waited for.
WAITS_FOR_EKS = tampered({**LASTING, "AWS_READ_TIMEOUT": NEVER, "MUTATION_LIMIT": NEVER / 2})
CRDS = ("fargateprofileclaims.fargateclaims.dev", "fargateprofileclasses.fargateclaims.dev")


@pytest.mark.parametrize("answered", [True, False], ids=["answered in time", "abandoned"])
async def test_fault_04_sigterm_in_mid_call(world: EmbeddedWorld, clean: CleanRun, tmp_path: Path, *, answered: bool) -> None:
    expected = await clean(one_claim)
    fault = world.eks.fault("delay" if answered else "hang", seconds=NEVER, operation=CREATE, **world.target())
    with operator_process(tmp_path, WAITS_FOR_EKS if answered else KEEPS_ITS_LEASE, class_selector=world.selector) as operator:
        await world.claim()
        await world.until_eks(lambda: world.eks.faults()[0]["met"])
        operator.terminate()
        await until(lambda: "stopping: asked to stop" in operator.stderr)
        stopped_at = world.eks.health()["now"]
        if answered:
            world.eks.clear_faults(fault)
        await until(lambda: operator.ended)
        assert operator.code == 0
        assert "Traceback" not in operator.stderr
    # An inspection, which nothing waits for, may have sent a read in this very moment; the passes send nothing.
    passes = [call for call in world.eks.calls() if call.at > stopped_at and "FargateProfile" in call.operation]
    assert not passes
    world.eks.clear_faults()
    ours = [one for one in world.kube.admin.ledger() if "fargateclaims" in one["user_agent"]]
    assert [one["resource"] for one in ours if one["verb"] in WRITES][-1] == "leases"
    lease = (await world.api.get("/apis/coordination.k8s.io/v1/namespaces/default/leases/fargateclaims")).ok()
    assert not lease["spec"].get("holderIdentity")
    with operator_process(tmp_path, KEEPS_ITS_LEASE, class_selector=world.selector) as operator:
        await world.until_active()
        await world.check_same(expected)
        operator.terminate()
        await until(lambda: operator.ended)
        assert operator.code == 0
    assert world.begun(CREATE) == 1
    await world.check_always()


async def test_bad_input_settings(tmp_path: Path) -> None:
    """All that is wrong at once, and exit code 2."""
    wrong: dict[str, Any] = {"poll_min_seconds": "soon", "max_attempts": 0, "class_selector": "a in", "resinc_seconds": 1}
    with operator_process(tmp_path, **wrong) as operator:
        await until(lambda: operator.ended)
    assert operator.code == 2
    assert "Traceback" not in operator.stderr
    for name in wrong:
        assert f"FARGATECLAIMS_{name.upper()}" in operator.stderr
    assert "did you mean FARGATECLAIMS_RESYNC_SECONDS?" in operator.stderr


async def test_bad_input_missing_crds(kube: RunningKube, api: Api, tmp_path: Path) -> None:
    for name in CRDS:
        (await api.delete(f"{CRD_PATH}/{name}")).ok()
    with operator_process(tmp_path) as operator:
        await until(lambda: operator.ended)
    assert operator.code == 1
    assert "Traceback" not in operator.stderr
    assert operator.last_message == f"the CRD {CRDS[0]} is not installed: kubectl apply --server-side -f crds/"


async def test_bad_input_no_kubeconfig(tmp_path: Path) -> None:
    with operator_process(tmp_path, {"KUBECONFIG": str(tmp_path / "nowhere")}) as operator:
        await until(lambda: operator.ended)
    assert operator.code == 1
    assert "Traceback" not in operator.stderr
    assert operator.last_message == f"KUBECONFIG names no file that exists: {tmp_path / 'nowhere'}"


async def test_bad_input_unreachable_api(tmp_path: Path) -> None:
    """It may come yet: asked for again, with one line each time, until told to stop."""
    with reserved_port() as port:
        write_kubeconfig(tmp_path / "kubeconfig", f"http://127.0.0.1:{port}")
        with operator_process(tmp_path, {"KUBECONFIG": str(tmp_path / "kubeconfig")}) as operator:
            await until(lambda: operator.stderr.count("the API server does not answer yet") >= 2)
            # A restart would not help.
            await until(lambda: operator.ask("/healthz")[0] == 200)
            assert operator.ask("/readyz") == (
                503,
                "[+] stopping: ok\n[-] lease: the Lease has not been read yet\n[+] listed: ok\nfailed\n",
            )
            operator.terminate()
            await until(lambda: operator.ended)
    assert operator.code == 0
    assert "Traceback" not in operator.stderr


async def test_bad_input_forbidden_lease(kube: RunningKube, api: Api, tmp_path: Path) -> None:
    """A replica that could never lead is not ready: a rollout does not end the one that works. A standby is ready."""
    held = {"holderIdentity": "somebody", "leaseDurationSeconds": 3600}
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "fargateclaims"}, "spec": held}
    (await api.create("/apis/coordination.k8s.io/v1/namespaces/default/leases", lease)).ok()
    kube.admin.fail(403, resource="leases")
    with operator_process(tmp_path) as operator:
        await until(lambda: "the Lease could not be read or written" in operator.stderr)
        status, text = operator.ask("/readyz")
        assert (status, "[-] lease: the Lease has not been read yet\n" in text) == (503, True)
        kube.admin.clear_faults()
        await until(lambda: operator.ask("/readyz")[0] == 200)
        assert "fargateclaims_leader 0.0" in operator.ask("/metrics")[1]
        await operator.stop()


async def test_bad_input_no_credentials(world: World, tmp_path: Path) -> None:
    nothing = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"))
    with operator_process(tmp_path, KEEPS_ITS_LEASE | nothing, class_selector=world.selector) as operator:
        await world.claim()
        told = await world.until(lambda claim: stands(claim) == ("False", "Unauthorized"))
        assert "credentials" in condition(told)["message"]
        operator.terminate()
        await until(lambda: operator.ended)
    assert operator.code == 0
    assert "Traceback" not in operator.stderr
    assert not world.eks.calls()


async def test_bad_input_secrets_stay_secret(world: World, tmp_path: Path) -> None:
    """EKS quotes the key, as signature errors do: it is in no log, no event and no status."""
    secret, key = world.seeded.secret_access_key, world.seeded.access_key_id
    quoting = f"The request signature of {key} with {secret} does not match"
    world.eks.fault("error", code="InvalidParameterException", message=quoting, operation=CREATE, **world.target())
    with operator_process(tmp_path, KEEPS_ITS_LEASE, class_selector=world.selector, log_level="debug") as operator:
        await world.claim()
        await world.until(lambda claim: stands(claim)[1] == "Invalid")
        operator.terminate()
        await until(lambda: operator.ended)
    everything = json.dumps([await world.claims(), await world.read_class(), await world.events()]) + operator.stderr
    assert "does not match" in everything
    assert secret not in everything
    assert "Traceback" not in operator.stderr
