"""What is assumed of a cluster before anything was seen of it: nothing."""

from fargateclaims.domain.observation import Observation, Quotas
from support.builders import ARN


def test_an_observation_that_has_seen_nothing_claims_nothing() -> None:
    unseen = Observation(ARN)
    # No profiles would be another statement: that the cluster is empty.
    assert unseen.profiles is None
    assert unseen.cluster is None
    assert unseen.failure is None
    assert unseen.quotas == Quotas(None, None, None)
    assert unseen.classes == {}
