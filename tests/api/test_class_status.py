from fargateclaims.api.claim_status import Blocker, BlockerOrigin
from fargateclaims.api.class_status import ClassQueue, ClassResolved, ClassStatus, ProfileCounts


def test_a_status_survives_the_round_trip_under_the_names_of_the_api() -> None:
    status = ClassStatus(
        observed_generation=1,
        revision="7f3a",
        resolved=ClassResolved(subnet_ids=("subnet-1",), vpc_id="vpc-1", kubernetes_version="1.35", authentication_mode="API"),
        profiles=ProfileCounts(quota=10, owned=5, foreign=2, display="7/10"),
        queue=ClassQueue(length=5, blocked_by=Blocker(profile_name="tf", status="DELETING", origin=BlockerOrigin.FOREIGN)),
        attached_claims=7,
        last_handled_retry="1",
    )
    raw = status.to_dict()
    assert raw == {
        "observedGeneration": 1,
        "revision": "7f3a",
        "resolved": {"subnetIDs": ["subnet-1"], "vpcID": "vpc-1", "kubernetesVersion": "1.35", "authenticationMode": "API"},
        "profiles": {"quota": 10, "owned": 5, "foreign": 2, "display": "7/10"},
        "queue": {"length": 5, "blockedBy": {"profileName": "tf", "status": "DELETING", "origin": "Foreign"}},
        "attachedClaims": 7,
        "lastHandledRetry": "1",
    }
    assert ClassStatus.parse(raw) == status


def test_an_unknown_quota_and_an_empty_queue_are_said_as_such() -> None:
    assert ProfileCounts(owned=0, foreign=0, display="0").to_dict() == {"owned": 0, "foreign": 0, "display": "0"}
    assert ClassQueue(length=0).to_dict() == {"length": 0}
