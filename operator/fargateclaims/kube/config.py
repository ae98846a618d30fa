"""Where the API server is and who we are: KUBECONFIG, else the pod's ServiceAccount. Credentials stay fresh by themselves."""

import asyncio
import logging
import os
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Final, Self
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import yaml
from kubernetes.aio.client import ApiClient, Configuration
from kubernetes.aio.config import load_incluster_config, load_kube_config
from kubernetes.aio.config.config_exception import ConfigException
from kubernetes.aio.config.kube_config import KubeConfigLoader

from fargateclaims.clock import Clock
from fargateclaims.kube.errors import ConfigurationError
from fargateclaims.redaction import redact
from fargateclaims.timing import KUBE_CREDENTIALS_CHECK

# What the library stumbles over when a file is not shaped like a kubeconfig.
_MISSHAPEN: Final = (yaml.YAMLError, OSError, ValueError, TypeError, AttributeError, KeyError, IndexError, RecursionError)
_LONG_AGO: Final = datetime.fromtimestamp(0, UTC)
_KUBECTL_DEFAULT: Final = "~/.kube/config"
_SERVICE_ACCOUNT_NAMESPACE: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")

TOKEN: Final = "BearerToken"  # noqa: S105  (not a token)
"""The library's name for the token."""

log = logging.getLogger(__name__)


OWN_CA_FILE: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount/ca.crt")


def own_certificate_authority() -> str:
    """Return the CA of the cluster that this process runs in as a pod, in PEM; empty elsewhere."""
    try:
        return OWN_CA_FILE.read_text(encoding="ascii")
    except (OSError, ValueError):
        return ""


def api_client(configuration: Configuration) -> ApiClient:
    """Return the library's client, which loads the certificates. Raises ConfigurationError where they are none."""
    try:
        return ApiClient(configuration)
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"a certificate or key for {redact(configuration.host)} cannot be used: {error}") from error


async def load_configuration(clock: Clock) -> Configuration:
    """Return the library's configuration for this process. Raises ConfigurationError with one clear sentence."""
    configuration = Configuration()
    paths = os.environ.get("KUBECONFIG", "")
    if paths:
        await _load_kubeconfig(configuration, paths, clock)
    else:
        _load_service_account(configuration, clock)
    choose_proxy(configuration)
    return configuration


@dataclass(frozen=True, slots=True)
class UserConfiguration:
    """A person's way to a cluster.

    :param namespace: where they are when they name none.
    :param cluster: what the kubeconfig calls the cluster; `aws eks update-kubeconfig` calls it by its ARN. Empty in a pod.
    """

    client: Configuration
    namespace: str
    cluster: str


async def load_user_configuration(clock: Clock, kubeconfig: str | None = None, context: str | None = None) -> UserConfiguration:
    """Find the cluster as kubectl does: the file given, KUBECONFIG, ~/.kube/config, the pod's ServiceAccount.

    :param context: of the kubeconfig; None for its current one.
    Raises ConfigurationError with one clear sentence.
    """
    configuration = Configuration()
    paths = kubeconfig or os.environ.get("KUBECONFIG", "") or (_KUBECTL_DEFAULT if _some_file(_KUBECTL_DEFAULT) else "")
    if paths:
        loader = await _load_kubeconfig(configuration, paths, clock, context, "--kubeconfig" if kubeconfig else "KUBECONFIG")
        where = loader.current_context["context"]
        found = UserConfiguration(configuration, str(where.get("namespace") or "default"), str(where["cluster"]))
    else:
        missing = f"there is no kubeconfig, as KUBECONFIG is not set and {_KUBECTL_DEFAULT} does not exist: name one with --kubeconfig"
        if context is not None:
            raise ConfigurationError(missing)
        try:
            _load_service_account(configuration, clock)
        except ConfigurationError as error:
            raise ConfigurationError(missing) from error
        found = UserConfiguration(configuration, _SERVICE_ACCOUNT_NAMESPACE.read_text(encoding="utf-8").strip(), "")
    choose_proxy(configuration)
    return found


def choose_proxy(configuration: Configuration) -> None:
    """Decide it once, for as long as the configuration is used.

    aiohttp would look through the environment and ~/.netrc anew before each request, in another thread, and what it finds in ~/.netrc
    would be at odds with our token. Raises ConfigurationError.
    """
    configuration.client_session_kwargs = {"trust_env": False}
    try:
        server = urlsplit(configuration.host)
    except ValueError as error:
        raise ConfigurationError(f"the API server's address is no URL: {redact(configuration.host)}") from error
    if configuration.proxy is None and not proxy_bypass(server.netloc) and not _in_a_range_without_proxy(server.hostname or ""):
        configuration.proxy = getproxies().get(server.scheme)


def _in_a_range_without_proxy(host: str) -> bool:
    """Whether NO_PROXY has a range of addresses with this one, as in 10.0.0.0/8. The standard library knows names alone."""
    entries = getproxies().get("no", "").split(",")
    try:
        address = ip_address(host)
    except ValueError:
        return False  # a name is not resolved for this, as in Go's clients
    return any(address in network for entry in entries for network in _networks(entry.strip()))


def _networks(entry: str) -> Iterator[IPv4Network | IPv6Network]:
    with suppress(ValueError):
        yield ip_network(entry, strict=False)


