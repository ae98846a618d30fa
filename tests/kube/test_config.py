import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web
from kubernetes.aio.client import ApiClient, Configuration
from kubernetes.aio.config import incluster_config

from fargateclaims.kube.client import KubeClient
from fargateclaims.kube.config import api_client, has_another_token, load_configuration, load_user_configuration
from fargateclaims.kube.errors import ConfigurationError, KubeError, Refused, Unavailable
from support.scripted_server import ScriptedServer, answer, failure
from support.virtual_clock import VirtualClock
from support.waiting import until


def kubeconfig(path: Path, server: str, user: dict[str, Any]) -> Path:
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    path.write_text(yaml.safe_dump(config))
    return path


async def authorization(client: KubeClient, server: ScriptedServer) -> str | None:
    server.will(answer({}))
    await client.request("get", "/version")
    return server.asked[-1].headers.get("Authorization")


async def test_kubeconfig_says_where_and_who(
    server: ScriptedServer, clock: VirtualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path / "config", server.url, {"token": "t1"})))
    client = await KubeClient.connect(clock=clock)
    assert await authorization(client, server) == "Bearer t1"
    await client.close()


async def test_a_token_file_is_read_again(
    server: ScriptedServer, clock: VirtualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "token").write_text("t1")
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path / "config", server.url, {"tokenFile": "token"})))
    client = await KubeClient.connect(clock=clock)
    (tmp_path / "token").write_text("t2")
    assert await authorization(client, server) == "Bearer t1"
    await clock.advance(61)
    assert await authorization(client, server) == "Bearer t2"
    (tmp_path / "config").write_text("{")
    await clock.advance(61)
    assert await authorization(client, server) == "Bearer t2", "half a file does not cost the token"
    await client.close()


async def refused(_request: web.Request) -> web.Response:
    return failure(401, "Unauthorized", "Unauthorized")


def sent(server: ScriptedServer) -> list[str | None]:
    return [asked.headers.get("Authorization") for asked in server.asked]


async def with_token_file(folder: Path, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, clock: VirtualClock) -> KubeClient:
    (folder / "token").write_text("t1")
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig(folder / "config", server.url, {"tokenFile": "token"})))
    return await KubeClient.connect(clock=clock)


async def test_what_was_refused_with_a_token_that_has_been_replaced_is_sent_again(
    server: ScriptedServer, clock: VirtualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await with_token_file(tmp_path, server, monkeypatch, clock)
    (tmp_path / "token").write_text("t2")
    server.will(refused, answer({"metadata": {"resourceVersion": "2"}}))
    written = await client.request("update", "/x", query=[("dryRun", "All")], body={"a": 1})
    assert written == {"metadata": {"resourceVersion": "2"}}
    assert sent(server) == ["Bearer t1", "Bearer t2"]
    first, second = server.asked
    assert (first.method, first.path, first.query, first.body) == (second.method, second.path, second.query, second.body)
    assert await authorization(client, server) == "Bearer t2"
    await client.close()


async def test_it_is_sent_again_only_once(
    server: ScriptedServer, clock: VirtualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await with_token_file(tmp_path, server, monkeypatch, clock)
    (tmp_path / "token").write_text("t2")
    server.will(refused, refused)
    with pytest.raises(Refused, match="401"):
        await client.request("update", "/x", body={})
    assert sent(server) == ["Bearer t1", "Bearer t2"]
    await client.close()


@pytest.mark.parametrize("text", ["t1", "", None])
async def test_without_another_token_a_refusal_is_final(
    server: ScriptedServer, clock: VirtualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None
) -> None:
    client = await with_token_file(tmp_path, server, monkeypatch, clock)
    if text is None:
        (tmp_path / "token").unlink()
    else:
        (tmp_path / "token").write_text(text)
    server.will(refused)
    with pytest.raises(Refused, match="401"):
        await client.request("update", "/x", body={})
    assert await authorization(client, server) == "Bearer t1", "a file that cannot be read does not cost the token"
    assert sent(server) == ["Bearer t1", "Bearer t1"]
    await client.close()


def plugin(folder: Path, expiry: str) -> dict[str, Any]:
    """A user of a plugin whose tokens are t1, t2, … in a file `runs` it counts how often it has run.

    :param expiry: of the n-th token, a Python expression.
    """
    script = folder / "plugin.py"
    script.write_text(
        "import json, pathlib\n"
        f"runs = pathlib.Path({str(folder / 'runs')!r})\n"
        "n = int(runs.read_text()) + 1 if runs.exists() else 1\n"
        "runs.write_text(str(n))\n"
        f"status = {{'token': f't{{n}}', 'expirationTimestamp': {expiry}}}\n"
        "print(json.dumps({'apiVersion': 'client.authentication.k8s.io/v1beta1', 'kind': 'ExecCredential', 'status': status}))\n"
    )
    return {"exec": {"apiVersion": "client.authentication.k8s.io/v1beta1", "command": sys.executable, "args": [str(script)]}}


async def test_a_plugin_is_asked_again_when_its_token_has_expired(
    server: ScriptedServer, clock: VirtualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A token that has expired when it comes: each look finds it so.
    user = plugin(tmp_path, "'2020-01-01T00:00:00Z' if n == 1 else '2999-01-01T00:00:00Z'")
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path / "config", server.url, user)))
    client = await KubeClient.connect(clock=clock)
    assert await authorization(client, server) == "Bearer t1"
    for _ in range(3):
        await clock.advance(61)
        assert await authorization(client, server) == "Bearer t2"
    assert (tmp_path / "runs").read_text() == "2"
    await client.close()


