"""AWS's errors, sorted into the classes that decisions are made by: one table, read from top to bottom, the first row that fits counts.

Texts are those that EKS is known to send; where a text is not known, the row goes by the error code alone. Case is ignored in
texts, as EKS itself varies it (`Cannot create`, `Cannot Delete`).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from botocore import exceptions as aws
from botocore.exceptions import BotoCoreError, ClientError

from fargateclaims.aws.messages import clean
from fargateclaims.domain.failure import Failure, FailureClass
from fargateclaims.domain.profile import ProfileState

MUTATIONS: Final = frozenset(
    {"CreateFargateProfile", "DeleteFargateProfile", "TagResource", "UntagResource", "CreateAccessEntry", "UpdateAddon"}
)
"""The operations that change something: after some failures nobody knows whether they did."""

# EC2, IAM, STS and Service Quotas have other prefixes in IAM than EKS, which all operations not named here belong to.
_OF_IAM: Final = frozenset({"GetPolicy", "GetPolicyVersion", "GetRole", "GetRolePolicy", "ListAttachedRolePolicies", "ListRolePolicies"})
_IAM_PREFIX: Final = {
    "AssumeRole": "sts",
    "AssumeRoleWithWebIdentity": "sts",
    "DescribeNatGateways": "ec2",
    "DescribeRouteTables": "ec2",
    "DescribeSecurityGroups": "ec2",
    "DescribeSubnets": "ec2",
    "DescribeVpcAttribute": "ec2",
    "DescribeVpcEndpoints": "ec2",
    "DescribeVpcs": "ec2",
    "GetCallerIdentity": "sts",
    "GetServiceQuota": "servicequotas",
    **dict.fromkeys(_OF_IAM, "iam"),
}
_CLUSTER_OPERATIONS: Final = frozenset({"DescribeCluster", "ListFargateProfiles", "ListNodegroups"})
"""A ResourceNotFound of these can only be about the cluster."""

_BLOCKER: Final = re.compile(r"currently has Fargate profile ['\"]?(?P<name>[\w-]+)['\"]? in status (?P<state>\w+)", re.IGNORECASE)
_PERMISSION: Final = (
    re.compile(r"not authorized to perform:?\s+['\"]?(?P<action>[a-z0-9-]+:\w+)", re.IGNORECASE),
    re.compile(r"missing permissions? for\s+['\"]?(?P<action>[a-z0-9-]+:\w+)", re.IGNORECASE),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table of answers.

    :param kind: the class of what fits.
    :param codes: error codes that fit; empty: any.
    :param text: what the message must have; None: anything.
    :param statuses: HTTP status codes that fit; empty: any.
    :param operations: API operations that fit; empty: any.
    :param credentials: whether it is the credentials that are at fault and no single permission.
    :param hint: what to do, added to AWS's words.
    """

    kind: FailureClass
    codes: frozenset[str] = frozenset()
    text: re.Pattern[str] | None = None
    statuses: Iterable[int] = ()
    operations: frozenset[str] = frozenset()
    credentials: bool = False
    hint: str = ""

    def fits(self, code: str, message: str, status: int, operation: str) -> bool:
        """Return whether an answer belongs to this row."""
        return (
            (not self.codes or code in self.codes)
            and (self.text is None or self.text.search(message) is not None)
            and (not self.statuses or status in self.statuses)
            and (not self.operations or operation in self.operations)
        )


