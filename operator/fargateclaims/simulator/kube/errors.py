"""Refusals of the API server: one exception that carries a ``metav1.Status``, and a constructor for each kind of refusal.

The constructors follow ``k8s.io/apimachinery/pkg/api/errors``: same code, reason, message and details.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from fargateclaims.simulator.kube.field_errors import FieldError
from fargateclaims.simulator.kube.objects import Obj


@dataclass(frozen=True, slots=True)
class GroupResource:
    """A plural name with its group: what messages call a kind of object."""

    group: str
    resource: str

    def __str__(self) -> str:
        return f"{self.resource}.{self.group}" if self.group else self.resource


class ApiError(Exception):
    """A request is refused with this ``Status``. `retry_after` is in seconds and becomes the header of that name."""

    def __init__(self, code: int, reason: str, message: str, *, details: Obj | None = None, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
        self.retry_after = retry_after
        self.list_meta: Obj = {}

    @property
    def headers(self) -> dict[str, str]:
        """HTTP headers that go with the status."""
        return {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}

    def status(self) -> Obj:
        """The ``v1.Status`` object."""
        details = None if self.details is None else dict(self.details)
        if self.retry_after is not None:
            details = {**(details or {}), "retryAfterSeconds": self.retry_after}
        status: Obj = {"kind": "Status", "apiVersion": "v1", "metadata": self.list_meta, "status": "Failure", "message": self.message}
        if self.reason:
            status["reason"] = self.reason
        if details is not None:
            status["details"] = details
        return status | {"code": self.code}


def _details(resource: GroupResource, name: str) -> Obj:
    details = {"name": name, "group": resource.group, "kind": resource.resource}
    return {field: value for field, value in details.items() if value}


def not_found(resource: GroupResource, name: str) -> ApiError:
    """404 for one object."""
    return ApiError(404, "NotFound", f'{resource} "{name}" not found', details=_details(resource, name))


def no_such_path() -> ApiError:
    """404 for a path or a kind that is not served."""
    return ApiError(404, "NotFound", "the server could not find the requested resource", details={})


class PageNotFoundError(Exception):
    """404 for what no API group that is served has at all: a text, not a ``Status``."""

    text = "404 page not found\n"


def already_exists(resource: GroupResource, name: str, *, deleting: bool = False) -> ApiError:
    """409 on a create. `deleting`: what is there is on its way out."""
    prefix = "object is being deleted: " if deleting else ""
    return ApiError(409, "AlreadyExists", f'{prefix}{resource} "{name}" already exists', details=_details(resource, name))


def conflict(resource: GroupResource, name: str, why: str) -> ApiError:
    """409 on an update or a delete."""
    message = f'Operation cannot be fulfilled on {resource} "{name}": {why}'
    return ApiError(409, "Conflict", message, details=_details(resource, name))


def stale(resource: GroupResource, name: str) -> ApiError:
    """409: the resourceVersion in the request is not the stored one."""
    why = "the object has been modified; please apply your changes to the latest version and try again"
    return conflict(resource, name, why)


def invalid(kind: str, group: str, name: str, errors: Sequence[FieldError]) -> ApiError:
    """422 with one cause for each field."""
    lines = list(dict.fromkeys(str(error) for error in errors))
    text = lines[0] if len(lines) == 1 else f"[{', '.join(lines)}]"
    subject = f"{kind}.{group}" if group else kind
    details: Obj = {"name": name, "group": group, "kind": kind, "causes": [error.as_cause() for error in errors]}
    details = {field: value for field, value in details.items() if value}
    return ApiError(422, "Invalid", f'{subject} "{name}" is invalid: {text}', details=details)


def bad_request(message: str) -> ApiError:
    """400."""
    return ApiError(400, "BadRequest", message)


def forbidden(resource: GroupResource, name: str, why: str, *, causes: Sequence[Obj] = ()) -> ApiError:
    """403."""
    details = _details(resource, name) | ({"causes": list(causes)} if causes else {})
    subject = f'{resource} "{name}"' if name else str(resource)
    return ApiError(403, "Forbidden", f"{subject} is forbidden: {why}", details=details)


def expired(message: str) -> ApiError:
    """410: the resourceVersion or the continue token is too old."""
    return ApiError(410, "Expired", message)


def method_not_allowed(message: str = "the server does not allow this method on the requested resource") -> ApiError:
    """405."""
    return ApiError(405, "MethodNotAllowed", message, details={})


def not_acceptable(offered: str) -> ApiError:
    """406."""
    return ApiError(406, "NotAcceptable", f"only the following media types are accepted: {offered}")


def unsupported_media_type(accepted: str) -> ApiError:
    """415."""
    message = f"the body of the request was in an unknown format - accepted media types include: {accepted}"
    return ApiError(415, "UnsupportedMediaType", message)


def too_large_version(wanted: int, current: int) -> ApiError:
    """504: the client has seen a newer state than this server has."""
    causes = [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]
    message = f"Timeout: Too large resource version: {wanted}, current: {current}"
    return ApiError(504, "Timeout", message, details={"causes": causes}, retry_after=1)
