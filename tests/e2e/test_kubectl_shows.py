"""What people see with kubectl alone: while claims wait, when they are done, and what the fields mean."""

import re
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from fargateclaims.api.group import CLAIM_PLURAL, CLASS_PLURAL, GROUP
from support.fault_world import CREATE, World, stands
from support.installation import Installation
from support.kube_contract import Api
from support.kubectl import KUBECTL, Kubectl
from support.refusals import CRDS
from support.waiting import until

CLAIMS = ("checkout", "search", "reports", "etl", "adhoc")
PROD = "prod"
STORY = ["Queued", "Creating", "Created"]
COLUMNS = "NAME READY REASON CLASS PROFILE QUEUE AGE"


@pytest.fixture
async def prod(installation: Installation, api: Api) -> AsyncIterator[World]:
    """Under a name for people to read."""
    world = World(api, installation.eks, installation.eks.seed([PROD]), PROD)
    await world.open()
    yield world
    await world.remove()


async def test_five_claims_queue(kubectl: Kubectl, installation: Installation, prod: World, show: Callable[[object], None]) -> None:
    items = [prod.manifest(name, name) for name in CLAIMS]
    kubectl("apply", "--namespace", PROD, "-f", "-", stdin={"apiVersion": "v1", "kind": "List", "items": items})
    before = _rows(kubectl("get", "fpc", "--namespace", PROD).stdout)
    assert {(row["READY"], row["REASON"]) for row in before.values()} == {("Unknown", "Pending")}, "before any operator"
    # The first one is done when all have been looked at.
    prod.eks.next("create", never_ends=True, **prod.target())
    with ExitStack() as running:
        watched = running.enter_context(_watching(installation))
        await until(lambda: len(watched.read_text().splitlines()) > len(CLAIMS))
        operator = running.enter_context(installation.operator(class_selector=prod.selector))
        await prod.wait(prod.claims, _one_is_made_and_the_others_wait)
        await prod.until_eks(lambda: prod.begun(CREATE))
        wide = kubectl("get", "fargateprofileclaims", "--namespace", PROD, "--output", "wide").stdout
        show(wide)
        last = _check_queue(wide)
        prod.eks.finish(**prod.target())
        kubectl("wait", "--for=condition=Ready", "fpc", "--all", "--namespace", PROD, "--timeout=100s")
        done = kubectl("get", "fpc", "--namespace", PROD).stdout
        await prod.until_class(lambda cls: cls["status"].get("attachedClaims") == len(CLAIMS))
        _check_class(kubectl)
        await until(lambda: _reasons(_events(kubectl, last)) == STORY)
        _check_story(kubectl, last)
        kubectl("delete", "fpc", last, "--namespace", PROD, "--wait=false")
        kubectl("wait", "--for=delete", f"fpc/{last}", "--namespace", PROD, "--timeout=100s")
        await operator.stop()
        await until(lambda: _all_were_active(watched.read_text()))
    assert done.splitlines()[0].split() == COLUMNS.split()
    assert {(row["READY"], row["REASON"], row["QUEUE"]) for row in _rows(done).values()} == {("True", "Active", "")}
    _check_watched(watched.read_text())
    await prod.check_always()


@contextmanager
def _watching(installation: Installation) -> Iterator[Path]:
    """What `kubectl get -w` prints meanwhile."""
    output = installation.folder / "watched"
    command = (KUBECTL, "--kubeconfig", installation.plane.kubeconfig, "get", "fpc", "--namespace", PROD, "--watch")
    with output.open("w") as file, subprocess.Popen(command, stdout=file) as process:
        try:
            yield output
        finally:
            process.terminate()


def _one_is_made_and_the_others_wait(claims: list[dict[str, Any]]) -> bool:
    waiting = len(CLAIMS) - 1
    found = {(stands(claim)[1], claim["status"].get("operation", {}).get("display", "")) for claim in claims}
    # Places may follow a moment later.
    return found == {("Creating", ""), *(("Queued", f"{place}/{waiting}") for place in range(1, waiting + 1))}


def _rows(table: str) -> dict[str, dict[str, str]]:
    """The cells by name and column, which may be empty."""
    head, *lines = table.splitlines()
    columns = list(re.finditer(r"\S+\s*", head))
    rows = [{column[0].strip(): line[column.start() : column.end()].strip() for column in columns[:-1]} for line in lines]
    for row, line in zip(rows, lines, strict=True):
        row[columns[-1][0]] = line[columns[-1].start() :]
    return {row["NAME"]: row for row in rows}


