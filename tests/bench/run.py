"""`make bench`: what the operator needs beyond the time that EKS takes. Prints one table from one run.

make bench                          everything, about twenty minutes
make bench ARGS="--only a,d"        some parts
make bench ARGS="--write"           and docs/benchmarks.md is written
make bench ARGS="--control-plane FOLDER"
                                    also part r, as a on a real kube-apiserver; `make kube` prints the folder
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from bench.lint import run_lint  # noqa: E402
from bench.queues import CLAIMS, SECONDS, Half, QueueResult, run_plain, run_queues, run_writes  # noqa: E402
from bench.real import real_world  # noqa: E402
from bench.restart import run_restart  # noqa: E402
from bench.table import Row, machine, markdown  # noqa: E402
from bench.virtual import Phase, run_fleet  # noqa: E402

REPORT = HERE.parents[1] / "docs" / "benchmarks.md"
CALLS_FOR_MANY = 500
"""AWS calls a second in part b: what 50 clusters need whose operations take 3 s instead of minutes."""
FLEET = 50
"""Clusters in part b."""
INTRODUCTION = """# Benchmarks

`make bench` measures this operator beside a plain kopf operator on the same simulated EKS, and prints one table: the time against the
floor, which is the sum of what EKS itself takes; the calls that EKS refused; calls to AWS, status writes and memory. It takes about
twenty minutes and needs nothing but this repository. Parts a to d run real processes over real HTTP, all of them on the one machine, so
they want it for themselves; part e is the engine in virtual time, part l is `kubectl fargate lint`. Part r, on a real kube-apiserver,
needs the folder that `make kube` prints: `make bench ARGS="--write --control-plane FOLDER"` wrote this file:
"""


def one_cluster(folder: Path) -> Iterator[Row]:
    """Part a."""
    what = f"{CLAIMS} claims, one cluster, {SECONDS:g} s each"
    ours = run_queues(folder, 1, 10)
    yield from _times("a", what, ours, 1.06)
    plain = run_plain(folder)
    for half, name in ((plain.create, "create"), (plain.delete, "delete")):
        yield Row("a", f"plain kopf operator, the same: {name}, time ÷ floor", half.eks / half.floor)
        yield Row("a", f"plain kopf operator, the same: {name}, calls refused", half.refused)


def real_server(assets: Path, folder: Path) -> Iterator[Row]:
    """Part r: the operator of part a, on a control plane that has been built."""
    what = f"{CLAIMS} claims, one cluster, {SECONDS:g} s each, on a real kube-apiserver"
    yield from _times("r", what, run_queues(folder, 1, 10, place=real_world(assets)), 1.08)


def many_clusters(folder: Path) -> Iterator[Row]:
    """Part b."""
    what = f"{FLEET} clusters with {CLAIMS} claims each at once, {SECONDS:g} s each, {CALLS_FOR_MANY} AWS calls/s"
    ours = run_queues(folder, FLEET, CALLS_FOR_MANY)
    yield from _times("b", what, ours, 1.25)
    yield Row("b", "EKS calls a claim, create and delete together", (ours.create.calls + ours.delete.calls) / (FLEET * CLAIMS), 8)
    yield Row("b", "peak memory of the operator", ours.peak_mib, 200, " MiB")
    yield Row("b", "CPU time of the operator", ours.cpu_seconds, None, " s")


def restart(folder: Path) -> Iterator[Row]:
    """Part c."""
    found = run_restart(folder)
    what = f"restart with {found.claims:,} settled claims on {found.clusters} clusters, default settings"
    yield Row("c", f"{what}: EKS mutations", found.mutations, 0)
    yield Row("c", "the same: status writes", found.writes, 0)
    yield Row("c", "the same: process start to all objects listed", found.listed, None, " s")
    polite = f"at {found.calls_per_second:g} calls/s for each account and region, {found.calls:,} calls"
    yield Row("c", f"the same: process start to EKS observed, {polite}", found.observed, None, " s")
    yield Row("c", "the same: peak memory of the operator", found.peak_mib, None, " MiB")


def writes(folder: Path) -> Iterator[Row]:
    """Part d."""
    found = run_writes(folder)
    yield Row("d", "status writes of a claim alone, apply to Active", found.alone, 4)
    yield Row("d", f"{CLAIMS} claims that queue: the most writes of one above 4 and its places moved up", found.most_over, 0)
    yield Row("d", "status writes in 60 s when all is settled", found.quiet, 0)


def fleet(_folder: Path) -> Iterator[Row]:
    """Part e."""
    found = run_fleet()
    what = f"virtual time: {found.clusters:,} clusters with {found.claims} claims each, operations of 40 to 150 s, default settings"
    for name, phase in (("create", found.create), ("delete", found.delete)):
        if phase is not None:
            yield from _virtual(f"{what}: {name}", name, phase)
    yield Row("e", f"the same: real time for {found.virtual_seconds:,.0f} s", found.seconds, None, " s")


def lint(_folder: Path) -> Iterator[Row]:
    """Part l."""
    found = run_lint()
    what = f"1,000 manifests of {found.size:,.0f} bytes"
    yield Row("l", f"lint of {what}: CPU time", found.seconds, 1, " s")
    yield Row("l", "PyYAML's C loader on the same, without any rule: CPU time", found.parsing, None, " s")


def _virtual(what: str, name: str, phase: Phase) -> Iterator[Row]:
    yield Row("e", f"{what}, mean of time ÷ own sum", phase.ratio, 1.05)
    yield Row("e", f"the same: {name}, AWS calls an operation", phase.calls, 15)
    yield Row("e", f"the same: {name}, calls refused", phase.refused, 0)


def _times(bench: str, what: str, ours: QueueResult, limit: float) -> Iterator[Row]:
    halves: tuple[tuple[str, Half], ...] = (("create", ours.create), ("delete", ours.delete))
    for name, half in halves:
        yield Row(bench, f"{what}: {name}, time until shown ÷ floor of one cluster", half.shown / SECONDS / CLAIMS, limit)
        yield Row(bench, f"the same: {name}, calls refused", half.refused, 0)


PARTS: dict[str, Callable[[Path], Iterator[Row]]] = {"a": one_cluster, "b": many_clusters, "c": restart, "d": writes, "e": fleet, "l": lint}


def main() -> int:
    """Run the parts that were asked for; 1 if a target was missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", help="letters of parts, such as a,c")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    parser.add_argument("--control-plane", type=Path, help="where a real kube-apiserver is, for part r")
    given = parser.parse_args()
    parts = PARTS | ({"r": partial(real_server, given.control_plane)} if given.control_plane else {})
    chosen = [letter for letter in given.only.split(",") if letter] if given.only else list(parts)
    unknown = set(chosen) - set(parts)
    if unknown:
        parser.error(f"there is no part {', '.join(sorted(unknown))}; there are {', '.join(parts)}")
    where = machine()
    rows: list[Row] = []
    try:
        for letter in chosen:
            begun = time.monotonic()
            with tempfile.TemporaryDirectory() as folder:
                rows += parts[letter](Path(folder))
            sys.stderr.write(f"part {letter}: {time.monotonic() - begun:.0f} s\n")
    finally:
        # What was measured is not lost when a later part fails.
        sys.stdout.write(f"{where}\n\n{markdown(rows)}\n")
    if given.write:
        REPORT.write_text(f"{INTRODUCTION}{where}.\n\n{markdown(rows)}\n", encoding="utf-8")
    return 0 if all(row.met for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
