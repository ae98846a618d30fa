"""The Kubernetes APIs of the EKS clusters themselves, wherever the operator runs; its own cluster's is no exception.

```
ask(work) ──▶ token ──▶ KubeClient ──▶ the cluster's endpoint
    ◀── what `work` returned, or NoAccess: a fact that says why and what to do
```
"""

import base64
import binascii
import ssl
from collections.abc import Awaitable, Callable
from typing import Final, Protocol, TypeVar

import aiohttp
from kubernetes.aio.client import ApiClient, Configuration

from fargateclaims.api.arn import ClusterARN
from fargateclaims.clock import Clock
from fargateclaims.domain import no_access
from fargateclaims.domain.failure import AWSError, FailureClass
from fargateclaims.domain.no_access import NoAccess
from fargateclaims.domain.observation import EKSCluster
from fargateclaims.kube.client import KubeClient, Observer
from fargateclaims.kube.config import TOKEN, TokenHook, choose_proxy
from fargateclaims.kube.errors import KubeError, Refused
from fargateclaims.timing import CLUSTER_API_IDLE, KUBE_CONNECT_TIMEOUT

T = TypeVar("T")
CONNECTIONS: Final = 8
"""To one cluster: evictions go a few at a time, and nothing else is in a hurry."""
_SCHEME: Final = "Bearer "
_NEVER_ARRIVED: Final = (aiohttp.ClientConnectorError, aiohttp.ClientHttpProxyError, aiohttp.ConnectionTimeoutError)
_NOT_TRUSTED: Final = (aiohttp.ClientSSLError, ssl.SSLError)
_NO_AUTHORITY: Final = {binascii.Error: "it is not in base64", UnicodeDecodeError: "what it holds is no text"}
_MAY_PASS: Final = frozenset({FailureClass.UNAVAILABLE, FailureClass.THROTTLED})


class TokenSource(Protocol):
    """Bearer tokens of one identity for one cluster, as `aws.token.ClusterToken` makes them."""

    @property
    def principal(self) -> str:
        """The ARN of who the token stands for; empty while that is not known."""

    async def token(self) -> str:
        """The token to send now. Raises AWSError."""

    def distrust(self, token: str) -> None:
        """The API server has refused it: the next one is to be made anew."""


Tokens = Callable[[ClusterARN, str | None, str | None], TokenSource]
"""Makes the token source for a cluster, a role to assume and what to send with that, as `AWSCloud.token` does."""


class _NoTokenError(KubeError):
    def __init__(self, error: AWSError) -> None:
        super().__init__(str(error))
        self.failure = error.failure


class _Bearer(TokenHook):
    def __init__(self, source: TokenSource) -> None:
        self._source = source

    async def __call__(self, configuration: Configuration) -> None:
        try:
            configuration.api_key[TOKEN] = _SCHEME + await self._source.token()
        except AWSError as error:
            raise _NoTokenError(error) from None

    async def has_another(self, configuration: Configuration, refused: str | None) -> bool:
        self._source.distrust((refused or "").removeprefix(_SCHEME))
        await self(configuration)
        return configuration.api_key[TOKEN] != refused


