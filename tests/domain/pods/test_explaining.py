"""What is said of a pod as time goes by."""

from datetime import UTC, datetime, timedelta

import pytest

from fargateclaims.domain.pods.explaining import Outcome, explain
from fargateclaims.domain.pods.pod import Pod

NOW = datetime(2026, 11, 21, 11, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("age", "step"),
    [
        (timedelta(minutes=2), "wait: EKS makes a node for it, which takes a minute or two"),
        (
            timedelta(minutes=11),
            "make it again, as nothing is said of it any more: kubectl delete pod web-1 -n shop   (ReplicaSet/web makes it again)",
        ),
    ],
)
def test_a_pod_of_which_nothing_is_said(age: timedelta, step: str) -> None:
    spec = {"schedulerName": "fargate-scheduler"}
    pod = Pod("shop", "web-1", "u", {}, {}, spec, created=NOW - age, phase="Pending", controller="ReplicaSet/web")
    found = explain(pod, (), (), NOW)
    assert (found.outcome, found.steps) == (Outcome.TAKEN, (step,))
