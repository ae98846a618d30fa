"""Bearer tokens for an EKS cluster's own Kubernetes API, as `aws eks get-token` makes them.

A token is a presigned URL: EKS asks STS GetCallerIdentity with it, and so learns who made it. The name of the cluster is signed with
it, so that no other cluster takes it. Nothing is sent to make one.

Source: the verifier of kubernetes-sigs/aws-iam-authenticator (`pkg/token/token.go`), which takes AWS's own names of STS alone, and so
no VPC endpoint's, and the URL for 15 minutes whatever X-Amz-Expires says.
"""

import asyncio
from base64 import urlsafe_b64encode
from functools import partial
from typing import Final

from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest

from fargateclaims.aws.calls import Caller
from fargateclaims.aws.sessions import AWSSession
from fargateclaims.clock import Clock
from fargateclaims.timing import CLUSTER_TOKEN_RENEWAL

PREFIX: Final = "k8s-aws-v1."
CLUSTER_HEADER: Final = "x-k8s-aws-id"
_OPERATION: Final = "GetCallerIdentity"
_QUERY: Final = f"Action={_OPERATION}&Version=2011-06-15"
_EXPIRES: Final = 60
"""Seconds; STS ignores it, and authenticators before 0.3 refused more."""


class ClusterToken:
    """The token of one identity for one cluster, renewed when it is due. Lives on one event loop.

    :param caller: as whom; its region is the cluster's.
    """

    def __init__(self, caller: Caller, cluster_name: str, clock: Clock) -> None:
        self._caller = caller
        self._cluster_name = cluster_name
        self._clock = clock
        self._making = asyncio.Lock()
        self._token = ""
        self._due = 0.0
        self._principal = ""

    @property
    def principal(self) -> str:
        """The ARN of the role or user that the token stands for; empty until one was made."""
        return self._principal

    async def token(self) -> str:
        """Return a token that is good for some minutes yet; it is secret. Raises AWSError where there are no credentials to sign with."""
        # Of many who need a new one at a time, the first one makes it.
        async with self._making:
            if not self._token or self._clock.monotonic() >= self._due:
                due = self._clock.monotonic() + CLUSTER_TOKEN_RENEWAL
                make = partial(_make, cluster_name=self._cluster_name)
                self._token, self._principal = await self._caller.account_region.with_session(self._caller.identity, _OPERATION, make)
                self._due = due
        return self._token

    def distrust(self, token: str) -> None:
        """Make a new one before the next request: the API server has refused `token`."""
        if token == self._token:
            self._token = ""


def _make(session: AWSSession, cluster_name: str) -> tuple[str, str]:
    request = AWSRequest("GET", f"https://{session.sts_hostname()}/?{_QUERY}", headers={CLUSTER_HEADER: cluster_name})
    SigV4QueryAuth(session.credentials(), "sts", session.identity.region, expires=_EXPIRES).add_auth(request)
    return PREFIX + urlsafe_b64encode(str(request.url).encode()).decode().rstrip("="), session.principal