class ClusterAPI:
    """One cluster's API, as one identity. Made by `ClusterAPIs`."""

    def __init__(self, arn: ClusterARN, cluster: EKSCluster, tokens: TokenSource, clock: Clock, observe: Observer) -> None:
        self._arn = arn
        self._cluster = cluster
        self._tokens = tokens
        self._clock = clock
        self._observe = observe
        self._client: KubeClient | None = None
        self._asking = 0
        self._last_asked = clock.monotonic()
        self._retired = False

    async def ask(self, work: Callable[[KubeClient], Awaitable[T]]) -> T | NoAccess:
        """Let `work` ask the cluster; what it raises of KubeError becomes a NoAccess. Nothing is retried but what it retries itself."""
        self._asking += 1
        try:
            client = self._opened()
            return client if isinstance(client, NoAccess) else await work(client)
        except KubeError as error:
            return self._why(error)
        finally:
            self._asking -= 1
            self._last_asked = self._clock.monotonic()
            if self._retired and self._asking == 0:
                await self.close()

    def same_place(self, cluster: EKSCluster) -> bool:
        """Whether the cluster still is where it was, under the same CA."""
        mine = self._cluster
        return (mine.endpoint, mine.certificate_authority) == (cluster.endpoint, cluster.certificate_authority)

    def update(self, cluster: EKSCluster) -> None:
        """Take notice of what DescribeCluster says now, of the same place."""
        self._cluster = cluster

    @property
    def idle(self) -> bool:
        """Whether nobody has asked for long."""
        return self._asking == 0 and self._clock.monotonic() - self._last_asked >= CLUSTER_API_IDLE

    async def retire(self) -> None:
        """Close the connections as soon as nobody asks. Whoever still has this one and asks later opens new ones for that time."""
        self._retired = True
        if self._asking == 0:
            await self.close()

    async def close(self) -> None:
        """Close the connections; requests under way fail."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    def _opened(self) -> KubeClient | NoAccess:
        if self._client is None:
            if not self._cluster.endpoint:
                return no_access.no_endpoint(self._arn, self._cluster)
            try:
                api = ApiClient(_configuration(self._cluster, self._tokens))
            except (ValueError, ssl.SSLError) as error:
                return no_access.no_authority(self._arn, _NO_AUTHORITY.get(type(error), "it holds no certificate"))
            self._client = KubeClient(api, clock=self._clock, observe=self._observe)
        return self._client

    def _why(self, error: KubeError) -> NoAccess:
        arn, cluster, cause = self._arn, self._cluster, error.__cause__
        if isinstance(error, _NoTokenError):
            make = no_access.failing if error.failure.kind in _MAY_PASS else no_access.no_token
            return make(arn, error.failure.message)
        if isinstance(error, Refused) and error.status == 401:
            return no_access.not_known(arn, cluster, self._tokens.principal)
        if isinstance(error, Refused) and error.status == 403:
            return no_access.forbidden(arn, self._tokens.principal, str(error))
        if isinstance(cause, _NOT_TRUSTED):
            return no_access.untrusted(arn, cluster, _reason(cause))
        if isinstance(cause, _NEVER_ARRIVED):
            return no_access.unreachable(arn, cluster, _reason(cause))
        return no_access.failing(arn, str(error))


def _reason(cause: BaseException) -> str:
    if isinstance(cause, aiohttp.ConnectionTimeoutError):
        return f"no connection within {KUBE_CONNECT_TIMEOUT:g} s"
    if isinstance(cause, aiohttp.ClientHttpProxyError):
        return f"the proxy answers {cause.status}"
    if isinstance(cause, aiohttp.ClientConnectorCertificateError):
        inner = cause.certificate_error
        return getattr(inner, "verify_message", "") or str(inner)
    if isinstance(cause, aiohttp.ClientConnectorError):
        return cause.os_error.strerror or str(cause.os_error)
    return str(cause)


def _configuration(cluster: EKSCluster, tokens: TokenSource) -> Configuration:
    """Raises ValueError where the CA is none."""
    configuration = Configuration(host=cluster.endpoint.rstrip("/"), connection_pool_maxsize=CONNECTIONS)
    if cluster.endpoint.startswith("https:"):
        # Never empty: the CAs of the machine would then do as well.
        configuration.ca_cert_data = base64.b64decode(cluster.certificate_authority, validate=True).decode("ascii") or "none"
    # EKS's CAs have no key identifiers, which Python 3.13 and later insist on (kubernetes-client/python#2394).
    configuration.disable_strict_ssl_verification = True
    configuration.api_key[TOKEN] = ""
    configuration.refresh_api_key_hook = _Bearer(tokens)  # type: ignore[assignment]
    choose_proxy(configuration)
    return configuration


class ClusterAPIs:
    """The APIs of all clusters that were asked lately. Lives on one event loop.

    :param tokens: where tokens come from.
    :param observe: told of each request.
    """

    def __init__(self, tokens: Tokens, clock: Clock, observe: Observer = lambda _verb, _outcome: None) -> None:
        self._tokens = tokens
        self._clock = clock
        self._observe = observe
        self._apis: dict[tuple[ClusterARN, str | None, str | None], ClusterAPI] = {}

    async def of(
        self, arn: ClusterARN, cluster: EKSCluster, assume_role_arn: str | None = None, external_id: str | None = None
    ) -> ClusterAPI:
        """Return the API of a cluster, as the identity that assumes this role; nothing is sent yet.

        :param cluster: as DescribeCluster says now; where it has moved, the old connections are closed once nobody uses them.
        """
        await self._close_idle()
        key = (arn, assume_role_arn or None, external_id or None)
        found = self._apis.get(key)
        if found is not None and found.same_place(cluster):
            found.update(cluster)
            return found
        self._apis[key] = ClusterAPI(arn, cluster, self._tokens(*key), self._clock, self._observe)
        if found is not None:
            await found.retire()
        return self._apis[key]

    async def close(self) -> None:
        """Close all connections; requests under way fail."""
        apis, self._apis = list(self._apis.values()), {}
        for api in apis:
            await api.close()

    async def _close_idle(self) -> None:
        idle = [key for key, api in self._apis.items() if api.idle]
        for api in [self._apis.pop(key) for key in idle]:
            await api.retire()
