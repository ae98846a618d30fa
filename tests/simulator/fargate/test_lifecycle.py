"""What comes next for a pod, by nothing but the pod itself."""

from typing import Any

import pytest

from fargateclaims.simulator.fargate import marks
from fargateclaims.simulator.fargate.lifecycle import Step, completion, next_step

NODE = "fargate-ip-10-0-1-7.ec2.internal"
JOB = {marks.COMPLETES_AFTER: "1.5"}

Obj = dict[str, Any]


def pod(
    phase: str = "Pending",
    node: str | None = None,
    reason: str = "",
    restart: str = "Always",
    annotations: Obj | None = None,
    **metadata: Any,
) -> Obj:
    conditions = [{"type": "PodScheduled", "status": "False", "reason": reason}] if reason else []
    return {
        "metadata": {"name": "p", "annotations": annotations, **metadata},
        "spec": {"restartPolicy": restart, **({"nodeName": node} if node else {})},
        "status": {"phase": phase, "conditions": conditions},
    }


def deleted(grace: int, **fields: Any) -> Obj:
    return pod(deletionTimestamp="2026-11-21T12:00:00Z", deletionGracePeriodSeconds=grace, **fields)


@pytest.mark.parametrize(
    ("wanted", "step"),
    [
        (pod(), Step.JUDGE),
        ({"metadata": {"name": "p"}, "spec": {}}, Step.JUDGE),
        (pod(reason="SchedulerError"), Step.JUDGE),
        (pod(reason="Unschedulable"), Step.REST),
        (pod(reason="POD_CPU_MEM_EXCEEDS_MAX_FARGATE_SIZE"), Step.REST),
        (deleted(30), Step.REST),
        (pod("Failed"), Step.REST),
        (pod(node="ip-10-0-1-7.ec2.internal"), Step.REST),
        (pod(node=NODE), Step.START),
        (pod("Running", NODE), Step.REST),
        (pod("Running", NODE, restart="Never", annotations=JOB), Step.COMPLETE),
        (pod("Running", NODE, restart="Always", annotations=JOB), Step.REST),
        (pod("Succeeded", NODE, restart="Never", annotations=JOB), Step.REST),
        (deleted(30, node=NODE), Step.STOP),
        (deleted(30, phase="Running", node=NODE), Step.STOP),
        (deleted(30, phase="Succeeded", node=NODE), Step.STOP),
        (deleted(0, phase="Failed", node=NODE), Step.REST),
        (deleted(30, phase="Running", node="ip-10-0-1-7.ec2.internal"), Step.REST),
    ],
)
def test_the_next_step(wanted: Obj, step: Step) -> None:
    assert next_step(wanted) is step


@pytest.mark.parametrize(
    ("annotations", "expected"),
    [
        (JOB, (1.5, 0)),
        (JOB | {marks.EXIT_CODE: "3"}, (1.5, 3)),
        ({}, None),
        (None, None),
        ({marks.EXIT_CODE: "3"}, None),
        ({marks.COMPLETES_AFTER: "soon"}, None),
        ({marks.COMPLETES_AFTER: "-1"}, None),
        ({marks.COMPLETES_AFTER: "inf"}, None),
        ({marks.COMPLETES_AFTER: "nan"}, None),
        (JOB | {marks.EXIT_CODE: "x"}, None),
    ],
)
def test_when_a_pod_completes(annotations: Obj | None, expected: tuple[float, int] | None) -> None:
    assert completion(pod(restart="Never", annotations=annotations)) == expected
