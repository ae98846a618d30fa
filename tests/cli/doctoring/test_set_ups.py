"""What doctor finds: nothing where all is well, and each broken set-up with what to do."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fargateclaims.api.conditions import ConditionType
from support.broken_set_ups import BREAKAGES, SetUp
from support.doctored import CLUSTER_ARN, ROLE_ARN, Doctor
from support.kube_server import RunningKube

READS = ("Describe", "List", "Get")


def checks_of(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All checks but those that others consist of."""
    yield from document["checks"]
    for cluster in document["clusters"]:
        yield from cluster["checks"]
        for cls in cluster["classes"]:
            yield from cls["checks"]


def marks(text: str) -> set[str]:
    """The first character of each line that is none of the tree's."""
    lines = (line.lstrip("├─│└ ") for line in text.splitlines())
    return {line[0] for line in lines if line[:1] and line[1:2] == " "}


@pytest.mark.parametrize("change", [lambda _: None, SetUp.isolate], ids=["by a NAT gateway", "by endpoints"])
def test_where_all_is_well_nothing_is_found(set_up: SetUp, kube: RunningKube, doctor: Doctor, change: Callable[[SetUp], None]) -> None:
    change(set_up)
    ran = doctor("--class", "standard")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.endswith("\nall is well\n")
    assert marks(ran.out) == {"✓", "·"}


def test_before_there_is_a_class_no_kubeconfig_is_needed(
    set_up: SetUp, kube: RunningKube, doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KUBECONFIG")
    ids = [argument for subnet in set_up.seeded.private_subnets for argument in ("--subnet-id", subnet)]
    ran = doctor("--cluster-arn", CLUSTER_ARN, "--role-arn", ROLE_ARN, *ids)
    assert (ran.code, ran.err) == (0, "")
    assert marks(ran.out) == {"✓"}


def test_nothing_is_changed(set_up: SetUp, kube: RunningKube, doctor: Doctor) -> None:
    set_up.simulated.clear_ledger()
    assert doctor().code == 0
    assert {call.operation for call in set_up.simulated.calls() if not call.operation.startswith(READS)} == set()
    assert {entry["verb"] for entry in kube.admin.ledger()} <= {"get", "list"}


@pytest.mark.parametrize(("condition", "breakage"), BREAKAGES.values(), ids=BREAKAGES)
def test_each_broken_set_up_is_found_with_its_fix(
    set_up: SetUp, kube: RunningKube, doctor: Doctor, condition: ConditionType, breakage: Callable[[SetUp], None]
) -> None:
    breakage(set_up)
    ran = doctor("-o", "json", "--fix-only")
    document = json.loads(ran.out)
    amiss = {check["condition"]: check for check in checks_of(document)}
    found = amiss.pop(condition)
    assert ran.code == document["exitCode"] == {"warning": 1, "error": 2}[found["level"]]
    assert found["fix"]
    assert "\n" not in found["message"] + found["fix"]
    # Without subnets there is no way out to be looked at.
    assert {name: check["level"] for name, check in amiss.items()} in ({}, {ConditionType.EGRESS_AVAILABLE: "unknown"})
    assert all(check["fix"] for check in amiss.values())
