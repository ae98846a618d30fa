"""What `cost` finds out, and how it says it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from fargateclaims.cli.plugin.errors import PluginError, UsageError
from fargateclaims.cli.plugin.manifests import read_templates
from fargateclaims.cli.plugin.options import Format, Place
from fargateclaims.cli.plugin.output import Screen, clean, write_document
from fargateclaims.cli.plugin.prices import price_of
from fargateclaims.cli.plugin.session import Session, on_cluster
from fargateclaims.cli.plugin.sizing import less, step_document
from fargateclaims.domain.pods.costs import Line, Unpriced, cost_of_template, costs_of_pods
from fargateclaims.domain.pods.pod import Pod, read_pod
from fargateclaims.domain.pods.pricing import ARCHITECTURE, HOURS_A_MONTH, Price


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose costs: a namespace's, all namespaces', or those of manifests."""

    place: Place
    files: tuple[str, ...]
    everywhere: bool
    as_if: bool


@dataclass(frozen=True, slots=True)
class _Bill:
    lines: Sequence[Line]
    unpriced: Sequence[Unpriced]
    notes: Sequence[str]


def answer(scope: Scope, region: str | None, prices: str | None, output: Format) -> None:
    """Say what it costs. Raises PluginError."""
    if scope.files and (scope.everywhere or scope.as_if):
        raise UsageError("-f prices manifests: -A and --as-if are for pods of the cluster")
    price, note = price_of(region, prices)
    bill = _of_files(scope.files, price) if scope.files else _of_cluster(scope, price)
    notes = [*bill.notes, *([note] if note else []), *_storage_note(price, bill.lines)]
    if output is Format.TEXT:
        _write(bill.lines, price, notes)
    else:
        write_document(_document(bill, price, notes), output)
    if bill.unpriced:
        raise PluginError("\n       ".join(clean(f"{one.what}: {one.message}") for one in bill.unpriced))


def _of_files(files: Sequence[str], price: Price) -> _Bill:
    templates, unreadable = read_templates(files)
    results = [cost_of_template(template, price) for template in templates]
    lines = [one for one in results if isinstance(one, Line)]
    unpriced = [one for one in results if isinstance(one, Unpriced)]
    return _Bill(lines, [*unpriced, *(Unpriced(one.what, one.message) for one in unreadable)], _arm_notes(t.spec for t in templates))


def _of_cluster(scope: Scope, price: Price) -> _Bill:
    async def look(session: Session) -> tuple[list[Pod], str]:
        namespace = None if scope.everywhere else session.namespace
        found = [read_pod(obj) for obj in await session.viewer.pods(namespace)]
        return found, f"namespace {namespace}" if namespace else "the cluster"

    pods, where = on_cluster(scope.place, look)
    counted = [pod for pod in pods if pod.on_fargate or (scope.as_if and not pod.ended)]
    lines, unpriced = costs_of_pods(counted, price)
    notes = []
    if not counted:
        notes.append(f"no pods on Fargate in {where}")
    if not scope.as_if and (others := sum(not pod.on_fargate and not pod.ended for pod in pods)):
        notes.append(f"in {where} {f'{others} other pods are' if others > 1 else 'one other pod is'} not on Fargate; see --as-if")
    return _Bill(lines, unpriced, [*notes, *_arm_notes(pod.spec for pod in counted)])


def _arm_notes(specs: Iterable[Mapping[str, Any]]) -> list[str]:
    selectors = (spec.get("nodeSelector") for spec in specs)
    asked = any(isinstance(selector, Mapping) and selector.get("kubernetes.io/arch") == "arm64" for selector in selectors)
    return ["some ask for arm64 nodes: EKS Fargate has x86 alone, and the prices are for that"] if asked else []


def _storage_note(price: Price, lines: Sequence[Line]) -> list[str]:
    if price.storage_gb_hour is not None or not any(line.storage_billed for line in lines):
        return []
    return [f"the price of ephemeral storage in {price.region} is not known: it is left out; give it with --prices FILE"]


def _write(lines: Sequence[Line], price: Price, notes: Sequence[str]) -> None:
    screen = Screen()
    if lines:
        heads = ("NAMESPACE", "WORKLOAD", "PODS", "SIZE OF EACH", "$/HOUR", "$/MONTH", "")
        total = ("total", "", str(sum(line.pods for line in lines)), "", *_total(lines), _total_saving(lines))
        screen.table(heads, [*(_row(line) for line in lines), total], right=(2, 4, 5))
    for note in notes:
        screen.line(screen.faint(f"note: {clean(note)}"))
    if lines:
        source = f"{price.region}, Linux/x86, as of {price.as_of} ({price.source})"
        screen.line(screen.faint(f"prices: {clean(source)}; {HOURS_A_MONTH} hours a month; without taxes, discounts and data transfer"))


def _row(line: Line) -> tuple[str, ...]:
    remarks = []
    if line.ended:
        remarks.append(f"{line.ended} ended, and cost until removed: set ttlSecondsAfterFinished")
    elif line.ends:
        remarks.append("while it runs")
    if line.saving:
        saved = f"${_month(line.saving.hourly)} a month" if line.monthly is not None else f"${_hour(line.saving.hourly)} an hour"
        remarks.append(f"{line.saving.step.combination} saves {saved}: {less(line.saving.step)} in each pod")
    monthly = "-" if line.monthly is None else _month(line.hourly)
    cells = (line.namespace or "-", line.owner, str(line.pods), str(line.combination), _hour(line.hourly), monthly, "; ".join(remarks))
    return tuple(clean(cell) for cell in cells)


def _total(lines: Sequence[Line]) -> tuple[str, str]:
    lasting = sum((line.hourly for line in lines if line.monthly is not None), Fraction(0))
    return _hour(sum((line.hourly for line in lines), Fraction(0))), _month(lasting)


def _total_saving(lines: Sequence[Line]) -> str:
    saved = sum((line.saving.hourly for line in lines if line.saving and line.monthly is not None), Fraction(0))
    return f"${_month(saved)} a month could be saved" if saved else ""


def _hour(dollars: Fraction) -> str:
    return f"{float(dollars):,.4f}"


def _month(dollars_an_hour: Fraction) -> str:
    return f"{float(dollars_an_hour * HOURS_A_MONTH):,.2f}"


def _document(bill: _Bill, price: Price, notes: Sequence[str]) -> dict[str, Any]:
    return {
        "currency": "USD",
        "price": {
            "region": price.region,
            "architecture": ARCHITECTURE,
            "vCPUHour": float(price.vcpu_hour),
            "GBHour": float(price.gb_hour),
            "storageGBHour": None if price.storage_gb_hour is None else float(price.storage_gb_hour),
            "asOf": price.as_of.isoformat(),
            "source": price.source,
        },
        "lines": [_line_document(line) for line in bill.lines],
        "hourly": _round(sum((line.hourly for line in bill.lines), Fraction(0))),
        "monthly": _round(sum((line.monthly or Fraction(0) for line in bill.lines), Fraction(0))),
        "unpriced": [{"what": one.what, "message": one.message} for one in bill.unpriced],
        "notes": list(notes),
    }


def _line_document(line: Line) -> dict[str, Any]:
    saving = line.saving
    return {
        "namespace": line.namespace,
        "workload": line.owner,
        "pods": line.pods,
        "ended": line.ended,
        "size": str(line.combination),
        "hourly": _round(line.hourly),
        "monthly": None if line.monthly is None else _round(line.monthly),
        "saving": {**step_document(saving.step), "hourly": _round(saving.hourly)} if saving else None,
    }


def _round(dollars: Fraction) -> float:
    return round(float(dollars), 6)
