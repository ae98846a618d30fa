"""Retries and pauses that people ask for by annotation, on a claim or on its class."""

from typing import Any

import pytest

from fargateclaims.api.group import PAUSED, RETRY
from fargateclaims.domain.retries import paused_by, retry_asked
from support.builders import make_claim, make_class


@pytest.mark.parametrize(
    ("asked", "handled", "waits"),
    [(None, None, False), ("1", None, True), ("2", "1", True), ("1", "1", False), (None, "1", False), ("", None, True), ("", "", False)],
)
def test_a_new_value_asks_once_on_the_claim_and_on_its_class(asked: str | None, handled: str | None, waits: bool) -> None:  # noqa: FBT001
    annotations = {RETRY: asked} if asked is not None else {}

    def status(key: str) -> dict[str, Any]:
        return {"observedGeneration": 1, **({key: handled} if handled is not None else {})}

    assert retry_asked(make_claim(annotations=annotations, status=status("lastHandledRetry")), make_class()) is waits
    assert retry_asked(make_claim(status=status("lastHandledClassRetry")), make_class(annotations=annotations)) is waits


def test_what_was_handled_on_the_class_says_nothing_of_the_claim() -> None:
    status = {"observedGeneration": 1, "lastHandledClassRetry": "1"}
    assert retry_asked(make_claim(annotations={RETRY: "1"}, status=status), make_class(annotations={RETRY: "1"}))


def test_without_a_class_the_claims_own_annotation_counts() -> None:
    status = {"observedGeneration": 1}
    assert retry_asked(make_claim(annotations={RETRY: "1"}, status=status), None)
    assert not retry_asked(make_claim(status=status), None)


def test_on_a_new_restored_or_wiped_claim_the_present_values_count_as_handled() -> None:
    cls = make_class(annotations={RETRY: "2"})
    assert not retry_asked(make_claim(annotations={RETRY: "1"}), cls)
    assert not retry_asked(make_claim(annotations={RETRY: "1"}, status={"lastHandledRetry": "0"}), cls)


@pytest.mark.parametrize("value", ["True", "yes", "false", "1", ""])
def test_only_true_pauses(value: str) -> None:
    assert paused_by(make_claim(annotations={PAUSED: value}), make_class(annotations={PAUSED: value})) is None


def test_what_pauses_is_named() -> None:
    paused = {PAUSED: "true"}
    assert paused_by(make_claim(annotations=paused), make_class()) == "the claim's annotation"
    assert paused_by(make_claim(annotations=paused), None) == "the claim's annotation"
    assert paused_by(make_claim(), make_class(annotations=paused)) == 'the annotation of class "standard"'
    assert paused_by(make_claim(annotations=paused), make_class(annotations=paused)) == "the claim's annotation"


def test_nothing_pauses_by_itself() -> None:
    assert paused_by(make_claim(), make_class()) is None
    assert paused_by(make_claim(), None) is None
