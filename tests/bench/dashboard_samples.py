"""Run part b of the benchmark on a few clusters with a real Prometheus beside it, and keep what each panel of the dashboard then shows.

.venv/bin/python tests/bench/dashboard_samples.py SAMPLES.json        needs Prometheus: PROMETHEUS=its path, else the one installed
.venv/bin/uv run --no-project --with matplotlib tests/bench/dashboard_picture.py SAMPLES.json docs/images/dashboard.png
"""

import json
import math
import re
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from bench.processes import Running, World  # noqa: E402
from bench.prometheus import SCRAPE_SECONDS, Prometheus, find, prometheus  # noqa: E402
from bench.queues import CLAIMS, SECONDS, run_queues  # noqa: E402
from bench.run import CALLS_FOR_MANY  # noqa: E402
from bench.table import machine  # noqa: E402
from fargateclaims.simulator.eks.client import Seeded, SimulatedEKS  # noqa: E402

DASHBOARD = HERE.parents[1] / "deploy" / "helm" / "fargateclaims" / "files" / "dashboard.json"
WINDOW = 20
"""Seconds: a benchmark's minute stands for an hour."""
VARIABLES = {
    "$__rate_interval": f"{4 * SCRAPE_SECONDS}s",
    "$window": f"{WINDOW}s",
    "$namespace": ".*",
    "$job": ".*",
    "$cluster": ".*",
}
SHOWN = 0.72
"""The part of the run that is shown: it ends while deletes are under way, so that there is something to see at the end, too."""
FLEET = 12
"""Clusters: fewer than part b has, so that each can be seen."""
OTHERS = 3
"""Clusters on which somebody else makes a profile and deletes it, beside the claims."""
OTHERS_BEGIN = 8.0
OTHERS_PATIENCE = 60.0


class Watching:
    """Prometheus beside a run; afterwards `document` has what the dashboard showed."""

    def __init__(self, program: str, dashboard: Mapping[str, Any]) -> None:
        self._program = program
        self._dashboard = dashboard
        self.document: dict[str, Any] = {}

    @contextmanager
    def beside(self, around: World, seeded: Seeded, running: Running) -> Iterator[None]:
        """To be given to a benchmark."""
        with prometheus(self._program, around.folder, running.url.removeprefix("http://")) as found:
            others = [threading.Thread(target=_somebody_else, args=(around.eks.url, name)) for name in list(seeded.clusters)[:OTHERS]]
            begun = time.time()
            for each in others:
                each.start()
            yield
            for each in others:
                each.join()
            time.sleep(2 * SCRAPE_SECONDS)
            self.document = self._shown(found, begun, begun + SHOWN * (time.time() - begun))

    def _shown(self, found: Prometheus, begun: float, end: float) -> dict[str, Any]:
        panels = [_with_samples(panel, found, begun, end) for panel in self._dashboard["panels"]]
        caption = (
            f"{DASHBOARD.name} after {end - begun:.0f} s of part b of the benchmark, with {FLEET} simulated clusters of {CLAIMS} claims "
            f"each: operations take {SECONDS:g} s, and all claims are deleted once they are Active.\nOn {OTHERS} clusters somebody else "
            f"makes a profile, too. Scraped each second, times over {WINDOW} s. One run, not a measurement: the machine had other work.\n"
            f"{machine()}"
        )
        return {"title": self._dashboard["title"], "caption": caption, "start": begun, "end": end, "panels": panels}


def _somebody_else(url: str, cluster: str) -> None:
    with SimulatedEKS(url) as eks:
        time.sleep(OTHERS_BEGIN)
        eks.foreign_create(cluster, "tf-batch", wait_seconds=OTHERS_PATIENCE)
        eks.foreign_delete(cluster, "tf-batch", wait_seconds=OTHERS_PATIENCE)


def _with_samples(panel: Mapping[str, Any], found: Prometheus, begun: float, end: float) -> dict[str, Any]:
    series: list[dict[str, Any]] = []
    for target in panel.get("targets", ()):
        expression = target["expr"]
        for name, text in VARIABLES.items():
            expression = expression.replace(name, text)
        if target.get("instant"):
            answer = [{**one, "values": [one["value"]]} for one in found.query(expression, end)]
        else:
            answer = found.query_range(expression, begun, end, SCRAPE_SECONDS)
        for one in answer:
            values = [[at, float(value)] for at, value in one["values"] if math.isfinite(float(value))]
            series += [{"name": _name(panel, target, one["metric"]), "values": values}]
    return {**panel, "series": series}


def _name(panel: Mapping[str, Any], target: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    name = re.sub(r"{{(\w+)}}", lambda found: labels.get(found[1], ""), target["legendFormat"])
    for each in panel.get("transformations", ()):
        name = re.sub(each["options"]["regex"], each["options"]["renamePattern"].replace("$", "\\"), name)
    return name


def main() -> int:
    """Write the samples into the file that is the only argument; return the exit code."""
    program = find()
    if len(sys.argv) != 2 or program is None:
        sys.stderr.write("usage: dashboard_samples.py SAMPLES.json, with Prometheus installed or its path in PROMETHEUS\n")
        return 2
    watching = Watching(program, json.loads(DASHBOARD.read_text(encoding="utf-8")))
    with tempfile.TemporaryDirectory() as folder:
        result = run_queues(Path(folder), FLEET, CALLS_FOR_MANY, watching.beside)
    Path(sys.argv[1]).write_text(json.dumps(watching.document), encoding="utf-8")
    sys.stderr.write(f"{result}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
