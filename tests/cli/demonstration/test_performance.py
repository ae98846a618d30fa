"""The demo as a whole, where it ends early; that it holds is seen in `test_demo.py`."""

import tempfile
from io import StringIO

import pytest
from rich.console import Console

from fargateclaims.cli.demonstration.performance import EXIT_BROKEN, perform


async def test_what_nobody_foresaw_is_told_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere/at/all")
    out = StringIO()
    assert await perform(Console(file=out), seconds=1.0, keep=False) == EXIT_BROKEN
    assert "\nthe demo failed, for a reason that it did not foresee: FileNotFoundError: " in out.getvalue()
    assert "Traceback" not in out.getvalue()