async def test_a_plugin_is_asked_again_when_its_token_is_refused(
    server: ScriptedServer, clock: VirtualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = plugin(tmp_path, "'2999-01-01T00:00:00Z'")
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path / "config", server.url, user)))
    client = await KubeClient.connect(clock=clock)

    async def refuse(request: web.Request) -> web.Response:
        await until(lambda: len(server.asked) >= 3)
        return await refused(request)

    server.will(refuse, refuse, refuse, *(answer({"n": n}) for n in range(3)))
    await asyncio.gather(*(client.request("update", "/x", body={}) for _ in range(3)))
    assert sent(server) == ["Bearer t1"] * 3 + ["Bearer t2"] * 3
    await clock.advance(61)
    assert await authorization(client, server) == "Bearer t2"
    assert (tmp_path / "runs").read_text() == "2", "of many that are refused at a time, one asks it"
    await client.close()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (None, "names no file that exists"),
        ("", "cannot be used|is no kubeconfig"),
        ("[]", "is no kubeconfig"),
        ("{", "is no kubeconfig"),
        ("current-context: nowhere\ncontexts: []\nclusters: []\nusers: []", "nowhere"),
        ("token: sesame", "cannot be used|is no kubeconfig"),
        ("[" * 100_000, r"is no kubeconfig \(nested too deeply\)"),
    ],
)
async def test_an_unusable_kubeconfig_is_one_sentence(
    clock: VirtualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None, complaint: str
) -> None:
    path = tmp_path / "config"
    if text is not None:
        path.write_text(text)
    monkeypatch.setenv("KUBECONFIG", str(path))
    with pytest.raises(ConfigurationError, match=complaint) as error:
        await load_configuration(clock)
    assert "\n" not in str(error.value)
    assert "sesame" not in str(error.value)


