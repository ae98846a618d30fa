"""How each kind of panel is drawn: as Grafana does, as far as somebody who reads the picture needs it."""

import itertools
from collections.abc import Callable, Mapping
from typing import Any, Final

PAPER: Final = "#f4f5f7"
SURFACE: Final = "#ffffff"
INK: Final = "#1f2328"
MUTED: Final = "#6b7280"
GRID: Final = "#e5e7eb"
COLORS: Final = {
    "green": "#3f9b4f",
    "yellow": "#e3b505",
    "orange": "#f2882e",
    "red": "#d64545",
    "blue": "#3f7fd1",
    "purple": "#9467bd",
    "text": INK,
    "transparent": "#eef0f3",
}
PALETTE: Final = ("#3f7fd1", "#f2882e", "#3f9b4f", "#d64545", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22", "#17becf")
LEGEND_LINES: Final = 2
"""Of a panel with many series; Grafana's would have a scroll bar."""
MEBIBYTE: Final = 2**20
_CHARACTER: Final = 5.5
"""Width of one in a legend, in pixels, a little more than the mean."""

Panel = Mapping[str, Any]
Place = Callable[[float, float, float, float], Any]
"""Axes at x, y, width, height, in pixels from the panel's top left corner."""


def shown(value: float, unit: str, decimals: int | None = None) -> str:
    """A figure as people write it."""
    if unit == "s":
        if value and abs(value) < 1:
            return f"{value * 1000:.3g} ms"
        return f"{value:.3g} s" if abs(value) < 120 else f"{value / 60:.3g} min"
    if unit == "bytes":
        return f"{value / MEBIBYTE:.0f} MiB"
    if unit == "percentunit":
        return f"{value * 100:.3g}%"
    text = f"{value:,.{decimals}f}" if decimals is not None else f"{value:,.3g}"
    return text + {"reqps": " req/s", "ops": " ops/s"}.get(unit, "")


def stat(panel: Panel, _document: Mapping[str, Any], card: Any, _place: Place, size: tuple[float, float]) -> None:
    """One large figure for each series."""
    defaults, (width, height) = panel["fieldConfig"]["defaults"], size
    series = panel["series"] or [{"name": "", "values": []}]
    for number, one in enumerate(series):
        y = 24 + (height - 30) * (number + 0.5) / len(series)
        if not one["values"]:
            card.text(
                width / 2, y, defaults.get("noValue", "no data"), fontsize=19, ha="center", va="center", color=_threshold(defaults, None)
            )
            continue
        value = one["values"][-1][1]
        mapped = _mappings(defaults).get(value)
        text, color = mapped or (shown(value, defaults["unit"], defaults.get("decimals")), _threshold(defaults, value))
        card.text(width / 2, y, text, fontsize=19, ha="center", va="center", color=color)
        if panel["options"]["textMode"] == "value_and_name":
            card.text(width / 2, y - 30, one["name"], fontsize=9, ha="center", va="center", color=MUTED)


def timeseries(panel: Panel, document: Mapping[str, Any], card: Any, place: Place, size: tuple[float, float]) -> None:
    """Lines, stacked or not."""
    defaults, (width, height) = panel["fieldConfig"]["defaults"], size
    custom, unit = defaults["custom"], defaults["unit"]
    colors = _colors(panel)
    entries = [(one["name"], colors[one["name"]]) for one in panel["series"]]
    below = _legend(card, entries, width, height)
    axes = place(62, 30, width - 80, height - 30 - 34 - below)
    _frame(axes, document, width)
    times = sorted({at for one in panel["series"] for at, _ in one["values"]})
    style = "steps-post" if custom.get("lineInterpolation") == "stepAfter" else "default"
    if custom["stacking"]["mode"] == "normal" and times:
        columns = [_column(one, times) for one in panel["series"]]
        step = "post" if style == "steps-post" else None
        base = [0.0] * len(times)
        for one, column in zip(panel["series"], columns, strict=True):
            upper = [low + value for low, value in zip(base, column, strict=True)]
            color = colors[one["name"]]
            axes.fill_between(times, base, upper, step=step, color=color, alpha=0.55, linewidth=0)
            axes.plot(times, upper, drawstyle=style, color=color, linewidth=0.9)
            base = upper
    else:
        for one in panel["series"]:
            x, y = [at for at, _ in one["values"]], [value for _, value in one["values"]]
            axes.plot(x, y, drawstyle=style, color=colors[one["name"]], linewidth=1.1)
    if "thresholdsStyle" in custom:
        for each in defaults["thresholds"]["steps"][1:]:
            axes.axhline(each["value"], color=COLORS[each["color"]], linewidth=0.9, linestyle="--")
    top = max(axes.get_ylim()[1], 1e-9)
    highest = max((value for one in panel["series"] for _, value in one["values"]), default=0.0)
    axes.set_ylim(defaults.get("min"), max(defaults.get("max", top), highest) * 1.02)
    _ticks(axes, unit, defaults.get("decimals"))
    if not panel["series"]:
        axes.text(0.5, 0.5, "no data", transform=axes.transAxes, ha="center", va="center", color=MUTED)


def state_timeline(panel: Panel, document: Mapping[str, Any], card: Any, place: Place, size: tuple[float, float]) -> None:
    """One line of coloured stretches for each series, the first page of them."""
    width, height = size
    mappings = _mappings(panel["fieldConfig"]["defaults"])
    page = int(panel["options"]["perPage"])
    series = sorted(panel["series"], key=lambda one: one["name"])
    visible = series[:page]
    below = _legend(card, [(text, color) for text, color in mappings.values()], width, height)
    if len(series) > page:
        card.text(width - 14, 15, f"page 1 of {-(-len(series) // page)}", fontsize=7.5, color=MUTED, ha="right", va="center")
    axes = place(190, 30, width - 208, height - 30 - 34 - below)
    _frame(axes, document, width)
    for line, one in enumerate(visible):
        for (state, _), group in itertools.groupby(
            zip(one["values"], [*one["values"][1:], one["values"][-1]], strict=True), key=lambda p: (p[0][1], 0)
        ):
            stretch = list(group)
            begin, end = stretch[0][0][0], stretch[-1][1][0]
            axes.broken_barh([(begin, end - begin)], (line - 0.4, 0.8), color=mappings[state][1], linewidth=0)
    axes.set(ylim=(len(visible) - 0.5, -0.5), yticks=range(len(visible)))
    axes.set_yticklabels([one["name"] for one in visible], fontsize=7)
    axes.grid(visible=False)


def heatmap(panel: Panel, document: Mapping[str, Any], card: Any, place: Place, size: tuple[float, float]) -> None:
    """A histogram at each moment; Prometheus' buckets are cumulative, what is drawn is not."""
    width, height = size
    rows = sorted(((float(one["name"]), dict(map(tuple, one["values"]))) for one in panel["series"]), key=lambda row: row[0])
    times = sorted({at for _, values in rows for at in values})
    axes = place(62, 30, width - 130, height - 30 - 30)
    _frame(axes, document, width)
    cells = [
        [max(0.0, values.get(at, 0.0) - (rows[number - 1][1].get(at, 0.0) if number else 0.0)) for at in times]
        for number, (_, values) in enumerate(rows)
    ]
    used = [number for number, row in enumerate(cells) if any(row)]
    if not used:
        axes.text(0.5, 0.5, "no data", transform=axes.transAxes, ha="center", va="center", color=MUTED)
        return
    low, high = max(0, used[0] - 1), min(len(rows) - 1, used[-1] + 1)
    kept = [[value or float("nan") for value in row] for row in cells[low : high + 1]]
    drawn = axes.pcolormesh(times, range(len(kept)), kept, cmap="Oranges", shading="nearest", vmin=0)
    axes.set(yticks=range(len(kept)))
    axes.set_yticklabels(
        [f"≤ {shown(rows[number][0], 's')}" if rows[number][0] != float("inf") else "more" for number in range(low, high + 1)]
    )
    axes.grid(visible=False)
    bar = card.figure.colorbar(drawn, cax=place(width - 56, 34, 9, height - 28 - 40))
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=2, labelsize=7)


