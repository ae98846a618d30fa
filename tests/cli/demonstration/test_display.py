"""The table of a terminal and the lines of a pipe."""

import re
import time
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from rich.console import Console

from fargateclaims.cli.demonstration.claims import ClaimView, Key
from fargateclaims.cli.demonstration.display import LiveTable, PlainLines, display
from fargateclaims.cli.demonstration.errors import DemoError
from fargateclaims.cli.demonstration.pods import Moment, Pods, PodView

WAITING = "waiting, 1st of 2 on cluster prod: profile shop-search-854588f0-9999 (claim shop/search) is CREATING since 14:02:11Z"


def view(name: str, ready: str, reason: str, *, message: str = "", profile: str = "", queue: str = "", age: float = 5) -> ClaimView:
    created = datetime.now(UTC) - timedelta(seconds=age)
    return ClaimView(
        key=Key("shop", name),
        ready=ready,
        reason=reason,
        message=message,
        class_name="standard",
        profile=profile,
        queue=queue,
        created=created,
        current=True,
        profiles=(),
        foreign_blocker=None,
    )


def console(*, terminal: bool) -> tuple[Console, StringIO]:
    file = StringIO()
    return Console(file=file, force_terminal=terminal, width=100, height=40, color_system=None, legacy_windows=False), file


def test_a_pipe_gets_lines_and_a_terminal_a_table() -> None:
    assert isinstance(display(console(terminal=False)[0], dict), PlainLines)
    assert isinstance(display(console(terminal=True)[0], dict), LiveTable)


def test_a_terminal_that_cannot_go_back_gets_lines() -> None:
    dumb = Console(file=StringIO(), force_terminal=True, _environ={"TERM": "dumb"})
    assert isinstance(display(dumb, dict), PlainLines)


def test_each_change_of_the_columns_is_one_line_with_its_message_within_100_columns() -> None:
    out, file = console(terminal=False)
    queued = view("reports", "Unknown", "Queued", message=WAITING, queue="1/2")
    with PlainLines(out) as shown:
        shown.tell("team shop: kubectl apply")
        shown.changed(queued.key, queued)
        shown.changed(queued.key, view("reports", "Unknown", "Queued", message="the same place, said otherwise", queue="1/2"))
        shown.changed(queued.key, view("reports", "True", "Active", message="takes pods", profile="shop-reports-42ced681-9999"))
        shown.changed(queued.key, None)
    lines = [re.sub(r"^ *\d+\.\ds", "T", line) for line in file.getvalue().splitlines()]
    assert lines == [
        "T  > team shop: kubectl apply",
        "T  shop/reports   Unknown  Queued                                      1/2",
        "                       waiting, 1st of 2 on cluster prod: profile shop-search-854588f0-9999 (claim",
        "                       shop/search) is CREATING since 14:02:11Z",
        "T  shop/reports   True     Active         shop-reports-42ced681-9999",
        "T  shop/reports   is gone",
    ]


def test_the_table_is_that_of_kubectl_with_the_messages_of_those_who_wait_below() -> None:
    out, file = console(terminal=True)
    begun = time.monotonic()
    views = {
        each.key: each
        for each in (
            view("search", "True", "Active", message="takes pods", profile="shop-search-854588f0-9999", age=130),
            view("reports", "Unknown", "Queued", message=WAITING, queue="1/2"),
        )
    }
    with LiveTable(out, lambda: views) as shown:
        shown.tell("team shop: kubectl apply")
        shown.changed(Key("shop", "preview"), None)
    text = file.getvalue()
    assert "team shop: kubectl apply" in text
    assert "shop/preview is gone" in text
    last = [line.rstrip() for line in text[text.rindex("NAMESPACE") :].splitlines()]
    assert last[0].split() == ["NAMESPACE", "NAME", "READY", "REASON", "CLASS", "PROFILE", "QUEUE", "AGE"]
    ages = [f"{5 + late}s" for late in range(int(time.monotonic() - begun) + 2)]
    assert last[1].split() in [["shop", "reports", "Unknown", "Queued", "standard", "1/2", age] for age in ages]
    assert last[2].split() == ["shop", "search", "True", "Active", "standard", "shop-search-854588f0-9999", "2m"]
    assert last[4].startswith("shop/reports: waiting, 1st of 2 on cluster prod")
    assert "takes pods" not in text
    assert max(map(len, last)) <= 100