async def test_neither_kubeconfig_nor_pod(clock: VirtualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(ConfigurationError, match="set KUBECONFIG, or run in a cluster"):
        await load_configuration(clock)


async def test_in_a_pod_the_service_account_is_used(clock: VirtualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "fd00::1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    (tmp_path / "token").write_text("t1")
    (tmp_path / "ca.crt").write_text("certificate")
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(tmp_path / "token"))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(tmp_path / "ca.crt"))
    configuration = await load_configuration(clock)
    assert configuration.host == "https://[fd00::1]:443"
    assert (await configuration.auth_settings())["BearerToken"]["value"] == "bearer t1"
    (tmp_path / "token").write_text("t2")
    assert (await configuration.auth_settings())["BearerToken"]["value"] == "bearer t1"
    await clock.advance(61)
    assert (await configuration.auth_settings())["BearerToken"]["value"] == "bearer t2", "the kubelet rotates it"
    (tmp_path / "token").unlink()
    assert not await has_another_token(configuration, "bearer t2")
    assert (await configuration.auth_settings())["BearerToken"]["value"] == "bearer t2", "a file that is away does not cost the token"
    (tmp_path / "token").write_text("t3")
    assert await has_another_token(configuration, "bearer t2")
    assert (await configuration.auth_settings())["BearerToken"]["value"] == "bearer t3"


async def test_a_service_account_token_that_vanishes_is_an_outage_not_a_crash(
    server: ScriptedServer, clock: VirtualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configuration = Configuration(host=server.url, api_key={"BearerToken": "t"})

    def unreadable(_configuration: object) -> None:
        raise PermissionError(13, "Permission denied", str(tmp_path / "token"))

    configuration.refresh_api_key_hook = unreadable  # type: ignore[assignment]
    client = KubeClient(ApiClient(configuration), clock=clock)
    with pytest.raises(Unavailable, match="PermissionError"):
        await client.list_namespaces()
    await client.close()
    assert server.asked == []


async def _connected(path: Path, url: str, monkeypatch: pytest.MonkeyPatch, clock: VirtualClock) -> KubeClient:
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig(path, url, {"token": "t1"})))
    return await KubeClient.connect(clock=clock)


@pytest.mark.parametrize(("no_proxy", "through"), [("", True), ("kubernetes.example", False), ("other.example", True), ("*", False)])
async def test_the_environments_proxy_is_used_unless_it_says_otherwise(
    clock: VirtualClock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    no_proxy: str,
    through: bool,  # noqa: FBT001
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path / "config", "https://kubernetes.example:6443", {"token": "t1"})))
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", no_proxy)
    configuration = await load_configuration(clock)
    assert configuration.proxy == ("http://proxy.example:3128" if through else None)


@pytest.mark.parametrize(
    ("server", "no_proxy", "through"),
    [
        ("https://10.96.0.1:443", "10.0.0.0/8", False),
        ("https://10.96.0.1", "localhost, 10.0.0.0/8 ,.svc", False),
        ("https://10.96.0.1", "10.96.0.9/8", False),
        ("https://11.96.0.1", "10.0.0.0/8", True),
        ("https://10.96.0.1", "10.96.0.1", False),
        ("https://[fd00::1]:6443", "fd00::/8", False),
        ("https://[fd00::1]:6443", "fd00::1", False),
        ("https://[fd00::1]:6443", "[fd00::1]", False),
        ("https://[fe80::1]:6443", "fd00::/8,10.0.0.0/8", True),
        ("https://10.96.0.1", "10.0.0.0/99,nonsense/8,/", True),
        ("https://kubernetes.example", "0.0.0.0/0", True),
    ],
)
async def test_a_range_of_addresses_goes_past_the_proxy(
    clock: VirtualClock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    server: str,
    no_proxy: str,
    through: bool,
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path / "config", server, {"token": "t1"})))
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", no_proxy)
    assert (await load_configuration(clock)).proxy == ("http://proxy.example:3128" if through else None)


