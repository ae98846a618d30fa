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
    "DescribeAccessEntry",
    "CreateAccessEntry",
    "ListNodegroups",
    "DescribeNodegroup",
    "DescribeAddon",
    "UpdateAddon",
    "DescribeClusterVersions",
    "DescribeVpcs",
    "DescribeVpcAttribute",
    "DescribeSubnets",
    "DescribeRouteTables",
    "DescribeNatGateways",
    "DescribeVpcEndpoints",
    "DescribeSecurityGroups",
    "GetRole",
    "ListAttachedRolePolicies",
    "ListRolePolicies",
    "GetRolePolicy",
    "GetPolicy",
    "GetPolicyVersion",
    "GetServiceQuota",
]

OPERATIONS: Final[tuple[Operation, ...]] = get_args(Operation)
