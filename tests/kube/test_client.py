import asyncio
from typing import Any

import pytest
from aiohttp import web
from kubernetes.aio.client import ApiClient, Configuration

from fargateclaims import __version__
from fargateclaims.api.group import API_VERSION, CLAIM_KIND, CLAIM_PLURAL, CLASS_KIND, CLASS_PLURAL
from fargateclaims.kube.client import KubeClient
from fargateclaims.kube.errors import Conflict, KubeError, Missing, Refused, Throttled, Unavailable
from support.ports import reserved_port
from support.scripted_server import ScriptedServer, answer, failure
from support.virtual_clock import VirtualClock
from support.waiting import until

CLAIMS = f"/apis/{API_VERSION}/fargateprofileclaims"


def claim(name: str = "checkout", **metadata: Any) -> dict[str, Any]:
    meta = {"namespace": "shop", "name": name, "uid": "u1", "resourceVersion": "7", **metadata}
    return {"apiVersion": API_VERSION, "kind": CLAIM_KIND, "metadata": meta, "spec": {"className": "standard"}}


def page(*items: dict[str, Any], more: str = "", version: str = "100") -> web.Response:
    metadata = {"resourceVersion": version, **({"continue": more} if more else {})}
    return answer({"apiVersion": API_VERSION, "kind": f"{CLAIM_KIND}List", "metadata": metadata, "items": list(items)})


class TestList:
    async def test_all_pages_are_read_in_order(self, server: ScriptedServer, client: KubeClient) -> None:
        server.will(page(claim("a"), claim("b"), more="t=/+1"), page(claim("c"), more="t2"), page(claim("d")))
        items, version = await client.list_all(CLAIM_PLURAL)
        assert [item["metadata"]["name"] for item in items] == ["a", "b", "c", "d"]
        assert version == "100"
        assert [asked.path for asked in server.asked] == [CLAIMS] * 3
        assert [asked.query for asked in server.asked] == [
            {"limit": "500"},
            {"limit": "500", "continue": "t=/+1"},
            {"limit": "500", "continue": "t2"},
        ]

    async def test_managed_fields_are_left_out(self, server: ScriptedServer, client: KubeClient) -> None:
        server.will(page(claim(managedFields=[{"manager": "kubectl"}])))
        ((item,), _) = await client.list_all(CLAIM_PLURAL)
        assert item == claim()

    async def test_of_each_object_only_what_is_wanted_is_kept(self, server: ScriptedServer, client: KubeClient) -> None:
        server.will(page(claim("a"), more="t"), page(claim("b")))
        query = [("labelSelector", "a/b=c")]
        assert await client.list_path("/x", query, lambda item: item["metadata"]["name"]) == (["a", "b"], "100")
        assert [asked.query for asked in server.asked] == [
            {"labelSelector": "a/b=c", "limit": "500"},
            {"labelSelector": "a/b=c", "limit": "500", "continue": "t"},
        ]

    async def test_items_of_built_in_kinds_say_what_they_are(self, server: ScriptedServer, client: KubeClient) -> None:
        items = [{"metadata": {"name": "shop"}}]
        server.will(answer({"apiVersion": "v1", "kind": "NamespaceList", "metadata": {"resourceVersion": "5"}, "items": items}))
        ((namespace,), version) = await client.list_namespaces()
        assert (namespace["apiVersion"], namespace["kind"], version) == ("v1", "Namespace", "5")
        assert server.asked[0].path == "/api/v1/namespaces"

    async def test_an_empty_list_may_be_null(self, server: ScriptedServer, client: KubeClient) -> None:
        server.will(answer({"kind": "List", "metadata": {"resourceVersion": "5"}, "items": None}))
        assert await client.list_all(CLASS_PLURAL) == ([], "5")

    async def test_a_list_that_was_forgotten_half_way_is_read_again_from_the_start(
        self, server: ScriptedServer, client: KubeClient
    ) -> None:
        expired = failure(410, "Expired", "The provided continue parameter is too old")
        server.will(page(claim("gone"), more="t"), expired, page(claim("a"), more="t2", version="200"), page(claim("b"), version="200"))
        items, version = await client.list_all(CLAIM_PLURAL)
        assert [item["metadata"]["name"] for item in items] == ["a", "b"]
        assert version == "200"
        assert server.asked[2].query == {"limit": "500"}

    async def test_it_is_read_again_only_once(self, server: ScriptedServer, client: KubeClient) -> None:
        for _ in range(2):
            server.will(page(claim("a"), more="t"), failure(410, "Expired", "too old"))
        with pytest.raises(Unavailable) as error:
            await client.list_all(CLAIM_PLURAL)
        assert error.value.status == 410
        assert len(server.asked) == 4

    async def test_a_throttled_page_waits_as_long_as_was_asked_for(
        self, server: ScriptedServer, client: KubeClient, clock: VirtualClock, outcomes: list[tuple[str, str]]
    ) -> None:
        server.will(page(claim("a"), more="t"), failure(429, "TooManyRequests", "later", retry_after="7"), page(claim("b")))
        listing = asyncio.ensure_future(client.list_all(CLAIM_PLURAL))
        await until(lambda: len(server.asked) == 2 and outcomes[-1] == ("list", "Throttled"))
        await clock.advance(6.9)
        assert len(server.asked) == 2
        await clock.advance(0.2)
        items, _ = await listing
        assert [item["metadata"]["name"] for item in items] == ["a", "b"]

    @pytest.mark.parametrize(
        "body", [{"kind": "Status"}, {"metadata": {}, "items": []}, {"metadata": {"resourceVersion": "1"}, "items": {}}]
    )
    async def test_what_is_no_list_is_not_taken_for_an_empty_one(self, server: ScriptedServer, client: KubeClient, body: Any) -> None:
        server.will(answer(body))
        with pytest.raises(Unavailable, match="is no list"):
            await client.list_all(CLAIM_PLURAL)


