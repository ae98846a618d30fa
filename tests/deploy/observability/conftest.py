import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
FILES = ROOT / "deploy" / "helm" / "fargateclaims" / "files"


@pytest.fixture(scope="session")
def dashboard() -> Any:
    return json.loads((FILES / "dashboard.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def alerts() -> list[Any]:
    """All alerting rules."""
    groups = yaml.safe_load((FILES / "alerts.yaml").read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


@pytest.fixture(scope="session")
def runbooks() -> list[str]:
    """The sections of docs/runbooks.md that are about one alert each."""
    text = (ROOT / "docs" / "runbooks.md").read_text(encoding="utf-8")
    return re.findall(r"^## (FargateClaims\w+)$", text, re.MULTILINE)
