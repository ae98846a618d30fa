"""How fast lint is on one core, beside PyYAML's own loader on the same text.

The manifests are those of tests/fixtures/lint that can be read, in one text as Helm writes it. Time is CPU time, so that a busy machine
matters less; the best of some rounds is taken.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import yaml

from fargateclaims.domain.lint.linter import Linter
from fargateclaims.domain.lint.texts import documents
from support.lint_fixtures import NAMES, text_of

ROUNDS: Final = 20


@dataclass(frozen=True, slots=True)
class LintResult:
    """Seconds of CPU for a thousand manifests.

    :param size: bytes of a manifest, in the mean.
    :param parsing: what PyYAML's C loader alone takes.
    """

    size: float
    seconds: float
    parsing: float


def run_lint() -> LintResult:
    """Measure it."""
    text = "\n---\n".join(text_of(name) for name in NAMES if not name.startswith("input/"))
    manifests = sum(1 for _ in documents(text))
    seconds, parsing = (_best(run) * 1000 / manifests for run in (lambda: _lint(text), lambda: list(yaml.load_all(text, yaml.CSafeLoader))))
    return LintResult(len(text.encode()) / manifests, seconds, parsing)


def _lint(text: str) -> None:
    linter = Linter()
    linter.add_text("-", text)
    linter.findings()


def _best(run: Callable[[], object]) -> float:
    taken = []
    for _ in range(ROUNDS):
        start = time.process_time()
        run()
        taken.append(time.process_time() - start)
    return min(taken)
