"""What claims are told when EKS cannot be read, or takes no profiles."""

from dataclasses import replace

import pytest

from fargateclaims.api.reasons import Reason
from fargateclaims.domain.assessment import Verdict
from fargateclaims.domain.failure import Failure, FailureClass
from fargateclaims.domain.outage import cluster_gone, not_active, unreadable, updating
from support.builders import ARN, CLUSTER, NOW, after, make_facts, make_observation


def failing(kind: FailureClass, message: str = "what AWS said", permission: str | None = None) -> Failure:
    return Failure(kind, "Code", message, "ListFargateProfiles", permission)


@pytest.mark.parametrize(
    ("failure", "verdict"),
    [
        (
            failing(FailureClass.UNAUTHORIZED, "no", "eks:ListFargateProfiles"),
            Verdict(Reason.UNAUTHORIZED, "cluster prod cannot be read: no (needed: eks:ListFargateProfiles)"),
        ),
        (
            failing(FailureClass.UNAUTHORIZED, "the credentials have expired"),
            Verdict(Reason.UNAUTHORIZED, "cluster prod cannot be read: the credentials have expired"),
        ),
        (failing(FailureClass.WRONG_ACCOUNT, "another account"), Verdict(Reason.CLASS_CONFLICT, "another account")),
        (
            failing(FailureClass.CLUSTER_GONE),
            Verdict(Reason.CLUSTER_NOT_FOUND, "there is no cluster prod in account 111122223333, eu-west-1"),
        ),
        (
            failing(FailureClass.THROTTLED),
            Verdict(Reason.THROTTLED, "AWS throttles the calls for cluster prod; what is shown here may be old"),
        ),
        (
            failing(FailureClass.UNAVAILABLE, "timed out"),
            Verdict(Reason.UNAVAILABLE, "EKS does not answer for cluster prod: timed out; what is shown here may be old"),
        ),
    ],
)
def test_each_failure_to_read_is_a_reason_and_a_sentence(failure: Failure, verdict: Verdict) -> None:
    assert unreadable(make_observation(failure=failure)) == verdict


HANDLED = {FailureClass.UNAUTHORIZED, FailureClass.WRONG_ACCOUNT, FailureClass.CLUSTER_GONE, FailureClass.THROTTLED}


@pytest.mark.parametrize("kind", sorted(set(FailureClass) - HANDLED))
def test_any_other_failure_to_read_passes_by_itself(kind: FailureClass) -> None:
    verdict = unreadable(make_observation(failure=failing(kind)))
    assert verdict is not None
    assert verdict.reason is Reason.UNAVAILABLE


def test_a_cluster_that_was_read_is_readable() -> None:
    assert unreadable(make_observation()) is None
    assert not cluster_gone(make_observation())


@pytest.mark.parametrize(
    ("status", "open_"), [("ACTIVE", True), ("UPDATING", True), ("CREATING", False), ("FAILED", False), ("DELETING", False)]
)
def test_a_cluster_works_while_it_is_active_or_updating(status: str, open_: bool) -> None:  # noqa: FBT001
    verdict = not_active(make_observation(cluster=replace(CLUSTER, status=status)))
    told = Verdict(Reason.CLUSTER_NOT_ACTIVE, f"cluster prod is {status}: EKS takes Fargate profiles when it is ACTIVE")
    assert verdict == (None if open_ else told)


def test_an_update_that_eks_shows_is_waited_for() -> None:
    observation = make_observation(cluster=replace(CLUSTER, status="UPDATING"))
    facts = make_facts(observation=observation, moving_since={str(ARN): NOW}, now=after(60))
    assert updating(facts) == Verdict(
        Reason.CLUSTER_UPDATING, "cluster prod is UPDATING since 14:00:00Z: EKS takes Fargate profiles when it is ACTIVE again"
    )
    late = replace(facts, now=NOW + facts.rules.operation_deadline)
    assert updating(late) == Verdict(
        Reason.SLOT_BLOCKED,
        "cluster prod is UPDATING since 14:00:00Z, longer than EKS should take; Fargate profiles wait until it is ACTIVE again",
    )
    assert updating(replace(facts, moving_since={}, now=NOW)) is not None


@pytest.mark.parametrize("status", ["ACTIVE", "CREATING", None])
def test_other_states_are_no_update(status: str | None) -> None:
    cluster = replace(CLUSTER, status=status) if status else None
    assert updating(make_facts(observation=make_observation(cluster=cluster))) is None


def test_of_a_cluster_that_was_never_seen_nothing_is_said() -> None:
    assert not_active(make_observation(cluster=None)) is None


@pytest.mark.parametrize("kind", FailureClass)
def test_only_a_not_found_of_the_cluster_itself_means_that_it_is_gone(kind: FailureClass) -> None:
    assert cluster_gone(make_observation(failure=failing(kind))) is (kind is FailureClass.CLUSTER_GONE)
