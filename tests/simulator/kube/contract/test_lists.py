"""LIST: pages, selectors, resource versions, and the forms of the answer."""

import base64
import json
from typing import Any

import pytest

from support.kube_contract import Api
from support.ticket_kind import Kind


async def fill(api: Api, kind: Kind, namespace: str, count: int) -> None:
    for number in range(count):
        (await api.create(kind.path(namespace), kind.ticket(f"t{number}", labels={"odd": str(number % 2), "n": str(number)}))).ok()


def names(answer: dict[str, Any]) -> list[str]:
    return [item["metadata"]["name"] for item in answer["items"]]


async def test_an_empty_list(api: Api, kind: Kind, namespace: str) -> None:
    listed = (await api.get(kind.path(namespace))).ok()
    assert (listed["kind"], listed["apiVersion"], listed["items"]) == ("TicketList", f"{kind.group}/v1", [])
    assert listed["metadata"]["resourceVersion"].isdigit()


async def test_items_of_custom_kinds_say_what_they_are(api: Api, kind: Kind, namespace: str) -> None:
    await fill(api, kind, namespace, 1)
    (item,) = (await api.get(kind.path(namespace))).ok()["items"]
    assert (item["kind"], item["apiVersion"]) == ("Ticket", f"{kind.group}/v1")


async def test_pages_show_one_moment(api: Api, kind: Kind, namespace: str) -> None:
    await fill(api, kind, namespace, 5)
    first = (await api.get(kind.path(namespace), limit=2)).ok()
    assert first["metadata"]["remainingItemCount"] == 3
    (await api.delete(kind.path(namespace, "t3"))).ok()
    (await api.create(kind.path(namespace), kind.ticket("t33"))).ok()
    second = (await api.get(kind.path(namespace), limit=2, **{"continue": first["metadata"]["continue"]})).ok()
    third = (await api.get(kind.path(namespace), limit=2, **{"continue": second["metadata"]["continue"]})).ok()
    assert [names(first), names(second), names(third)] == [["t0", "t1"], ["t2", "t3"], ["t4"]]
    assert first["metadata"]["resourceVersion"] == second["metadata"]["resourceVersion"] == third["metadata"]["resourceVersion"]
    assert not third["metadata"].get("continue")
    assert names((await api.get(kind.path(namespace))).ok()) == ["t0", "t1", "t2", "t33", "t4"]


async def test_pages_with_a_selector_do_not_count_the_rest(api: Api, kind: Kind, namespace: str) -> None:
    await fill(api, kind, namespace, 5)
    first = (await api.get(kind.path(namespace), limit=2, labelSelector="odd=0")).ok()
    assert names(first) == ["t0", "t2"]
    assert "remainingItemCount" not in first["metadata"]
    second = (await api.get(kind.path(namespace), limit=2, labelSelector="odd=0", **{"continue": first["metadata"]["continue"]})).ok()
    assert names(second) == ["t4"]


@pytest.mark.parametrize("token", ["nonsense", base64.urlsafe_b64encode(json.dumps({"v": "other"}).encode()).decode()])
async def test_a_foreign_token_is_a_bad_request(api: Api, kind: Kind, namespace: str, token: str) -> None:
    (await api.get(kind.path(namespace), limit=2, **{"continue": token})).refused(400, "BadRequest")


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("odd=1", ["t1", "t3"]),
        ("odd!=1", ["t0", "t2"]),
        ("n in (0,3)", ["t0", "t3"]),
        ("n notin (0,3),odd", ["t1", "t2"]),
        ("!odd", []),
    ],
)
async def test_label_selectors(api: Api, kind: Kind, namespace: str, selector: str, expected: list[str]) -> None:
    await fill(api, kind, namespace, 4)
    assert names((await api.get(kind.path(namespace), labelSelector=selector)).ok()) == expected


async def test_field_selectors(api: Api, kind: Kind, namespace: str) -> None:
    await fill(api, kind, namespace, 3)
    assert names((await api.get(kind.path(namespace), fieldSelector="metadata.name=t1")).ok()) == ["t1"]
    assert names((await api.get(kind.path(), fieldSelector=f"metadata.namespace={namespace},metadata.name!=t1")).ok()) == ["t0", "t2"]
    (await api.get(kind.path(namespace), fieldSelector="spec.className=x")).refused(400, "BadRequest")
    (await api.get(kind.path(namespace), labelSelector="a in b")).refused(400, "BadRequest")


async def test_all_namespaces_at_once(api: Api, kind: Kind, namespace: str) -> None:
    await fill(api, kind, namespace, 1)
    listed = (await api.get(kind.path())).ok()["items"]
    assert (namespace, "t0") in {(item["metadata"]["namespace"], item["metadata"]["name"]) for item in listed}


