"""Every request for resources that was answered: what benchmarks and tests count."""

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Final

from fargateclaims.simulator.kube.objects import Obj

# The counts go on for ever; single entries are kept for the latest this many.
ENTRIES_KEPT: Final = 200_000
COUNTED_BY: Final = ("verb", "resource", "subresource", "code")


@dataclass(frozen=True, slots=True)
class Entry:
    """One answered request. `time` is in seconds since the epoch; a watch is entered when it begins."""

    time: float
    verb: str
    group: str
    resource: str
    subresource: str
    namespace: str
    name: str
    user_agent: str
    code: int


class Ledger:
    """The record of one server."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=ENTRIES_KEPT)
        self._counts: Counter[tuple[str, str, str, int]] = Counter()

    def add(self, entry: Entry) -> None:
        """Record an answered request."""
        self._entries.append(entry)
        self._counts[entry.verb, entry.resource, entry.subresource, entry.code] += 1

    def entries(self, wanted: Obj) -> list[Obj]:
        """The kept entries whose fields have the wanted values, oldest first."""
        terms = {name: str(value) for name, value in wanted.items() if name in _FIELDS}
        return [asdict(entry) for entry in self._entries if all(str(getattr(entry, name)) == value for name, value in terms.items())]

    def counts(self) -> list[Obj]:
        """How many requests there were of each verb, resource, subresource and status code."""
        return [dict(zip((*COUNTED_BY, "count"), (*key, count), strict=True)) for key, count in sorted(self._counts.items())]

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self._counts.clear()


_FIELDS: Final[Iterable[str]] = frozenset(field.name for field in fields(Entry))
