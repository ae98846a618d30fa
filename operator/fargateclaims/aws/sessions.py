"""AWS sessions: one for each role and region, whose account is verified before anything else is asked.

All methods block and are meant for worker threads. botocore's clients are thread-safe, but making them is not: that goes
through one lock, which is never held during a call to AWS.
"""

import re
import threading
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from botocore.client import BaseClient
from botocore.config import Config
from botocore.credentials import AssumeRoleCredentialFetcher, Credentials, DeferredRefreshableCredentials, ReadOnlyCredentials
from botocore.exceptions import NoCredentialsError
from botocore.session import Session as BotocoreSession

from fargateclaims import __version__
from fargateclaims.aws.departure import leave
from fargateclaims.aws.limits import THREADS_PER_ACCOUNT_REGION
from fargateclaims.clock import Clock
from fargateclaims.domain.failure import AWSError, Failure, FailureClass
from fargateclaims.timing import AWS_CONNECT_TIMEOUT, AWS_READ_TIMEOUT, AWS_WRONG_ACCOUNT_RECHECK

Service = Literal["ec2", "eks", "iam", "service-quotas", "sts"]

_ROLE_SESSION_NAME_LENGTH: Final = 64
_ASSUMED_ROLE: Final = re.compile(r"arn:(?P<partition>[^:]+):sts::(?P<account>[^:]+):assumed-role/(?P<name>[^/]+)/.+")
_CLIENT_CONFIG: Final = Config(
    connect_timeout=AWS_CONNECT_TIMEOUT,
    read_timeout=AWS_READ_TIMEOUT,
    max_pool_connections=THREADS_PER_ACCOUNT_REGION,
    # A NAT gateway forgets idle connections after 350 s; a half-open one would cost a whole time-out.
    tcp_keepalive=True,
    # No hidden second try: it would send a create twice, and pass by the token bucket.
    retries={"total_max_attempts": 1, "mode": "standard"},
    user_agent_extra=f"fargateclaims/{__version__}",
)
_AWS_OWN_ENDPOINT: Final = Config(
    ignore_configured_endpoint_urls=True,  # type: ignore[call-arg]  # unknown to the stubs
    use_fips_endpoint=False,
    use_dualstack_endpoint=False,
)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who works where. `assume_role_arn` is None for the operator's own credentials."""

    region: str
    assume_role_arn: str | None = None
    external_id: str | None = None


@cache
def _models() -> object:
    """Return the loader of service models. Parsed, they are large: all sessions share them."""
    return BotocoreSession().get_component("data_loader")


def _new_session() -> BotocoreSession:
    session = BotocoreSession()
    session.register_component("data_loader", _models())
    # Tokens of the global STS are not valid in regions that have to be opted into, whatever the environment says.
    session.set_config_variable("sts_regional_endpoints", "regional")
    return session


class _Given:
    """A credential chain with one link."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def load_credentials(self) -> Credentials:
        return self._credentials


class AWSSession:
    """Clients of one identity, and the account that it turned out to be. Made by `Sessions`."""

    def __init__(self, identity: Identity, core: BotocoreSession, credentials: Credentials, making: threading.Lock) -> None:
        self.identity = identity
        self._core = core
        self._credentials = credentials
        self._making = making
        self._clients: dict[Service, BaseClient] = {}
        self._verifying = threading.Lock()
        self._frozen: ReadOnlyCredentials | None = None
        self._account: str | None = None
        self._arn = ""
        self._sts_hostname = ""
        self._recheck_at: float | None = None

    def client(self, service: Service) -> BaseClient:
        """Return the one client for `service`: making one takes tens of milliseconds and some megabytes."""
        with self._making:
            if service not in self._clients:
                client = self._core.create_client(service, region_name=self.identity.region, config=_CLIENT_CONFIG)
                client.meta.events.register("before-send", leave)
                self._clients[service] = client
            return self._clients[service]

    def verify(self, account: str, clock: Clock) -> None:
        """Make sure that the credentials belong to `account`, by GetCallerIdentity.

        Asked once for each access key, and so again whenever the credentials have been renewed.
        Raises AWSError (WRONG_ACCOUNT), and botocore's exceptions where the credentials are not valid at all.
        """
        with self._verifying:
            frozen = self._credentials.get_frozen_credentials()
            if self._frozen is None or self._frozen.access_key != frozen.access_key:
                self._account = None
            self._frozen = frozen
            if self._account is None:
                answer: dict[str, Any] = self.client("sts").get_caller_identity()  # type: ignore[attr-defined]
                self._account, self._arn, self._recheck_at = str(answer["Account"]), str(answer.get("Arn", "")), None
            if self._account != account:
                if self._recheck_at is None:
                    self._recheck_at = clock.monotonic() + AWS_WRONG_ACCOUNT_RECHECK
                raise AWSError(_wrong_account(self.identity, self._account, account))

    def outdated(self, now: float) -> bool:
        """Return whether the account was wrong so long ago that the credentials may have been replaced."""
        return self._recheck_at is not None and now >= self._recheck_at

    @property
    def principal(self) -> str:
        """The ARN by which a cluster would know these credentials, once they are verified: the role's, not the assumed role's.

        STS does not tell a role's path, so one that was not assumed by us is named without.
        """
        return self.identity.assume_role_arn or _role_of(self._arn)

    def sts_hostname(self) -> str:
        """Return AWS's own name for STS in this region, whatever endpoints were configured."""
        with self._making:
            if not self._sts_hostname:
                client = self._core.create_client("sts", region_name=self.identity.region, config=_CLIENT_CONFIG.merge(_AWS_OWN_ENDPOINT))
                self._sts_hostname = urlsplit(client.meta.endpoint_url).netloc
                client.close()
            return self._sts_hostname

    def credentials(self) -> ReadOnlyCredentials:
        """Return the credentials as they were verified last; they are secret."""
        assert self._frozen is not None
        return self._frozen

    def secrets(self) -> tuple[str, ...]:
        """Return what must never appear in a message: the credentials last used."""
        return () if self._frozen is None else tuple(filter(None, self._frozen[:3]))

    def close(self) -> None:
        """Close idle connections; calls under way go on."""
        with self._making:
            for client in self._clients.values():
                client.close()


