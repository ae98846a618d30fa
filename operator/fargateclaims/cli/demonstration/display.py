"""What the demo shows: a table that changes in place on a terminal, else one line for each change."""

import textwrap
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Final, Protocol, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from fargateclaims.cli.demonstration.claims import ClaimView, Key
from fargateclaims.cli.demonstration.errors import DemoError
from fargateclaims.cli.demonstration.pods import Pods

# What is wrapped here is readable on any terminal.
WIDTH: Final = 100
_INDENT: Final = " " * 23
_MESSAGES: Final = 4
_REFRESHES_PER_SECOND: Final = 8
_STYLES: Final = {"True": "green", "False": "red"}
# The widest values, so that the columns stay where they are.
_MIN_WIDTHS: Final = {"REASON": 13, "CLASS": 13, "PROFILE": 27}
# From here on, kubectl shows an age in minutes.
_KUBECTL_SECONDS: Final = 120
# Their messages say what the columns say already.
_SPEAK_FOR_THEMSELVES: Final = frozenset({"", "Active", "Pending"})

Views = Callable[[], Mapping[Key, ClaimView]]


class Display(Protocol):
    """Shows the story as it unfolds, between entering and leaving."""

    def __enter__(self) -> Self:
        """Begin."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        """End, and leave the last state standing."""

    def tell(self, line: str) -> None:
        """Show what somebody does."""

    def changed(self, key: Key, view: ClaimView | None) -> None:
        """Show a claim's change; without a view it is gone."""

    def moved(self, pods: Pods) -> None:
        """Show how the pods stand now."""


def show(console: Console, text: str) -> None:
    """Show text as it is, however long its lines. DemoError if nobody can read it any more, as behind `head`."""
    try:
        console.print(text, markup=False, highlight=False, soft_wrap=True)
    except (OSError, SystemExit):  # rich makes a SystemExit of a broken pipe, which would tear the event loop down
        console.quiet = True
        raise DemoError("its output was closed") from None


def display(console: Console, views: Views) -> Display:
    """The display that fits the console."""
    if console.is_terminal and not console.is_dumb_terminal:
        return LiveTable(console, views)
    return PlainLines(console)


class _Clock:
    """Seconds since the display began, as its lines begin with them."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def __str__(self) -> str:
        return f"{time.monotonic() - self._began:5.1f}s"


class LiveTable:
    """Like `kubectl get fpc -A -w`, with each claim in one row; below it, what claims say that are not Active, and the pods."""

    def __init__(self, console: Console, views: Views) -> None:
        self._views = views
        self._clock = _Clock()
        self._last_changed: dict[Key, float] = {}
        self._pods = ""
        self._live = Live(get_renderable=self._render, console=console, refresh_per_second=_REFRESHES_PER_SECOND)

    def __enter__(self) -> Self:
        """See `Display`."""
        self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        """See `Display`."""
        self._live.stop()

    def tell(self, line: str) -> None:
        """See `Display`."""
        self._live.console.print(Text.assemble(f"{self._clock}  ", (line, "bold")))

    def changed(self, key: Key, view: ClaimView | None) -> None:
        """See `Display`."""
        self._last_changed[key] = time.monotonic()
        if view is None:
            self.tell(f"{key} is gone")

    def moved(self, pods: Pods) -> None:
        """See `Display`."""
        self._pods = f"{pods.what}  {pods.standing}"

    def _render(self) -> RenderableType:
        views = dict(sorted(self._views().items()))
        messages = [view for view in views.values() if view.reason not in _SPEAK_FOR_THEMSELVES]
        messages.sort(key=lambda view: self._last_changed.get(view.key, 0.0), reverse=True)
        lines = [Text(f"{view.key}: {view.message}", style="dim", overflow="ellipsis", no_wrap=True) for view in messages[:_MESSAGES]]
        # Always as high, so that the terminal does not jump.
        lines += [Text() for _ in range(_MESSAGES - len(lines))]
        return Group(Text(), _table(views.values()), Text(), *lines, Text(self._pods, overflow="ellipsis", no_wrap=True))


def _table(views: Iterable[ClaimView]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="")
    for name in ("NAMESPACE", "NAME", "READY", "REASON", "CLASS", "PROFILE", "QUEUE", "AGE"):
        table.add_column(name, no_wrap=True, min_width=_MIN_WIDTHS.get(name))
    for view in views:
        ready = Text(view.ready, style=_STYLES.get(view.ready, "yellow"))
        table.add_row(*view.key, ready, view.reason, view.class_name, view.profile, view.queue, _age(view.created))
    return table


def _age(created: datetime) -> str:
    """As kubectl shows it."""
    seconds = max(0, int((datetime.now(UTC) - created).total_seconds()))
    return f"{seconds}s" if seconds < _KUBECTL_SECONDS else f"{seconds // 60}m"


class PlainLines:
    """One line for each change of what the columns say, with the message below it where that says more."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._clock = _Clock()
        self._said: dict[Key, tuple[str, str, str]] = {}
        self._pods_said = ""
        self._pods_ran = False

    def __enter__(self) -> Self:
        """See `Display`."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        """See `Display`."""

    def tell(self, line: str) -> None:
        """See `Display`."""
        self._print(f"{self._clock}  > {line}")

    def changed(self, key: Key, view: ClaimView | None) -> None:
        """See `Display`."""
        if view is None:
            self._said.pop(key, None)
            self._print(f"{self._clock}  {key!s:14} is gone")
            return
        says = (view.ready, view.reason, view.queue)
        if self._said.get(key) == says:
            return
        self._said[key] = says
        self._print(f"{self._clock}  {key!s:14} {view.ready:8} {view.reason:14} {view.profile:28} {view.queue}".rstrip())
        if view.reason not in _SPEAK_FOR_THEMSELVES:
            self._print_message(view.message)

    def moved(self, pods: Pods) -> None:
        """See `Display`. Until all are ready for the first time, only what is so of all is worth a line."""
        refused = pods.all_refused()
        self._pods_ran = self._pods_ran or pods.now.healthy == pods.replicas
        says = pods.standing
        if says != self._pods_said and (self._pods_ran or refused):
            self._pods_said = says
            self._print(f"{self._clock}  {pods.what:14} {says}")
            if refused:
                self._print_message(pods.now.why)

    def _print_message(self, text: str) -> None:
        self._print(textwrap.fill(text, WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT, break_on_hyphens=False))

    def _print(self, text: str) -> None:
        show(self._console, text)
