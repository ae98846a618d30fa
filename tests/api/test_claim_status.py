from datetime import UTC, datetime
from typing import Any, TypeVar

from hypothesis import given
from hypothesis import strategies as st

from fargateclaims.api.arn import ClusterARN
from fargateclaims.api.base import APIModel
from fargateclaims.api.claim import FargateProfileClaim
from fargateclaims.api.claim_status import (
    Blocker,
    BlockerOrigin,
    ClaimRef,
    ClaimStatus,
    HealthIssue,
    Operation,
    OperationState,
    OperationType,
    ProfileStatus,
    ResolvedClass,
)
from fargateclaims.api.conditions import Condition, ConditionStatus, ConditionType
from fargateclaims.api.reasons import Reason
from support.manifests import CLUSTER_ARN, claim_manifest

M = TypeVar("M", bound=APIModel)


def _built(model: type[M], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[M]:
    """Draws models by their attributes: `st.builds` would fill in the wire names, which a signature shows."""
    return st.fixed_dictionaries(fields).map(lambda drawn: model(**drawn))


_TEXT = st.text(max_size=12)
_MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  UTC is added
_COUNTS = st.none() | st.integers(0, 9)
_TEXTS = st.lists(_TEXT, max_size=3).map(tuple)

_CONDITIONS = st.lists(
    _built(
        Condition,
        type=st.sampled_from(ConditionType),
        status=st.sampled_from(ConditionStatus),
        reason=st.sampled_from(Reason),
        message=_TEXT,
        last_transition_time=_MOMENTS,
        observed_generation=_COUNTS,
    ),
    max_size=4,
).map(tuple)
_ISSUES = st.lists(_built(HealthIssue, code=_TEXT, message=_TEXT, resource_ids=_TEXTS), max_size=2).map(tuple)
_PROFILES = _built(ProfileStatus, name=_TEXT, arn=_TEXT, status=_TEXT, creation_time=st.none() | _MOMENTS, health_issues=_ISSUES)
_BLOCKERS = _built(
    Blocker,
    profile_name=_TEXT,
    status=_TEXT,
    origin=st.sampled_from(BlockerOrigin),
    claim_ref=st.none() | _built(ClaimRef, namespace=_TEXT, name=_TEXT),
)
_OPERATIONS = _built(
    Operation,
    type=st.sampled_from(OperationType),
    state=st.sampled_from(OperationState),
    profile_name=_TEXT,
    queue_time=_MOMENTS,
    start_time=st.none() | _MOMENTS,
    position=st.none() | st.integers(1, 9),
    length=st.none() | st.integers(1, 9),
    display=st.none() | _TEXT,
    blocked_by=st.none() | _BLOCKERS,
)
_RESOLVED = _built(
    ResolvedClass,
    class_name=st.none() | st.sampled_from(["standard", "a.b"]),
    class_revision=st.none() | _TEXT,
    cluster_arn=st.sampled_from([None, ClusterARN.parse(CLUSTER_ARN)]),
    assume_role_arn=st.none() | _TEXT,
    external_id=st.none() | _TEXT,
    pod_execution_role_arn=st.none() | _TEXT,
    subnet_ids=_TEXTS,
    tag_keys=_TEXTS,
)
_STATUSES = _built(
    ClaimStatus,
    observed_generation=_COUNTS,
    conditions=_CONDITIONS,
    profile=st.none() | _PROFILES,
    previous_profile=st.none() | _PROFILES,
    operation=st.none() | _OPERATIONS,
    resolved=st.none() | _RESOLVED,
    failed_attempts=_COUNTS,
    next_attempt_time=st.none() | _MOMENTS,
    last_handled_retry=st.none() | _TEXT,
    last_handled_class_retry=st.none() | _TEXT,
)


@given(_STATUSES)
def test_a_status_survives_the_round_trip_whole(status: ClaimStatus) -> None:
    claim = FargateProfileClaim.from_object(claim_manifest(status.to_dict()))
    assert claim.status == status


def test_a_status_is_written_under_the_names_of_the_api() -> None:
    moment = datetime(2026, 11, 21, 14, 2, 11, 5, tzinfo=UTC)
    status = ClaimStatus(
        observed_generation=3,
        operation=Operation(
            type=OperationType.CREATE,
            state=OperationState.QUEUED,
            profile_name="p",
            queue_time=moment,
            position=2,
            length=5,
            display="2/5",
            blocked_by=Blocker(
                profile_name="b", status="CREATING", origin=BlockerOrigin.CLAIM, claim_ref=ClaimRef(namespace="shop", name="b")
            ),
        ),
        resolved=ResolvedClass(cluster_arn=ClusterARN.parse(CLUSTER_ARN), subnet_ids=("subnet-1",)),
        next_attempt_time=moment,
    )
    assert status.to_dict() == {
        "observedGeneration": 3,
        "operation": {
            "type": "Create",
            "state": "Queued",
            "profileName": "p",
            "queueTime": "2026-11-21T14:02:11.000005Z",
            "position": 2,
            "length": 5,
            "display": "2/5",
            "blockedBy": {
                "profileName": "b",
                "status": "CREATING",
                "origin": "Claim",
                "claimRef": {"namespace": "shop", "name": "b"},
            },
        },
        "resolved": {"clusterARN": CLUSTER_ARN, "subnetIDs": ["subnet-1"]},
        "nextAttemptTime": "2026-11-21T14:02:11.000005Z",
    }
