"""What the operator did while the end-to-end tests ran, beside what `deploy/` lets it do: neither too little nor too much."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.control_plane import audited
from support.installation import BASE, NAME
from support.least_privilege import Verdict, grants_of, judge, table
from support.rendering import from_kustomize

NOTE = "What was granted and forbidden all the same was asked of an API server that had just started and did not know its roles yet."
USER = f"system:serviceaccount:{NAME}:{NAME}"


@pytest.fixture(scope="module")
def verdict(pytestconfig: pytest.Config) -> Iterator[Verdict]:
    """Of all workers of the run. The table comes last, below the tests that fail."""
    logs: list[Path] = sorted(pytestconfig.getoption("audit_logs").glob("*.jsonl"))
    assert logs, "no audit log: run the end-to-end tests with the same --audit-logs first"
    found = judge(grants_of(from_kustomize(BASE), (NAME, NAME)), (event for log in logs for event in audited(log)), USER)
    yield found
    print(f"\n\nWhat {USER} was granted, used and was forbidden\n\n{table(found)}\n\n{NOTE}")  # noqa: T201  (for people)


def test_nothing_was_forbidden(verdict: Verdict) -> None:
    assert not verdict.forbidden, "rights that are missing in deploy/"


def test_every_grant_was_used(verdict: Verdict) -> None:
    assert not verdict.unused, "rights to be taken away in deploy/, or something that no end-to-end test does"


def test_nothing_was_allowed_by_roles_of_others(verdict: Verdict) -> None:
    assert not verdict.elsewhere, "rights that the operator does not bring along"