OLD, NEW = "shop-search-854588f0-9999", "shop-search-854588f0-9998"


def stand(pods: Pods, *views: tuple[str, bool, str]) -> None:
    """Let the pods stand so: profile, whether it is ready, why it gets no node."""
    pods.present = {
        str(number): PodView(f"search-{number}", profile, ready=ready, terminating=False, evicted=False, refused=refused)
        for number, (profile, ready, refused) in enumerate(views)
    }
    pods._note()


def test_pods_are_a_line_once_it_is_so_of_all_and_then_each_time_one_comes_or_goes() -> None:
    out, file = console(terminal=False)
    shown, pods = PlainLines(out), Pods("deploy/search", 2)
    pods._listener = shown.moved
    why = "0/3 nodes are available: 3 node(s) had untolerated taint {eks.amazonaws.com/compute-type: fargate}. preemption: 0/3"
    for views in (
        [("", False, ""), ("", False, "")],
        [("", False, why), ("", False, "")],
        [("", False, why), ("", False, why)],
        [(OLD, False, ""), ("", False, why)],
        [(OLD, True, ""), (OLD, False, "")],
        [(OLD, True, ""), (OLD, True, "")],
        [(OLD, True, ""), ("", False, "")],
        [(OLD, True, ""), (NEW, False, "")],
        [(OLD, True, ""), (NEW, True, "")],
    ):
        stand(pods, *views)
    lines = [re.sub(r"^ *\d+\.\ds", "T", line) for line in file.getvalue().splitlines()]
    assert lines == [
        "T  deploy/search  0/2 ready  2 Pending",
        "                       0/3 nodes are available: 3 node(s) had untolerated taint",
        "                       {eks.amazonaws.com/compute-type: fargate}. preemption: 0/3",
        f"T  deploy/search  2/2 ready  2 on {OLD}",
        f"T  deploy/search  1/2 ready  1 on {OLD}",
        f"T  deploy/search  2/2 ready  1 on {OLD}, 1 on {NEW}",
    ]
    assert max(map(len, file.getvalue().splitlines())) <= 100


def test_a_terminal_has_the_pods_below_the_claims() -> None:
    out, file = console(terminal=True)
    pods = Pods("deploy/search", 6)
    pods.timeline.append(Moment(0.0, {OLD: 3, NEW: 2}, waiting=1))
    with LiveTable(out, dict) as shown:
        shown.moved(pods)
    assert f"deploy/search  5/6 ready  3 on {OLD}, 2 on {NEW}\n" in "\n".join(map(str.rstrip, file.getvalue().splitlines()))


def test_brackets_in_messages_are_not_taken_for_markup() -> None:
    out, file = console(terminal=False)
    wrong = view("etl", "False", "Invalid", message="spec.selectors[0].namespace: no")
    PlainLines(out).changed(wrong.key, wrong)
    assert "spec.selectors[0].namespace: no" in file.getvalue()


class ClosedFile(StringIO):
    """The end of a pipe that nobody reads any more."""

    def write(self, _text: str) -> int:
        raise OSError(5, "Input/output error")


def test_an_output_that_is_closed_ends_the_demo_and_is_written_to_no_more() -> None:
    out = Console(file=ClosedFile())
    with pytest.raises(DemoError, match="its output was closed"):
        PlainLines(out).tell("team shop: kubectl apply")
    PlainLines(out).tell("nobody hears this")
