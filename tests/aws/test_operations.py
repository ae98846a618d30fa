"""The operations that metrics begin with are all that can be called: mypy lets no other be called, and the policies allow no other."""

import pytest
from botocore.exceptions import ClientError

from fargateclaims.aws.errors import MUTATIONS, classify
from fargateclaims.aws.operations import OPERATIONS
from support.iam_policy import actions, document

# What EKS does in the caller's name on CreateFargateProfile.
ON_CREATE = {"PassRole", "CreateServiceLinkedRole"}


POLICIES = ("operator-policy.json", "repairs-policy.json")


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_refusal_names_the_action_as_the_policies_do(operation: str) -> None:
    refusal = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, operation)
    assert classify(refusal, operation).permission in {action for name in POLICIES for action in actions(document(name))}


def test_they_are_what_the_policies_allow() -> None:
    allowed = {action.partition(":")[2] for name in POLICIES for action in actions(document(name))}
    assert set(OPERATIONS) == allowed - ON_CREATE
    assert set(OPERATIONS) > MUTATIONS
