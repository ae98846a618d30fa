"""What `make kube` says, and when it builds; Go itself is a stub, which `make test` needs no other for."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

from support.waiting import LIMIT

BUILD: Final = Path(__file__).parent / "controlplane" / "build.sh"
PROGRAMS: Final = ("kube-apiserver", "kube-controller-manager", "etcd")
TOOLS: Final = (
    *("bash", "grep", "sed", "flock", "sha256sum", "chmod", "mkdir", "mv", "rm", "touch", "sleep"),
    *("basename", "cat", "cut", "dirname", "head", "paste", "sort"),
)
# Builds an empty program, as soon as it may, and notes that it did. A test that fails leaves it behind: it ends by itself.
GO: Final = """#!/bin/sh
if [ "$1" = env ]; then
  {env}
  exit
fi
echo "$*" >> "{folder}/built"
looks=0
while [ ! -e "{folder}/may-build" ] && [ $looks -lt 3000 ]; do looks=$((looks + 1)); sleep 0.01; done
while [ "$1" != -o ]; do shift; done
touch "$2" && chmod +x "$2"
"""
NEWEST: Final = "echo go99.1.2"
# Before 1.21, no Go fetched another one.
ANCIENT: Final = "echo go1.20.14"
MAY_NOT_FETCH: Final = """
  if [ -e go.mod ]; then echo "go: go.mod requires go >= 99.0.0 (running go 1.21.3; GOTOOLCHAIN=local)" >&2; exit 1; fi
  echo go1.21.3"""


class Machine:
    """Where `make kube` is run: with the usual tools, and Go if it is put there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bin = folder / "bin"
        self.bin.mkdir()
        for tool in TOOLS:
            self.bin.joinpath(tool).symlink_to(shutil.which(tool) or pytest.fail(f"{tool} is not here"))

    def install_go(self, env: str = NEWEST) -> None:
        """A Go that answers `go env GOVERSION` so."""
        go = self.bin / "go"
        go.write_text(GO.format(env=env, folder=self.folder))
        go.chmod(0o755)

    def let_build(self) -> None:
        (self.folder / "may-build").touch()

    @property
    def built(self) -> int:
        """How many programs Go was told to build."""
        return len((self.folder / "built").read_text().splitlines())

    def start(self, **environment: str) -> "subprocess.Popen[str]":
        surroundings = {"PATH": str(self.bin), "HOME": str(self.folder), **environment}
        return subprocess.Popen(
            [self.bin / "bash", BUILD], env=surroundings, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def run(self, **environment: str) -> tuple[int, str, str]:
        """Exit code, and what is printed to stdout and stderr."""
        with self.start(**environment) as process:
            out, err = process.communicate(timeout=LIMIT)
        return process.returncode, out, err


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_built_once_and_then_without_go(machine: Machine) -> None:
    machine.install_go()
    machine.let_build()
    code, out, _ = machine.run()
    assert code == 0
    assert sorted(path.name for path in Path(out.strip()).glob("[!.]*")) == sorted(PROGRAMS)
    assert Path(out.strip()).is_relative_to(machine.folder / ".cache")
    (machine.bin / "go").unlink()
    assert machine.run() == (0, out, "")


def test_no_go(machine: Machine) -> None:
    code, out, err = machine.run()
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert err.startswith("make kube: Go builds the control plane, and is not here: install Go 1.")


@pytest.mark.parametrize(("env", "version"), [(ANCIENT, "go1.20.14"), (MAY_NOT_FETCH, "go1.21.3")], ids=["ancient", "may not fetch"])
def test_old_go(machine: Machine, env: str, version: str) -> None:
    machine.install_go(env)
    machine.let_build()
    code, out, err = machine.run()
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert f"and {version} is too old and did not get a newer one by itself: install Go 1." in err


def test_two_at_once_build_once(machine: Machine) -> None:
    machine.install_go()
    with machine.start() as first:
        assert first.stderr is not None
        assert first.stderr.readline().startswith("building ")
        with machine.start() as second:
            assert second.stderr is not None
            said = second.stderr.readline()
            machine.let_build()
            assert said == "waiting for another make kube, which is building\n"
            assert first.communicate(timeout=LIMIT)[0] == second.communicate(timeout=LIMIT)[0]
    assert (first.returncode, second.returncode, machine.built) == (0, 0, len(PROGRAMS))


@pytest.mark.parametrize("relative", [False, True])
def test_assets_that_are_there(machine: Machine, *, relative: bool) -> None:
    assets = _assets(machine.folder, PROGRAMS)
    given = os.path.relpath(assets, machine.folder) if relative else str(assets)
    assert machine.run(KUBEBUILDER_ASSETS=given) == (0, f"{assets}\n", "")


def test_assets_without_a_program(machine: Machine) -> None:
    assets = _assets(machine.folder, ("kube-apiserver", "etcd", "kubectl"))
    code, out, err = machine.run(KUBEBUILDER_ASSETS=str(assets))
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert f"KUBEBUILDER_ASSETS is {assets}, which has no kube-controller-manager; add it" in err


def _assets(folder: Path, programs: tuple[str, ...]) -> Path:
    assets = folder / "assets"
    assets.mkdir()
    for program in programs:
        (assets / program).touch(0o755)
    return assets
