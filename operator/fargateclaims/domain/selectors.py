"""Selectors of claims and profiles: what a claim asks for, and which pods two of them would share."""

from collections.abc import Iterable

from fargateclaims.api.claim import Selector
from fargateclaims.domain.patterns import intersect, is_literal
from fargateclaims.domain.profile import ProfileSelector


def wanted_selectors(selectors: Iterable[Selector], own_namespace: str) -> tuple[ProfileSelector, ...]:
    """The claim's selectors as EKS gets them: an absent namespace is the claim's own."""
    return tuple(ProfileSelector(selector.namespace or own_namespace, dict(selector.labels)) for selector in selectors)


def same_selectors(left: Iterable[ProfileSelector], right: Iterable[ProfileSelector]) -> bool:
    """Whether two profiles take the same pods by the same selectors, without regard to order."""
    return {selector.key for selector in left} == {selector.key for selector in right}


def overlap(left: Iterable[ProfileSelector], right: Iterable[ProfileSelector]) -> bool:
    """Whether some pod can match a selector of both sides."""
    others = tuple(right)
    return any(_share_a_pod(one, other) for one in left for other in others)


def _share_a_pod(one: ProfileSelector, other: ProfileSelector) -> bool:
    if not intersect(one.namespace, other.namespace):
        return False
    # A pod has as many labels as it takes, but one value a key: only a literal key on both sides can rule it out.
    return all(intersect(value, other.labels[key]) for key, value in one.labels.items() if is_literal(key) and key in other.labels)


def literal_namespaces(selectors: Iterable[ProfileSelector]) -> tuple[str, ...] | None:
    """The namespaces that the selectors name, sorted; None if one of them is a pattern, and so any namespace may be meant."""
    names = sorted({selector.namespace for selector in selectors})
    return tuple(names) if all(is_literal(name) for name in names) else None


def describe(selectors: Iterable[ProfileSelector]) -> str:
    """Selectors in one short phrase for a message."""
    return "; ".join(
        f"namespace {selector.namespace}" + "".join(f", {key}={value}" for key, value in sorted(selector.labels.items()))
        for selector in selectors
    )
