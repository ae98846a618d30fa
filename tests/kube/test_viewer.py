"""Reads with a person's own rights: what is asked, page by page, and which right is missing."""

import pytest

from fargateclaims.kube.client import KubeClient
from fargateclaims.kube.errors import Conflict, Missing, Refused, Unavailable
from fargateclaims.kube.viewer import WORKLOADS, MissingRightError, Viewer, message_of
from support.scripted_server import ScriptedServer, answer, failure


@pytest.fixture
def viewer(client: KubeClient) -> Viewer:
    return Viewer(client)


def page(*names: str, more: str = "") -> dict[str, object]:
    """One page of a list of pods."""
    return {
        "kind": "PodList",
        "apiVersion": "v1",
        "metadata": {"resourceVersion": "7", "continue": more},
        "items": [{"metadata": {"name": n}} for n in names],
    }


async def test_pods_of_a_namespace_come_page_by_page(viewer: Viewer, server: ScriptedServer) -> None:
    server.will(answer(page("a", more="next")), answer(page("b")))
    assert [one["metadata"]["name"] for one in await viewer.pods("shop")] == ["a", "b"]
    assert [asked.path for asked in server.asked] == ["/api/v1/namespaces/shop/pods"] * 2
    assert server.asked[1].query["continue"] == "next"


async def test_pods_of_all_namespaces(viewer: Viewer, server: ScriptedServer) -> None:
    server.will(answer(page()))
    assert await viewer.pods(None) == []
    assert server.asked[0].path == "/api/v1/pods"


async def test_events_of_one_object(viewer: Viewer, server: ScriptedServer) -> None:
    server.will(answer(page()))
    await viewer.events_of("shop", "u-1")
    assert server.asked[0].query["fieldSelector"] == "involvedObject.uid=u-1"


@pytest.mark.parametrize("kind", sorted(WORKLOADS))
async def test_one_object_of_every_kind(viewer: Viewer, server: ScriptedServer, kind: str) -> None:
    version, plural = WORKLOADS[kind]
    server.will(answer({"kind": "X", "metadata": {"name": "a/b"}}))
    assert (await viewer.get(kind, "shop", "a/b"))["apiVersion"] == version
    root = "/apis" if "/" in version else "/api"
    assert server.asked[0].path == f"{root}/{version}/namespaces/shop/{plural}/a/b"


async def test_a_pod_is_deleted_only_as_it_was_read(viewer: Viewer, server: ScriptedServer) -> None:
    server.will(answer({"kind": "Pod"}))
    await viewer.delete_pod("shop", "web", "u-1", "7")
    assert server.asked[0].method == "DELETE"
    assert server.asked[0].body["preconditions"] == {"uid": "u-1", "resourceVersion": "7"}
    server.will(failure(409, "Conflict", "the UID in the precondition does not match"), failure(404, "NotFound", "gone"))
    with pytest.raises(Conflict):
        await viewer.delete_pod("shop", "web", "u-1", "7")
    with pytest.raises(Missing):
        await viewer.delete_pod("shop", "web", "u-1", "7")


async def test_the_missing_right_is_named(viewer: Viewer, server: ScriptedServer) -> None:
    server.will(*[failure(403, "Forbidden", "no") for _ in range(6)])
    calls = (
        (viewer.pods(None), ("list", "pods", None)),
        (viewer.claims("shop"), ("list", "fargateprofileclaims.fargateclaims.dev", "shop")),
        (viewer.claim("shop", "a"), ("get", "fargateprofileclaims.fargateclaims.dev", "shop")),
        (viewer.fargate_class("a"), ("get", "fargateprofileclasses.fargateclaims.dev", None)),
        (viewer.get("deployment", "shop", "a"), ("get", "deployments", "shop")),
        (viewer.delete_pod("shop", "a", "u", "7"), ("delete", "pods", "shop")),
    )
    for call, right in calls:
        with pytest.raises(MissingRightError) as caught:
            await call
        assert (caught.value.verb, caught.value.resource, caught.value.namespace) == right
        assert str(caught.value).startswith(f"you may not {right[0]} {right[1]} in ")


async def test_other_refusals_stay_what_they_are(viewer: Viewer, server: ScriptedServer) -> None:
    server.will(failure(422, "Invalid", "no"), failure(500, "InternalError", "no"))
    with pytest.raises(Refused) as caught:
        await viewer.delete_pod("shop", "a", "u", "7")
    assert not isinstance(caught.value, MissingRightError)
    with pytest.raises(Unavailable):
        await viewer.pods("shop")


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ({"source": {"component": "fargate-scheduler"}, "message": "m"}, ("fargate-scheduler", "m")),
        ({"reportingComponent": "fargate-scheduler", "source": {}, "message": "m"}, ("fargate-scheduler", "m")),
        ({"source": None, "message": 7}, ("", "")),
    ],
)
def test_who_said_what(event: dict[str, object], said: tuple[str, str]) -> None:
    assert message_of(event) == said
