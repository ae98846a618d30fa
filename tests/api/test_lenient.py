from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fargateclaims.api.claim_status import ClaimStatus

_READY = {"type": "Ready", "status": "True", "reason": "Active", "message": "", "lastTransitionTime": "2026-11-21T14:02:11Z"}
_PROFILE = {"name": "a", "arn": "arn:a", "status": "ACTIVE"}
_OPERATION = {"type": "Create", "state": "Queued", "profileName": "a", "queueTime": "2026-11-21T14:02:11.000001Z"}
_ISSUE = {"code": "AccessDenied", "message": "no"}


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        (None, {}),
        ("status", {}),
        ([], {}),
        ({}, {}),
        ({"observedGeneration": "three", "failedAttempts": 2}, {"failedAttempts": 2}),
        ({"observedGeneration": -1}, {}),
        ({"conditions": None, "profile": _PROFILE}, {"profile": _PROFILE}),
        ({"conditions": {"Ready": True}}, {}),
        ({"conditions": [5, _READY, {"type": "Ready"}, {**_READY, "status": "Maybe"}]}, {"conditions": [_READY]}),
        ({"conditions": [{**_READY, "reason": "OfALaterVersion"}]}, {"conditions": [{**_READY, "reason": "OfALaterVersion"}]}),
        ({"conditions": [{**_READY, "observedGeneration": "x"}]}, {"conditions": [_READY]}),
        ({"profile": {"name": "a"}, "lastHandledRetry": "1"}, {"lastHandledRetry": "1"}),
        ({"profile": {**_PROFILE, "creationTime": "yesterday"}}, {"profile": _PROFILE}),
        ({"profile": {**_PROFILE, "healthIssues": [_ISSUE, {"code": 5}]}}, {"profile": {**_PROFILE, "healthIssues": [_ISSUE]}}),
        ({"operation": {**_OPERATION, "type": "Rename"}}, {}),
        ({"operation": {**_OPERATION, "position": 0, "length": 5}}, {"operation": {**_OPERATION, "length": 5}}),
        (
            {"operation": {**_OPERATION, "blockedBy": {"profileName": "b", "status": "CREATING", "origin": "Moon"}}},
            {"operation": _OPERATION},
        ),
        ({"resolved": {"clusterARN": "prod", "className": "standard"}}, {"resolved": {"className": "standard"}}),
        ({"resolved": {"tagKeys": ["a", 5, "b", None]}}, {"resolved": {"tagKeys": ["a", "b"]}}),
        ({"resolved": {"tagKeys": [5, None, "a"]}}, {"resolved": {"tagKeys": ["a"]}}),
        ({"nextAttemptTime": 5}, {}),
        ({"failed_attempts": "x", "lastHandledRetry": "1"}, {"lastHandledRetry": "1"}),
        ({"operation": {"blockedBy": {"origin": 5}, "position": 0}, "failedAttempts": 1}, {"failedAttempts": 1}),
        ({"ofALaterVersion": {"x": 1}}, {}),
    ],
)
def test_what_does_not_fit_is_dropped_and_the_rest_kept(raw: Any, kept: dict[str, Any]) -> None:
    before = deepcopy(raw)
    assert ClaimStatus.parse(raw).to_dict() == kept
    assert raw == before


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["Ready", "True", "Queued", "2026-11-21T14:02:11Z"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "status", "name", "arn", "origin", "claimRef", "blockedBy", "code", "x"]), inner, max_size=6
        )
    ),
    max_leaves=12,
)
_FIELDS = st.sampled_from(["observedGeneration", "conditions", "profile", "operation", "resolved", "failedAttempts", "nextAttemptTime"])


@given(st.dictionaries(_FIELDS, _JSON, max_size=4))
def test_any_status_can_be_read(raw: dict[str, Any]) -> None:
    status = ClaimStatus.parse({**raw, "lastHandledRetry": "kept"})
    assert status.last_handled_retry == "kept"
    assert ClaimStatus.parse(status.to_dict()) == status
