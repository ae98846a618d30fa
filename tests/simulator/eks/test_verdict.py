"""The ledger's filters and what is concluded from its entries."""

from typing import Any

import pytest

from fargateclaims.simulator.eks.ledger import Call, Entry, Filter, Ledger, StatusChange, from_json, to_json
from fargateclaims.simulator.eks.verdict import verdict


def call(at: float, operation: str = "CreateFargateProfile", **more: Any) -> Call:
    fields: dict[str, Any] = {
        "monotonic": at,
        "seconds": 0.1,
        "account": "1",
        "region": "r",
        "service": "eks",
        "cluster": "c",
        "profile": "p",
        "caller": "us",
        "access_key": "k",
        "user_agent": "u",
        "status": 200,
    }
    return Call(at=at, operation=operation, **{**fields, **more})


def change(at: float, before: str | None, after: str | None, profile: str = "p", **more: Any) -> StatusChange:
    fields: dict[str, Any] = {"account": "1", "region": "r", "cluster": "c", "arn": f"arn/{profile}", "caller": "us"}
    return StatusChange(at=at, profile=profile, before=before, after=after, **{**fields, **more})


def busy(at: float, **more: Any) -> Call:
    text = "Cannot create Fargate Profile p because cluster c currently has Fargate profile q in status CREATING"
    return call(at, status=409, error="ResourceInUseException", message=text, **more)


def run(start: float, seconds: float, profile: str, **more: Any) -> list[StatusChange]:
    return [
        change(start, None, "CREATING", profile, **more),
        change(start + seconds, "CREATING", "ACTIVE", profile, **more),
    ]


def test_one_cluster() -> None:
    entries: list[Entry] = [
        call(0, changed=True),
        *run(0, 3, "p"),
        busy(1),
        call(2, "DescribeFargateProfile"),
        call(4, changed=True),
        *run(4, 2, "q"),
    ]
    judged = verdict(entries, "c")
    assert judged.operations == {"CreateFargateProfile": 2}
    assert (judged.refused, judged.refused_for_update, judged.max_in_flight, judged.unfinished) == (1, 0, 1, 0)
    assert (judged.floor_seconds, judged.operation_seconds, judged.elapsed_seconds) == (5, 5, 6)
    assert judged.ratio == pytest.approx(1.2)
    assert judged.calls == {"eks:CreateFargateProfile": 3, "eks:DescribeFargateProfile": 1}
    assert judged.total_calls == 4


def test_a_failed_and_a_deleting_operation_take_the_slot_too() -> None:
    entries: list[Entry] = [
        call(0),
        change(0, None, "CREATING"),
        change(2, "CREATING", "CREATE_FAILED"),
        change(2, "CREATE_FAILED", "DELETING"),
        change(5, "DELETING", None),
    ]
    assert verdict(entries).floor_seconds == 5


def test_several_clusters_are_measured_by_the_slowest_one() -> None:
    entries: list[Entry] = [call(0), *run(0, 3, "p"), call(0, cluster="d"), *run(0, 4, "q", cluster="d"), *run(4, 1, "s", account="2")]
    judged = verdict(entries)
    assert (judged.floor_seconds, judged.operation_seconds, judged.elapsed_seconds, judged.max_in_flight) == (4, 8, 5, 1)


def test_the_foreign_actor_is_judged_apart() -> None:
    entries: list[Entry] = [call(0, changed=True, caller="foreign"), busy(1, caller="foreign"), *run(0, 3, "p"), busy(1)]
    judged = verdict(entries)
    assert (judged.refused, judged.operations, judged.foreign_operations) == (1, {}, {"CreateFargateProfile": 1})
    assert judged.calls == {"eks:CreateFargateProfile": 1}


def test_two_in_flight_and_one_without_end_are_seen() -> None:
    judged = verdict([call(0), *run(0, 3, "p"), change(1, None, "CREATING", "q")])
    assert (judged.max_in_flight, judged.unfinished) == (2, 1)


def test_calls_at_once() -> None:
    entries = [call(0, seconds=1), call(0.5, seconds=1), call(0.9, seconds=0.2), call(5, seconds=1), call(6, seconds=1)]
    assert verdict(entries).max_calls_at_once == 3
    assert verdict(entries[3:]).max_calls_at_once == 1


def test_refusals_for_an_update_and_nothing_at_all() -> None:
    text = "Cannot Delete Fargate Profile P because cluster C currently has an update in progress"
    assert verdict([call(0, status=409, error="ResourceInUseException", message=text)]).refused_for_update == 1
    empty = verdict([])
    assert (empty.ratio, empty.elapsed_seconds, empty.max_calls_at_once, empty.total_calls) == (0, 0, 0, 0)


def test_entries_survive_json() -> None:
    for entry in (busy(1), change(1, None, "CREATING")):
        assert from_json(to_json(entry)) == entry


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({}, 4),
        ({"kind": "call"}, 2),
        ({"kind": "transition"}, 2),
        ({"cluster": "d"}, 1),
        ({"operation": "ListClusters"}, 1),
        ({"since": "1"}, 3),
        ({"caller": "us", "service": "eks"}, 2),
        ({"account": "9"}, 0),
    ],
)
def test_filters(query: dict[str, str], count: int) -> None:
    ledger = Ledger()
    entries: list[Entry] = [*run(0.5, 3, "p"), call(2, "ListClusters", cluster=None), call(1, cluster="d")]
    for entry in entries:
        ledger.add(entry)
    chosen = ledger.entries(Filter.parse(query))
    assert len(chosen) == count
    assert chosen == sorted(chosen, key=lambda entry: entry.at)


@pytest.mark.parametrize("query", [{"colour": "red"}, {"since": "yesterday"}])
def test_a_filter_that_is_none(query: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"colour|yesterday"):
        Filter.parse(query)
