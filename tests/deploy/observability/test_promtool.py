"""promtool.sh finds promtool, or says in one line what is missing. That Debian's can be had is seen by `make alerts-test`."""

import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("promtool.sh")
# Of whatever is installed here, the script sees these alone.
TOOLS = ("bash", "env", "mkdir", "mktemp", "rm", "tail")


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A PATH of its own, without promtool and apt-get."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in TOOLS:
        (folder / tool).symlink_to(str(shutil.which(tool)))
    return folder


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def program(path: Path, *lines: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(("#!/usr/bin/env bash", *lines)) + "\n", encoding="utf-8")
    path.chmod(0o755)


def found(programs: Path, cache: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([SCRIPT], env={"PATH": str(programs), "XDG_CACHE_HOME": str(cache)}, capture_output=True, text=True, check=False)


def test_one_that_is_installed_is_used(programs: Path, cache: Path) -> None:
    program(programs / "promtool")
    assert found(programs, cache).stdout == f"{programs}/promtool\n"


def test_one_that_was_unpacked_is_used_without_asking_debian_again(programs: Path, cache: Path) -> None:
    program(cache / "fargateclaims" / "promtool" / "promtool")
    assert found(programs, cache).stdout == f"{cache}/fargateclaims/promtool/promtool\n"


def test_without_apt_get_one_line_says_what_is_missing(programs: Path, cache: Path) -> None:
    ended = found(programs, cache)
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (1, "", 1)
    assert ended.stderr.startswith("promtool is missing: ")
    assert "no apt-get" in ended.stderr


def test_lists_of_packages_are_read_anew_before_it_gives_up_in_one_line(programs: Path, cache: Path, tmp_path: Path) -> None:
    program(programs / "dpkg-deb")
    asked = tmp_path / "asked"
    program(programs / "apt-get", f'echo "$*" >> {asked}', 'echo "W: slow" >&2', 'echo "E: cannot resolve deb.example.com" >&2', "exit 100")
    ended = found(programs, cache)
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (1, "", 1)
    assert ended.stderr.endswith(": E: cannot resolve deb.example.com\n")
    first, update = asked.read_text(encoding="utf-8").splitlines()
    assert first.endswith("download prometheus")
    assert update.endswith("update")
    assert f"Dir::State::lists={cache}" in update
    assert list((cache / "fargateclaims" / "promtool").iterdir()) == []
