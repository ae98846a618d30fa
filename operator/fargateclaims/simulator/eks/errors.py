"""What EKS answers when it refuses: one exception, every text in one place.

    EKSError                     code, message, HTTP status as AWS sends them

Texts are EKS's own where they are known (AWS documentation and public issue threads); those that are not known are marked.
"""

from typing import Final

HTTP_STATUS: Final = {
    "ResourceInUseException": 409,
    "ResourceNotFoundException": 404,
    "NotFoundException": 404,
    "ThrottlingException": 429,
    "AccessDeniedException": 403,
    "ExpiredTokenException": 403,
    "UnrecognizedClientException": 403,
    "ServerException": 500,
    "ServiceUnavailableException": 503,
    "ResourcePropagationDelayException": 428,
}
OTHER_ERRORS_STATUS: Final = 400


class EKSError(Exception):
    """A refusal by EKS.

    Attributes:
        code: The exception type, as in ``ClientError.response["Error"]["Code"]``.
        message: EKS's text.
        http_status: The HTTP status that AWS sends with this code.

    """

    def __init__(self, code: str, message: str, http_status: int | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.http_status = http_status or HTTP_STATUS.get(code, OTHER_ERRORS_STATUS)


def invalid_parameter(message: str) -> EKSError:
    """Return an InvalidParameterException."""
    return EKSError("InvalidParameterException", message)


def invalid_request(message: str) -> EKSError:
    """Return an InvalidRequestException."""
    return EKSError("InvalidRequestException", message)


def bad_request(message: str) -> EKSError:
    """Return a BadRequestException, which only the tagging operations use."""
    return EKSError("BadRequestException", message)


def busy(action: str, profile: str, cluster: str, blocker: str, status: str) -> EKSError:
    """Another profile holds the slot. ``action`` is "create" or "Delete": EKS spells them so."""
    return EKSError(
        "ResourceInUseException",
        f"Cannot {action} Fargate Profile {profile} because cluster {cluster} currently has Fargate profile {blocker} in status {status}",
    )


def cluster_update(action: str, profile: str, cluster: str) -> EKSError:
    """Refuse for an update that DescribeCluster does not show (apache/airflow#73219, terraform-aws-eks#2194)."""
    return EKSError(
        "ResourceInUseException",
        f"Cannot {action} Fargate Profile {profile} because cluster {cluster} currently has an update in progress",
    )


def profile_exists() -> EKSError:
    """Return the refusal of a second profile with the same name."""
    return EKSError("ResourceInUseException", "A Fargate Profile already exists with this name in this cluster.")


def profile_not_found(name: str) -> EKSError:
    """Return the answer for a profile that is not there."""
    return EKSError("ResourceNotFoundException", f"No Fargate Profile found with name: {name}.")


def cluster_not_found(name: str) -> EKSError:
    """Return the answer for a cluster that is not there."""
    return EKSError("ResourceNotFoundException", f"No cluster found for name: {name}.")


def cluster_not_active(name: str) -> EKSError:
    """Return the refusal of a create while the cluster is not ACTIVE."""
    return invalid_request(f"Cluster '{name}' is not in ACTIVE status")


def cluster_exists(name: str) -> EKSError:
    """Return the refusal of a second cluster with the same name."""
    return EKSError("ResourceInUseException", f"Cluster already exists with name: {name}")


def cluster_has_profiles(name: str, profiles: list[str]) -> EKSError:
    """Return the refusal of DeleteCluster while profiles exist. AWS's text is not known."""
    return EKSError("ResourceInUseException", f"Cluster {name} has Fargate profiles attached: {', '.join(profiles)}")


def too_many_profiles(cluster: str, limit: int) -> EKSError:
    """Return the refusal at the profile quota. AWS's text is not known."""
    return EKSError("ResourceLimitExceededException", f"Cluster {cluster} has reached the limit of {limit} Fargate profiles.")


def tagged_resource_not_found(arn: str) -> EKSError:
    """Return the tagging operations' answer for an ARN of nothing that exists. AWS's text is not known."""
    return EKSError("NotFoundException", f"Resource {arn} was not found")


def subnet_not_private(subnet: str) -> EKSError:
    """Return the refusal of a subnet with a route to an internet gateway."""
    return invalid_parameter(f"Subnet {subnet} provided in Fargate Profile is not a private subnet")


def zone_not_supported(zone: str, subnet: str) -> EKSError:
    """Return the refusal of a subnet in a zone without Fargate."""
    return invalid_parameter(f"Fargate Profile creation for the Availability Zone {zone} for Subnet {subnet} is not supported")


def subnet_on_outpost(subnet: str) -> EKSError:
    """Return the refusal of a subnet on AWS Outposts. AWS's text is not known."""
    return invalid_parameter(f"Subnet {subnet} provided in Fargate Profile is on an Outpost, which is not supported")


def cluster_on_outposts(name: str) -> EKSError:
    """Return the refusal of a create for a local cluster. AWS's text is not known."""
    return invalid_request(f"Cluster '{name}' is a local cluster on an Outpost, which does not support Fargate profiles")


def addon_busy(name: str, status: str) -> EKSError:
    """Return the refusal of an update while an add-on is at work (eksctl-io/eksctl#8091)."""
    return EKSError("ResourceInUseException", f"Addon {name} cannot be updated as it is currently in {status} state")


def trust_policy() -> EKSError:
    """Return the refusal of a role that Fargate may not assume."""
    return invalid_parameter("Misconfigured PodExecutionRole Trust Policy; Please add the eks-fargate-pods.amazonaws.com Service Principal")
