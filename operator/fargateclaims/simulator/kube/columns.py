"""The columns that ``kubectl get`` shows: those of the built-in kinds, and what a CRD's printer columns mean."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from fargateclaims.simulator.kube.jsonpath import compile_path
from fargateclaims.simulator.kube.objects import Obj, Value, dumps, parse_timestamp

Cell: TypeAlias = Callable[[Obj, datetime], Value]

_CREATED: Final = "CreationTimestamp is a timestamp representing the server time when this object was created."


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `cell` gets the object as stored and the present time. Priority 0 is always shown, others with ``-o wide``."""

    name: str
    cell: Cell
    type: str = "string"
    format: str = ""
    description: str = ""
    priority: int = 0

    def definition(self) -> Obj:
        """An entry of a Table's ``columnDefinitions``."""
        return {"name": self.name, "type": self.type, "format": self.format, "description": self.description, "priority": self.priority}


def age(text: Value, now: datetime, malformed: str = "<unknown>") -> Value:
    """How long ago a timestamp was, as kubectl shows it; `malformed` if it is none."""
    try:
        return human_duration(int((now - parse_timestamp(text)).total_seconds()))
    except (TypeError, ValueError):
        return malformed


def human_duration(seconds: int) -> str:
    """The two significant units of a duration, as ``k8s.io/apimachinery/pkg/util/duration.HumanDuration``."""
    if seconds < -1:
        return "<invalid>"
    seconds = max(seconds, 0)
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if seconds < 120:
        return f"{seconds}s"
    if minutes < 10:
        return _two(minutes, "m", seconds % 60, "s")
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return _two(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    if days < 8:
        return _two(days, "d", hours % 24, "h")
    if days < 365 * 2:
        return f"{days}d"
    if days < 365 * 8:
        return _two(days // 365, "y", days % 365, "d")
    return f"{days // 365}y"


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large}{large_unit}{small}{small_unit}" if small else f"{large}{large_unit}"


def printer_columns(definitions: Iterable[Obj]) -> tuple[Column, ...]:
    """A CRD version's ``additionalPrinterColumns``, after the name; AGE if there are none."""
    listed = [_printer_column(definition) for definition in definitions]
    return (NAME, *(listed or [AGE]))


def _printer_column(definition: Obj) -> Column:
    find = compile_path(definition["jsonPath"])
    kind = definition["type"]

    def cell(obj: Obj, now: datetime) -> Value:
        found = find(obj)
        if not found or found[0] is None:
            return None
        return age(found[0], now, malformed="<invalid>") if kind == "date" else _typed(kind, found[0])

    return Column(
        name=definition["name"],
        cell=cell,
        type=kind,
        format=definition.get("format") or "",
        description=definition.get("description") or f"Custom resource definition column (in JSONPath format): {definition['jsonPath']}",
        priority=definition.get("priority") or 0,
    )


def _typed(kind: str, value: Value) -> Value:
    if kind == "string":
        return value if isinstance(value, str) else dumps(value).decode()
    if kind == "boolean":
        return value if isinstance(value, bool) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if kind == "integer" else value


def value_at(path: str, empty: Value = "") -> Cell:
    """A column that shows the first value at a JSONPath, or `empty`."""
    find = compile_path(path)
    return lambda obj, _: next((value for value in find(obj) if value is not None), empty)


def _age_of(*paths: str) -> Cell:
    finders = [compile_path(path) for path in paths]
    return lambda obj, now: age(next((value for find in finders for value in find(obj) if value), None), now)


def _count(field: str) -> Cell:
    return lambda obj, _: len(obj.get(field) or ())


def _involved(obj: Obj, _: datetime) -> Value:
    reference = obj.get("involvedObject") or {}
    return f"{reference.get('kind', '').lower()}/{reference.get('name', '')}"


def _event_source(obj: Obj, _: datetime) -> Value:
    source = obj.get("source") or {}
    component = source.get("component") or obj.get("reportingComponent") or ""
    return ", ".join(part for part in (component, source.get("host") or obj.get("reportingInstance")) if part)


NAME: Final = Column("Name", value_at(".metadata.name"), format="name", description="Name must be unique within a namespace.")
AGE: Final = Column("Age", _age_of(".metadata.creationTimestamp"), "date", description=_CREATED)
AGE_TEXT: Final = Column("Age", _age_of(".metadata.creationTimestamp"), description=_CREATED)

BUILT_IN: Final[dict[str, tuple[Column, ...]]] = {
    "Namespace": (NAME, Column("Status", value_at(".status.phase")), AGE_TEXT),
    "ConfigMap": (NAME, Column("Data", _count("data")), AGE_TEXT),
    "Secret": (NAME, Column("Type", value_at(".type")), Column("Data", _count("data")), AGE_TEXT),
    "ServiceAccount": (NAME, AGE_TEXT),
    "Lease": (NAME, Column("Holder", value_at(".spec.holderIdentity")), AGE_TEXT),
    "CustomResourceDefinition": (NAME, Column("Created At", value_at(".metadata.creationTimestamp"), "date")),
    "Event": (
        Column("Last Seen", _age_of(".series.lastObservedTime", ".lastTimestamp", ".eventTime", ".firstTimestamp")),
        Column("Type", value_at(".type")),
        Column("Reason", value_at(".reason")),
        Column("Object", _involved),
        Column("Subobject", value_at(".involvedObject.fieldPath"), priority=1),
        Column("Source", _event_source, priority=1),
        Column("Message", lambda obj, _: (obj.get("message") or "").strip()),
        Column("First Seen", _age_of(".firstTimestamp", ".eventTime"), priority=1),
        Column("Count", value_at(".count", 1), "integer", priority=1),
        Column("Name", value_at(".metadata.name"), format="name", priority=1),
    ),
}
