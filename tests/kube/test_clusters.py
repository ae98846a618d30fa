"""An EKS cluster's own API over real HTTP and TLS, with tokens that are made up."""

import asyncio
import base64
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from fargateclaims.api.arn import ClusterARN
from fargateclaims.domain.failure import AWSError, Failure, FailureClass
from fargateclaims.domain.no_access import Barrier, NoAccess
from fargateclaims.domain.observation import EKSCluster
from fargateclaims.kube import client as requests
from fargateclaims.kube.client import KubeClient
from fargateclaims.kube.clusters import ClusterAPI, ClusterAPIs
from fargateclaims.timing import CLUSTER_API_IDLE
from support.ports import reserved_port
from support.scripted_server import ScriptedServer, answer, failure
from support.virtual_clock import VirtualClock
from support.waiting import until

ARN = ClusterARN("aws", "eu-west-1", "111122223333", "prod")
ROLE = "arn:aws:iam::111122223333:role/fargateclaims"
RBAC = 'User "{user}" cannot {verb} resource "{resource}" in API group "{group}" {where}'


def eks_cluster(url: str, ca: str = "", **more: Any) -> EKSCluster:
    return EKSCluster("prod", "ACTIVE", "1.35", "vpc-1", (), "API", endpoint=url, certificate_authority=ca, **more)


class Tokens:
    """Numbered tokens; or what is wrong with making one."""

    def __init__(self) -> None:
        self.made = 0
        self.asked_for: list[tuple[ClusterARN, str | None, str | None]] = []
        self.failure: Failure | None = None
        self.stubborn = False

    def __call__(self, arn: ClusterARN, role: str | None, external_id: str | None) -> "Tokens":
        self.asked_for.append((arn, role, external_id))
        return self

    @property
    def principal(self) -> str:
        return ROLE if self.made else ""

    async def token(self) -> str:
        if self.failure is not None:
            raise AWSError(self.failure)
        self.made = self.made or 1
        return f"k8s-aws-v1.token{self.made}"

    def distrust(self, token: str) -> None:
        if token == f"k8s-aws-v1.token{self.made}" and not self.stubborn:
            self.made += 1


@pytest.fixture
def tokens() -> Tokens:
    return Tokens()


@pytest.fixture
def told() -> list[tuple[str, str]]:
    return []


@pytest.fixture
async def apis(tokens: Tokens, clock: VirtualClock, told: list[tuple[str, str]]) -> AsyncIterator[ClusterAPIs]:
    apis = ClusterAPIs(tokens, clock, lambda verb, outcome: told.append((verb, outcome)))
    yield apis
    await apis.close()


@pytest.fixture
async def api(apis: ClusterAPIs, server: ScriptedServer) -> ClusterAPI:
    return await apis.of(ARN, eks_cluster(server.url))


async def version(client: KubeClient) -> object:
    return (await client.request("get", "/version"))["gitVersion"]


async def refusal(api: ClusterAPI) -> NoAccess:
    found = await api.ask(version)
    assert isinstance(found, NoAccess)
    assert "\n" not in found.why
    assert "k8s-aws-v1" not in found.why
    return found


def sent(server: ScriptedServer) -> list[str]:
    return [asked.headers["Authorization"].removeprefix("Bearer k8s-aws-v1.") for asked in server.asked]


