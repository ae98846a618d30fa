"""`python -m fargateclaims.cli.tables docs`: the pages of the docs that are made from the code, so that both say the same."""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from pydantic.fields import FieldInfo

from fargateclaims.api.reasons import reasons_table
from fargateclaims.domain.lint import page as lint
from fargateclaims.metrics import Metrics
from fargateclaims.settings import Settings, allowed, flag, variable

_SETTINGS: Final = """\
<!-- Generated from operator/fargateclaims/settings.py by `make docs-tables`. -->
# Settings

Each setting is an environment variable of the operator and a flag of `fargateclaims run`. A flag wins; an empty variable counts as
absent. All are checked at start: everything that is wrong is said at once, and the exit code is 2.

Kubernetes is found through `KUBECONFIG`, else through the pod's ServiceAccount; AWS through its standard chain (IRSA, Pod Identity,
profiles) and `AWS_ENDPOINT_URL`, `AWS_ENDPOINT_URL_EKS` and so on.

"""
_METRICS: Final = """\
<!-- Generated from operator/fargateclaims/metrics.py by `make docs-tables`. -->
# Metrics

Served at `/metrics` of FARGATECLAIMS_HTTP_ADDRESS, beside the usual `process_*` and `python_*`. `cluster` is the EKS cluster's ARN.

"""


def settings_table() -> str:
    """Return docs/settings.md."""
    rows = (
        (f"`{variable(name)}`", f"`{flag(name)}`", _default(info), allowed(info), _flat(info))
        for name, info in Settings.model_fields.items()
    )
    return _SETTINGS + _table(("Variable", "Flag", "Default", "Takes", "What it does"), rows)


def metrics_table() -> str:
    """Return docs/metrics.md."""
    rows = (
        (f"`{metric.name}`", metric.type, ", ".join(f"`{label}`" for label in metric.labels) or "none", metric.help)
        for metric in Metrics().described()
    )
    return _METRICS + _table(("Metric", "Type", "Labels", "What it says"), rows)


def pages() -> Mapping[str, str]:
    """Return all generated pages by file name."""
    return {
        "lint.md": lint.INTRODUCTION + _table(lint.COLUMNS, lint.rows()),
        "metrics.md": metrics_table(),
        "reasons.md": reasons_table(),
        "settings.md": settings_table(),
    }


def _default(info: FieldInfo) -> str:
    extra = info.json_schema_extra
    if isinstance(extra, dict) and "default_text" in extra:
        return str(extra["default_text"])
    value = str(info.default).lower() if isinstance(info.default, bool) else str(info.default)
    return f"`{value}`" if value else "none"


def _flat(info: FieldInfo) -> str:
    return " ".join((info.description or "").split())


def _table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = (columns, ("---",) * len(columns), *rows)
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def main(arguments: list[str]) -> int:
    """Write the pages into the folder that is the only argument; return the exit code."""
    if len(arguments) != 1 or not Path(arguments[0]).is_dir():
        sys.stderr.write("usage: python -m fargateclaims.cli.tables FOLDER (one that exists)\n")
        return 2
    for name, text in pages().items():
        (Path(arguments[0]) / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
