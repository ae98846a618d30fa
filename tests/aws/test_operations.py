"""The operations that metrics begin with are all that can be called: mypy lets no other be called, and the policies allow no other."""

from fargateclaims.aws.errors import MUTATIONS
from fargateclaims.aws.operations import OPERATIONS
from support.iam_policy import actions, document

# What EKS does in the caller's name on CreateFargateProfile.
ON_CREATE = {"PassRole", "CreateServiceLinkedRole"}


def test_they_are_what_the_policies_allow() -> None:
    policies = ("operator-policy.json", "repairs-policy.json")
    allowed = {action.partition(":")[2] for name in policies for action in actions(document(name))}
    assert set(OPERATIONS) == allowed - ON_CREATE
    assert set(OPERATIONS) > MUTATIONS
