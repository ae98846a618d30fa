import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from fargateclaims.cli.plugin import files
from fargateclaims.cli.plugin import lint as command
from fargateclaims.cli.plugin.commands import app
from fargateclaims.cli.plugin.errors import guarded
from support.kube_server import RunningKube
from support.lint_fixtures import FOLDER, expected, text_of
from support.plugin import Plugin, Ran, deployment

ROOT = Path(__file__).parents[3]
BAD = text_of("web/host-port.yaml")
WARNED = text_of("web/just-over.yaml")
GOOD = text_of("web/frontend.yaml")
Lint = Callable[..., Ran]


@pytest.fixture
def lint(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Lint:
    """The command, in a folder of its own and without a cluster."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("KUBECONFIG", "FARGATE_LINT_DOCS_URL", "KUBERNETES_SERVICE_HOST"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str, stdin: str | bytes = b"") -> Ran:
        content = stdin.encode() if isinstance(stdin, str) else stdin
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
        try:
            code = guarded(lambda: app(["lint", *arguments], prog_name="kubectl fargate"))
        except SystemExit as end:
            code = int(end.code or 0)
        said = capsys.readouterr()
        return Ran(code, said.out, said.err)

    return run


@pytest.mark.parametrize(
    ("text", "arguments", "code"),
    [
        (GOOD, [], 0),
        (WARNED, [], 0),
        (BAD, [], 1),
        (BAD, ["--fail-on", "never"], 0),
        (WARNED, ["--fail-on", "warning"], 1),
        (WARNED, ["--fail-on", "error"], 0),
        (WARNED, ["--fail-on", "warning", "--ignore", "FG204"], 0),
        (BAD, ["--select", "FG2"], 0),
        (BAD, ["--select", "fg103"], 1),
        (WARNED, ["--fail-on", "info", "--severity", "error"], 0),
        ("# nothing\n---\n", [], 0),
        ("a: 1", ["--fail-on", "info"], 0),
    ],
)
def test_exit_codes_for_pipelines(lint: Lint, text: str, arguments: list[str], code: int) -> None:
    assert lint("-f", "-", *arguments, stdin=text).code == code


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "say what to look at"),
        (["-f", "-", "-n", "shop"], "say what to look at"),
        (["-f", "-", "--select", "FG9"], "'FG9' names no rule"),
        (["-f", "-", "--ignore", "nonsense"], "'NONSENSE' names no rule"),
        (["-f", "-", "--fail-on", "always"], "always"),
        (["-f", "-", "-o", "xml"], "xml"),
        (["-f", "missing.yaml"], "missing.yaml: No such file or directory"),
        (["-n", "shop"], "kubeconfig"),
        (["-f", "-"], "standard input is empty: see whether the command that writes to it fails"),
        (["-f", "."], ".: no manifests below this folder (*.json, *.yaml, *.yml)"),
        (["a\0b"], "embedded null byte"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(lint: Lint, arguments: list[str], said: str) -> None:
    done = lint(*arguments)
    assert done.code == 2
    assert said in done.err
    assert done.out == ""
    assert "Traceback" not in done.err


def test_text_is_grouped_by_file(lint: Lint) -> None:
    Path("deploy/charts").mkdir(parents=True)
    Path("deploy/bad.yaml").write_text(BAD)
    Path("deploy/charts/warned.yml").write_text(WARNED)
    Path("deploy/charts/notes.txt").write_text(BAD)
    Path("deploy/.hidden").mkdir()
    Path("deploy/.hidden/bad.yaml").write_text(BAD)
    done = lint("-f", "deploy", "deploy/bad.yaml")
    assert (
        done.out
        == """\
deploy/bad.yaml
  19  error    FG103  Deployment edge/edge: container edge takes a hostPort of its node: remove it and reach the pod through a Service
  21  error    FG103  Deployment edge/edge: container edge takes a hostPort of its node: remove it and reach the pod through a Service
  22  error    FG103  Deployment edge/edge: container edge takes a hostIP of its node: remove it and reach the pod through a Service

deploy/charts/warned.yml
  15  warning  FG204  Deployment shop/sessions: the pod gets 0.5vCPU 3GB; with 256Mi memory less it would get 0.25vCPU 2GB: \
ask for that much less; kubectl fargate size shows all steps

3 errors, 1 warning, 0 info in 4 objects of 2 files
"""
    )
    assert done.code == 1


def test_one_unreadable_file_does_not_hide_the_others(lint: Lint) -> None:
    Path("a.yaml").write_bytes(b"\xff\xfe\xfa")
    Path("b.yaml").write_text(BAD)
    done = lint("a.yaml", "b.yaml", "c.yaml")
    assert done.code == 2
    assert done.out.startswith("b.yaml\n")
    assert done.err == "error: a.yaml: not a text in UTF-8; c.yaml: No such file or directory\n"


def test_a_giant_file_is_not_read(lint: Lint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LARGEST", 1000)
    assert "stdin" not in lint("-f", "-", stdin="a: b\n" * 200).err
    done = lint("-f", "-", stdin="a: b\n" * 201)
    assert (done.code, done.err) == (2, "error: -: larger than 0 MiB\n")


def test_a_byte_order_mark_is_no_flaw(lint: Lint) -> None:
    assert "FG306" in lint("-f", "-", stdin=b"\xef\xbb\xbf" + text_of("ingress/alb-instance.yaml").encode()).out


def test_texts_without_objects_are_told(lint: Lint) -> None:
    assert lint("-f", "-", stdin="replicas: 3").out == "no Kubernetes objects in 1 file\n"


def test_helms_templates_are_told(lint: Lint) -> None:
    out = lint("-f", "-", stdin=text_of("input/rendered-by-helm.yaml")).out
    assert "standard input (shop/templates/service.yaml)\n  8  warning  FG306" in out
    assert "standard input (shop/charts/cache/templates/deployment.yaml)\n  18  warning  FG208" in out


def test_what_is_no_manifest_yet_is_no_failure_and_says_how_to_check_what_comes_out(lint: Lint) -> None:
    for name, shown_by in (("input/template.yaml", "helm template CHART"), ("patches/more-replicas.yaml", "kubectl kustomize DIR")):
        ran = lint(str(FOLDER / name), "--fail-on", "warning")
        assert (ran.code, ran.err) == (0, "")
        assert f": check what comes out: {shown_by} | kubectl fargate lint -f -\n" in ran.out


def test_json(lint: Lint) -> None:
    found = json.loads(lint("-f", "-", "-o", "json", stdin=BAD).out)
    assert found["summary"] == {"error": 3, "warning": 0, "info": 0, "objects": 2, "files": 1}
    assert found["findings"][0] == {
        "rule": "FG103",
        "severity": "error",
        "title": "Port of the host",
        "message": "container edge takes a hostPort of its node: remove it and reach the pod through a Service",
        "what": "container edge takes a hostPort of its node",
        "advice": "remove it and reach the pod through a Service",
        "file": "-",
        "line": 19,
        "object": "Deployment edge/edge",
        "path": "spec.template.spec.containers[0].ports[0].hostPort",
        "source": "",
    }


def test_github(lint: Lint) -> None:
    Path("100%,a:b.yaml").write_text(BAD)
    lines = lint("-o", "github", "100%,a:b.yaml").out.splitlines()
    assert lines[0] == (
        "::error file=100%25%2Ca%3Ab.yaml,line=19,title=FG103 Port of the host::"
        "Deployment edge/edge: container edge takes a hostPort of its node: remove it and reach the pod through a Service"
    )
    assert len(lines) == 3


def test_colours_on_a_terminal_alone(lint: Lint, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = lint("-f", "-", stdin=BAD).out
    monkeypatch.setattr(command, "_has_colours", lambda: True)
    coloured = lint("-f", "-", stdin=BAD).out
    assert "\x1b[" not in plain
    assert "\x1b[31merror  \x1b[0m" in coloured
    assert re.sub(r"\x1b\[[0-9]*m", "", coloured) == plain


def test_names_cannot_act_on_a_terminal(lint: Lint) -> None:
    obj = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a\x1b[2Jb\n::error::c"}, "spec": {"type": "NodePort"}}
    for form in ("text", "github"):
        out = lint("-f", "-", "-o", form, stdin=json.dumps(obj)).out
        assert "\x1b" not in out
        assert not any(line.startswith("::error::c") for line in out.splitlines())


def test_the_folder_of_fixtures(lint: Lint) -> None:
    done = lint("-o", "json", "-f", str(FOLDER), "--ignore", "FG001,FG002")
    assert {Path(finding["file"]).relative_to(FOLDER).as_posix() for finding in json.loads(done.out)["findings"]} >= {
        name for name in expected() if name.startswith("web/")
    }


def test_a_namespace_of_a_cluster(kube: RunningKube, plugin: Plugin) -> None:
    """With the objects that controllers made left out."""
    kube.admin.load([deployment("web", {"app": "web"}, 2), deployment("other", {"app": "other"}, 2, namespace="data")])
    privileged: dict[str, Any] = {"name": "app", "image": "app", "securityContext": {"privileged": True}}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bare", "namespace": "shop"}, "spec": {"containers": [privileged]}}
    kube.admin.load([pod])
    done = plugin("lint", "-n", "shop", "-o", "json")
    found = {(finding["object"], finding["rule"]) for finding in json.loads(done.out)["findings"]}
    assert found == {
        ("Pod shop/bare", "FG102"),
        ("Pod shop/bare", "FG203"),
        ("Deployment shop/web", "FG203"),
        ("Deployment shop/web", "FG209"),
    }
    assert (done.code, done.err) == (1, "")
    everywhere = plugin("lint", "-A", "-o", "text")
    assert "Deployment data/other\n  warning  FG203  spec.template.spec.containers[0].resources: container app asks for" in everywhere.out


def test_the_hook_is_one_that_works(lint: Lint) -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert hook["id"] == "fargate-lint"
    program, *arguments = hook["entry"].split()
    assert program == "kubectl-fargate"
    assert arguments[0] == "lint"
    Path("bad.yaml").write_text(BAD)
    # As pre-commit calls it: the files come last.
    assert lint(*arguments[1:], *hook.get("args", []), "bad.yaml").code == 1
