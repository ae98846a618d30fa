"""What the demo applies is there: in the repository and in a wheel."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from fargateclaims.cli.demonstration import manifests
from fargateclaims.cli.demonstration.errors import DemoError

REPOSITORY = Path(__file__).parents[3]


def test_a_wheel_has_what_the_repository_has(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    script = "from fargateclaims.cli.demonstration import manifests as m; print(m.crds(), m.samples(), sep='\\n')"
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r}); {script}"]
    found = subprocess.run(command, check=True, capture_output=True, text=True, cwd=tmp_path).stdout.splitlines()
    assert [Path(folder).relative_to(tmp_path / "site") for folder in found] == [
        Path("fargateclaims/manifests/crds"),
        Path("fargateclaims/manifests/samples"),
    ]
    for there, here in zip(map(Path, found), (REPOSITORY / "crds", REPOSITORY / "deploy" / "samples"), strict=True):
        assert {file.name: file.read_text() for file in there.iterdir()} == {file.name: file.read_text() for file in here.iterdir()}


def test_texts_are_replaced() -> None:
    (_, own, _) = manifests.read(manifests.samples() / "10-classes.yaml", {"subnet-00000000000000000": "subnet-1"})
    assert own["spec"]["subnets"]["ids"] == ["subnet-1"]


def test_missing_manifests_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(manifests, "_CRDS", (tmp_path / "a", tmp_path / "b"))
    with pytest.raises(DemoError, match=f"neither {tmp_path}/a nor {tmp_path}/b"):
        manifests.crds()
