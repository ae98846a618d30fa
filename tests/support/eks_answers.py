"""Answers of EKS for the canned server, and the names that go with them."""

from typing import Any

from fargateclaims.api.arn import ClusterARN
from fargateclaims.domain.profile import ProfileSelector, ProfileSpec
from support.canned_aws import ACCOUNT, Answer

PROD = ClusterARN("aws", "eu-west-1", ACCOUNT, "prod")
ROLE = f"arn:aws:iam::{ACCOUNT}:role/fargate-pods"
SPEC = ProfileSpec(
    name="shop",
    pod_execution_role_arn=ROLE,
    selectors=(ProfileSelector("shop", {"app": "web"}), ProfileSelector("shop-*")),
    subnet_ids=("subnet-1", "subnet-2"),
    tags={"owner": "platform"},
)


def cluster_answer(**changes: Any) -> Answer:
    network = {"vpcId": "vpc-1", "subnetIds": ["subnet-2", "subnet-1"]}
    whole = {
        "name": "prod",
        "status": "ACTIVE",
        "version": "1.35",
        "resourcesVpcConfig": network,
        "accessConfig": {"authenticationMode": "API"},
    }
    return Answer({"cluster": whole | changes})


def profile_answer(**changes: Any) -> Answer:
    return Answer(
        {
            "fargateProfile": {
                "fargateProfileName": "shop",
                "fargateProfileArn": f"arn:aws:eks:eu-west-1:{ACCOUNT}:fargateprofile/prod/shop/4ec5",
                "clusterName": "prod",
                "status": "ACTIVE",
                "podExecutionRoleArn": ROLE,
                "subnets": ["subnet-1", "subnet-2"],
                "selectors": [{"namespace": "shop", "labels": {"app": "web"}}, {"namespace": "shop-*"}],
                "tags": {"owner": "platform"},
                "createdAt": 1795276800.0,
                "health": {"issues": []},
            }
            | changes
        }
    )