class Sessions:
    """All sessions of the process.

    :param installation: the installation id; CloudTrail shows it as part of an assumed role's session name.
    """

    def __init__(self, clock: Clock, installation: str) -> None:
        self._clock = clock
        name = re.sub(r"[^\w+=,.@-]", "-", f"fargateclaims-{installation}", flags=re.ASCII)
        self._role_session_name = name[:_ROLE_SESSION_NAME_LENGTH]
        self._making = threading.Lock()
        self._resolving = threading.Lock()
        self._base: tuple[BotocoreSession, Credentials] | None = None
        self._sessions: dict[Identity, AWSSession] = {}

    def get(self, identity: Identity) -> AWSSession:
        """Return the session of `identity`. Raises botocore's exceptions where the credential chain finds nothing or is broken."""
        with self._resolving:
            session = self._sessions.get(identity)
        if session is not None and session.outdated(self._clock.monotonic()):
            self.forget(session)
        with self._resolving:
            if identity not in self._sessions:
                self._sessions[identity] = self._make(identity)
            return self._sessions[identity]

    def forget(self, session: AWSSession) -> None:
        """Read the credential chain anew before the next call: environment, files and roles may have been mended meanwhile."""
        with self._resolving:
            if self._sessions.get(session.identity) is session:
                del self._sessions[session.identity]
                self._base = None
        session.close()

    def close(self) -> None:
        """Close idle connections."""
        for session in tuple(self._sessions.values()):
            session.close()

    def _make(self, identity: Identity) -> AWSSession:
        if self._base is None:
            self._base = self._resolve()
        base, credentials = self._base
        if identity.assume_role_arn is not None:
            credentials = self._assumed(identity, identity.assume_role_arn, base, credentials)
        with self._making:
            core = _new_session()
            core.register_component("credential_provider", _Given(credentials))
        return AWSSession(identity, core, credentials, self._making)

    def _resolve(self) -> tuple[BotocoreSession, Credentials]:
        base = _new_session()
        credentials = base.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        return base, credentials

    def _assumed(self, identity: Identity, role_arn: str, base: BotocoreSession, source: Credentials) -> DeferredRefreshableCredentials:
        def create_client(service: str, **keys: Any) -> BaseClient:  # noqa: ANN401 - botocore's own keywords, passed on
            with self._making:
                # The region's own STS: tokens of the global one are not valid in regions that have to be opted into.
                return base.create_client(service, region_name=identity.region, config=_CLIENT_CONFIG, **keys)

        arguments = {"RoleSessionName": self._role_session_name}
        if identity.external_id is not None:
            arguments["ExternalId"] = identity.external_id
        fetcher = AssumeRoleCredentialFetcher(create_client, source, role_arn, extra_args=arguments)
        return DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role")


def _role_of(caller_arn: str) -> str:
    found = _ASSUMED_ROLE.fullmatch(caller_arn)
    return f"arn:{found['partition']}:iam::{found['account']}:role/{found['name']}" if found else caller_arn


def _wrong_account(identity: Identity, found: str, wanted: str) -> Failure:
    role = identity.assume_role_arn
    whose = f"the role {role} belongs" if role is not None else "the AWS credentials belong"
    message = f"{whose} to account {found}, the cluster to account {wanted}: set assumeRoleARN to a role of account {wanted}"
    return Failure(FailureClass.WRONG_ACCOUNT, "WrongAccount", message, "GetCallerIdentity")