class TestTokens:
    async def test_each_request_bears_the_token_of_now(self, api: ClusterAPI, server: ScriptedServer, tokens: Tokens) -> None:
        server.will(*(answer({"gitVersion": f"v{n}"}) for n in range(3)))
        assert await api.ask(version) == "v0"
        assert await api.ask(version) == "v1"
        tokens.made = 7
        assert await api.ask(version) == "v2"
        assert sent(server) == ["token1", "token1", "token7"]

    async def test_what_is_refused_is_sent_once_more_with_a_new_token(
        self, api: ClusterAPI, server: ScriptedServer, told: list[tuple[str, str]]
    ) -> None:
        server.will(failure(401, "Unauthorized", "Unauthorized"), answer({"gitVersion": "v1"}))
        assert await api.ask(version) == "v1"
        assert sent(server) == ["token1", "token2"]
        assert told == [("get", "ok")]

    async def test_who_is_refused_twice_is_not_known(self, api: ClusterAPI, server: ScriptedServer) -> None:
        server.will(*(failure(401, "Unauthorized", "Unauthorized") for _ in range(2)))
        found = await refusal(api)
        assert (found.barrier, found.lasting) == (Barrier.NOT_KNOWN, False)
        assert sent(server) == ["token1", "token2"]
        assert f"does not know {ROLE}" in found.why
        assert f"aws eks create-access-entry --cluster-name prod --region eu-west-1 --principal-arn {ROLE} --kubernetes-groups" in found.why

    async def test_without_another_token_it_is_not_sent_again(self, api: ClusterAPI, server: ScriptedServer, tokens: Tokens) -> None:
        tokens.stubborn = True
        server.will(failure(401, "Unauthorized", "Unauthorized"))
        assert (await refusal(api)).barrier is Barrier.NOT_KNOWN
        assert len(server.asked) == 1

    async def test_a_cluster_without_access_entries_is_told_of_the_role_in_its_config_map(
        self, apis: ClusterAPIs, server: ScriptedServer
    ) -> None:
        api = await apis.of(ARN, replace(eks_cluster(server.url), authentication_mode="CONFIG_MAP"))
        server.will(*(failure(401, "Unauthorized", "Unauthorized") for _ in range(2)))
        found = await refusal(api)
        assert f"eksctl create iamidentitymapping --cluster prod --region eu-west-1 --arn {ROLE}" in found.why
        assert "create-access-entry" not in found.why

    @pytest.mark.parametrize(
        ("kind", "barrier", "lasting"),
        [
            (FailureClass.UNAUTHORIZED, Barrier.NO_TOKEN, True),
            (FailureClass.WRONG_ACCOUNT, Barrier.NO_TOKEN, True),
            (FailureClass.UNAVAILABLE, Barrier.FAILING, False),
            (FailureClass.THROTTLED, Barrier.FAILING, False),
        ],
    )
    async def test_without_a_token_nothing_is_sent(
        self, api: ClusterAPI, server: ScriptedServer, tokens: Tokens, *, kind: FailureClass, barrier: Barrier, lasting: bool
    ) -> None:
        tokens.failure = Failure(kind, "Code", "because of that", "AssumeRole")
        found = await refusal(api)
        assert (found.barrier, found.lasting) == (barrier, lasting)
        assert "because of that" in found.why
        assert server.asked == []

    async def test_a_role_has_tokens_of_its_own(self, apis: ClusterAPIs, server: ScriptedServer, tokens: Tokens) -> None:
        mine = await apis.of(ARN, eks_cluster(server.url))
        theirs = await apis.of(ARN, eks_cluster(server.url), ROLE, "ticket-7")
        assert mine is not theirs
        assert await apis.of(ARN, eks_cluster(server.url), ROLE, "ticket-7") is theirs
        assert await apis.of(ARN, eks_cluster(server.url), "", "") is mine
        assert tokens.asked_for == [(ARN, None, None), (ARN, ROLE, "ticket-7")]


class TestRights:
    @pytest.mark.parametrize(
        ("verb", "resource", "group", "where", "said", "component"),
        [
            ("list", "pods", "", "at the cluster scope", "may not list pods in all namespaces", ""),
            ("create", "pods/eviction", "", 'in the namespace "shop"', "may not create pods/eviction in namespace shop", ""),
            ("delete", "pods", "", 'in the namespace "shop"', "may not delete pods in namespace shop", "pending-pods"),
            (
                "patch",
                "deployments",
                "apps",
                'in the namespace "kube-system"',
                "may not patch deployments.apps in namespace kube-system",
                "core-dns",
            ),
            (
                "update",
                "configmaps",
                "",
                'in the namespace "kube-system"',
                "may not update configmaps in namespace kube-system",
                "role-mapping",
            ),
        ],
    )
    async def test_a_right_that_is_missing_is_named(
        self, api: ClusterAPI, server: ScriptedServer, *, verb: str, resource: str, group: str, where: str, said: str, component: str
    ) -> None:
        words = RBAC.format(user="u", verb=verb, resource=resource, group=group, where=where)
        server.will(failure(403, "Forbidden", f"{resource} is forbidden: {words}"))
        found = await refusal(api)
        assert (found.barrier, found.lasting) == (Barrier.FORBIDDEN, True)
        manifests = f"deploy/eks-cluster with its component repairs/{component}" if component else "deploy/eks-cluster"
        advice = f"apply {manifests} there, which lets the group fargateclaims do so (docs/eks-access.md)"
        assert found.why == f"{ROLE} {said} of cluster prod (403): {advice}"

    async def test_who_else_refuses_is_quoted(self, api: ClusterAPI, server: ScriptedServer) -> None:
        server.will(failure(403, "Forbidden", 'admission webhook "policy.example" denied the request: not on Fridays'))
        found = await refusal(api)
        assert found.barrier is Barrier.FORBIDDEN
        assert "not on Fridays" in found.why

    @pytest.mark.parametrize("status", [404, 409, 410, 422, 429, 500, 503])
    async def test_all_other_refusals_are_facts_too(self, api: ClusterAPI, server: ScriptedServer, status: int) -> None:
        server.will(failure(status, "Reason", "that is why"))
        found = await refusal(api)
        assert (found.barrier, found.lasting) == (Barrier.FAILING, False)
        assert "that is why" in found.why

    async def test_what_is_no_answer_is_a_fact_too(self, api: ClusterAPI, server: ScriptedServer) -> None:
        server.will(web.Response(text="<html>login</html>"))
        assert (await refusal(api)).barrier is Barrier.FAILING

    async def test_what_work_gets_wrong_is_no_fact(self, api: ClusterAPI) -> None:
        async def wrong(_client: KubeClient) -> None:
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await api.ask(wrong)


