"""What EKS answers, read into the domain's types. An answer that is not as documented is a failed call, not a crash."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from fargateclaims.aws.errors import MUTATIONS
from fargateclaims.domain.failure import AWSError, Failure, FailureClass
from fargateclaims.domain.observation import EKSCluster
from fargateclaims.domain.profile import HealthProblem, Profile, ProfileSelector, ProfileState

_CONFIG_MAP: Final = "CONFIG_MAP"
"""The authentication mode of clusters from before there was a choice: DescribeCluster then says nothing."""


def malformed(operation: str, why: str) -> AWSError:
    """Return the error for an answer that cannot be understood. A mutation may have taken effect all the same."""
    return AWSError(Failure(FailureClass.UNAVAILABLE, "MalformedAnswer", why, operation, outcome_unknown=operation in MUTATIONS))


@contextmanager
def reading(operation: str) -> Iterator[None]:
    """Turn what goes wrong while an answer is taken apart into AWSError (UNAVAILABLE)."""
    try:
        yield
    except KeyError as error:
        raise malformed(operation, f"the answer has no {error}") from error
    except (AttributeError, TypeError, ValueError) as error:
        raise malformed(operation, f"the answer is not as documented: {error}") from error


def read_cluster(operation: str, answer: Mapping[str, Any]) -> EKSCluster:
    """Read `cluster` of an answer."""
    with reading(operation):
        cluster = answer["cluster"]
        network = cluster.get("resourcesVpcConfig", {})
        return EKSCluster(
            name=cluster["name"],
            status=cluster["status"],
            version=cluster.get("version", ""),
            vpc_id=network.get("vpcId", ""),
            subnet_ids=tuple(sorted(network.get("subnetIds", ()))),
            authentication_mode=cluster.get("accessConfig", {}).get("authenticationMode", _CONFIG_MAP),
            platform_version=cluster.get("platformVersion", ""),
            endpoint=cluster.get("endpoint", ""),
            certificate_authority=cluster.get("certificateAuthority", {}).get("data", ""),
            private_access=network.get("endpointPrivateAccess", False),
            public_access=network.get("endpointPublicAccess", True),
            on_outposts="outpostConfig" in cluster,
            security_group_id=network.get("clusterSecurityGroupId", ""),
        )


def read_profile(operation: str, answer: Mapping[str, Any]) -> Profile:
    """Read `fargateProfile` of an answer.

    A status that is new at EKS is an error: whether such a profile holds the cluster's slot cannot be known, so nothing must
    be created or deleted before someone has looked.
    """
    with reading(operation):
        profile = answer["fargateProfile"]
        if profile["status"] not in ProfileState.__members__:
            raise malformed(
                operation, f"profile {profile['fargateProfileName']} has the status {profile['status']}, unknown to this version"
            )
        return Profile(
            name=profile["fargateProfileName"],
            arn=profile["fargateProfileArn"],
            state=ProfileState(profile["status"]),
            pod_execution_role_arn=profile.get("podExecutionRoleArn", ""),
            selectors=tuple(ProfileSelector(each.get("namespace", ""), each.get("labels", {})) for each in profile.get("selectors", ())),
            subnet_ids=tuple(profile.get("subnets", ())),
            tags=profile.get("tags", {}),
            created_at=profile.get("createdAt"),
            health=tuple(_health_problem(each) for each in profile.get("health", {}).get("issues", ())),
        )


def _health_problem(issue: Mapping[str, Any]) -> HealthProblem:
    return HealthProblem(issue.get("code", ""), issue.get("message", ""), tuple(issue.get("resourceIds", ())))