def bar_gauge(panel: Panel, _document: Mapping[str, Any], card: Any, place: Place, size: tuple[float, float]) -> None:
    """A horizontal bar for each series, in the colour of its threshold."""
    defaults, (width, height) = panel["fieldConfig"]["defaults"], size
    series = panel["series"]
    if not series:
        card.text(width / 2, height / 2, "no data", ha="center", va="center", color=MUTED)
        return
    axes = place(190, 28, width - 250, height - 40)
    axes.set_facecolor(SURFACE)
    for side in axes.spines.values():
        side.set_visible(False)
    for line, one in enumerate(series):
        value = one["values"][-1][1]
        color = _threshold(defaults, value)
        axes.barh(line, defaults["max"], color="#eef0f3", height=0.7)
        axes.barh(line, min(value, defaults["max"]), color=color, height=0.7)
        axes.text(
            defaults["max"] * 1.02, line, shown(value, defaults["unit"], defaults.get("decimals")), va="center", fontsize=7, color=color
        )
    axes.set(ylim=(len(series) - 0.5, -0.5), xlim=(defaults["min"], defaults["max"]), xticks=[], yticks=range(len(series)))
    axes.set_yticklabels([one["name"] for one in series], fontsize=7)
    axes.tick_params(length=0)


def _frame(axes: Any, document: Mapping[str, Any], width: float) -> None:
    start, end = document["start"], document["end"]
    axes.set_facecolor(SURFACE)
    axes.set_xlim(start, end)
    span = end - start
    every = next(step for step in (5, 10, 15, 20, 30, 60, 120, 300, 600, 3600) if span / step <= width / 60)
    marks = [start + every * number for number in range(int(span // every) + 1)]
    axes.set_xticks(marks)
    axes.set_xticklabels([f"{int(mark - start) // 60}:{int(mark - start) % 60:02d}" for mark in marks], fontsize=7)
    axes.grid(color=GRID, linewidth=0.6)
    axes.tick_params(length=0, labelsize=7)
    for name, side in axes.spines.items():
        side.set_visible(name == "bottom")
    axes.spines["bottom"].set_color(GRID)


def _ticks(axes: Any, unit: str, decimals: int | None) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator  # type: ignore[import-not-found]

    locator = MaxNLocator(5, integer=decimals == 0)
    if unit == "bytes":
        axes.set_yticks([tick * MEBIBYTE for tick in locator.tick_values(0, axes.get_ylim()[1] / MEBIBYTE)][:-1])
    else:
        axes.yaxis.set_major_locator(locator)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: shown(value, unit, decimals)))


def _legend(card: Any, entries: list[tuple[str, str]], width: float, height: float) -> float:
    """Draw it at the bottom, as far as there is room; return its height in pixels."""
    lines: list[list[tuple[str, str]]] = [[]]
    x, left = 12.0, 0
    for number, entry in enumerate(entries):
        wide = 22 + len(entry[0]) * _CHARACTER
        if x + wide > width - 70 and lines[-1]:
            if len(lines) == LEGEND_LINES:
                left = len(entries) - number
                break
            lines.append([])
            x = 12.0
        lines[-1].append(entry)
        x += wide
    top = height - 8 - 13 * len(lines)
    for line, members in enumerate(lines):
        x = 12.0
        for name, color in members:
            y = top + 13 * line
            card.plot([x, x + 10], [y, y], color=color, linewidth=2.5, solid_capstyle="butt")
            card.text(x + 14, y, name, fontsize=7, va="center", color=INK)
            x += 22 + len(name) * _CHARACTER
    if left:
        card.text(x, top + 13 * (len(lines) - 1), f"and {left} more", fontsize=7, va="center", color=MUTED)
    return 13.0 * len(lines)


def _colors(panel: Panel) -> dict[str, str]:
    fixed = {each["matcher"]["options"]: COLORS[each["properties"][0]["value"]["fixedColor"]] for each in panel["fieldConfig"]["overrides"]}
    free = itertools.cycle(color for color in PALETTE if color not in fixed.values())
    return {one["name"]: fixed.get(one["name"]) or next(free) for one in panel["series"]}


def _column(one: Mapping[str, Any], times: list[float]) -> list[float]:
    values = dict(map(tuple, one["values"]))
    return [values.get(at, 0.0) for at in times]


def _threshold(defaults: Mapping[str, Any], value: float | None) -> str:
    color = INK
    for each in defaults["thresholds"]["steps"]:
        if each["value"] is None or (value is not None and value >= each["value"]):
            color = COLORS[each["color"]]
    return color


def _mappings(defaults: Mapping[str, Any]) -> dict[float, tuple[str, str]]:
    return {
        float(value): (each["text"], COLORS[each["color"]])
        for mapping in defaults.get("mappings", ())
        for value, each in mapping["options"].items()
    }


DRAWN: Final[Mapping[str, Callable[[Panel, Mapping[str, Any], Any, Place, tuple[float, float]], None]]] = {
    "stat": stat,
    "timeseries": timeseries,
    "state-timeline": state_timeline,
    "heatmap": heatmap,
    "bargauge": bar_gauge,
}