async def test_an_exact_older_version(api: Api, kind: Kind, namespace: str) -> None:
    await fill(api, kind, namespace, 1)
    version = (await api.get(kind.path(namespace))).ok()["metadata"]["resourceVersion"]
    (await api.create(kind.path(namespace), kind.ticket("late"))).ok()
    older = (await api.get(kind.path(namespace), resourceVersion=version, resourceVersionMatch="Exact")).ok()
    assert names(older) == ["t0"]
    newer = (await api.get(kind.path(namespace), resourceVersion=version, resourceVersionMatch="NotOlderThan")).ok()
    assert set(names(newer)) >= {"t0"}


async def test_a_version_from_the_future(api: Api, kind: Kind, namespace: str) -> None:
    version = (await api.get(kind.path(namespace))).ok()["metadata"]["resourceVersion"]
    status = (await api.get(kind.path(namespace), resourceVersion=int(version) + 1_000_000)).refused(504, "Timeout")
    assert status["details"]["causes"][0]["reason"] == "ResourceVersionTooLarge"


async def test_a_version_that_is_none(api: Api, kind: Kind, namespace: str) -> None:
    status = (await api.get(kind.path(namespace), resourceVersion="abc")).refused(400, "BadRequest")
    assert status["message"].startswith('invalid resource version: resourceVersion: Invalid value: "abc": ')


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ({"resourceVersionMatch": "Exact"}, "Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided"),
        (
            {"resourceVersionMatch": "Exact", "resourceVersion": "0"},
            'Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
        ),
        (
            {"resourceVersionMatch": "Near", "resourceVersion": "1"},
            'Unsupported value: "Near": supported values: "Exact", "NotOlderThan", ""',
        ),
        (
            {"resourceVersionMatch": "Exact", "resourceVersion": "1", "continue": "x"},
            "Forbidden: resourceVersionMatch is forbidden when continue is provided",
        ),
    ],
)
async def test_versions_that_cannot_be_matched(api: Api, kind: Kind, namespace: str, query: dict[str, str], why: str) -> None:
    status = (await api.get(kind.path(namespace), **query)).refused(422, "Invalid")
    assert status["message"] == f'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: {why}'


async def test_version_zero_knows_no_pages(api: Api, kind: Kind, namespace: str) -> None:
    await fill(api, kind, namespace, 3)
    newest = (await api.get(kind.path(namespace))).ok()["metadata"]["resourceVersion"]
    # Version zero is whatever the server has at hand: what was waited for once is there from then on.
    (await api.get(kind.path(namespace), resourceVersion=newest, resourceVersionMatch="NotOlderThan")).ok()
    listed = (await api.get(kind.path(namespace), resourceVersion="0", limit=1)).ok()
    assert names(listed) == ["t0", "t1", "t2"]
    assert not listed["metadata"].get("continue")
    assert "remainingItemCount" not in listed["metadata"]


async def test_a_page_is_of_one_version(api: Api, kind: Kind, namespace: str) -> None:
    await fill(api, kind, namespace, 3)
    token = (await api.get(kind.path(namespace), limit=1)).ok()["metadata"]["continue"]
    (await api.get(kind.path(namespace), limit=1, resourceVersion="5", **{"continue": token})).refused(400, "BadRequest")
    assert names((await api.get(kind.path(namespace), resourceVersion="0", **{"continue": token})).ok()) == ["t1", "t2"]


async def test_a_list_sends_no_initial_events(api: Api, kind: Kind, namespace: str) -> None:
    (await api.get(kind.path(namespace), sendInitialEvents="true")).refused(422, "Invalid")


async def test_only_the_metadata(api: Api, kind: Kind, namespace: str) -> None:
    await fill(api, kind, namespace, 1)
    accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
    listed = (await api.get(kind.path(namespace), accept=accept)).ok()
    assert (listed["kind"], listed["apiVersion"]) == ("PartialObjectMetadataList", "meta.k8s.io/v1")
    assert set(listed["items"][0]) <= {"kind", "apiVersion", "metadata"}
    one = (await api.get(kind.path(namespace, "t0"), accept=accept.replace("List", ""))).ok()
    assert (one["kind"], one["metadata"]["name"]) == ("PartialObjectMetadata", "t0")
    assert "spec" not in one


async def test_a_table(api: Api, kind: Kind, namespace: str) -> None:
    await fill(api, kind, namespace, 1)
    accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
    table = (await api.get(kind.path(namespace), accept=accept)).ok()
    assert (table["kind"], table["apiVersion"]) == ("Table", "meta.k8s.io/v1")
    assert [(column["name"], column["priority"]) for column in table["columnDefinitions"]] == [
        ("Name", 0),
        ("Ready", 0),
        ("Queue", 0),
        ("Age", 0),
        ("Class", 1),
    ]
    (row,) = table["rows"]
    assert row["cells"][:3] == ["t0", "Unknown", None]
    assert row["cells"][3].endswith("s")
    assert row["object"]["kind"] == "PartialObjectMetadata"
    table = (await api.get(kind.path(namespace), accept=accept, includeObject="Object")).ok()
    assert table["rows"][0]["object"]["kind"] == "Ticket"
