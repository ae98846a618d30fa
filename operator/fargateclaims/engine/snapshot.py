"""The facts of one place, as the store has them now."""

from collections.abc import Iterable

from fargateclaims.api.claim import FargateProfileClaim
from fargateclaims.api.fargateclass import FargateProfileClass
from fargateclaims.clock import Clock
from fargateclaims.domain.facts import Facts, Rules
from fargateclaims.domain.observation import Observation
from fargateclaims.engine.store import Entry, Place, Store


def _classes(store: Store, place: Place, entries: Iterable[Entry[FargateProfileClaim]]) -> dict[str, FargateProfileClass]:
    """The place's own classes and those that its claims name: a plan looks at each, and other clusters may have a thousand."""
    known = store.classes_by_name()
    named = {entry.model.spec.class_name for entry in entries}
    own = store.classes_at(place) if place is not None else ()
    return {cls.metadata.name: cls for cls in own} | {name: known[name] for name in named if name in known}


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
        classes=_classes(store, place, entries),
        malformed_classes=store.malformed_classes(),
        namespaces={name: found.model for name in names if (found := store.namespaces.get("", name)) is not None},
        may_mutate=False,
    )
