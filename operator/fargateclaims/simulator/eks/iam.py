"""What AWS itself puts into an account's IAM: the managed policy and the service-linked role for Fargate on EKS.

moto knows all managed policies, but needs seconds to read them. The caller holds ``Simulation.moto_lock``.
"""

import json
from typing import Any, Final

from moto.iam.models import SERVICE_NAME_CONVERSION, AWSManagedPolicy, iam_backends
from moto.utilities.utils import get_partition

POD_EXECUTION_POLICY: Final = "AmazonEKSFargatePodExecutionRolePolicy"
POD_EXECUTION_ACTIONS: Final = (
    "ecr:GetAuthorizationToken",
    "ecr:BatchCheckLayerAvailability",
    "ecr:GetDownloadUrlForLayer",
    "ecr:BatchGetImage",
)
LINKED_SERVICE: Final = "eks-fargate.amazonaws.com"
SERVICE_LINKED_ROLE: Final = "AWSServiceRoleForAmazonEKSForFargate"


def iam_of(account: str, region: str) -> Any:  # noqa: ANN401  (moto ships no types)
    """Return moto's IAM of an account in the partition of a region."""
    return iam_backends[account][get_partition(region)]


def name_service_linked_role() -> None:
    """Have moto name the role as AWS does, whoever asks for it."""
    SERVICE_NAME_CONVERSION[LINKED_SERVICE.partition(".")[0]] = SERVICE_LINKED_ROLE.removeprefix("AWSServiceRoleFor")


def pod_execution_policy(account: str, region: str) -> str:
    """Make sure that the managed policy of pod execution roles exists, and return its ARN."""
    iam = iam_of(account, region)
    statement = {"Effect": "Allow", "Action": list(POD_EXECUTION_ACTIONS), "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    managed_policy: Any = AWSManagedPolicy  # abstract only by what CloudFormation wants of it
    policy = managed_policy(POD_EXECUTION_POLICY, account_id=account, region=region, default_version_id="v1", document=document)
    if policy.arn not in iam.managed_policies:
        iam.managed_policies[policy.arn] = policy
        iam.aws_managed_policies.append(policy)
    return str(policy.arn)


def has_service_linked_role(account: str, region: str) -> bool:
    """Return whether the account has Fargate's service-linked role."""
    return any(role.name == SERVICE_LINKED_ROLE for role in iam_of(account, region).roles.values())


def ensure_service_linked_role(account: str, region: str) -> None:
    """Make Fargate's service-linked role, as EKS does with an account's first profile."""
    if not has_service_linked_role(account, region):
        iam_of(account, region).create_service_linked_role(LINKED_SERVICE, "", "")