class TestTheWay:
    async def test_nobody_there(self, apis: ClusterAPIs) -> None:
        with reserved_port() as port:
            found = await refusal(await apis.of(ARN, eks_cluster(f"http://127.0.0.1:{port}")))
        assert (found.barrier, found.lasting) == (Barrier.UNREACHABLE, False)
        assert f"http://127.0.0.1:{port}" in found.why
        assert "publicAccessCidrs" in found.why

    async def test_a_private_endpoint_that_lets_nothing_through_is_given_up(
        self, apis: ClusterAPIs, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(requests, "KUBE_CONNECT_TIMEOUT", 0.05)
        with silent_port() as port:
            # Its TLS never begins, as where packets are lost.
            private = eks_cluster(f"https://127.0.0.1:{port}", CA, public_access=False, security_group_id="sg-1")
            found = await refusal(await apis.of(ARN, private))
        assert found.barrier is Barrier.UNREACHABLE
        assert "ask from the cluster's VPC" in found.why
        assert "TCP 443 from there into security group sg-1" in found.why

    async def test_a_cluster_without_an_endpoint(self, apis: ClusterAPIs) -> None:
        found = await refusal(await apis.of(ARN, replace(eks_cluster(""), status="CREATING")))
        assert found.barrier is Barrier.UNREACHABLE
        assert "CREATING" in found.why

    async def test_the_environments_proxy_is_used(self, apis: ClusterAPIs, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("http_proxy", server.url)
        monkeypatch.setenv("no_proxy", "")
        server.will(answer({"gitVersion": "v1"}))
        assert await (await apis.of(ARN, eks_cluster("http://cluster.example"))).ask(version) == "v1"
        assert server.asked[0].headers["Host"] == "cluster.example"

    async def test_a_range_of_addresses_goes_past_it(
        self, api: ClusterAPI, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        server.will(answer({"gitVersion": "v1"}))
        with reserved_port() as nobody:
            monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{nobody}")
            monkeypatch.setenv("no_proxy", "10.0.0.0/8,127.0.0.0/8")
            assert await api.ask(version) == "v1"

    async def test_a_proxy_that_refuses_is_said(self, apis: ClusterAPIs, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("https_proxy", server.url)
        monkeypatch.setenv("no_proxy", "")
        found = await refusal(await apis.of(ARN, eks_cluster("https://cluster.example", CA)))
        assert found.barrier is Barrier.UNREACHABLE
        assert "the proxy answers 404" in found.why


class TestTLS:
    async def test_the_ca_that_eks_names_is_trusted(self, apis: ClusterAPIs, tmp_path: Path) -> None:
        async with tls_server(tmp_path) as (url, ca):
            assert await (await apis.of(ARN, eks_cluster(url, ca))).ask(version) == "v1"

    async def test_no_other_is(self, apis: ClusterAPIs, tmp_path: Path) -> None:
        async with tls_server(tmp_path) as (url, _):
            found = await refusal(await apis.of(ARN, eks_cluster(url, CA)))
        assert (found.barrier, found.lasting) == (Barrier.UNTRUSTED, True)
        assert "verify" in found.why or "self-signed" in found.why or "issuer" in found.why

    async def test_nor_is_a_certificate_for_another_name(self, apis: ClusterAPIs, tmp_path: Path) -> None:
        async with tls_server(tmp_path, name="10.1.2.3") as (url, ca):
            found = await refusal(await apis.of(ARN, eks_cluster(url, ca)))
        assert found.barrier is Barrier.UNTRUSTED
        assert "127.0.0.1" in found.why

    @pytest.mark.parametrize(
        ("ca", "why"),
        [
            ("", "it holds no certificate"),
            ("%", "it is not in base64"),
            (base64.b64encode(b"no certificate").decode(), "it holds no certificate"),
            (base64.b64encode(b"\xff").decode(), "what it holds is no text"),
        ],
    )
    async def test_a_ca_that_is_none_is_said_and_nothing_is_sent(self, apis: ClusterAPIs, tmp_path: Path, ca: str, why: str) -> None:
        async with tls_server(tmp_path) as (url, _):
            found = await refusal(await apis.of(ARN, eks_cluster(url, ca)))
        assert found.barrier is Barrier.UNTRUSTED
        assert f"the certificate authority that EKS gives for cluster prod cannot be read ({why}): " in found.why
        assert "TLS" not in found.fix

    async def test_what_python_calls_strict_is_more_than_eks_has(self, apis: ClusterAPIs) -> None:
        api = await apis.of(ARN, eks_cluster("https://127.0.0.1:1", CA))
        client = api._opened()
        assert isinstance(client, KubeClient)
        assert client._api.configuration.disable_strict_ssl_verification, "which older Pythons do not have, and so do not show"
        context = client._api.rest_client.ssl_context
        assert not context.verify_flags & ssl.VERIFY_X509_STRICT
        assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


class TestConnections:
    async def test_a_cluster_that_nobody_asks_is_closed(
        self, apis: ClusterAPIs, api: ClusterAPI, server: ScriptedServer, clock: VirtualClock
    ) -> None:
        server.will(*(answer({"gitVersion": "v1"}) for _ in range(2)))
        await api.ask(version)
        await clock.advance(CLUSTER_API_IDLE - 1)
        assert await apis.of(ARN, eks_cluster(server.url)) is api
        await clock.advance(1)
        again = await apis.of(ARN, eks_cluster(server.url))
        assert again is not api
        assert api._client is None
        assert await api.ask(version) == "v1", "who still has it may ask"
        assert api._client is None

    async def test_who_is_asking_is_not_idle(self, apis: ClusterAPIs, api: ClusterAPI, server: ScriptedServer, clock: VirtualClock) -> None:
        asked, released = asyncio.Event(), asyncio.Event()

        async def slow(_request: web.Request) -> web.Response:
            asked.set()
            await released.wait()
            return answer({"gitVersion": "v1"})

        server.will(slow)
        asking = asyncio.ensure_future(api.ask(version))
        await asked.wait()
        await clock.advance(CLUSTER_API_IDLE)
        assert await apis.of(ARN, eks_cluster(server.url)) is api
        moved = await apis.of(ARN, eks_cluster(server.url, "another CA"))
        assert moved is not api
        released.set()
        assert await asking == "v1", "what is under way ends where it began"
        await until(lambda: api._client is None)

    async def test_a_cluster_that_has_moved_is_asked_where_it_is_now(
        self, apis: ClusterAPIs, api: ClusterAPI, server: ScriptedServer
    ) -> None:
        server.will(answer({"gitVersion": "v1"}), answer({"gitVersion": "v2"}))
        assert await api.ask(version) == "v1"
        elsewhere = await apis.of(ARN, eks_cluster(server.url + "/elsewhere/"))
        assert await elsewhere.ask(version) == "v2"
        assert [asked.path for asked in server.asked] == ["/version", "/elsewhere/version"]
        assert api._client is None

    async def test_what_else_eks_says_of_the_same_place_is_kept(self, apis: ClusterAPIs, api: ClusterAPI, server: ScriptedServer) -> None:
        assert await apis.of(ARN, replace(eks_cluster(server.url), authentication_mode="CONFIG_MAP")) is api
        server.will(*(failure(401, "Unauthorized", "Unauthorized") for _ in range(2)))
        assert "iamidentitymapping" in (await refusal(api)).why

    async def test_after_the_end_nothing_is_open(self, apis: ClusterAPIs, api: ClusterAPI, server: ScriptedServer) -> None:
        server.will(answer({"gitVersion": "v1"}))
        await api.ask(version)
        await apis.close()
        assert api._client is None


@contextmanager
def silent_port() -> Iterator[int]:
    """Takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def certificate(name: str) -> tuple[bytes, bytes]:
    """A CA that is its own server's certificate, without key identifiers, as those of EKS are; and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kubernetes")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(name))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return made.public_bytes(serialization.Encoding.PEM), private


CA = base64.b64encode(certificate("127.0.0.1")[0]).decode()


@asynccontextmanager
async def tls_server(folder: Path, name: str = "127.0.0.1") -> AsyncIterator[tuple[str, str]]:
    """An API server with TLS: its URL, and its CA in base64."""
    public, private = certificate(name)
    (folder / "both.pem").write_bytes(private + public)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "both.pem")
    app = web.Application()

    async def handle(_request: web.Request) -> web.Response:
        return answer({"gitVersion": "v1"})

    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    try:
        yield f"https://127.0.0.1:{runner.addresses[0][1]}", base64.b64encode(public).decode()
    finally:
        await runner.cleanup()
