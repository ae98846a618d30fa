from collections.abc import Callable
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore import exceptions
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.retries.standard import ThrottledRetryableChecker

from fargateclaims.aws.errors import THROTTLING_CODES, classify, is_credential_problem
from fargateclaims.domain.failure import Failure, FailureClass
from fargateclaims.domain.profile import ProfileState
from support.canned_aws import Answer, CannedAWS, Drop, refused

K = FailureClass


LOADER = botocore.session.Session().get_component("data_loader")  # parsing the services' models is most of the time


def client(service: str = "eks", read_timeout: float = 60) -> BaseClient:
    config = Config(retries={"total_max_attempts": 1, "mode": "standard"}, connect_timeout=60, read_timeout=read_timeout)
    session = botocore.session.Session()
    session.register_component("data_loader", LOADER)
    return session.create_client(service, region_name="eu-west-1", config=config)


def call(operation: str, service: str = "eks", read_timeout: float = 60) -> Callable[[], object]:
    names = {"clusterName": "prod", "fargateProfileName": "p"}
    parameters: dict[str, dict[str, Any]] = {
        "CreateFargateProfile": names | {"podExecutionRoleArn": "arn:aws:iam::111122223333:role/r"},
        "DescribeFargateProfile": names,
        "DeleteFargateProfile": names,
        "ListFargateProfiles": {"clusterName": "prod"},
        "DescribeCluster": {"name": "prod"},
        "TagResource": {"resourceArn": "arn:aws:eks:eu-west-1:111122223333:fargateprofile/prod/p/1", "tags": {"a": "b"}},
        "GetRole": {"RoleName": "r"},
    }
    return lambda: getattr(client(service, read_timeout), botocore.xform_name(operation))(**parameters.get(operation, {}))


def failure_of(operation: str, service: str = "eks", read_timeout: float = 60) -> Failure:
    try:
        call(operation, service, read_timeout)()
    except (BotoCoreError, ClientError, OSError) as error:
        return classify(error, operation)
    raise AssertionError("the call succeeded")


CREATE, DELETE, DESCRIBE, LIST = "CreateFargateProfile", "DeleteFargateProfile", "DescribeFargateProfile", "ListFargateProfiles"
IN_USE, PARAMETER, REQUEST = "ResourceInUseException", "InvalidParameterException", "InvalidRequestException"
NOT_FOUND, DENIED, LIMIT = "ResourceNotFoundException", "AccessDeniedException", "ResourceLimitExceededException"


@pytest.mark.parametrize(
    ("operation", "code", "message", "status", "kind"),
    [
        (
            CREATE,
            IN_USE,
            "Cannot create Fargate Profile B because cluster C currently has Fargate profile A in status CREATING",
            409,
            K.BUSY_PROFILE,
        ),
        (
            DELETE,
            IN_USE,
            "Cannot Delete Fargate Profile B because cluster C currently has Fargate profile A in status DELETING",
            409,
            K.BUSY_PROFILE,
        ),
        (DELETE, IN_USE, "Cannot Delete Fargate Profile P because cluster C currently has an update in progress", 409, K.BUSY_CLUSTER),
        (DELETE, IN_USE, "something that EKS has never said before", 409, K.BUSY_CLUSTER),
        (CREATE, REQUEST, "Cluster 'C' is not in ACTIVE status", 400, K.BUSY_CLUSTER),
        (CREATE, IN_USE, "A Fargate Profile already exists with this name in this cluster.", 409, K.EXISTS),
        (DELETE, NOT_FOUND, "No Fargate Profile found with name: P.", 404, K.GONE),
        (DESCRIBE, NOT_FOUND, "a text that is new", 404, K.GONE),
        (DESCRIBE, NOT_FOUND, "No cluster found for name: C.", 404, K.CLUSTER_GONE),
        (LIST, NOT_FOUND, "a text that is new", 404, K.CLUSTER_GONE),
        ("DescribeCluster", NOT_FOUND, "No cluster found for name: C.", 404, K.CLUSTER_GONE),
        ("TagResource", "NotFoundException", "resource not found", 404, K.GONE),
        ("TagResource", "BadRequestException", "too many tags", 400, K.INVALID),
        (CREATE, LIMIT, "too many", 400, K.QUOTA_EXCEEDED),
        (CREATE, LIMIT, "Cluster label-selectors has reached the limit of 10 Fargate profiles.", 400, K.QUOTA_EXCEEDED),
        (CREATE, LIMIT, "Cluster 'labels' has reached the limit of 10 Fargate profiles.", 400, K.QUOTA_EXCEEDED),
        (CREATE, LIMIT, "A Fargate profile may have at most 5 Selectors.", 400, K.INVALID),
        (CREATE, LIMIT, "Selector with more than 5 label pairs", 400, K.INVALID),
        ("TagResource", LIMIT, "too many", 400, K.INVALID),
        (DELETE, LIMIT, "too many", 400, K.INVALID),
        (
            CREATE,
            PARAMETER,
            "Misconfigured PodExecutionRole Trust Policy; Please add the eks-fargate-pods.amazonaws.com Service Principal",
            400,
            K.PROPAGATING,
        ),
        (CREATE, "ResourcePropagationDelayException", "wait", 428, K.PROPAGATING),
        (CREATE, PARAMETER, "Subnet subnet-x provided in Fargate Profile is not a private subnet", 400, K.INVALID),
        (CREATE, PARAMETER, "Fargate Profile requires at least one selector.", 400, K.INVALID),
        (CREATE, "UnsupportedAvailabilityZoneException", "not here", 400, K.INVALID),
        (CREATE, "ClientException", "no", 400, K.INVALID),
        (CREATE, "ValidationException", "no", 400, K.INVALID),
        (CREATE, DENIED, "no", 403, K.UNAUTHORIZED),
        (CREATE, "ExpiredTokenException", "The security token included in the request is expired", 403, K.UNAUTHORIZED),
        (CREATE, "UnrecognizedClientException", "The security token included in the request is invalid.", 403, K.UNAUTHORIZED),
        (CREATE, "InvalidSignatureException", "Signature expired: 20261121T1 is now earlier than 20261121T2", 403, K.UNAUTHORIZED),
        (CREATE, "SomethingNewException", "no", 401, K.UNAUTHORIZED),
        (CREATE, "ThrottlingException", "Rate exceeded", 429, K.THROTTLED),
        (CREATE, "ThrottlingException", "Rate exceeded", 400, K.THROTTLED),
        (CREATE, "SomethingNewException", "slow down", 429, K.THROTTLED),
        (CREATE, "ServerException", "oops", 500, K.UNAVAILABLE),
        (CREATE, "ServiceUnavailableException", "later", 503, K.UNAVAILABLE),
        (CREATE, "SomethingNewException", "oops", 504, K.UNAVAILABLE),
        (CREATE, "SomethingNewException", "where?", 404, K.UNAVAILABLE),
    ],
)
def test_each_known_answer_has_its_class(
    aws: CannedAWS, *, operation: str, code: str, message: str, status: int, kind: FailureClass
) -> None:
    aws.will(operation, refused(code, message, status))
    failure = failure_of(operation)
    assert (failure.kind, failure.code, failure.operation) == (kind, code, operation)
    assert failure.message.startswith(message)
    assert failure.outcome_unknown == (kind is K.UNAVAILABLE)