def _text(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


def _codes(*codes: str) -> frozenset[str]:
    return frozenset(codes)


THROTTLING_CODES: Final = _codes(
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionInProgressException",
)
"""The codes that botocore takes for throttling, whatever their HTTP status is."""

_IN_USE: Final = _codes("ResourceInUseException", "ResourceInUse")
_NOT_FOUND: Final = _codes("ResourceNotFoundException", "NotFoundException")
_LIMIT: Final = _codes("ResourceLimitExceededException")
_SELECTORS: Final = _text(r"(?<![\w'\"-])(selector|label)s?(?![\w'\"-])")
"""The words alone: a cluster may be called label-studio."""
_CLOCK: Final = "check the clock of the machine that asks"

ANSWERS: Final[tuple[Row, ...]] = (
    # Someone holds the slot, or the cluster itself is at work.
    Row(FailureClass.BUSY_PROFILE, _IN_USE, _BLOCKER),
    Row(FailureClass.EXISTS, _IN_USE, _text("already exists")),
    Row(FailureClass.EXISTS, _IN_USE, _text("already in use"), operations=_codes("CreateAccessEntry")),
    Row(FailureClass.BUSY_CLUSTER, _IN_USE),
    Row(FailureClass.BUSY_CLUSTER, _codes("InvalidRequestException"), _text("is not in ACTIVE status")),
    # Something is not there. A bare 404 is no proof: it may come from anything between here and AWS.
    Row(FailureClass.CLUSTER_GONE, _NOT_FOUND, _text("no cluster found")),
    Row(FailureClass.CLUSTER_GONE, _NOT_FOUND, operations=_CLUSTER_OPERATIONS),
    Row(FailureClass.GONE, _NOT_FOUND),
    Row(FailureClass.GONE, _codes("NoSuchEntity"), operations=_OF_IAM),
    # Too much, or too soon. Not every limit is the cluster's: one of selectors or labels is the request's own.
    Row(FailureClass.INVALID, _LIMIT, _SELECTORS),
    Row(FailureClass.QUOTA_EXCEEDED, _LIMIT, operations=_codes("CreateFargateProfile")),
    Row(FailureClass.THROTTLED, THROTTLING_CODES),
    Row(FailureClass.THROTTLED, statuses=(HTTPStatus.TOO_MANY_REQUESTS,)),
    Row(FailureClass.PROPAGATING, _codes("InvalidParameterException"), _text("trust policy")),
    Row(FailureClass.PROPAGATING, _codes("ResourcePropagationDelayException")),
    # Permissions: EKS reports those that it lacks itself, on the caller's behalf, in any of its exceptions.
    Row(FailureClass.UNAUTHORIZED, text=_PERMISSION[1]),
    Row(FailureClass.UNAUTHORIZED, text=_PERMISSION[0]),
    Row(
        FailureClass.UNAUTHORIZED,
        _codes("AccessDeniedException", "AccessDenied", "UnauthorizedOperation", "UnauthorizedException", "NotAuthorized", "Forbidden"),
    ),
    # Credentials.
    Row(
        FailureClass.UNAUTHORIZED,
        text=_text("signature expired|signature not yet current|request has expired|time difference"),
        credentials=True,
        hint=_CLOCK,
    ),
    Row(FailureClass.UNAUTHORIZED, _codes("RequestExpired", "RequestTimeTooSkewed", "RequestInTheFuture"), credentials=True, hint=_CLOCK),
    Row(
        FailureClass.UNAUTHORIZED,
        _codes("ExpiredTokenException", "ExpiredToken", "TokenRefreshRequired", "ExpiredTradeInTokenException"),
        credentials=True,
        hint="the AWS credentials have to be renewed",
    ),
    Row(
        FailureClass.UNAUTHORIZED,
        _codes(
            "AuthFailure",
            "IncompleteSignature",
            "IncompleteSignatureException",
            "InvalidAccessKeyId",
            "InvalidClientTokenId",
            "InvalidIdentityToken",
            "InvalidIdentityTokenException",
            "InvalidSignatureException",
            "InvalidToken",
            "MissingAuthenticationToken",
            "MissingAuthenticationTokenException",
            "NotSignedUp",
            "OptInRequired",
            "RegionDisabledException",
            "SignatureDoesNotMatch",
            "SubscriptionRequiredException",
            "UnrecognizedClientException",
        ),
        credentials=True,
        hint="the AWS credentials are not valid here",
    ),
    # AWS, or the way to it, is ill.
    Row(FailureClass.UNAVAILABLE, _codes("IDPCommunicationError", "RequestTimeout", "RequestTimeoutException")),
    Row(
        FailureClass.UNAVAILABLE,
        _codes("ServerException", "ServiceUnavailableException", "ServiceUnavailable", "InternalFailure", "InternalError"),
    ),
    Row(FailureClass.UNAVAILABLE, statuses=range(500, 600)),
    Row(FailureClass.UNAUTHORIZED, statuses=(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)),
    # What is left of 400: EKS understood, and will not. Anything else is not EKS speaking.
    Row(
        FailureClass.INVALID,
        _codes(
            "InvalidParameterException",
            "InvalidRequestException",
            "UnsupportedAvailabilityZoneException",
            "ClientException",
            "BadRequestException",
        ),
    ),
    # Where an answer has no error code botocore puts the status in its place: a proxy's page, not a refusal.
    Row(FailureClass.UNAVAILABLE, _codes("400", "Unknown")),
    Row(FailureClass.INVALID, statuses=(HTTPStatus.BAD_REQUEST,)),
    Row(FailureClass.UNAVAILABLE),
)

NEVER_LEFT: Final[tuple[type[Exception], ...]] = (
    aws.EndpointConnectionError,
    aws.ConnectTimeoutError,
    aws.ProxyConnectionError,
    aws.BaseEndpointResolverError,
    aws.EndpointProviderError,
)
"""Without a connection there was no request."""

EXCEPTIONS: Final[tuple[tuple[tuple[type[Exception], ...], FailureClass], ...]] = (
    (
        (
            aws.NoCredentialsError,
            aws.PartialCredentialsError,
            aws.CredentialRetrievalError,
            aws.TokenRetrievalError,
            aws.NoAuthTokenError,
            aws.UnknownTokenProviderError,
            aws.UnknownCredentialError,
            aws.RefreshWithMFAUnsupportedError,
            aws.MetadataRetrievalError,
            aws.SSOError,
            aws.LoginError,
            aws.ProfileNotFound,
            aws.ConfigParseError,
            aws.ConfigNotFound,
            aws.InvalidConfigError,
            aws.NoRegionError,
            # The file of a web identity token or of a credential process.
            FileNotFoundError,
            PermissionError,
        ),
        FailureClass.UNAUTHORIZED,
    ),
    ((aws.ParamValidationError, aws.ValidationError), FailureClass.INVALID),
    # Connections, time-outs, proxies' error pages where an answer should be, and whatever else is not AWS saying no.
    ((BotoCoreError, OSError), FailureClass.UNAVAILABLE),
)
_STILL_EXPIRED: Final = _text("credentials are still expired")
"""botocore has no exception of its own for credentials that were expired when they were handed out."""


def classify(exc: Exception, operation: str, secrets: Iterable[str] = ()) -> Failure:
    """Sort what a call raised into the classes of `domain/failure.py`.

    :param operation: the API operation that was called; where another one failed on its behalf (AssumeRole), the failure names that.
    :param secrets: values that must not appear in the message.
    :return: `outcome_unknown` is set for a mutation that may have reached AWS; whether it really left, the caller may know better.
    """
    if isinstance(exc, ClientError):
        return _answer(exc, operation, secrets)
    kind = next((kind for types, kind in EXCEPTIONS if isinstance(exc, types)), FailureClass.UNAVAILABLE)
    if _STILL_EXPIRED.search(str(exc)):
        kind = FailureClass.UNAUTHORIZED
    unknown = kind is FailureClass.UNAVAILABLE and operation in MUTATIONS and not isinstance(exc, NEVER_LEFT)
    return Failure(kind, type(exc).__name__, clean(str(exc), secrets), operation, outcome_unknown=unknown)


def is_credential_problem(failure: Failure) -> bool:
    """Return whether new credentials, rather than a permission for these, would help."""
    return failure.kind is FailureClass.UNAUTHORIZED and failure.permission is None


def _answer(exc: ClientError, called: str, secrets: Iterable[str]) -> Failure:
    error = exc.response.get("Error", {})
    code, message = str(error.get("Code", "Unknown")), str(error.get("Message", ""))
    status = exc.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    operation = exc.operation_name or called
    row = next(row for row in ANSWERS if row.fits(code, message, status, operation))
    words = clean(message, secrets) or f"HTTP status {status} without a message"
    return Failure(
        kind=row.kind,
        code=code,
        message=f"{words}; {row.hint}" if row.hint else words,
        operation=operation,
        permission=_permission(message, operation) if row.kind is FailureClass.UNAUTHORIZED and not row.credentials else None,
        blocker=_blocker(message) if row.kind is FailureClass.BUSY_PROFILE else None,
        outcome_unknown=row.kind is FailureClass.UNAVAILABLE and operation in MUTATIONS,
    )


def iam_action(operation: str) -> str:
    """Return the permission for an API operation as policies have it, such as `iam:GetRole`."""
    return f"{_IAM_PREFIX.get(operation, 'eks')}:{operation}"


def _permission(message: str, operation: str) -> str:
    for pattern in _PERMISSION:
        if found := pattern.search(message):
            return found["action"]
    return iam_action(operation)


def _blocker(message: str) -> tuple[str, ProfileState] | None:
    found = _BLOCKER.search(message)
    if found is None or found["state"].upper() not in ProfileState.__members__:
        return None
    return found["name"], ProfileState[found["state"].upper()]
