"""The rows of the benchmark, and how they are printed."""

import os
import platform
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

_HEAD = ("", "what", "target", "measured", "verdict")


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. `bench` is the letter of its part.

    :param limit: what it may be at the most; None for a figure that is only told.
    :param unit: follows the figure.
    """

    bench: str
    what: str
    value: float
    limit: float | None = None
    unit: str = ""

    @property
    def met(self) -> bool:
        """Whether the target is met; True where there is none."""
        return self.limit is None or self.value <= self.limit

    def cells(self) -> tuple[str, ...]:
        """The texts of the row."""
        target = "" if self.limit is None else f"{'≤ ' if self.limit else ''}{_figure(self.limit)}{self.unit}"
        verdict = "" if self.limit is None else "met" if self.met else f"missed by {_figure(self.value - self.limit)}{self.unit}"
        return self.bench, self.what, target, f"{_figure(self.value)}{self.unit}", verdict


def _figure(value: float) -> str:
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:.3f}" if abs(value) < 10 else f"{value:,.1f}"


def markdown(rows: Iterable[Row]) -> str:
    """The table: as wide as it needs to be, readable as it is and as Markdown."""
    lines = [_HEAD, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEAD))]

    def joined(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |"

    return "\n".join([joined(lines[0]), "|" + "|".join("-" * (width + 2) for width in widths) + "|", *map(joined, lines[1:])])


def machine() -> str:
    """Where and when it was measured, in one line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = ", ".join(f"{value:.2f}" for value in os.getloadavg())
    when = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    hardware = f"{os.cpu_count()} CPUs ({_cpu()}), {memory:.0f} GiB"
    return f"{when}; commit {_commit()}; {hardware}, Python {platform.python_version()}; load average {load}"


def _commit() -> str:
    asked = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=Path(__file__).parent, capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() or "unknown"


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