@pytest.mark.parametrize(("verb", "state"), [("create", "CREATING"), ("Delete", "DELETING")])
def test_busy_names_the_blocker(aws: CannedAWS, verb: str, state: str) -> None:
    aws.will(
        CREATE,
        refused(IN_USE, f"Cannot {verb} Fargate Profile B because cluster C currently has Fargate profile a-1_x in status {state}", 409),
    )
    assert failure_of(CREATE).blocker == ("a-1_x", ProfileState(state))


def test_busy_in_a_state_that_is_new_has_no_blocker(aws: CannedAWS) -> None:
    aws.will(CREATE, refused(IN_USE, "cluster C currently has Fargate profile A in status MOVING", 409))
    failure = failure_of(CREATE)
    assert (failure.kind, failure.blocker) == (K.BUSY_PROFILE, None)


@pytest.mark.parametrize(
    ("operation", "service", "code", "message", "permission"),
    [
        (
            CREATE,
            "eks",
            DENIED,
            "User: arn:aws:iam::1:user/u is not authorized to perform: eks:CreateFargateProfile on resource: x",
            "eks:CreateFargateProfile",
        ),
        (CREATE, "eks", DENIED, "User: arn:aws:iam::1:user/u is not authorized to perform: iam:PassRole on resource: x", "iam:PassRole"),
        (CREATE, "eks", DENIED, "no", "eks:CreateFargateProfile"),
        (
            CREATE,
            "eks",
            REQUEST,
            "Failed to validate if SLR: AWSServiceRoleForAmazonEKSForFargate already exists due to missing permissions for 'iam:GetRole'",
            "iam:GetRole",
        ),
        (CREATE, "eks", PARAMETER, 'Missing permissions for "ec2:DescribeSubnets"', "ec2:DescribeSubnets"),
        ("DescribeSubnets", "ec2", "UnauthorizedOperation", "You are not authorized to perform this operation.", "ec2:DescribeSubnets"),
        ("GetRole", "iam", "AccessDenied", "no", "iam:GetRole"),
        ("GetCallerIdentity", "sts", "AccessDenied", "no", "sts:GetCallerIdentity"),
    ],
)
def test_a_missing_permission_is_named(aws: CannedAWS, *, operation: str, service: str, code: str, message: str, permission: str) -> None:
    aws.will(operation, refused(code, message, 403 if code == DENIED else 400))
    failure = failure_of(operation, service)
    assert (failure.kind, failure.permission) == (K.UNAUTHORIZED, permission)
    assert not is_credential_problem(failure)


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("ExpiredToken", "renewed"),
        ("InvalidClientTokenId", "not valid"),
        ("AuthFailure", "not valid"),
        ("SignatureDoesNotMatch", "not valid"),
        ("RequestExpired", "clock"),
        ("RequestTimeTooSkewed", "clock"),
    ],
)
def test_bad_credentials_are_told_from_missing_permissions(aws: CannedAWS, code: str, hint: str) -> None:
    aws.will("GetCallerIdentity", refused(code, "no", 403))
    failure = failure_of("GetCallerIdentity", "sts")
    assert is_credential_problem(failure)
    assert hint in failure.message


