"""``pods/binding``: how a scheduler gives a pod its node. Source: ``BindingREST`` in ``pkg/registry/core/pod/storage``."""

from fargateclaims.simulator.kube.decoding import WriteOptions
from fargateclaims.simulator.kube.deletion import Preconditions
from fargateclaims.simulator.kube.errors import ApiError, GroupResource, bad_request, conflict
from fargateclaims.simulator.kube.objects import Clock, Key, Obj, Value, metadata_of, timestamp
from fargateclaims.simulator.kube.resources import Kinds
from fargateclaims.simulator.kube.workloads import pods
from fargateclaims.simulator.kube.writes import Writer


class Binder:
    """Binds pods to nodes. Whether there is such a node is not looked at, as on a real server."""

    def __init__(self, writer: Writer, kinds: Kinds, clock: Clock) -> None:
        self._writer = writer
        self._pods = kinds.lookup("", "v1", "pods")
        self._clock = clock

    def bind(self, key: Key, binding: Value, options: WriteOptions) -> None:
        """Bind the pod at `key`; 400 or 500 if `binding` is none, 409 if the pod has a node or is on its way out."""
        if not isinstance(binding, dict) or metadata_of(binding).get("name") != key[1]:
            raise bad_request("name in URL does not match name in Binding object")
        meta = metadata_of(binding)
        node = _target(binding)
        preconditions = Preconditions(meta.get("uid") or "", meta.get("resourceVersion") or "")
        self._writer.amend(self._pods, key, lambda pod: self._bound(pod, node, meta), preconditions, dry_run=options.dry_run)

    def _bound(self, pod: Obj, node: str, binding: Obj) -> Obj:
        meta, spec = pod["metadata"], pod["spec"]
        for wrong, why in (
            (pods.is_terminating(pod), "is being deleted, cannot be assigned to a host"),
            (spec.get("nodeName"), f'is already assigned to node "{spec.get("nodeName")}"'),
            (spec.get("schedulingGates"), "has non-empty .spec.schedulingGates"),
        ):
            if wrong:
                raise conflict(GroupResource("", "pods/binding"), meta["name"], f"pod {meta['name']} {why}")
        given = {part: {**(meta.get(part) or {}), **binding[part]} for part in ("annotations", "labels") if binding.get(part)}
        bound = {**pod, "metadata": {**meta, **given}, "spec": {**spec, "nodeName": node}}
        return pods.with_condition(bound, {"type": "PodScheduled", "status": "True"}, timestamp(self._clock()))


def _target(binding: Obj) -> str:
    target = binding.get("target") or {}
    kind, name = target.get("kind") or "", target.get("name") or ""
    if kind not in ("", "Node"):
        raise ApiError(500, "", f'target.kind: Unsupported value: "{kind}": supported values: "Node", "<empty>"')
    if not name:
        raise ApiError(500, "", "target.name: Required value")
    return str(name)
