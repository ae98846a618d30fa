"""`python tests/bench/lint.py`: how many manifests lint checks in a second of one core, beside PyYAML's own loader on the same text.

The manifests are those of tests/fixtures/lint that can be read, in one text as Helm writes it. Time is CPU time, so that a busy machine
matters less; the best of some rounds is taken.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from fargateclaims.domain.lint.linter import Linter
from fargateclaims.domain.lint.texts import documents
from support.lint_fixtures import NAMES, text_of

ROUNDS: Final = 20


def main() -> None:
    """Print what was measured."""
    texts = [text_of(name) for name in NAMES if not name.startswith("input/")]
    text = "\n---\n".join(texts)
    manifests = sum(1 for _ in documents(text))
    sys.stdout.write(f"{manifests:,} manifests of {len(text) / manifests:,.0f} bytes; manifests per second of one core:\n")
    for name, run in (
        ("PyYAML's C loader", lambda: len(list(yaml.load_all(text, yaml.CSafeLoader)))),
        ("lint: reading", lambda: len(list(documents(text)))),
        ("lint: all of it", lambda: lint(text)),
    ):
        sys.stdout.write(f"  {name:<20}{manifests / best(run):>8,.0f}\n")


def lint(text: str) -> int:
    """How much is found in a text."""
    linter = Linter()
    linter.add_text("-", text)
    return len(linter.findings())


def best(run: Callable[[], int]) -> float:
    """Seconds of CPU that the quickest of some rounds took."""
    taken = []
    for _ in range(ROUNDS):
        start = time.process_time()
        run()
        taken.append(time.process_time() - start)
    return min(taken)


if __name__ == "__main__":
    main()
