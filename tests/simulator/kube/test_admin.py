"""The ledger, bulk loading and reset; and the server as a process."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fargateclaims.simulator.kube.client import AdminError
from fargateclaims.simulator.kube.kubeconfig import write_kubeconfig
from fargateclaims.simulator.kube.server import Settings
from support.kube_contract import Api
from support.kube_server import RunningKube, kube_server_process, running_kube_server
from support.ticket_kind import Kind, crd_manifest
from support.waiting import LIMIT

NS = "default"


async def test_the_ledger_knows_every_request(kube: RunningKube, http: Api, tickets: Kind) -> None:
    made = (await http.create(tickets.path(NS), tickets.ticket("a"))).ok()
    (await http.replace(tickets.path(NS, "a", "status"), {**made, "status": {"queue": 1}})).ok()
    await http.replace(tickets.path(NS, "a", "status"), {**made, "status": {"queue": 2}})
    await http.get(tickets.path(NS, "none"))
    assert kube.admin.count(verb="update", resource="tickets", subresource="status") == 2
    assert kube.admin.count(verb="update", code=409) == 1
    assert kube.admin.count(verb="get", code=404) == 1
    (entry,) = kube.admin.ledger(verb="update", code=200)
    assert (entry["group"], entry["namespace"], entry["name"], entry["subresource"]) == (tickets.group, NS, "a", "status")
    assert entry["user_agent"].startswith("Python/")
    assert entry["time"] > 0
    kube.admin.clear_ledger()
    assert kube.admin.counts() == []


async def test_the_admin_api_is_not_in_the_ledger_and_has_no_faults(kube: RunningKube) -> None:
    kube.admin.fail(500)
    kube.admin.state()
    assert kube.admin.counts() == []


async def test_many_objects_are_loaded_with_their_status(kube: RunningKube, http: Api, tickets: Kind) -> None:
    objects = [{**tickets.ticket(f"t{number:03}"), "status": {"queue": number}} for number in range(100)]
    assert kube.admin.load(objects) == 100
    listed = (await http.get(tickets.path(NS))).ok()["items"]
    assert [item["status"]["queue"] for item in listed] == list(range(100))
    assert {item["metadata"]["generation"] for item in listed} == {1}
    assert kube.admin.state()["objects"][tickets.crd] == 100


def test_what_cannot_be_loaded_is_said(kube: RunningKube, tickets: Kind) -> None:
    with pytest.raises(AdminError, match=r"spec\.className: Required value"):
        kube.admin.load([{**tickets.ticket("a"), "spec": {}}])
    with pytest.raises(AdminError, match='no matches for kind "Other"'):
        kube.admin.load([{"apiVersion": "v1", "kind": "Other"}])


async def test_reset_forgets_all_but_the_kinds_given_at_the_start(kube: RunningKube, http: Api, tickets: Kind) -> None:
    (await http.create(tickets.path(NS), tickets.ticket("a"))).ok()
    kube.admin.fail(500, verb="delete")
    before = kube.admin.state()["revision"]
    async with http.watch(tickets.path(NS)) as watch:
        kube.admin.reset()
        assert [event["type"] for event in await watch.rest() if event["type"] != "BOOKMARK"] in ([], ["ADDED"])
    assert (await http.get(tickets.path(NS))).ok()["items"] == []
    assert kube.admin.faults() == []
    assert kube.admin.state()["revision"] > before
    async with http.watch(tickets.path(NS), resourceVersion=before) as watch:
        assert (await watch.next())["object"]["code"] == 410


def test_unknown_admin_calls_are_refused(kube: RunningKube) -> None:
    with pytest.raises(AdminError, match="could not find"):
        kube.admin._call("GET", "nonsense")
    with pytest.raises(AdminError, match="no resource is called 'nonsense'"):
        kube.admin.compact("nonsense")


async def test_a_token_can_be_asked_for(tmp_path: Path) -> None:
    with running_kube_server(tmp_path, Settings(token="secret")) as guarded:
        async with Api(guarded.kubeconfig) as anonymous:
            (await anonymous.get("/api/v1/namespaces")).refused(401, "Unauthorized")
            assert (await anonymous.call("GET", "/readyz", accept="*/*")).code == 200
        write_kubeconfig(guarded.kubeconfig, guarded.url, token="secret")
        async with Api(guarded.kubeconfig) as known:
            (await known.get("/api/v1/namespaces")).ok()


def test_the_process_writes_a_kubeconfig_applies_crds_and_ends_cleanly(tmp_path: Path, tickets: Kind) -> None:
    crds = tmp_path / "crds"
    crds.mkdir()
    (crds / "tickets.yaml").write_text(json.dumps(crd_manifest(tickets.group)))
    written = tmp_path / "its-own"
    with kube_server_process(tmp_path, "--kubeconfig", str(written), "--crds", str(crds)) as running:
        assert running.url in written.read_text()
        assert written.stat().st_mode & 0o077 == 0
        assert running.admin.load([tickets.ticket("a")]) == 1


def test_a_refused_manifest_ends_the_process_with_one_line(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("apiVersion: v1\nkind: Nonsense\nmetadata: {name: x}\n")
    script = "import typer; from fargateclaims.cli.simulate_kube import simulate_kube; typer.run(simulate_kube)"
    done = subprocess.run(
        [sys.executable, "-c", script, "--crds", str(tmp_path)], capture_output=True, text=True, timeout=LIMIT, check=False
    )
    assert done.returncode == 1
    assert done.stderr.splitlines() == [f'a manifest in {tmp_path} was refused: no matches for kind "Nonsense" in version "v1"']
