"""What no machine can do for people is at least said on a page."""

import pytest

from support.guide_page import ROOT

SAID = {
    "G3: one kernel, CPU, memory and interface a pod": (
        "security.md",
        "What Fargate isolates",
        "shares kernel, CPU, memory and network interface with no other pod",
    ),
    "G10: limits of files and processes": ("lint.md", "What no rule finds", "1024 (soft) and 65535 (hard)"),
    "G15: defence in depth": ("security.md", "What Fargate isolates", "defence in depth"),
    "G15: shared responsibility": ("security.md", "What Fargate isolates", "Shared responsibility stays"),
    "G15: a cluster of its own": ("security.md", "What Fargate isolates", "strictest isolation is a cluster of its own"),
    "G19: patched hosts": ("disruption.md", "What it does not cover", "deletes those that cannot be evicted in time"),
    "T7: CoreDNS": ("bootstrap.md", "4. CoreDNS", '{"computeType": "Fargate"}'),
    "T12: the cluster security group": ("security.md", "What Fargate isolates", "with the cluster's security group"),
    "T17: what is billed": ("kubectl-plugin.md", "size", "That is billed, whatever `kubectl describe node` shows"),
}


@pytest.mark.parametrize(("page", "heading", "words"), SAID.values(), ids=SAID)
def test_a_page_says_it(page: str, heading: str, words: str) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    _, _, section = text.partition(f"\n## {heading}\n")
    assert words in " ".join(section.partition("\n## ")[0].split())
