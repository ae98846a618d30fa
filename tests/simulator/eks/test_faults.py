"""Which calls a fault meets; by tables, without a server."""

import pytest

from fargateclaims.simulator.eks.faults import ERRORS, Fault, FaultBook, FaultKind, Subject, error_of


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def subject(**changes: str) -> Subject:
    fields = {
        "service": "eks",
        "operation": "CreateFargateProfile",
        "account": "1",
        "region": "us-east-1",
        "cluster": "c",
        "profile": "p",
        "caller": "arn:x",
    }
    return Subject(**{**fields, **changes})


def met(book: FaultBook, times: int, **changes: str) -> list[int]:
    return [len(book.meet(subject(**changes))) for _ in range(times)]


def test_a_fault_without_number_meets_every_call_until_removed() -> None:
    book = FaultBook(Clock())
    fault = book.add(Fault(FaultKind.THROTTLING))
    assert met(book, 3) == [1, 1, 1]
    assert book.remove(fault.id)
    assert met(book, 1) == [0]
    assert not book.remove(fault.id)


def test_skip_and_calls() -> None:
    book = FaultBook(Clock())
    book.add(Fault(FaultKind.THROTTLING, skip=1, calls=2))
    assert met(book, 5) == [0, 1, 1, 0, 0]
    assert book.in_force() == []


def test_until_a_moment() -> None:
    clock = Clock()
    book = FaultBook(clock)
    book.add(Fault(FaultKind.THROTTLING, until=10))
    clock.now = 9.9
    assert met(book, 1) == [1]
    clock.now = 10
    assert met(book, 1) == [0]


def test_a_ratio_is_decided_by_the_seed() -> None:
    def run(seed: int) -> list[int]:
        book = FaultBook(Clock(), seed)
        book.add(Fault(FaultKind.THROTTLING, ratio=0.3))
        return met(book, 200)

    assert run(1) == run(1)
    assert run(1) != run(2)
    assert 30 < sum(run(1)) < 90


@pytest.mark.parametrize(
    ("pattern", "hits", "misses"),
    [
        ({"service": "eks"}, {}, {"service": "sts"}),
        ({"operation": "*FargateProfile"}, {}, {"operation": "ListClusters"}),
        ({"cluster": "c*"}, {"cluster": "c9"}, {"cluster": "d"}),
        ({"profile": "p", "account": "1"}, {}, {"account": "2"}),
        ({"caller": "*x"}, {}, {"caller": "arn:y"}),
        ({"region": "us-*"}, {}, {"region": "eu-west-1"}),
    ],
)
def test_patterns(pattern: dict[str, str], hits: dict[str, str], misses: dict[str, str]) -> None:
    book = FaultBook(Clock())
    book.add(Fault(FaultKind.THROTTLING, **pattern))  # type: ignore[arg-type]
    assert met(book, 1, **hits) == [1]
    assert met(book, 1, **misses) == [0]


def test_asking_whether_an_action_is_denied_counts_nothing() -> None:
    book = FaultBook(Clock())
    book.add(Fault(FaultKind.ACCESS_DENIED, service="ec2", calls=1))
    assert book.denies(subject(service="ec2"))
    assert not book.denies(subject(service="iam"))
    assert met(book, 2, service="ec2") == [1, 0]


@pytest.mark.parametrize("kind", sorted(ERRORS - {FaultKind.ERROR}))
@pytest.mark.parametrize("service", ["eks", "ec2", "sts", "iam", "servicequotas"])
def test_every_error_has_words_in_every_service(kind: FaultKind, service: str) -> None:
    error = error_of(Fault(kind), subject(service=service))
    assert error.code
    assert error.message
    assert error.http_status >= 400


def test_an_error_can_be_worded() -> None:
    error = error_of(Fault(FaultKind.ERROR, code="ThrottlingException", message="slow down"), subject())
    assert (error.code, error.message, error.http_status) == ("ThrottlingException", "slow down", 429)
    assert error_of(Fault(FaultKind.THROTTLING, message="m", status=503), subject()).http_status == 503
