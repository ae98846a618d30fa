"""The CRDs and the samples: in the repository, or in the package where that was installed from a wheel."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from fargateclaims.cli.demonstration.errors import DemoError

_PACKAGE: Final = Path(__file__).parents[2]
_REPOSITORY: Final = _PACKAGE.parents[1]
_CRDS: Final = (_PACKAGE / "manifests" / "crds", _REPOSITORY / "crds")
_SAMPLES: Final = (_PACKAGE / "manifests" / "samples", _REPOSITORY / "deploy" / "samples")


def crds() -> Path:
    """The folder of the CRDs. Raises DemoError."""
    return _first(_CRDS)


def samples() -> Path:
    """The folder of the samples. Raises DemoError."""
    return _first(_SAMPLES)


def read(file: Path, replacements: Mapping[str, str]) -> list[dict[str, Any]]:
    """All objects of a manifest, with some texts replaced."""
    text = file.read_text(encoding="utf-8")
    for placeholder, value in replacements.items():
        text = text.replace(placeholder, value)
    return [obj for obj in yaml.safe_load_all(text) if obj]


def _first(folders: tuple[Path, ...]) -> Path:
    for folder in folders:
        if any(folder.glob("*.yaml")):
            return folder
    raise DemoError(f"the manifests of the demo are missing: neither {folders[0]} nor {folders[1]} has any")