async def _load_kubeconfig(
    configuration: Configuration, paths: str, clock: Clock, context: str | None = None, source: str = "KUBECONFIG"
) -> KubeConfigLoader:
    """Read one or more files.

    :param source: who names them, for messages.
    """
    if not _some_file(paths):
        raise ConfigurationError(f"{source} names no file that exists: {paths}")
    try:
        loader: KubeConfigLoader = await load_kube_config(paths, context, configuration, persist_config=False)  # type: ignore[no-untyped-call]
    except ConfigException as error:
        raise ConfigurationError(f"{source} {paths} cannot be used: {error}") from error
    except _MISSHAPEN as error:
        # Without the error's text: it may quote the file, and the file may hold secrets.
        why = "nested too deeply" if isinstance(error, RecursionError) else type(error).__name__
        raise ConfigurationError(f"{source} {paths} is no kubeconfig ({why})") from error

    if not all(isinstance(value, str | None) for value in (configuration.host, configuration.proxy, configuration.tls_server_name)):
        raise ConfigurationError(f"{source} {paths} is no kubeconfig: server, proxy-url and tls-server-name are texts")

    async def read() -> str | None:
        if hasattr(loader, "exec_plugin_expiry"):
            # Runs the plugin only if the token that it gave has expired.
            await loader.load_from_exec_plugin()  # type: ignore[no-untyped-call]
            return getattr(loader, "token", None)
        fresh = Configuration()
        await load_kube_config(paths, context, fresh, persist_config=False)  # type: ignore[no-untyped-call]
        return fresh.api_key.get(TOKEN)

    def distrust() -> None:
        if hasattr(loader, "exec_plugin_expiry"):
            loader.exec_plugin_expiry = _LONG_AGO

    configuration.refresh_api_key_hook = _Refresh(read, f"{source} {paths}", clock, distrust)  # type: ignore[assignment]
    return loader


def _some_file(paths: str) -> bool:
    return any(Path(path).expanduser().is_file() for path in paths.split(os.pathsep) if path)


def _load_service_account(configuration: Configuration, clock: Clock) -> None:
    try:
        load_incluster_config(client_configuration=configuration, try_refresh_token=False)  # type: ignore[no-untyped-call]
    except (ConfigException, OSError) as error:
        message = f"KUBECONFIG is not set, and this is no pod with a ServiceAccount ({error}): set KUBECONFIG, or run in a cluster"
        raise ConfigurationError(message) from error

    async def read() -> str | None:
        fresh = Configuration()
        load_incluster_config(client_configuration=fresh, try_refresh_token=False)  # type: ignore[no-untyped-call]
        return fresh.api_key.get(TOKEN)

    configuration.refresh_api_key_hook = _Refresh(read, "the pod's ServiceAccount", clock)  # type: ignore[assignment]


async def has_another_token(configuration: Configuration, refused: str | None) -> bool:
    """Whether there is another token than one that the API server has refused; looks for it at once if need be.

    :param refused: as it was sent.
    """
    hook: object = configuration.refresh_api_key_hook
    return isinstance(hook, TokenHook) and await hook.has_another(configuration, refused)


class TokenHook(ABC):
    """The library's `refresh_api_key_hook`, called before each request: sees to it that the configuration has a good token.

    The library asks it only where the configuration has some token already, be it an empty one.
    """

    @abstractmethod
    async def __call__(self, configuration: Configuration) -> None:
        """Put the token to send into the configuration."""

    @abstractmethod
    async def has_another(self, configuration: Configuration, refused: str | None) -> bool:
        """See `has_another_token`."""

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        # The library copies configurations whole; what is behind a hook is shared on purpose.
        return self


class _Refresh(TokenHook):
    """Renews a token that a plugin gave or that stands in a file of its own.

    :param source: where it comes from, for the log.
    :param distrust: called when the token was refused, before it is read again: it may not have expired.
    """

    def __init__(
        self, read: Callable[[], Awaitable[str | None]], source: str, clock: Clock, distrust: Callable[[], None] = lambda: None
    ) -> None:
        self._read = read
        self._source = source
        self._clock = clock
        self._distrust = distrust
        self._lock = asyncio.Lock()
        self._due = clock.monotonic() + KUBE_CREDENTIALS_CHECK

    async def __call__(self, configuration: Configuration) -> None:
        async with self._lock:
            if self._clock.monotonic() >= self._due:
                await self._look(configuration)

    async def has_another(self, configuration: Configuration, refused: str | None) -> bool:
        """See `has_another_token`."""
        async with self._lock:
            # Of many requests that are refused at a time, the first one looks.
            if configuration.api_key.get(TOKEN) == refused:
                self._distrust()
                await self._look(configuration)
                log.info("the API server refuses the token; looked for another one in %s", self._source)
            return configuration.api_key.get(TOKEN) != refused

    async def _look(self, configuration: Configuration) -> None:
        self._due = self._clock.monotonic() + KUBE_CREDENTIALS_CHECK
        try:
            token = await self._read()
        except (ConfigException, *_MISSHAPEN) as error:
            # The old token may still be good, and the file may be just being written.
            log.warning("the token could not be renewed from %s: %s", self._source, type(error).__name__)
            return
        if token:
            configuration.api_key[TOKEN] = token
