from pathlib import Path

import pytest

from fargateclaims.cli.tables import main, pages
from fargateclaims.metrics import Metrics
from fargateclaims.settings import Settings

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("name", sorted(pages()))
def test_the_docs_say_what_the_code_says(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == pages()[name], "run `make docs-tables` and commit the result"


def test_no_setting_and_no_metric_is_left_out() -> None:
    for setting in Settings.model_fields:
        assert f"| `FARGATECLAIMS_{setting.upper()}` | `--{setting.replace('_', '-')}` |" in pages()["settings.md"]
    for metric in Metrics().described():
        assert f"| `{metric.name}` |" in pages()["metrics.md"]


def test_every_row_has_as_many_cells_as_its_table() -> None:
    for text in pages().values():
        for table in text.replace("\\|", "").split("\n\n"):
            cells = {line.count("|") for line in table.splitlines() if line.startswith("|")}
            assert len(cells) <= 1


def test_the_pages_are_written(tmp_path: Path) -> None:
    assert main([str(tmp_path)]) == 0
    assert {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()} == dict(pages())


@pytest.mark.parametrize("arguments", [[], ["a", "b"], ["/no/such/folder"]])
def test_a_wrong_call_is_told_so(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert "usage" in capsys.readouterr().err
