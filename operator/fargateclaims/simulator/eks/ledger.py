"""The record of every AWS call and of every change of a profile's status, by which tests and benchmarks judge."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

# Far above what the largest benchmark makes; it only bounds a simulator left running for weeks.
MAX_ENTRIES: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Call:
    """One AWS call and its outcome.

    Attributes:
        at: When it arrived, seconds since the epoch on the simulator's clock.
        monotonic: The same moment on the server's monotonic clock, which no ``advance`` moves.
        seconds: From its arrival to its answer.
        caller: ARN of the principal; ``foreign`` for what the simulator does as someone else.
        status: HTTP status; 0 when no answer was sent.
        changed: Whether it began a create or delete; a time-out can hide that from the caller.
        fault: The kind of the fault that was put in its way, if any.

    """

    at: float
    monotonic: float
    seconds: float
    account: str
    region: str
    service: str
    operation: str
    cluster: str | None
    profile: str | None
    caller: str
    access_key: str
    user_agent: str
    status: int
    error: str | None = None
    message: str | None = None
    changed: bool = False
    fault: str | None = None

    @property
    def refused_as_busy(self) -> bool:
        """Whether EKS refused it because a profile was CREATING or DELETING."""
        return self.error == "ResourceInUseException" and "currently has Fargate profile" in (self.message or "")

    @property
    def refused_for_update(self) -> bool:
        """Whether EKS refused it because of a hidden cluster update."""
        return self.error == "ResourceInUseException" and "has an update in progress" in (self.message or "")


@dataclass(frozen=True, slots=True)
class StatusChange:
    """A profile's status changed: ``before`` is None when it begins, ``after`` when it is gone; ``caller`` began the operation."""

    at: float
    account: str
    region: str
    cluster: str
    profile: str
    arn: str
    before: str | None
    after: str | None
    caller: str


Entry = Call | StatusChange


def to_json(entry: Entry) -> dict[str, Any]:
    """Return an entry as the admin API sends it."""
    return {"kind": "call" if isinstance(entry, Call) else "transition", **asdict(entry)}


def from_json(data: Mapping[str, Any]) -> Entry:
    """Return the entry that ``to_json`` wrote."""
    fields = {key: value for key, value in data.items() if key != "kind"}
    return Call(**fields) if data["kind"] == "call" else StatusChange(**fields)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries are wanted; None asks for all."""

    account: str | None = None
    region: str | None = None
    cluster: str | None = None
    service: str | None = None
    operation: str | None = None
    caller: str | None = None
    kind: str | None = None
    since: float | None = None

    @classmethod
    def parse(cls, query: Mapping[str, str]) -> Self:
        """Return the filter that a query string asks for; raise ValueError naming what is wrong."""
        unknown = set(query) - set(cls.__dataclass_fields__)
        if unknown:
            raise ValueError(f"unknown filter {', '.join(sorted(unknown))}; known are {', '.join(cls.__dataclass_fields__)}")
        values: dict[str, Any] = dict(query)
        if "since" in values:
            values["since"] = float(values["since"])
        return cls(**values)

    def takes(self, entry: Entry) -> bool:
        """Return whether an entry is wanted."""
        if self.since is not None and entry.at < self.since:
            return False
        if self.kind is not None and (self.kind == "call") is not isinstance(entry, Call):
            return False
        names = ("account", "region", "cluster", "service", "operation", "caller")
        return all(getattr(self, name) in {None, getattr(entry, name, None)} for name in names)


class Ledger:
    """Keeps the entries, the newest ``MAX_ENTRIES`` of them."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=MAX_ENTRIES)

    def add(self, entry: Entry) -> None:
        """Record one entry."""
        self._entries.append(entry)

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()

    def entries(self, wanted: Filter | None = None) -> list[Entry]:
        """Return the entries that are wanted, by time; changes of status are recorded late and sorted in here."""
        chosen: Iterable[Entry] = filter(wanted.takes, self._entries) if wanted else self._entries
        return sorted(chosen, key=lambda entry: entry.at)
