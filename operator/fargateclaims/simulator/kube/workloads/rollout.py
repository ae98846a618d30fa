"""How a Deployment divides its pods among its replica sets: pure decisions. Source: ``pkg/controller/deployment``."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

from fargateclaims.simulator.kube.objects import Obj, Value, dumps

HASH_LABEL: Final = "pod-template-hash"
REVISION: Final = "deployment.kubernetes.io/revision"
DESIRED: Final = "deployment.kubernetes.io/desired-replicas"
MAXIMUM: Final = "deployment.kubernetes.io/max-replicas"
# Without vowels and what looks like another: no words come of it.
_LETTERS: Final = "bcdfghjklmnpqrstvwxz2456789"
_HASH_LENGTH: Final = 9

# By name, how many pods a replica set is to have.
Sizes: TypeAlias = dict[str, int]


def template_hash(template: Obj, collisions: int) -> str:
    """What tells the pods of one template from those of another."""
    digest = hashlib.sha256(dumps(_sorted(template)) + str(collisions).encode()).digest()
    return "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest[:_HASH_LENGTH])


def _sorted(value: Value) -> Value:
    if isinstance(value, dict):
        return {name: _sorted(value[name]) for name in sorted(value)}
    return [_sorted(entry) for entry in value] if isinstance(value, list) else value


def same_template(one: Obj, other: Obj) -> bool:
    """Whether they make the same pods."""
    return _without_hash(one) == _without_hash(other)


def _without_hash(template: Obj) -> Obj:
    meta = template.get("metadata") or {}
    labels = {name: value for name, value in (meta.get("labels") or {}).items() if name != HASH_LABEL}
    return {**template, "metadata": {**meta, "labels": labels}}


def scaled(value: Value, total: int, *, up: bool) -> int:
    """A number, or a percentage of `total`, rounded up or down."""
    if not isinstance(value, str):
        return int(value or 0)
    percent = int(value.removesuffix("%"))
    return -(-percent * total // 100) if up else percent * total // 100


def size(replica_set: Obj) -> int:
    """How many pods it is told to have."""
    replicas: int = replica_set["spec"]["replicas"]
    return replicas


def available(replica_set: Obj) -> int:
    """How many of its pods are available."""
    count: int = (replica_set.get("status") or {}).get("availableReplicas", 0)
    return count


@dataclass(frozen=True, slots=True)
class Limits:
    """What a rollout must keep to, in pods."""

    desired: int
    surge: int
    unavailable: int

    @property
    def maximum(self) -> int:
        """The most pods that may be there."""
        return self.desired + self.surge

    @property
    def minimum(self) -> int:
        """The fewest pods that must be available."""
        return self.desired - self.unavailable


def limits(deployment: Obj) -> Limits:
    """Those of a Deployment. Without any leeway one pod may be missing, or nothing would ever move."""
    spec = deployment["spec"]
    desired = spec["replicas"]
    if spec["strategy"]["type"] != "RollingUpdate" or not desired:
        return Limits(desired, 0, 0)
    rolling = spec["strategy"].get("rollingUpdate") or {}
    surge = scaled(rolling.get("maxSurge"), desired, up=True)
    unavailable = scaled(rolling.get("maxUnavailable"), desired, up=False)
    return Limits(desired, surge, min(unavailable if surge or unavailable else 1, desired))


def first_size(limit: Limits, old: Iterable[Obj]) -> int:
    """How large a new replica set begins."""
    return max(min(limit.maximum - sum(map(size, old)), limit.desired), 0)


def roll(limit: Limits, new: Obj, old: list[Obj]) -> Sizes:
    """The next step of a rolling update; empty if there is none now."""
    if size(new) > limit.desired:
        return {_name(new): limit.desired}
    room = min(limit.maximum - size(new) - sum(map(size, old)), limit.desired - size(new))
    return {_name(new): size(new) + room} if room > 0 else _shrink(limit, new, old)


def _shrink(limit: Limits, new: Obj, old: list[Obj]) -> Sizes:
    """Old pods go: first those that are of no use, then as many as new ones have become available."""
    spare = size(new) + sum(map(size, old)) - limit.minimum - (size(new) - available(new))
    if spare <= 0:
        return {}
    sizes = {_name(entry): size(entry) for entry in old}
    by_age = sorted(old, key=lambda entry: (entry["metadata"]["creationTimestamp"], _name(entry)))
    for entry in by_age:
        gone = max(min(spare, size(entry) - available(entry)), 0)
        sizes[_name(entry)] -= gone
        spare -= gone
    surplus = available(new) + sum(map(available, old)) - limit.minimum
    for entry in by_age:
        gone = max(min(surplus, sizes[_name(entry)]), 0)
        sizes[_name(entry)] -= gone
        surplus -= gone
    return {_name(entry): sizes[_name(entry)] for entry in old if sizes[_name(entry)] != size(entry)}


def rescale(limit: Limits, new: Obj | None, old: list[Obj], *, rolling: bool) -> Sizes:
    """The sizes after the Deployment itself was scaled: in the middle of a rollout, each replica set in proportion."""
    replica_sets = [*old, new] if new is not None else old
    active = [entry for entry in replica_sets if size(entry)]
    if len(active) <= 1:
        only = active[0] if active else new or max(old, key=lambda entry: entry["metadata"]["creationTimestamp"], default=None)
        return {} if only is None or size(only) == limit.desired else {_name(only): limit.desired}
    if new is not None and size(new) == limit.desired == available(new) and _annotated(new, DESIRED) == limit.desired:
        return {_name(entry): 0 for entry in active if entry is not new}
    return _in_proportion(limit, active) if rolling else {}


def _in_proportion(limit: Limits, active: list[Obj]) -> Sizes:
    target = limit.maximum if limit.desired else 0
    total = sum(map(size, active))
    change = target - total
    largest_first = sorted(active, key=lambda entry: (-size(entry), entry["metadata"]["creationTimestamp"]))
    sizes, left = {}, change
    for entry in largest_first:
        share = round(size(entry) * target / (_annotated(entry, MAXIMUM) or total)) - size(entry)
        part = min(share, left) if change > 0 else max(share, left)
        sizes[_name(entry)] = size(entry) + part
        left -= part
    first = _name(largest_first[0])
    sizes[first] = max(sizes[first] + left, 0)
    return sizes


def was_rescaled(limit: Limits, replica_sets: Iterable[Obj]) -> bool:
    """Whether the Deployment was scaled since its replica sets were sized."""
    return any(_annotated(entry, DESIRED) not in (None, limit.desired) for entry in replica_sets if size(entry))


def _annotated(replica_set: Obj, name: str) -> int | None:
    text = (replica_set["metadata"].get("annotations") or {}).get(name, "")
    return int(text) if text.isdigit() else None


def revision(obj: Obj) -> int:
    """The number of a replica set's, or Deployment's, template; 0 if it has none yet."""
    return _annotated(obj, REVISION) or 0


def _name(replica_set: Obj) -> str:
    name: str = replica_set["metadata"]["name"]
    return name
