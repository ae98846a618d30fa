"""What the operator did while the end-to-end tests ran, beside what `deploy/` lets it do: neither too little nor too much.

It is two users: its ServiceAccount where it is installed, and its AWS identity in the EKS clusters.

This judges whole runs: a part of the tests does not need all rights.
"""

from collections.abc import Iterator

import pytest

from fargateclaims.domain.no_access import CLUSTER_GROUP
from support.audit_log import kept
from support.installation import BASE, NAME, Beside
from support.least_privilege import Client, Grant, Verdict, grants_of, judge, table
from support.rendering import REPAIRS, from_kustomize, workloads
from support.token_reviews import AWS_USER

USER = f"system:serviceaccount:{NAME}:{NAME}"
# Whose rights are taken away by tests: what is forbidden to it is no finding.
BESIDE = f"system:serviceaccount:{Beside.namespace}:{NAME}"
AGENTS = (f"{NAME}/", "kopf/")
IDENTITIES = {USER, BESIDE, AWS_USER}
NOTE = "FORBIDDEN beside a right that is granted: asked of an API server that was not ready and did not know its roles yet."


def installed() -> list[Grant]:
    """What its ServiceAccount may do where it is installed."""
    return grants_of(from_kustomize(BASE), (NAME, NAME))


def in_eks_clusters() -> list[Grant]:
    """What its AWS identity may do in an EKS cluster, where all repairs are asked for."""
    return grants_of(workloads(*REPAIRS), CLUSTER_GROUP)


@pytest.fixture(scope="module", params=[(USER, installed), (AWS_USER, in_eks_clusters)], ids=["installed", "in EKS clusters"])
def verdict(request: pytest.FixtureRequest) -> Iterator[Verdict]:
    """Of all workers of the run. The tables come last, below the tests that fail."""
    user, grants = request.param
    logs = kept(request.config.getoption("audit_logs"))
    assert logs, "no audit log: run the end-to-end tests with the same --audit-logs first"
    found = judge(grants(), logs, Client(user, AGENTS, other_users=Client.other_users | IDENTITIES - {user}))
    yield found
    print(f"\n\nWhat {user} was granted, used and was forbidden\n\n{table(found)}\n\n{NOTE}")  # noqa: T201  (for people)


def test_nothing_was_forbidden(verdict: Verdict) -> None:
    assert not verdict.forbidden, "rights that are missing in deploy/, or that a test has taken away"


def test_every_grant_was_used(verdict: Verdict) -> None:
    assert not verdict.unused, "rights to be taken away in deploy/, or something that no end-to-end test does"


def test_nothing_was_allowed_by_roles_of_others(verdict: Verdict) -> None:
    assert not verdict.elsewhere, "rights that the operator does not bring along"


def test_the_operator_was_always_itself(verdict: Verdict) -> None:
    """What a test asks under the operator's user would look as if the operator had asked it, and need rights of it."""
    assert not verdict.strangers, "a test that asks as the operator, or an operator that runs under another user"
