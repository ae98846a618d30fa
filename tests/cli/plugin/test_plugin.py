"""The program as a whole: how it starts, how it refuses, and that kubectl finds it."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from fargateclaims import __version__
from fargateclaims.cli.entry import open_streams
from support.kube_server import RunningKube
from support.kubectl import KUBECTL
from support.plugin import Plugin, pod
from support.waiting import LIMIT

MANIFEST = yaml.safe_dump(pod("web-7f"))


def test_the_version_is_said(plugin: Plugin) -> None:
    assert plugin("--version").out == f"kubectl-fargate {__version__}\n"


def test_kubectl_finds_it_on_the_path() -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [KUBECTL, "fargate", "size", "-f", "-"],
        input=MANIFEST, capture_output=True, text=True, timeout=LIMIT, check=False, env={"PATH": path, "LANG": "C.UTF-8"},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "gets      0.25vCPU 0.5GB" in done.stdout


def test_help_waits_for_nothing_that_only_an_answer_needs() -> None:
    script = "import fargateclaims.cli.plugin.commands, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=LIMIT, check=True)
    assert {"aiohttp", "boto3", "botocore", "kopf", "kubernetes", "moto", "rich"} & {*done.stdout.split()} == set()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["explain"], "say either which object of the cluster (pod web-7f4d, deployment/web), or -f and a manifest"),
        (
            ["explain", "pod", "web", "-f", "-"],
            "say either which object of the cluster (pod web-7f4d, deployment/web), or -f and a manifest",
        ),
        (["explain", "service", "web"], "service makes no pods; what does is pod, podtemplate, replicationcontroller, deployment, "),
        (["size", "pod/"], "name one object, as in: pod web-7f4d, or deployment/web"),
        (["size", "pod", "a/b"], "name one object, as in: pod web-7f4d, or deployment/web"),
    ],
)
def test_what_makes_no_sense_is_refused(plugin: Plugin, arguments: list[str], message: str) -> None:
    ran = plugin(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"error: {message}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no pods in stdin: neither a Pod nor anything that makes some"),
        ("a: [", "stdin is no YAML that can be read, line 2: while parsing a flow node: did not find expected node content"),
        ("a: *b", "stdin is no YAML that can be read, line 1: the alias *b stands for nothing that ends before it"),
        ("- " * 200_000, "stdin is no YAML that can be read, line 1: more than 200 levels of nesting"),
        ("[" * 200_000, "stdin is no YAML that can be read, line 1: more than 200 levels of nesting"),
        ("\x00", "stdin is no YAML that can be read, line 1: a character that YAML does not allow"),
        ("kind: ConfigMap\napiVersion: v1", "no pods in stdin: neither"),
        (MANIFEST.replace("resources: {}", f"resources: {{requests: {{cpu: {'1' * 5000}}}}}"), "pod/web-7f: spec.containers[0].resources"),
    ],
)
def test_what_is_no_manifest_is_refused(plugin: Plugin, text: str, message: str) -> None:
    ran = plugin("size", "-f", "-", stdin=text)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith(f"error: {message}")
    assert "Traceback" not in ran.err


def test_files_that_cannot_be_read(plugin: Plugin, tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b"a: \xe9")
    assert plugin("size", "-f", str(tmp_path / "latin")).err == f"error: {tmp_path / 'latin'} cannot be read: not a text in UTF-8\n"
    assert plugin("size", "-f", "/nowhere").err == "error: /nowhere cannot be read: No such file or directory\n"
    assert plugin("size", "-f", str(tmp_path)).err == f"error: {tmp_path} cannot be read: Is a directory\n"


def test_a_cluster_that_is_not_there(plugin: Plugin, kube: RunningKube, tmp_path: Path) -> None:
    ran = plugin("explain", "web", "--context", "nowhere")
    assert (ran.code, ran.out) == (1, "")
    assert "nowhere" in ran.err
    config = yaml.safe_load(kube.kubeconfig.read_text())
    config["clusters"][0]["cluster"]["server"] = "http://127.0.0.1:1"
    (tmp_path / "other").write_text(yaml.safe_dump(config))
    ran = plugin("explain", "web", "--kubeconfig", str(tmp_path / "other"))
    assert ran.code == 1
    assert ran.err.startswith("error: ")
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "begins"),
    [
        (("size", "-f", "-"), b"pod/w+?b in namespace shop\n"),
        (("size", "-f", "-", "-o", "json"), b'{\n  "pods": [\n    {\n      "kind": "Pod",\n      "name": "w\\u2713\\u00e9b"'),
        (("size", "-f", "-", "-o", "yaml"), b'pods:\n- kind: Pod\n  name: "w\\u2713\\xE9b"'),
        (("lint", "-f", "-", "--select", "FG203"), b"standard input\n  12  warning  FG203  Pod shop/w+?b: "),
        (("lint", "-f", "-", "--select", "FG203", "-o", "github"), b"::warning title=FG203 No requests::Pod shop/w+?b: "),
    ],
)
def test_what_the_terminal_cannot_show_is_shown_otherwise(
    plugin: Plugin, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], begins: bytes
) -> None:
    written = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(written, encoding="ascii"))
    open_streams()
    plugin(*arguments, stdin=MANIFEST.replace("web-7f", "w✓éb"))
    assert written.getvalue().startswith(begins), written.getvalue()


class _Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("variable", "value", "coloured"), [("NO_COLOR", "", True), ("NO_COLOR", "1", False), ("TERM", "dumb", False)]
)  # fmt: skip
def test_colours_are_for_terminals_whose_owner_wants_them(
    plugin: Plugin,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    value: str,
    coloured: bool,  # noqa: FBT001
) -> None:
    written = _Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv(variable, value)
    monkeypatch.setattr("sys.stdout", written)
    plugin("size", "-f", "-", stdin=MANIFEST)
    assert ("\x1b[1m" in written.getvalue()) == coloured