async def test_requests_go_through_the_proxy(
    server: ScriptedServer, clock: VirtualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.setenv("no_proxy", "")
    client = await _connected(tmp_path / "config", "http://kubernetes.example", monkeypatch, clock)
    assert await authorization(client, server) == "Bearer t1"
    assert server.asked[-1].headers["Host"] == "kubernetes.example"
    await client.close()


async def test_the_proxy_of_the_kubeconfig_comes_first(clock: VirtualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = kubeconfig(tmp_path / "config", "https://kubernetes.example", {"token": "t1"})
    config = yaml.safe_load(path.read_text())
    config["clusters"][0]["cluster"]["proxy-url"] = "http://mine.example:1"
    path.write_text(yaml.safe_dump(config))
    monkeypatch.setenv("KUBECONFIG", str(path))
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    assert (await load_configuration(clock)).proxy == "http://mine.example:1"


async def test_a_netrc_is_no_business_of_ours(
    server: ScriptedServer, clock: VirtualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text("default login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    client = await _connected(tmp_path / "config", server.url, monkeypatch, clock)
    assert await authorization(client, server) == "Bearer t1"
    await client.close()


def two_contexts(path: Path) -> Path:
    path.parent.mkdir(exist_ok=True)
    kubeconfig(path, "http://one.example", {"token": "t1"})
    config = yaml.safe_load(path.read_text())
    config["clusters"].append({"name": "arn:aws:eks:eu-west-1:111122223333:cluster/prod", "cluster": {"server": "http://two.example"}})
    other = {"cluster": "arn:aws:eks:eu-west-1:111122223333:cluster/prod", "user": "u", "namespace": "shop"}
    config["contexts"].append({"name": "prod", "context": other})
    path.write_text(yaml.safe_dump(config))
    return path


async def test_a_person_says_which_file_and_which_context(clock: VirtualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = two_contexts(tmp_path / "config")
    monkeypatch.setenv("KUBECONFIG", "/nowhere")
    found = await load_user_configuration(clock, str(path), "prod")
    assert (found.client.host, found.namespace) == ("http://two.example", "shop")
    assert found.cluster == "arn:aws:eks:eu-west-1:111122223333:cluster/prod"


async def test_without_either_it_is_where_kubectl_would_look(clock: VirtualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    two_contexts(tmp_path / ".kube" / "config")
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    found = await load_user_configuration(clock)
    assert (found.client.host, found.namespace, found.cluster) == ("http://one.example", "default", "c")


async def test_a_context_that_is_not_there_is_said(clock: VirtualClock, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="nowhere"):
        await load_user_configuration(clock, str(two_contexts(tmp_path / "config")), "nowhere")


@pytest.mark.parametrize("context", [None, "prod"])
async def test_who_has_no_kubeconfig_is_told_where_it_was_looked_for(
    clock: VirtualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, context: str | None
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(
        ConfigurationError, match=r"as KUBECONFIG is not set and ~/\.kube/config does not exist: name one with --kubeconfig$"
    ):
        await load_user_configuration(clock, context=context)
    with pytest.raises(ConfigurationError, match=r"^--kubeconfig names no file that exists: /nowhere$"):
        await load_user_configuration(clock, "/nowhere")


@pytest.mark.parametrize(
    ("cluster", "user", "complaint"),
    [
        ({"server": "https://[::1"}, {}, "the API server's address is no URL: https://[::1"),
        ({"certificate-authority-data": "aGVsbG8="}, {}, "a certificate or key for https://one.example cannot be used: "),
        ({}, {"client-certificate-data": "aGVsbG8=", "client-key-data": "aGVsbG8="}, "a certificate or key for https://one.example "),
        ({"tls-server-name": 5}, {}, "is no kubeconfig: server, proxy-url and tls-server-name are texts"),
        ({"server": f"https://{'a' * 300}.example"}, {}, "GET /version: "),
    ],
)
async def test_what_leads_to_no_server_is_one_sentence(
    clock: VirtualClock, tmp_path: Path, cluster: dict[str, Any], user: dict[str, Any], complaint: str
) -> None:
    path = kubeconfig(tmp_path / "config", "https://one.example", user)
    config = yaml.safe_load(path.read_text())
    config["clusters"][0]["cluster"].update(cluster)
    path.write_text(yaml.safe_dump(config))

    async def ask() -> None:
        client = KubeClient(api_client((await load_user_configuration(clock, str(path))).client), clock=clock)
        try:
            await client.request("get", "/version")
        finally:
            await client.close()

    with pytest.raises(KubeError) as error:
        await ask()
    assert complaint in str(error.value)