class TestReadsAndWrites:
    async def test_get(self, server: ScriptedServer, client: KubeClient) -> None:
        server.will(answer(claim(managedFields=[])), answer(claim()), answer({"metadata": {"name": "x"}}))
        assert await client.get(CLAIM_PLURAL, "shop", "checkout") == claim()
        await client.get(CLASS_PLURAL, None, "standard")
        await client.get_crd("fargateprofileclaims.fargateclaims.dev")
        assert [(asked.method, asked.path) for asked in server.asked] == [
            ("GET", f"/apis/{API_VERSION}/namespaces/shop/fargateprofileclaims/checkout"),
            ("GET", f"/apis/{API_VERSION}/fargateprofileclasses/standard"),
            ("GET", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/fargateprofileclaims.fargateclaims.dev"),
        ]

    async def test_a_request_says_who_we_are(self, server: ScriptedServer, client: KubeClient) -> None:
        server.will(answer(claim()))
        await client.get(CLAIM_PLURAL, "shop", "checkout")
        assert server.asked[0].headers["User-Agent"] == f"fargateclaims/{__version__}"

    async def test_a_status_is_put_with_its_preconditions(self, server: ScriptedServer, client: KubeClient) -> None:
        server.will(answer(claim(resourceVersion="8")))
        written = await client.put_status({**claim(), "status": {"observedGeneration": 1}})
        assert written["metadata"]["resourceVersion"] == "8"
        (asked,) = server.asked
        assert (asked.method, asked.path) == ("PUT", f"/apis/{API_VERSION}/namespaces/shop/fargateprofileclaims/checkout/status")
        assert asked.body == {**claim(), "status": {"observedGeneration": 1}}

    @pytest.mark.parametrize("missing", ["uid", "resourceVersion"])
    async def test_a_status_without_preconditions_is_never_sent(self, server: ScriptedServer, client: KubeClient, missing: str) -> None:
        with pytest.raises(ValueError, match="uid and resourceVersion"):
            await client.put_status(claim(**{missing: ""}))
        assert server.asked == []

    async def test_finalizers_are_patched_alone_and_with_preconditions(self, server: ScriptedServer, client: KubeClient) -> None:
        server.will(answer(claim()))
        standard = {"kind": CLASS_KIND, "metadata": {"name": "standard", "uid": "u2", "resourceVersion": "9"}, "spec": {}}
        await client.patch_finalizers(standard, ["a/b", "c/d"])
        (asked,) = server.asked
        assert (asked.method, asked.path) == ("PATCH", f"/apis/{API_VERSION}/fargateprofileclasses/standard")
        assert asked.headers["Content-Type"] == "application/merge-patch+json"
        assert asked.body == {"metadata": {"uid": "u2", "resourceVersion": "9", "finalizers": ["a/b", "c/d"]}}

    async def test_a_list_of_operations_is_a_json_patch(self, server: ScriptedServer, client: KubeClient) -> None:
        server.will(answer(claim()))
        operations: list[dict[str, object]] = [{"op": "test", "path": "/a", "value": 1}, {"op": "remove", "path": "/a"}]
        await client.request("patch", "/x", body=operations)
        (asked,) = server.asked
        assert (asked.headers["Content-Type"], asked.body) == ("application/json-patch+json", operations)

    async def test_a_deletion_may_have_preconditions(self, server: ScriptedServer, client: KubeClient) -> None:
        server.will(answer(claim()))
        await client.request("delete", "/x", body={"preconditions": {"uid": "u1"}})
        (asked,) = server.asked
        assert (asked.method, asked.headers["Content-Type"], asked.body) == (
            "DELETE",
            "application/json",
            {"preconditions": {"uid": "u1"}},
        )


class TestFailures:
    @pytest.mark.parametrize(
        ("refusal", "kind"),
        [
            ((400, "BadRequest"), Refused),
            ((401, "Unauthorized"), Refused),
            ((403, "Forbidden"), Refused),
            ((404, "NotFound"), Missing),
            ((409, "Conflict"), Conflict),
            ((409, "AlreadyExists"), Conflict),
            ((410, "Expired"), Unavailable),
            ((422, "Invalid"), Refused),
            ((429, "TooManyRequests"), Throttled),
            ((500, "InternalError"), Unavailable),
            ((503, "ServiceUnavailable"), Unavailable),
            ((504, "Timeout"), Unavailable),
        ],
    )
    async def test_an_answer_becomes_one_of_our_errors(
        self, server: ScriptedServer, client: KubeClient, outcomes: list[tuple[str, str]], refusal: tuple[int, str], kind: type[KubeError]
    ) -> None:
        status, reason = refusal
        server.will(failure(status, reason, "because"))
        with pytest.raises(kind) as error:
            await client.put_status(claim())
        assert (error.value.status, error.value.reason) == (status, reason)
        assert str(error.value).endswith(f"fargateprofileclaims/checkout/status: {status} {reason}: because")
        assert outcomes == [("update", kind.__name__)]
        assert len(server.asked) == 1, "a write is not sent twice"

    @pytest.mark.parametrize(("said", "seconds"), [("3", 3), ("0", 0), (None, 1), ("soon", 1), ("-1", 1), ("86400", 60)])
    async def test_throttling_says_when_to_come_back(
        self, server: ScriptedServer, client: KubeClient, said: str | None, seconds: float
    ) -> None:
        server.will(failure(429, "TooManyRequests", "later", retry_after=said))
        with pytest.raises(Throttled) as error:
            await client.get(CLAIM_PLURAL, "shop", "a")
        assert error.value.retry_after == seconds

    async def test_when_to_come_back_may_stand_in_the_body(self, server: ScriptedServer, client: KubeClient) -> None:
        server.will(answer({"kind": "Status", "details": {"retryAfterSeconds": 4}}, 503))
        with pytest.raises(Unavailable) as error:
            await client.get(CLAIM_PLURAL, "shop", "a")
        assert error.value.retry_after == 4

    @pytest.mark.parametrize(
        ("details", "causes"),
        [
            ({"causes": [{"reason": "DisruptionBudget", "message": "web"}, {}, 7]}, {"DisruptionBudget": "web", "": ""}),
            ({"causes": {"reason": "x"}}, {}),
            ({}, {}),
            (None, {}),
        ],
    )
    async def test_what_else_is_said_of_the_cause_is_kept(
        self, server: ScriptedServer, client: KubeClient, details: Any, causes: dict[str, str]
    ) -> None:
        server.will(answer({"kind": "Status", "details": details}, 429))
        with pytest.raises(Throttled) as error:
            await client.request("create", "/x", body={})
        assert error.value.causes == causes

    @pytest.mark.parametrize("text", ["<html>login</html>", "", "[]", '"x"'])
    async def test_an_answer_that_is_no_object_is_no_answer(self, server: ScriptedServer, client: KubeClient, text: str) -> None:
        server.will(web.Response(text=text))
        with pytest.raises(Unavailable, match="no Kubernetes object"):
            await client.get(CLAIM_PLURAL, "shop", "a")

    async def test_a_refusal_need_not_be_json(self, server: ScriptedServer, client: KubeClient) -> None:
        server.will(web.Response(status=502, text="bad gateway"))
        with pytest.raises(Unavailable, match="502: bad gateway"):
            await client.get(CLAIM_PLURAL, "shop", "a")

    async def test_a_server_that_does_not_answer_is_given_up(self, server: ScriptedServer, client: KubeClient) -> None:
        async def hang(_request: web.Request) -> web.StreamResponse:
            await asyncio.sleep(30)
            return web.Response()

        server.will(hang)
        with pytest.raises(Unavailable, match="no answer in time"):
            await client.request("get", "/x", timeout=0.05)

    async def test_an_answer_that_is_cut_off_is_no_answer(self, server: ScriptedServer, client: KubeClient) -> None:
        async def cut(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse(headers={"Content-Length": "1000"})
            await response.prepare(request)
            await response.write(b'{"kind": ')
            assert request.transport is not None
            request.transport.abort()
            return response

        server.will(cut)
        with pytest.raises(Unavailable):
            await client.get(CLAIM_PLURAL, "shop", "a")

    async def test_nobody_there(self) -> None:
        with reserved_port() as port:
            client = KubeClient(ApiClient(Configuration(host=f"http://127.0.0.1:{port}")))
            with pytest.raises(Unavailable, match="GET /api/v1/namespaces: "):
                await client.list_namespaces()
            await client.close()

    async def test_a_closed_client_sends_nothing(self, server: ScriptedServer, client: KubeClient) -> None:
        await client.close()
        with pytest.raises(Unavailable, match="closed"):
            await client.get(CLAIM_PLURAL, "shop", "a")
        assert server.asked == []
