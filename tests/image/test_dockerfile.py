"""What the Dockerfile promises, read from the file itself."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from fargateclaims.settings import Settings, split_address
from support.dockerfile import Dockerfile, Stage, context, expand
from support.image_build import REPOSITORY

LABELS = {"title", "description", "licenses", "version", "revision", "created", "source", "base.name", "base.digest"}
GIVEN = {"VERSION": "1.2.3", "REVISION": "abc", "CREATED": "2026-11-22T00:00:00Z", "SOURCE": "https://git.example.com/fargateclaims"}


@pytest.fixture
def final(dockerfile: Dockerfile) -> Stage:
    return dockerfile.stages[-1]


def project() -> dict[str, str]:
    found: dict[str, str] = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return found


def test_hadolint_has_nothing_to_say() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, "--no-color", REPOSITORY / "Dockerfile"], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_both_stages_begin_with_the_image_and_the_digest_that_are_given(dockerfile: Dockerfile) -> None:
    bases = [stage.base.removesuffix(" AS builder") for stage in dockerfile.stages]
    assert [expand(base, dockerfile.arguments) for base in bases] == ["docker.io/library/python:3.11-slim"] * 2
    pinned = {"PYTHON_IMAGE": "registry.example.com/python:3.13-slim", "PYTHON_DIGEST": "sha256:0123"}
    assert [expand(base, pinned) for base in bases] == ["registry.example.com/python:3.13-slim@sha256:0123"] * 2


def test_no_digest_is_made_up() -> None:
    assert not re.search(r"sha256:[0-9a-f]", (REPOSITORY / "Dockerfile").read_text(encoding="utf-8"))


def test_python_is_the_one_that_the_requirements_are_resolved_for(dockerfile: Dockerfile) -> None:
    assert project()["requires-python"] == ">=" + re.findall(r":([\d.]+)-slim$", dockerfile.arguments["PYTHON_IMAGE"])[0]


def test_it_runs_as_a_number_and_without_a_shell(final: Stage) -> None:
    assert final.one("USER").text == "65532:65532"
    assert final.one("ENTRYPOINT").exec_form == ["/opt/fargateclaims/bin/fargateclaims"]
    assert final.one("CMD").exec_form == ["run"]
    assert not final.all("RUN")
    assert not final.all("SHELL")


def test_kubernetes_asks_for_its_health_itself(dockerfile: Dockerfile) -> None:
    assert not [stage for stage in dockerfile.stages if stage.all("HEALTHCHECK")]


def test_its_port_is_the_one_that_is_listened_on(final: Stage) -> None:
    assert int(final.one("EXPOSE").text) == split_address(Settings.model_fields["http_address"].default)[1]


def test_labels_say_what_is_in_it(dockerfile: Dockerfile, final: Stage) -> None:
    labels = {name.removeprefix("org.opencontainers.image."): value for name, value in final.one("LABEL").pairs.items()}
    assert set(labels) == LABELS
    values = {name: expand(value, {**dockerfile.arguments, **GIVEN}) for name, value in labels.items()}
    assert values["description"] == project()["description"]
    assert values["licenses"] == project()["license"]
    assert [values[name] for name in ("version", "revision", "created", "source")] == list(GIVEN.values())
    assert values["base.name"] == dockerfile.arguments["PYTHON_IMAGE"]


def test_every_requirement_is_installed_by_hash(dockerfile: Dockerfile) -> None:
    runs = [each.text for each in dockerfile.stages[0].all("RUN")]
    installs = [command for run in runs for command in run.split("&&") if re.search(r"\b(pip install|uv build)\b", command)]
    assert len(installs) == 4
    assert [command for command in installs if "--require-hashes" not in command] == [installs[-1]]
    assert "--no-deps /wheel/" in installs[-1]


def test_only_what_is_copied_gets_to_the_builder(dockerfile: Dockerfile) -> None:
    copied = [source for each in dockerfile.stages[0].all("COPY") for source in each.text.split()[:-1]]
    let_in = {str(path.relative_to(REPOSITORY)) for path in context(REPOSITORY)}
    assert {path for path in let_in if not any(path == source or path.startswith(f"{source}/") for source in copied)} == set()
    assert {source for source in copied if not any(path == source or path.startswith(f"{source}/") for path in let_in)} == set()


def test_the_page_names_every_build_argument(dockerfile: Dockerfile, final: Stage) -> None:
    page = (REPOSITORY / "docs/image.md").read_text(encoding="utf-8")
    known = {*dockerfile.arguments, *(name for each in final.all("ARG") for name in each.pairs)}
    assert set(re.findall(r"--build-arg (\w+)=", page)) == known - {"PYTHON_IMAGE"}
    assert {name for name in known if f"`{name}`" not in page} == set()
