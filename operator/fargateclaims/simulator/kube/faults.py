"""What goes wrong on demand. A fault matches requests by verb, resource and the like, and acts on the next few or on all of them."""

import itertools
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from fargateclaims.simulator.kube.errors import ApiError, bad_request
from fargateclaims.simulator.kube.objects import Obj
from fargateclaims.simulator.kube.requests import RequestInfo

_STATUSES: Final = {
    400: ("BadRequest", "the request is malformed"),
    401: ("Unauthorized", "Unauthorized"),
    403: ("Forbidden", "the request is forbidden"),
    404: ("NotFound", "the server could not find the requested resource"),
    408: ("Timeout", "the request timed out"),
    409: ("Conflict", "the object has been modified; please apply your changes to the latest version and try again"),
    410: ("Expired", "The resourceVersion for the provided watch is too old."),
    422: ("Invalid", "the object is invalid"),
    429: ("TooManyRequests", "the server has received too many requests and has asked us to try again later"),
    500: ("InternalError", "an error on the server has prevented the request from succeeding"),
    503: ("ServiceUnavailable", "the server is currently unable to handle the request"),
    504: ("Timeout", "the server was unable to return a response in the time allotted"),
}
_MATCHED: Final = ("verb", "resource", "subresource", "namespace", "name")


class When(StrEnum):
    """Whether a refused request does nothing, or is carried out and its answer lost."""

    BEFORE = "Before"
    AFTER = "After"


@dataclass(slots=True)
class Fault:
    """One rule. What is empty in `match` matches everything; `times` None means until it is removed.

    `code`: answer with this HTTP status, with `retry_after` seconds in the header of that name; 0 lets the request pass.
    `delay`: wait this many seconds first. `drop`: close the connection without an answer.
    `when` After: carry the request out, then fail. `as_of`: serve a LIST as it was at that revision.
    """

    id: int
    match: dict[str, str]
    code: int = 0
    message: str = ""
    retry_after: int | None = None
    delay: float = 0
    drop: bool = False
    when: When = When.BEFORE
    as_of: int | None = None
    user_agent: str = ""
    times: int | None = None
    hits: int = field(default=0)

    def matches(self, info: RequestInfo, user_agent: str) -> bool:
        """Whether this fault is about a request."""
        return all(getattr(info, name) == value for name, value in self.match.items()) and self.user_agent in user_agent

    def error(self) -> ApiError | None:
        """The refusal, if there is to be one."""
        if not self.code:
            return None
        reason, message = _STATUSES.get(self.code, ("", f"the server responded with the status code {self.code}"))
        return ApiError(self.code, reason, self.message or message, details={}, retry_after=self.retry_after)

    def describe(self) -> Obj:
        """As the admin API shows it."""
        return {
            **self.match,
            "id": self.id,
            "code": self.code,
            "message": self.message,
            "retryAfter": self.retry_after,
            "delay": self.delay,
            "drop": self.drop,
            "when": self.when,
            "asOf": self.as_of,
            "userAgent": self.user_agent,
            "times": self.times,
            "hits": self.hits,
        }


class Faults:
    """The faults that are switched on, oldest first: the first that matches acts."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._ids = itertools.count(1)

    def add(self, spec: Obj) -> Fault:
        """Switch a fault on; 400 if a field of it is unknown."""
        known = {"code", "message", "retryAfter", "delay", "drop", "when", "asOf", "userAgent", "times", *_MATCHED}
        if unknown := sorted(set(spec) - known):
            raise bad_request(f"unknown fields in the fault: {', '.join(unknown)}; known are {', '.join(sorted(known))}")
        fault = Fault(
            id=next(self._ids),
            match={name: spec[name] for name in _MATCHED if spec.get(name) is not None},
            code=spec.get("code", 0),
            message=spec.get("message", ""),
            retry_after=spec.get("retryAfter"),
            delay=spec.get("delay", 0),
            drop=spec.get("drop", False),
            when=When(spec.get("when", When.BEFORE)),
            as_of=spec.get("asOf"),
            user_agent=spec.get("userAgent", ""),
            times=spec.get("times"),
        )
        self._faults.append(fault)
        return fault

    def take(self, info: RequestInfo, user_agent: str) -> Fault | None:
        """The fault that acts on this request, used up by one; None if all goes well."""
        for fault in self._faults:
            if fault.matches(info, user_agent):
                fault.hits += 1
                if fault.times is not None and fault.hits >= fault.times:
                    self._faults.remove(fault)
                return fault
        return None

    def remove(self, fault_id: int | None) -> None:
        """Switch one fault off, or all (None)."""
        self._faults = [] if fault_id is None else [fault for fault in self._faults if fault.id != fault_id]

    def describe(self) -> list[Obj]:
        """The faults that are on."""
        return [fault.describe() for fault in self._faults]
