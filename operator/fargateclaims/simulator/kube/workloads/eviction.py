"""``pods/eviction``: a deletion that asks the disruption budgets first. Source: ``pkg/registry/core/pod/storage/eviction.go``."""

from dataclasses import replace
from typing import Final

from fargateclaims.simulator.kube.decoding import WriteOptions
from fargateclaims.simulator.kube.deletion import NO_PRECONDITIONS, DeleteOptions, parse_options
from fargateclaims.simulator.kube.errors import bad_request
from fargateclaims.simulator.kube.objects import Clock, Key, Obj, Value, metadata_of, timestamp
from fargateclaims.simulator.kube.resources import Kinds
from fargateclaims.simulator.kube.workloads import pods
from fargateclaims.simulator.kube.writes import Writer

_EVICTED: Final = {
    "type": "DisruptionTarget",
    "status": "True",
    "reason": "EvictionByEvictionAPI",
    "message": "Eviction API: evicting",
}


class Evictor:
    """Evicts pods."""

    def __init__(self, writer: Writer, kinds: Kinds, clock: Clock) -> None:
        self._writer = writer
        self._pods = kinds.lookup("", "v1", "pods")
        self._clock = clock

    def evict(self, key: Key, eviction: Value, options: WriteOptions) -> None:
        """Evict the pod at `key`; 400 if `eviction` is about another."""
        if not isinstance(eviction, dict) or metadata_of(eviction).get("name") != key[1]:
            raise bad_request("name in URL does not match name in Eviction object")
        wanted = parse_options(eviction.get("deleteOptions") or {})
        self._delete(key, replace(wanted, dry_run=wanted.dry_run or options.dry_run))

    def _delete(self, key: Key, options: DeleteOptions) -> None:
        pod = self._writer.stored(self._pods, key).data
        options.preconditions.check_delete(self._pods, pod)
        if not options.dry_run:
            self._writer.amend(self._pods, key, self._marked, NO_PRECONDITIONS, dry_run=False)
        self._writer.delete(self._pods, key, replace(options, preconditions=NO_PRECONDITIONS))

    def _marked(self, pod: Obj) -> Obj:
        return pods.with_condition(pod, _EVICTED, timestamp(self._clock()))