def test_a_role_that_does_not_exist_is_gone(aws: CannedAWS) -> None:
    aws.will("GetRole", refused("NoSuchEntity", "The role with name r cannot be found.", 404))
    assert failure_of("GetRole", "iam").kind is K.GONE


@pytest.mark.parametrize("status", [302, 400, 404, 502])
@pytest.mark.parametrize("body", ["<html>404 Not Found</html>", "", "{"])
def test_what_is_not_eks_speaking_proves_nothing(aws: CannedAWS, status: int, body: str) -> None:
    aws.will(DELETE, Answer(body, status, {"Content-Type": "text/html"}))
    failure = failure_of(DELETE)
    assert (failure.kind, failure.outcome_unknown) == (K.UNAVAILABLE, True)


def test_a_time_out_leaves_a_mutation_unknown_and_a_read_not(aws: CannedAWS) -> None:
    for operation, unknown in ((CREATE, True), (DESCRIBE, False)):
        aws.hang(operation)
        failure = failure_of(operation, read_timeout=0.2)
        assert (failure.kind, failure.code, failure.outcome_unknown) == (K.UNAVAILABLE, "ReadTimeoutError", unknown)


def test_a_connection_that_is_cut_leaves_a_mutation_unknown(aws: CannedAWS) -> None:
    def cut(_: object) -> Answer:
        raise Drop

    aws.will(CREATE, cut)
    failure = failure_of(CREATE)
    assert (failure.kind, failure.outcome_unknown) == (K.UNAVAILABLE, True)


def test_without_a_connection_nothing_was_sent(aws: CannedAWS, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    failure = failure_of(CREATE)
    assert (failure.kind, failure.code, failure.outcome_unknown) == (K.UNAVAILABLE, "EndpointConnectionError", False)


def test_no_credentials_at_all(aws: CannedAWS, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    failure = failure_of(CREATE)
    assert (failure.kind, failure.code) == (K.UNAUTHORIZED, "NoCredentialsError")
    assert is_credential_problem(failure)


def test_half_of_the_credentials(aws: CannedAWS, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert failure_of(CREATE).code == "PartialCredentialsError"
    assert failure_of(CREATE).kind is K.UNAUTHORIZED


def test_a_web_identity_token_that_is_not_there(aws: CannedAWS, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/operator")
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "token"))
    failure = failure_of(CREATE)
    assert failure.kind is K.UNAUTHORIZED
    assert "token" in failure.message


def test_a_parameter_that_botocore_refuses_is_invalid(aws: CannedAWS) -> None:
    with pytest.raises(exceptions.ParamValidationError) as raised:
        client().create_fargate_profile(clusterName="prod", fargateProfileName="p")  # type: ignore[attr-defined]
    assert classify(raised.value, CREATE).kind is K.INVALID


@pytest.mark.parametrize(
    "error",
    [
        exceptions.TokenRetrievalError(provider="sso", error_msg="expired"),
        exceptions.UnauthorizedSSOTokenError(),
        exceptions.SSOTokenLoadError(error_msg="no"),
        exceptions.CredentialRetrievalError(provider="custom-process", error_msg="no"),
        exceptions.ProfileNotFound(profile="p"),
        exceptions.NoRegionError(),
        RuntimeError("Credentials were refreshed, but the refreshed credentials are still expired."),
        PermissionError(13, "Permission denied", "/var/run/secrets/token"),
    ],
)
def test_credentials_that_cannot_be_had(error: Exception) -> None:
    failure = classify(error, CREATE)
    assert failure.kind is K.UNAUTHORIZED
    assert is_credential_problem(failure)
    assert not failure.outcome_unknown


@pytest.mark.parametrize(
    "error", [ValueError("Invalid endpoint: nonsense"), OSError("no"), exceptions.SSLError(endpoint_url="u", error=OSError("e"))]
)
def test_everything_else_is_unavailable(error: Exception) -> None:
    assert classify(error, DESCRIBE).kind is K.UNAVAILABLE


def test_a_failure_on_behalf_of_a_call_names_what_failed() -> None:
    error = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "AssumeRole")
    failure = classify(error, CREATE)
    assert (failure.operation, failure.permission) == ("AssumeRole", "sts:AssumeRole")


def test_an_answer_without_anything_is_no_crash() -> None:
    failure = classify(ClientError({}, ""), CREATE)
    assert (failure.kind, failure.operation) == (K.UNAVAILABLE, CREATE)
    assert failure.message


def test_all_codes_that_botocore_takes_for_throttling_are_known() -> None:
    # The stubs leave out what is private.
    codes = ThrottledRetryableChecker._THROTTLED_ERROR_CODES  # type: ignore[attr-defined]
    assert set(codes) == THROTTLING_CODES
