"""Deployments: one replica set for each template there was, and a rollout from one to the next. Source: ``pkg/controller/deployment``."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from fargateclaims.simulator.kube.errors import ApiError
from fargateclaims.simulator.kube.objects import Key, Obj
from fargateclaims.simulator.kube.workloads import pods, rollout
from fargateclaims.simulator.kube.workloads.owners import claim, reference_to
from fargateclaims.simulator.kube.workloads.progress import next_check, status
from fargateclaims.simulator.kube.workloads.registry import Registry
from fargateclaims.simulator.kube.workloads.rollout import DESIRED, HASH_LABEL, MAXIMUM, REVISION, Sizes, size

_LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
_NOT_COPIED: Final = frozenset({_LAST_APPLIED, REVISION, DESIRED, MAXIMUM})
_NAME_LIMIT: Final = 253


@dataclass(frozen=True, slots=True)
class _Family:
    """A Deployment with its replica sets: the one of its present template, if it is there, and the others."""

    deployment: Obj
    new: Obj | None
    old: list[Obj]

    @property
    def all(self) -> list[Obj]:
        return [*self.old, self.new] if self.new is not None else self.old


class Deployments:
    """The controller of Deployments. `candidates` gives the replica sets that one has, or may adopt; `pods_of` a replica set's pods."""

    def __init__(self, registry: Registry, candidates: Callable[[Obj], list[Obj]], pods_of: Callable[[Obj], list[Obj]]) -> None:
        self._registry = registry
        self._candidates = candidates
        self._pods_of = pods_of

    def reconcile(self, key: Key) -> datetime | None:
        """Bring one Deployment a step further; when to look again by the clock."""
        registry = self._registry
        found = registry.get(registry.deployments, key)
        if found is None:
            return None
        owned = claim(registry, registry.deployments, found, registry.replica_sets, self._candidates(found))
        before = self._numbered(_family(found, owned))
        family = before if found["metadata"].get("deletionTimestamp") else self._step(before)
        begun = before.new is None and family.new is not None
        wanted = status(family.deployment, family.new, family.all, registry.now, begun=begun)
        return next_check(registry.set_status(registry.deployments, family.deployment, wanted))

    def _step(self, family: _Family) -> _Family:
        spec, limit = family.deployment["spec"], rollout.limits(family.deployment)
        rolling = spec["strategy"]["type"] == "RollingUpdate"
        if spec.get("paused") or rollout.was_rescaled(limit, family.all):
            return self._sized(family, rollout.rescale(limit, family.new, family.old, rolling=rolling))
        if not rolling and self._old_ones_run(family):
            return self._sized(family, {entry["metadata"]["name"]: 0 for entry in family.old if size(entry)})
        if family.new is None:
            family = self._begun(family, limit)
        if family.new is None:
            return family
        self._forget_history(family)
        if rolling:
            return self._sized(family, rollout.roll(limit, family.new, family.old))
        return self._sized(family, {family.new["metadata"]["name"]: limit.desired})

    def _old_ones_run(self, family: _Family) -> bool:
        """Whether a Recreate has to wait, also for pods that still end."""
        return any(size(entry) or any(not pods.is_terminal(pod) for pod in self._pods_of(entry)) for entry in family.old)

    def _sized(self, family: _Family, sizes: Sizes) -> _Family:
        limit = rollout.limits(family.deployment)
        marks = {DESIRED: str(limit.desired), MAXIMUM: str(limit.maximum)}

        def changed(replica_set: Obj | None) -> Obj | None:
            wanted = None if replica_set is None else sizes.get(replica_set["metadata"]["name"])
            if replica_set is None or wanted is None:
                return replica_set
            resize = {"spec": {**replica_set["spec"], "replicas": wanted}}
            return self._registry.change(self._registry.replica_sets, replica_set, lambda found: _annotated(found, marks) | resize)

        return _Family(family.deployment, changed(family.new), [entry for old in family.old if (entry := changed(old)) is not None])

    def _numbered(self, family: _Family) -> _Family:
        """With the revision, the annotations and the waiting time of the Deployment on its replica set, and the revision on itself."""
        new, deployment, registry = family.new, family.deployment, self._registry
        if new is None:
            return family
        number = max(max(map(rollout.revision, family.old), default=0) + 1, rollout.revision(new))
        wait = deployment["spec"].get("minReadySeconds", 0)
        spec = {name: value for name, value in new["spec"].items() if name != "minReadySeconds"} | (
            {"minReadySeconds": wait} if wait else {}
        )
        marks = {**_copied(deployment), REVISION: str(number)}
        new = registry.change(registry.replica_sets, new, lambda found: _annotated(found, marks) | {"spec": spec})
        deployment = registry.change(registry.deployments, deployment, lambda found: _annotated(found, {REVISION: str(number)}))
        return _Family(deployment, new, family.old)

    def _begun(self, family: _Family, limit: rollout.Limits) -> _Family:
        """With a replica set of the present template; without one if its name is taken, until the next time."""
        registry, deployment = self._registry, family.deployment
        meta, spec = deployment["metadata"], deployment["spec"]
        collisions = (deployment.get("status") or {}).get("collisionCount", 0)
        hashed = rollout.template_hash(spec["template"], collisions)
        template_meta = spec["template"].get("metadata") or {}
        labels = {**(template_meta.get("labels") or {}), HASH_LABEL: hashed}
        selector = {**spec["selector"], "matchLabels": {**(spec["selector"].get("matchLabels") or {}), HASH_LABEL: hashed}}
        wait = spec.get("minReadySeconds", 0)
        replica_set: Obj = {
            "metadata": {
                "name": f"{meta['name'][: _NAME_LIMIT - len(hashed) - 1]}-{hashed}",
                "labels": labels,
                "annotations": {**_copied(deployment), DESIRED: str(limit.desired), MAXIMUM: str(limit.maximum)},
                "ownerReferences": [reference_to(registry.deployments, deployment)],
            },
            "spec": {
                "replicas": rollout.first_size(limit, family.old),
                "selector": selector,
                "template": {**spec["template"], "metadata": {**template_meta, "labels": labels}},
            }
            | ({"minReadySeconds": wait} if wait else {}),
        }
        try:
            made = registry.create(registry.replica_sets, meta["namespace"], replica_set)
        except ApiError as error:
            if error.reason != "AlreadyExists":
                raise
            count = {"collisionCount": collisions + 1}
            return _Family(
                registry.set_status(registry.deployments, deployment, (deployment.get("status") or {}) | count), None, family.old
            )
        return self._numbered(_Family(deployment, made, family.old))

    def _forget_history(self, family: _Family) -> None:
        """Once all is well, only the last few replica sets are kept to go back to."""
        deployment, registry = family.deployment, self._registry
        if (deployment.get("status") or {}).get("availableReplicas", 0) != deployment["spec"]["replicas"]:
            return
        idle = [entry for entry in family.old if not size(entry) and not (entry.get("status") or {}).get("replicas")]
        kept = deployment["spec"]["revisionHistoryLimit"]
        for entry in sorted(idle, key=rollout.revision)[: max(len(family.old) - kept, 0)]:
            registry.delete(registry.replica_sets, entry)


def _family(deployment: Obj, owned: list[Obj]) -> _Family:
    by_age = sorted(owned, key=lambda entry: (entry["metadata"]["creationTimestamp"], entry["metadata"]["name"]))
    new = next((entry for entry in by_age if rollout.same_template(entry["spec"]["template"], deployment["spec"]["template"])), None)
    return _Family(deployment, new, [entry for entry in by_age if entry is not new])


def _copied(deployment: Obj) -> dict[str, str]:
    annotations = deployment["metadata"].get("annotations") or {}
    return {name: text for name, text in annotations.items() if name not in _NOT_COPIED}


def _annotated(obj: Obj, annotations: dict[str, str]) -> Obj:
    meta = obj["metadata"]
    return {**obj, "metadata": {**meta, "annotations": {**(meta.get("annotations") or {}), **annotations}}}
