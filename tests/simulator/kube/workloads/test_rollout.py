"""The division of pods among replica sets, for rollouts of any size, at any moment."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fargateclaims.simulator.kube.workloads import rollout
from fargateclaims.simulator.kube.workloads.rollout import Limits, Sizes, roll


def replica_set(name: str, size: int, available: int, **annotations: int) -> dict[str, Any]:
    names = {"desired": rollout.DESIRED, "most": rollout.MAXIMUM}
    return {
        "metadata": {
            "name": name,
            "creationTimestamp": f"2026-01-01T00:00:0{len(name)}Z",
            "annotations": {names[key]: str(value) for key, value in annotations.items()},
        },
        "spec": {"replicas": size},
        "status": {"availableReplicas": available},
    }


def after(sizes: Sizes, entry: dict[str, Any]) -> dict[str, Any]:
    """What is not available goes first."""
    name, size = entry["metadata"]["name"], rollout.size(entry)
    wanted = sizes.get(name, size)
    return replica_set(name, wanted, min(wanted, rollout.available(entry)))


@st.composite
def moments(draw: st.DrawFn) -> tuple[Limits, list[dict[str, Any]]]:
    """A rollout with up to three replica sets, the last of them new: never more pods than there may be."""
    desired = draw(st.integers(1, 12))
    surge, unavailable = draw(st.integers(0, 5)), draw(st.integers(0, desired))
    limit = Limits(desired, surge, unavailable if surge or unavailable else 1)
    sets, room = [], limit.maximum
    for name in ("o", "oo", "new"):
        size = draw(st.integers(0, room))
        room -= size
        sets.append(replica_set(name, size, draw(st.integers(0, size))))
    return limit, sets


@given(moments())
def test_a_step_makes_neither_too_many_nor_too_few(moment: tuple[Limits, list[dict[str, Any]]]) -> None:
    limit, sets = moment
    *old, new = sets
    sizes = roll(limit, new, old)
    then = [after(sizes, entry) for entry in sets]
    assert sum(map(rollout.size, then)) <= limit.maximum
    before, left = sum(map(rollout.available, sets)), sum(map(rollout.available, then))
    assert left >= min(before, limit.minimum)


@given(moments())
def test_a_rollout_of_pods_that_run_comes_to_its_end(moment: tuple[Limits, list[dict[str, Any]]]) -> None:
    limit, sets = moment
    for _ in range(100):
        *old, new = sets
        sizes = roll(limit, new, old)
        sets = [replica_set(entry["metadata"]["name"], size := rollout.size(after(sizes, entry)), size) for entry in sets]
    assert [rollout.size(entry) for entry in sets] == [0, 0, limit.desired]
    assert roll(limit, sets[2], sets[:2]) == {}


@pytest.mark.parametrize(
    ("strategy", "replicas", "expected"),
    [
        ({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}}, 10, Limits(10, 3, 2)),
        ({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}}, 1, Limits(1, 1, 0)),
        ({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": "10%"}}, 3, Limits(3, 0, 1)),
        ({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 9}}, 3, Limits(3, 0, 3)),
        ({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 2, "maxUnavailable": 0}}, 0, Limits(0, 0, 0)),
        ({"type": "Recreate"}, 5, Limits(5, 0, 0)),
    ],
)
def test_limits(strategy: dict[str, Any], replicas: int, expected: Limits) -> None:
    assert rollout.limits({"spec": {"replicas": replicas, "strategy": strategy}}) == expected


def test_a_template_has_its_hash_whatever_the_order() -> None:
    one: dict[str, Any] = {"metadata": {"labels": {"a": "1", "b": "2"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    other = {"spec": {"containers": [{"image": "i", "name": "c"}]}, "metadata": {"labels": {"b": "2", "a": "1"}}}
    assert rollout.template_hash(one, 0) == rollout.template_hash(other, 0)
    assert rollout.template_hash(one, 0) != rollout.template_hash(one, 1)
    labelled = {**one, "metadata": {"labels": {**one["metadata"]["labels"], rollout.HASH_LABEL: "x"}}}
    assert rollout.same_template(one, labelled)
