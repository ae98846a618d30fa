"""Faults that can be put in the way of AWS calls while the server runs. Pure: what a fault does to a socket is the server's part."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from itertools import count
from random import Random
from typing import Literal

from fargateclaims.simulator.eks.errors import EKSError


class FaultKind(StrEnum):
    """What a fault does to the calls that it meets.

    The five errors are worded as each service words them; ``error`` takes any code and text.
    """

    THROTTLING = "throttling"
    SERVER_ERROR = "server_error"
    UNAVAILABLE = "unavailable"
    ACCESS_DENIED = "access_denied"
    EXPIRED_CREDENTIALS = "expired_credentials"
    ERROR = "error"
    DELAY = "delay"
    HANG = "hang"
    DISCONNECT = "disconnect"
    DRIBBLE = "dribble"


ERRORS = frozenset(
    {
        FaultKind.THROTTLING,
        FaultKind.SERVER_ERROR,
        FaultKind.UNAVAILABLE,
        FaultKind.ACCESS_DENIED,
        FaultKind.EXPIRED_CREDENTIALS,
        FaultKind.ERROR,
    }
)


@dataclass(frozen=True, slots=True)
class Subject:
    """What a fault is matched against: one AWS call."""

    service: str
    operation: str
    account: str
    region: str
    cluster: str
    profile: str
    caller: str


@dataclass(slots=True)
class Fault:
    """One fault, in force until its calls are used up, its time is over, or it is removed.

    Attributes:
        kind: What it does.
        when: Before the call takes effect, or after: then the change is made, and only the answer suffers.
        calls: How many calls it meets; None for all.
        skip: How many matching calls pass before the first.
        ratio: The share of matching calls that it meets, between 0 and 1.
        seconds: For ``delay``, ``hang`` and ``dribble``: how long; for the first two, no longer than until it is removed.
        until: The simulator's clock time (seconds) at which it ends.
        code: For ``error``: the exception type.
        message: For every error: the text, if not the service's usual one.
        status: For ``error``: the HTTP status, if not the code's usual one.
        service, operation, account, region, cluster, profile, caller: Shell patterns; a call must match all.

    """

    kind: FaultKind
    when: Literal["before", "after"] = "before"
    calls: int | None = None
    skip: int = 0
    ratio: float = 1.0
    seconds: float = 0.0
    until: float | None = None
    code: str = "ServerException"
    message: str | None = None
    status: int | None = None
    service: str = "*"
    operation: str = "*"
    account: str = "*"
    region: str = "*"
    cluster: str = "*"
    profile: str = "*"
    caller: str = "*"
    id: int = field(default=0)
    met: int = field(default=0)
    removed: bool = field(default=False)

    def matches(self, subject: Subject) -> bool:
        """Return whether a call is one of those that this fault is for."""
        names = ("service", "operation", "account", "region", "cluster", "profile", "caller")
        return all(getattr(self, name) == "*" or fnmatchcase(getattr(subject, name), getattr(self, name)) for name in names)


# Per service: code, text, HTTP status. Services outside the table answer as those with the query protocol do (STS, IAM).
_WORDING: dict[FaultKind, dict[str, tuple[str, str, int]]] = {
    FaultKind.THROTTLING: {
        "eks": ("ThrottlingException", "Rate exceeded", 429),
        "servicequotas": ("TooManyRequestsException", "Rate exceeded", 400),
        "ec2": ("RequestLimitExceeded", "Request limit exceeded.", 503),
        "": ("Throttling", "Rate exceeded", 400),
    },
    FaultKind.SERVER_ERROR: {
        "eks": ("ServerException", "Internal server error", 500),
        "servicequotas": ("ServiceException", "Internal server error", 500),
        "ec2": ("InternalError", "An internal error has occurred", 500),
        "": ("InternalFailure", "An internal error has occurred", 500),
    },
    FaultKind.UNAVAILABLE: {
        "eks": ("ServiceUnavailableException", "Service is unavailable", 503),
        "servicequotas": ("ServiceException", "Service is unavailable", 503),
        "ec2": ("Unavailable", "The server is overloaded and can't handle the request.", 503),
        "": ("ServiceUnavailable", "Service is unavailable", 503),
    },
    FaultKind.ACCESS_DENIED: {
        "eks": ("AccessDeniedException", "", 403),
        "servicequotas": ("AccessDeniedException", "", 400),
        "ec2": ("UnauthorizedOperation", "You are not authorized to perform this operation. ", 403),
        "": ("AccessDenied", "", 403),
    },
    FaultKind.EXPIRED_CREDENTIALS: {
        "eks": ("ExpiredTokenException", "The security token included in the request is expired", 403),
        "servicequotas": ("ExpiredTokenException", "The security token included in the request is expired", 400),
        "ec2": ("RequestExpired", "Request has expired.", 400),
        "": ("ExpiredToken", "The security token included in the request is expired", 403),
    },
}


def error_of(fault: Fault, subject: Subject) -> EKSError:
    """Return the error that an error fault puts in the place of an answer, in the words of the call's service."""
    if fault.kind is FaultKind.ERROR:
        return EKSError(fault.code, fault.message or "A fault of the simulator", fault.status)
    wording = _WORDING[fault.kind]
    code, text, status = wording.get(subject.service, wording[""])
    if fault.kind is FaultKind.ACCESS_DENIED:
        text += f"User: {subject.caller} is not authorized to perform: {subject.service}:{subject.operation}"
    return EKSError(code, fault.message or text, fault.status or status)


class FaultBook:
    """The faults in force. Which calls a ``ratio`` meets is decided by the seed."""

    def __init__(self, clock: Callable[[], float], seed: int = 0) -> None:
        self._clock = clock
        self._rng = Random(seed)  # noqa: S311  (a simulation, not a secret)
        self._ids = count(1)
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        """Put a fault in force and return it with its id."""
        fault.id = next(self._ids)
        self._faults.append(fault)
        return fault

    def remove(self, fault_id: int) -> bool:
        """Take a fault out of force; return whether it was there."""
        gone = [fault for fault in self._faults if fault.id == fault_id]
        self._take_out(gone)
        return bool(gone)

    def clear(self) -> None:
        """Take all faults out of force."""
        self._take_out(list(self._faults))

    def _take_out(self, gone: Sequence[Fault]) -> None:
        for fault in gone:
            fault.removed = True
            self._faults.remove(fault)

    def in_force(self) -> list[Fault]:
        """Return the faults that can still meet a call."""
        now = self._clock()
        self._faults = [fault for fault in self._faults if fault.calls != 0 and (fault.until is None or now < fault.until)]
        return list(self._faults)

    def meet(self, subject: Subject) -> list[Fault]:
        """Return what meets this call, in the order of addition, and count it."""
        if not self._faults:
            return []
        met = []
        for fault in self.in_force():
            if not fault.matches(subject):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            if fault.ratio < 1 and self._rng.random() >= fault.ratio:
                continue
            fault.met += 1
            if fault.calls is not None:
                fault.calls -= 1
            met.append(fault)
        return met

    def denies(self, subject: Subject) -> bool:
        """Return whether a call would be met by ``access_denied``, without counting it.

        EKS makes some EC2 and IAM calls in the caller's name; it refuses a create when the caller may not.
        """
        return any(fault.kind is FaultKind.ACCESS_DENIED and fault.matches(subject) for fault in self.in_force())
