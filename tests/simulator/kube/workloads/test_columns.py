"""Cells that depend on the time, or on what no test can bring about on a real server."""

from datetime import UTC, datetime
from typing import Any

import pytest

from fargateclaims.simulator.kube.workloads.columns import BUILT_IN

NOW = datetime(2026, 1, 1, 1, tzinfo=UTC)
CRASHED = {"terminated": {"exitCode": 1, "finishedAt": "2026-01-01T00:55:00Z"}}
DONE = {"terminated": {"exitCode": 0, "reason": "Completed"}}


def cells(*statuses: dict[str, Any], **status: Any) -> dict[str, Any]:
    """Of a pod with these container statuses."""
    spec = {"containers": [{"name": f"c{index}"} for index, _ in enumerate(statuses)]}
    named = [{"name": f"c{index}", **entry} for index, entry in enumerate(statuses)]
    pod = {"metadata": {"name": "p"}, "spec": spec, "status": {"phase": "Running", "containerStatuses": named, **status}}
    return {column.name: column.cell(pod, NOW) for column in BUILT_IN["Pod"]}


def test_a_restart_is_dated() -> None:
    crashing = {"restartCount": 3, "lastState": CRASHED, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}
    shown = cells(crashing, {"restartCount": 1, "state": {"running": {}}, "ready": True})
    assert (shown["Restarts"], shown["Status"], shown["Ready"]) == ("4 (5m ago)", "CrashLoopBackOff", "1/2")


@pytest.mark.parametrize(
    ("other", "ready", "shown"),
    [
        ({"state": {"running": {}}, "ready": True}, "True", "Running"),
        ({"state": {"running": {}}, "ready": True}, "False", "NotReady"),
        ({"state": {"terminated": {"exitCode": 2, "reason": "Error"}}}, "False", "Error"),
        ({"state": DONE}, "False", "Completed"),
    ],
)
def test_a_pod_of_which_one_container_is_done(other: dict[str, Any], ready: str, shown: str) -> None:
    assert cells({"state": DONE}, other, conditions=[{"type": "Ready", "status": ready}])["Status"] == shown


def test_a_gated_pod_says_so() -> None:
    assert cells(conditions=[{"type": "PodScheduled", "reason": "SchedulingGated"}])["Status"] == "SchedulingGated"
