"""Why a cluster cannot be asked: one sentence, with what to do."""

import pytest

from fargateclaims.api.arn import ClusterARN
from fargateclaims.domain.no_access import (
    Barrier,
    NoAccess,
    Right,
    failing,
    forbidden,
    no_authority,
    no_endpoint,
    no_token,
    not_known,
    unreachable,
    untrusted,
)
from fargateclaims.domain.observation import EKSCluster

ARN = ClusterARN("aws", "eu-west-1", "111122223333", "prod")
PUBLIC = EKSCluster("prod", "ACTIVE", "1.35", "vpc-1", (), "API", endpoint="https://e", security_group_id="sg-1")
PRIVATE = EKSCluster("prod", "ACTIVE", "1.35", "vpc-1", (), "API", endpoint="https://e", public_access=False)


@pytest.mark.parametrize(
    ("found", "barrier", "lasting", "advice"),
    [
        (not_known(ARN, PUBLIC, "ROLE"), Barrier.NOT_KNOWN, False, "--principal-arn ROLE --kubernetes-groups fargateclaims, then apply"),
        (not_known(ARN, PUBLIC, ""), Barrier.NOT_KNOWN, False, "does not know the AWS identity that asks"),
        (forbidden(ARN, "ROLE", "in other words"), Barrier.FORBIDDEN, True, "in other words"),
        (unreachable(ARN, PUBLIC, "refused"), Barrier.UNREACHABLE, False, "publicAccessCidrs"),
        (unreachable(ARN, PRIVATE, "refused"), Barrier.UNREACHABLE, False, "security group of the cluster"),
        (no_endpoint(ARN, PUBLIC), Barrier.UNREACHABLE, False, "ACTIVE"),
        (untrusted(ARN, PUBLIC, "self-signed"), Barrier.UNTRUSTED, True, "NO_PROXY"),
        (no_authority(ARN, "Error"), Barrier.UNTRUSTED, True, "--query cluster.certificateAuthority"),
        (no_token(ARN, "expired"), Barrier.NO_TOKEN, True, "expired"),
        (failing(ARN, "503"), Barrier.FAILING, False, "503"),
    ],
)
def test_each_barrier_has_its_sentence(found: NoAccess, barrier: Barrier, lasting: bool, advice: str) -> None:  # noqa: FBT001
    assert (found.barrier, found.lasting) == (barrier, lasting)
    assert "cluster prod" in found.why
    assert advice in found.why
    assert "\n" not in found.why


@pytest.mark.parametrize(
    ("words", "right", "said"),
    [
        (
            'cannot get resource "deployments" in API group "apps" in the namespace "kube-system"',
            Right("get", "deployments", "apps", "kube-system"),
            "get deployments.apps in namespace kube-system",
        ),
        (
            'cannot list resource "pods" in API group "" at the cluster scope',
            Right("list", "pods", "", None),
            "list pods in all namespaces",
        ),
    ],
)
def test_the_missing_right_is_told_apart_from_what_to_do(words: str, right: Right, said: str) -> None:
    found = forbidden(ARN, "ROLE", words)
    assert (found.right, str(found.right)) == (right, said)
    assert found.why == f"{found.problem}: {found.fix}"
    assert said in found.problem
