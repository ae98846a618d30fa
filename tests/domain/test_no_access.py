"""Why a cluster cannot be asked: one sentence, with what to do."""

import pytest

from fargateclaims.api.arn import ClusterARN
from fargateclaims.domain.no_access import Barrier, NoAccess, failing, forbidden, no_endpoint, no_token, not_known, unreachable, untrusted
from fargateclaims.domain.observation import EKSCluster

ARN = ClusterARN("aws", "eu-west-1", "111122223333", "prod")
PUBLIC = EKSCluster("prod", "ACTIVE", "1.35", "vpc-1", (), "API", endpoint="https://e", security_group_id="sg-1")
PRIVATE = EKSCluster("prod", "ACTIVE", "1.35", "vpc-1", (), "API", endpoint="https://e", public_access=False)


@pytest.mark.parametrize(
    ("found", "barrier", "lasting", "advice"),
    [
        (not_known(ARN, PUBLIC, "ROLE"), Barrier.NOT_KNOWN, False, "--principal-arn ROLE --kubernetes-groups fargateclaims, then bind"),
        (not_known(ARN, PUBLIC, ""), Barrier.NOT_KNOWN, False, "does not know the operator's AWS identity"),
        (forbidden(ARN, "ROLE", "in other words"), Barrier.FORBIDDEN, True, "in other words"),
        (unreachable(ARN, PUBLIC, "refused"), Barrier.UNREACHABLE, False, "publicAccessCidrs"),
        (unreachable(ARN, PRIVATE, "refused"), Barrier.UNREACHABLE, False, "security group of the cluster"),
        (no_endpoint(ARN, PUBLIC), Barrier.UNREACHABLE, False, "ACTIVE"),
        (untrusted(ARN, PUBLIC, "self-signed"), Barrier.UNTRUSTED, True, "NO_PROXY"),
        (no_token(ARN, "expired"), Barrier.NO_TOKEN, True, "expired"),
        (failing(ARN, "503"), Barrier.FAILING, False, "503"),
    ],
)
def test_each_barrier_has_its_sentence(found: NoAccess, barrier: Barrier, lasting: bool, advice: str) -> None:  # noqa: FBT001
    assert (found.barrier, found.lasting) == (barrier, lasting)
    assert "cluster prod" in found.why
    assert advice in found.why
    assert "\n" not in found.why
