"""What can go wrong with a request to the API server, mapped once, at the boundary.

::

    KubeError
    ├── Conflict      409: the object has changed since it was read, or exists already
    ├── Missing       404: no such object, or no such kind
    ├── Refused       401, 403, 422 and every other 4xx: the same request will be refused again
    ├── Throttled     429: come back after `retry_after` seconds
    └── Unavailable   5xx, 410, no answer, an unreadable answer: it may work later; what a write did is unknown

    ConfigurationError (also a KubeError): there is no usable kubeconfig or ServiceAccount, so nothing was asked
"""

import json
from collections.abc import Mapping
from typing import Any, Final

import aiohttp

from fargateclaims.redaction import redact
from fargateclaims.timing import KUBE_RETRY_AFTER, KUBE_RETRY_AFTER_MAX

_LONGEST_TEXT: Final = 500


class KubeError(Exception):
    """A request failed.

    :param message: a sentence for people, with what was asked; no secrets.
    :param status: the HTTP status; 0 when there was no answer.
    :param reason: the API server's machine-readable reason, such as `AlreadyExists`; empty if it gave none.
    :ivar causes: what else it said of why, by cause, such as a `DisruptionBudget` in the way of an eviction.
    """

    def __init__(self, message: str, *, status: int = 0, reason: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.causes: Mapping[str, str] = {}


class ConfigurationError(KubeError):
    """It is not known where the API server is, or who we are."""


class Conflict(KubeError):  # noqa: N818  (these are Kubernetes' own names for its answers)
    """409."""


class Missing(KubeError):  # noqa: N818
    """404."""


class Refused(KubeError):  # noqa: N818
    """A 4xx that the same request will get again."""


class Throttled(KubeError):  # noqa: N818
    """429. `retry_after`: seconds until the API server wants to be asked again; obey it."""

    def __init__(self, message: str, *, retry_after: float, status: int = 429, reason: str = "") -> None:
        super().__init__(message, status=status, reason=reason)
        self.retry_after = retry_after


class Unavailable(KubeError):  # noqa: N818
    """No usable answer. `retry_after`: seconds, if the API server has said so."""

    def __init__(self, message: str, *, retry_after: float | None = None, status: int = 0, reason: str = "") -> None:
        super().__init__(message, status=status, reason=reason)
        self.retry_after = retry_after


def from_answer(request: str, status: int, headers: Mapping[str, str], body: bytes) -> KubeError:
    """Map an answer of 400 or above to `request`, which is in words such as `PUT …/status`."""
    details = _status_object(body)
    error = _mapped(request, status, headers, body, details)
    error.causes = _causes(details)
    return error


def _mapped(request: str, status: int, headers: Mapping[str, str], body: bytes, details: Mapping[str, Any]) -> KubeError:
    reason = details.get("reason")
    reason = reason if isinstance(reason, str) else ""
    said = details.get("message")
    text = said if isinstance(said, str) and said else body[:_LONGEST_TEXT].decode(errors="replace").strip()
    message = redact(f"{request}: {status}{' ' + reason if reason else ''}{': ' + text[:_LONGEST_TEXT] if text else ''}")
    if status == 404:
        return Missing(message, status=status, reason=reason)
    if status == 409:
        return Conflict(message, status=status, reason=reason)
    if status == 429:
        after = _retry_after(headers, details)
        return Throttled(message, retry_after=KUBE_RETRY_AFTER if after is None else after, reason=reason)
    if status >= 500 or status == 410:
        return Unavailable(message, retry_after=_retry_after(headers, details), status=status, reason=reason)
    return Refused(message, status=status, reason=reason)


def from_transport(request: str, error: Exception) -> KubeError:
    """Map an exception that stands in the place of an answer: time-outs, connections, TLS, the library's own."""
    if isinstance(error, TimeoutError):
        return Unavailable(f"{request}: no answer in time")
    if isinstance(error, aiohttp.InvalidURL):
        return ConfigurationError(f"{request}: the API server's address is no URL: {redact(str(error))}")
    return Unavailable(redact(f"{request}: {type(error).__name__}: {error}"[:_LONGEST_TEXT]))


def _status_object(body: bytes) -> dict[str, Any]:
    try:
        details = json.loads(body)
    except ValueError:
        return {}
    return details if isinstance(details, dict) and details.get("kind") == "Status" else {}


def _causes(details: Mapping[str, Any]) -> dict[str, str]:
    inner = details.get("details")
    causes = inner.get("causes") if isinstance(inner, dict) else None
    return {
        str(cause.get("reason", "")): redact(str(cause.get("message", ""))[:_LONGEST_TEXT])
        for cause in (causes if isinstance(causes, list) else ())
        if isinstance(cause, dict)
    }


def _retry_after(headers: Mapping[str, str], details: Mapping[str, Any]) -> float | None:
    inner = details.get("details")
    said = (headers.get("Retry-After"), inner.get("retryAfterSeconds") if isinstance(inner, dict) else None)
    for text in map(str, said):
        # Kubernetes writes whole seconds; the HTTP date that the header may also be comes from others.
        if text.isascii() and text.isdigit():
            return min(float(text), KUBE_RETRY_AFTER_MAX)
    return None
