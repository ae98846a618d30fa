"""The facts of one place, as the store has them now."""

from fargateclaims.clock import Clock
from fargateclaims.domain.facts import Facts, Rules
from fargateclaims.domain.observation import Observation
from fargateclaims.engine.store import Place, Store


def snapshot(clock: Clock, store: Store, rules: Rules, place: Place, observation: Observation) -> Facts:
    """What a plan needs to know of Kubernetes, beside what was observed; nothing may be changed in EKS unless the caller says so."""
    entries = store.claims_at(place)
    names = {entry.model.metadata.namespace or "" for entry in entries}
    return Facts(
        now=clock.now(),
        rules=rules,
        observation=observation,
        claims=tuple(entry.model for entry in entries),
        malformed={entry.model.metadata.uid: entry.problem for entry in entries if entry.problem is not None},
        classes=store.classes_by_name(),
        malformed_classes=store.malformed_classes(),
        namespaces={name: found.model for name in names if (found := store.namespaces.get("", name)) is not None},
        may_mutate=False,
    )
