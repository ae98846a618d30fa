"""The manifests of tests/fixtures/lint, and what lint has to find in them."""

from pathlib import Path
from typing import Final

import yaml

FOLDER: Final = Path(__file__).parents[1] / "fixtures" / "lint"
_EXPECTED: Final = FOLDER / "expected.yaml"

NAMES: Final = sorted(str(file.relative_to(FOLDER)) for file in FOLDER.rglob("*") if file.is_file() and file != _EXPECTED)


def text_of(name: str) -> str:
    """A fixture's text."""
    return (FOLDER / name).read_text(encoding="utf-8")


def expected() -> dict[str, list[str]]:
    """By file: line and rule of each finding."""
    found: dict[str, list[str]] = yaml.safe_load(_EXPECTED.read_text(encoding="utf-8"))
    return found
