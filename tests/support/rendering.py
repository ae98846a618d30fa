"""The operator's manifests as Helm and Kustomize render them.

Run as a program it writes deploy/kustomize/base/operator.yaml, which is the chart's rendering with the default values.
"""

import re
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, Final

import helm_python as helm
import yaml

ROOT: Final = Path(__file__).parents[2]
CHART: Final = ROOT / "deploy/helm/fargateclaims"
KUSTOMIZE: Final = ROOT / "deploy/kustomize"
BASE: Final = KUSTOMIZE / "base/operator.yaml"
NAME: Final = "fargateclaims"
"""The release and its namespace."""

Object = dict[str, Any]

_HEADER: Final = "# Generated from deploy/helm/fargateclaims with its default values by `make manifests`; changes belong there.\n"
_HELMS_OWN: Final = re.compile(r"^ +(helm\.sh/chart|app\.kubernetes\.io/managed-by): .*\n", re.MULTILINE)


@cache
def chart() -> helm.Chart:
    """The chart, loaded once."""
    return helm.Chart.load(CHART)


def rendered(values: Object | None = None) -> dict[str, str]:
    """Each template's text, by its file name."""
    texts = chart().render(values or {}, name=NAME, namespace=NAME)
    return {Path(path).name: text for path, text in texts.items() if text.strip()}


def from_chart(values: Object | None = None) -> list[Object]:
    """All objects of the chart, with these values in place of the defaults."""
    return objects(text for name, text in rendered(values).items() if name != "NOTES.txt")


def from_kustomize(folder: Path) -> list[Object]:
    """All objects that `kubectl kustomize` makes of a folder."""
    done = subprocess.run([kubectl(), "kustomize", folder], capture_output=True, text=True, check=False)
    if done.returncode:
        raise ValueError(done.stderr)
    return objects([done.stdout])


def kubectl() -> Path:
    """The kubectl of this environment."""
    return Path(sys.executable).with_name("kubectl")


def objects(texts: Iterable[str]) -> list[Object]:
    """The objects in some streams of YAML documents."""
    return [document for text in texts for document in yaml.safe_load_all(text) if document]


def identity(obj: Object) -> tuple[str, str, str]:
    """What tells an object from all others: kind, namespace, name."""
    return obj["kind"], obj["metadata"].get("namespace", ""), obj["metadata"]["name"]


def base_text() -> str:
    """What the Kustomize base has to be: the chart's objects without Helm's own labels; the CRDs are Kustomize's own."""
    texts = rendered({"crds": {"install": False}})
    # The Deployment comes last in this order, after all that it needs.
    parts = [texts[name].strip() for name in sorted(texts, reverse=True) if name != "NOTES.txt"]
    return _HEADER + "---\n" + _HELMS_OWN.sub("", "\n---\n".join(parts)) + "\n"


if __name__ == "__main__":
    BASE.write_text(base_text())
