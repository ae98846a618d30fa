"""The profiles that claims tell of."""

from datetime import UTC, datetime
from typing import Any

from fargateclaims.domain.pods.claimed import profiles_of
from fargateclaims.domain.profile import ProfileSelector, ProfileState
from support.builders import make_claim

AT_TEN, AT_ELEVEN, AT_NOON = (f"2026-11-21T{hour}:00:00Z" for hour in (10, 11, 12))


def condition(kind: str, status: str, since: str) -> dict[str, Any]:
    """A condition since some time."""
    return {"type": kind, "status": status, "reason": "Some", "message": f"{kind} is {status}", "lastTransitionTime": since}


def profile(name: str, status: str = "ACTIVE", created: str = AT_TEN) -> dict[str, Any]:
    """A profile as a status has it."""
    return {"name": name, "arn": f"arn/{name}", "status": status, "creationTime": created}


def test_a_claim_with_its_profile() -> None:
    claim = make_claim(
        selectors=[{"labels": {"app": "web"}}, {"namespace": "s*"}],
        status={"profile": profile("p"), "conditions": [condition("Available", "True", AT_ELEVEN), condition("Ready", "True", AT_ELEVEN)]},
    )
    (view,) = profiles_of(claim)
    assert (view.name, view.state, view.claim, view.note) == ("p", ProfileState.ACTIVE, "shop/checkout", "")
    assert view.selectors == (ProfileSelector("shop", {"app": "web"}), ProfileSelector("s*"))
    assert view.active_since == datetime(2026, 11, 21, 11, tzinfo=UTC)


def test_a_claim_without_a_profile_says_what_it_waits_for() -> None:
    (view,) = profiles_of(make_claim(status={"conditions": [condition("Ready", "Unknown", AT_TEN)]}))
    assert (view.name, view.state, view.active_since, view.note) == ("", None, None, "Ready is Unknown")


def test_one_that_is_to_be_made_is_named_by_the_operation() -> None:
    operation = {"type": "Create", "state": "Queued", "profileName": "shop-checkout-9999", "queueTime": "2026-11-21T10:00:00.000000Z"}
    (view,) = profiles_of(make_claim(status={"operation": operation}))
    assert (view.name, view.state) == ("shop-checkout-9999", None)


def test_while_it_is_replaced_both_are_there_and_only_the_active_one_has_a_time() -> None:
    conditions = [condition("Available", "True", AT_ELEVEN), condition("Ready", "Unknown", AT_NOON)]
    status = {"profile": profile("new", "CREATING", AT_NOON), "previousProfile": profile("old"), "conditions": conditions}
    new, old = profiles_of(make_claim(status=status))
    assert (new.name, new.state, new.active_since) == ("new", ProfileState.CREATING, None)
    assert (old.name, old.state, old.active_since) == ("old", ProfileState.ACTIVE, datetime(2026, 11, 21, 11, tzinfo=UTC))


def test_a_successor_counts_from_when_it_was_made() -> None:
    status = {"profile": profile("new", created=AT_NOON), "conditions": [condition("Available", "True", AT_TEN)]}
    (view,) = profiles_of(make_claim(status=status))
    assert view.active_since == datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_a_state_of_another_version_takes_no_pods() -> None:
    (view,) = profiles_of(make_claim(status={"profile": profile("p", "FROZEN")}))
    assert not view.active
