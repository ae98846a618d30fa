"""What is in the wheel and in the image's environment, and what is not."""

import re
import subprocess
import sys
import zipfile
from pathlib import PurePosixPath

import pytest

from fargateclaims import __version__
from support.image_build import REPOSITORY, Image

# A slow machine may need minutes to build the image, before the first test of each worker.
pytestmark = pytest.mark.timeout(600)
SOURCES = REPOSITORY / "operator/fargateclaims"
UNCHECKED_HASH = (1).to_bytes(4, "little")
"""The flags in a pyc whose source is never looked at (PEP 552)."""


@pytest.fixture
def wheel(image: Image) -> list[PurePosixPath]:
    with zipfile.ZipFile(image.wheel) as archive:
        return [PurePosixPath(name) for name in archive.namelist()]


def pinned(name: str) -> set[str]:
    return set(re.findall(r"^([a-z0-9-]+)==", (REPOSITORY / "requirements" / name).read_text(encoding="utf-8"), re.MULTILINE))


def test_the_wheel_has_the_package_and_the_manifests_of_the_demo(wheel: list[PurePosixPath]) -> None:
    sources = {PurePosixPath("fargateclaims") / path.relative_to(SOURCES) for path in SOURCES.rglob("*") if path.suffix in {".py", ".json"}}
    manifests = {
        PurePosixPath("fargateclaims/manifests", kind, path.name)
        for kind, folder in {"crds": "crds", "samples": "deploy/samples"}.items()
        for path in (REPOSITORY / folder).iterdir()
    }
    about = {PurePosixPath(f"fargateclaims-{__version__}.dist-info", name) for name in ("METADATA", "WHEEL", "RECORD", "entry_points.txt")}
    licence = PurePosixPath(f"fargateclaims-{__version__}.dist-info/licenses/LICENSE")
    assert set(wheel) == sources | manifests | about | {licence}


def test_the_environment_has_what_the_operator_needs_and_nothing_else(image: Image) -> None:
    found = {path.name.partition("-")[0].replace("_", "-").lower() for path in image.home.glob("lib/*/site-packages/*.dist-info")}
    assert found - {"fargateclaims"} <= pinned("runtime.txt")
    assert "fargateclaims" in found
    assert not found & {"pip", "setuptools", "uv", "hatchling", "moto", "flask"}


def test_nothing_is_compiled_at_start(image: Image) -> None:
    start = "import fargateclaims.cli.app, fargateclaims.process"
    done = subprocess.run(
        [image.home / "bin/python", "-v", "-c", start], env=image.environment, check=True, capture_output=True, text=True, cwd="/"
    )
    loaded = re.findall(r"^# code object from '(.+)'$", done.stderr, re.MULTILINE)
    assert len(loaded) > 900
    assert [path for path in loaded if not path.startswith(f"{image.home}/pycache/")] == []


def test_all_byte_code_is_there_and_never_compared_with_its_source(image: Image) -> None:
    codes = image.home / "pycache"
    modules = image.home.glob("lib/**/*.py")
    expected = {codes.joinpath(*path.parts[1:]).with_suffix(f".{sys.implementation.cache_tag}.pyc") for path in modules}
    assert len(expected) > 1000
    found = set(codes.rglob("*.pyc"))
    assert expected - found == set()
    assert {code for code in found if code.read_bytes()[4:8] != UNCHECKED_HASH} == set()


def test_the_simulator_says_that_it_is_not_part_of_the_image(image: Image) -> None:
    done = subprocess.run([*image.entrypoint, "demo"], env=image.environment, check=False, capture_output=True, text=True, cwd="/")
    assert done.returncode
    assert "fargateclaims[simulator]" in done.stderr + done.stdout
    assert "Traceback" not in done.stderr