def _check_queue(wide: str) -> str:
    """Returns who is last."""
    rows = _rows(wide)
    assert wide.splitlines()[0].split() == f"{COLUMNS} AVAILABLE CLUSTER MESSAGE".split()
    places = {row["QUEUE"]: name for name, row in rows.items() if row["REASON"] == "Queued"}
    assert sorted(places) == ["1/4", "2/4", "3/4", "4/4"]
    assert {(row["READY"], row["CLASS"], row["CLUSTER"].rpartition(":")[2]) for row in rows.values()} == {
        ("Unknown", PROD, f"cluster/{PROD}")
    }
    assert all(row["MESSAGE"] for row in rows.values())
    return places["4/4"]


def _ways(watched: str) -> list[list[str]]:
    """The different reasons of each claim, in their order; of whole lines."""
    seen: dict[str, list[str]] = {}
    for name, *cells in (line.split() for line in watched.rpartition("\n")[0].splitlines()[1:]):
        seen.setdefault(name, []).append(cells[1])
    return sorted(list(dict.fromkeys(reasons)) for reasons in seen.values())


def _all_were_active(watched: str) -> bool:
    ways = _ways(watched)
    return len(ways) == len(CLAIMS) and all("Active" in way for way in ways)


def _check_watched(watched: str) -> None:
    """Each claim goes its way, in lines of one table."""
    begins, waits = ["Pending", "Creating", "Active"], ["Pending", "Queued", "Creating", "Active"]
    first, *others = _ways(watched)
    # One of them may begin at once, or be told its place before; all others wait.
    assert first[: len(waits if "Queued" in first else begins)] in (begins, waits)
    assert [way[: len(waits)] for way in others] == [waits] * (len(CLAIMS) - 1)


def _check_story(kubectl: Kubectl, name: str) -> None:
    """How a claim came to be, at the end of describe and from events alone."""
    described = kubectl("describe", "fpc", name, "--namespace", PROD).stdout
    for told in (described.partition("\nEvents:\n")[2], _events(kubectl, name)):
        assert _reasons(told) == STORY, told


def _events(kubectl: Kubectl, name: str) -> str:
    return kubectl("events", "--for", f"fargateprofileclaim.{GROUP}/{name}", "--namespace", PROD).stdout


def _reasons(told: str) -> list[str]:
    return [reason for reason in STORY if re.search(rf"\bNormal\s+{reason}\b", told)]


def _check_class(kubectl: Kubectl) -> None:
    table = kubectl("get", "fpclass", PROD).stdout
    assert table.splitlines()[0].split() == ["NAME", "READY", "REASON", "CLUSTER", "PROFILES", "QUEUED", "CLAIMS", "AGE"]
    row = _rows(table)[PROD]
    assert (row["READY"], row["REASON"], row["CLAIMS"]) == ("True", "Usable", str(len(CLAIMS)))
    assert row["CLUSTER"].endswith(f":cluster/{PROD}")


async def test_both_kinds_are_found_by_their_short_names_and_their_category(kubectl: Kubectl, world: World) -> None:
    await world.claim()
    listed = kubectl("api-resources", f"--api-group={GROUP}", "--no-headers").stdout.splitlines()
    assert [line.split()[:2] for line in listed] == [[CLAIM_PLURAL, "fpc"], [CLASS_PLURAL, "fpclass"]]
    found = kubectl("get", "fargate", "--namespace", world.name, "--output", "name").stdout.split()
    assert {f"fargateprofileclaim.{GROUP}/web", f"fargateprofileclass.{GROUP}/{world.name}"} <= set(found)


@pytest.mark.parametrize("plural", [CLAIM_PLURAL, CLASS_PLURAL])
@pytest.mark.usefixtures("installation")
def test_explain_has_a_sentence_for_each_field(kubectl: Kubectl, plural: str) -> None:
    (version,) = yaml.safe_load((CRDS / f"{plural}.{GROUP}.yaml").read_text())["spec"]["versions"]
    for path, fields in _objects(plural, version["schema"]["openAPIV3Schema"]):
        explained = kubectl("explain", path).stdout
        assert "<no description>" not in explained, path
        assert set(fields) <= set(re.findall(r"^  (\w+)\t<", explained, re.MULTILINE)), path


def _objects(path: str, schema: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Each object in a schema, by the path that explain takes, and its fields."""
    fields = schema.get("properties") or schema.get("items", {}).get("properties") or {}
    if fields and not path.endswith(".metadata"):
        yield path, sorted(fields)
    for name, field in fields.items():
        yield from _objects(f"{path}.{name}", field)
