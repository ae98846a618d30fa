"""Draw what the dashboard showed, panel by panel and in its own layout, from the file that dashboard_samples.py wrote.

.venv/bin/uv run --no-project --with matplotlib tests/bench/dashboard_picture.py SAMPLES.json docs/images/dashboard.png
"""

import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.dashboard_panels import DRAWN, INK, MUTED, PAPER, SURFACE, Place

COLUMN = 60
"""Width of one of the grid's 24 columns in pixels."""
LINE = 29
"""Height of one of its lines in pixels."""
COLUMNS = 24
HEAD = 92
GAP = 4
DPI = 100
COLOURS = 128
"""In the file: few enough to keep it small, and text stays sharp."""


def draw(document: dict[str, Any], file: Path) -> None:
    """Draw all panels into a PNG."""
    import matplotlib as mpl  # type: ignore[import-not-found]
    from matplotlib import pyplot as plt

    mpl.use("agg")
    mpl.rcParams.update({"font.size": 7.5, "text.color": INK, "axes.edgecolor": MUTED, "xtick.color": MUTED, "ytick.color": MUTED})
    lines = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in document["panels"])
    width, height = COLUMNS * COLUMN, HEAD + lines * LINE
    figure = plt.figure(figsize=(width / DPI, height / DPI), dpi=DPI, facecolor=PAPER)

    def place(x: float, y: float, w: float, h: float) -> tuple[float, float, float, float]:
        """From pixels, counted from the top left, to matplotlib's fractions."""
        return x / width, 1 - (y + h) / height, w / width, h / height

    figure.text(12 / width, 1 - 24 / height, document["title"], fontsize=13, weight="bold", va="center")
    figure.text(12 / width, 1 - 42 / height, document["caption"], fontsize=8, color=MUTED, va="top", linespacing=1.4)
    for panel in document["panels"]:
        at = panel["gridPos"]
        x, y, w, h = at["x"] * COLUMN, HEAD + at["y"] * LINE, at["w"] * COLUMN, at["h"] * LINE
        if panel["type"] == "row":
            figure.text((x + 12) / width, 1 - (y + h / 2) / height, panel["title"], fontsize=10.5, weight="bold", va="center")
            continue
        card = figure.add_axes(place(x + GAP, y + GAP, w - 2 * GAP, h - 2 * GAP), facecolor=SURFACE)
        card.set(xticks=[], yticks=[], xlim=(0, w - 2 * GAP), ylim=(h - 2 * GAP, 0))
        for side in card.spines.values():
            side.set_visible(False)
        card.text(10, 15, panel["title"], fontsize=8.5, weight="bold", va="center")
        DRAWN[panel["type"]](panel, document, card, partial(_inside, figure, place, (x, y)), (w, h))
    figure.savefig(file, facecolor=PAPER)
    _shrink(file)


def _inside(figure: Any, place: Place, corner: tuple[float, float], *at: float) -> Any:
    dx, dy, w, h = at
    return figure.add_axes(place(corner[0] + dx, corner[1] + dy, w, h))


def _shrink(file: Path) -> None:
    from PIL import Image  # type: ignore[import-not-found]

    with Image.open(file) as picture:
        picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)


def main() -> int:
    """Draw the first argument, samples, into the second, a PNG; return the exit code."""
    if len(sys.argv) != 3:
        sys.stderr.write("usage: dashboard_picture.py SAMPLES.json PICTURE.png\n")
        return 2
    file = Path(sys.argv[2])
    draw(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), file)
    sys.stderr.write(f"{file}: {file.stat().st_size / 1000:.0f} kB\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
