"""The operations of AWS's APIs that the operator calls, by their names there."""

from typing import Final, Literal, get_args

Operation = Literal[
    "DescribeCluster",
    "ListFargateProfiles",
    "DescribeFargateProfile",
    "CreateFargateProfile",
    "DeleteFargateProfile",
    "TagResource",
    "UntagResource",
    "DescribeSubnets",
    "DescribeRouteTables",
    "GetRole",
    "GetServiceQuota",
]

OPERATIONS: Final[tuple[Operation, ...]] = get_args(Operation)
