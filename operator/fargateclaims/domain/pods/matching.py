"""Which Fargate profile takes a pod, and how near the others are: EKS's rules, label by label.

A selector matches when its namespace and all of its labels match; a profile matches when any of its selectors does; of several
matching profiles the first in alphanumeric order of their names takes the pod (EKS user guide, "Define which Pods use AWS Fargate when
launched"). A pod may choose among the matching by the label `eks.amazonaws.com/fargate-profile`; older texts of AWS's say annotation,
so both are read, and the label goes first. Who names a profile that does not match gets none.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import get_close_matches
from typing import Final

from fargateclaims.domain.patterns import is_literal, matches
from fargateclaims.domain.profile import ProfileSelector, ProfileState

PIN: Final = "eks.amazonaws.com/fargate-profile"
"""The label by which a pod chooses a profile, and by which EKS marks the pods that one has taken."""


@dataclass(frozen=True, slots=True)
class ProfileView:
    """A profile as far as a pod is concerned.

    :param name: empty if that is not known yet.
    :param state: None for one that a claim is waiting to make.
    :param claim: `namespace/name` of the claim that owns it; None for one that is foreign.
    :param active_since: when at the latest it was ACTIVE; None if that is not known, or it is not.
    :param note: what its claim says, while it is not ready.
    """

    name: str
    selectors: tuple[ProfileSelector, ...]
    state: ProfileState | None
    claim: str | None = None
    active_since: datetime | None = None
    note: str = ""

    @property
    def active(self) -> bool:
        """Whether it takes pods."""
        return self.state is ProfileState.ACTIVE


@dataclass(frozen=True, slots=True)
class LabelMatch:
    """One label of a selector against a pod.

    :param key: and `value`: as the selector has them, with wildcards.
    :param found: the pod's values under the keys that match.
    """

    key: str
    value: str
    matches: bool
    found: Mapping[str, str]

    @property
    def is_slip(self) -> bool:
        """Whether the pod has a value that looks much like the one that is asked for."""
        return not self.matches and bool(get_close_matches(self.value, self.found.values(), n=1))


@dataclass(frozen=True, slots=True)
class SelectorMatch:
    """One selector of a profile against a pod."""

    selector: ProfileSelector
    namespace: bool
    labels: tuple[LabelMatch, ...]

    @property
    def matches(self) -> bool:
        """Whether it takes the pod."""
        return self.namespace and all(label.matches for label in self.labels)

    @property
    def distance(self) -> tuple[bool, int, int]:
        """How far it is from taking the pod: the namespace first, then the labels that are wrong."""
        return not self.namespace, sum(not label.matches for label in self.labels), -len(self.labels)


@dataclass(frozen=True, slots=True)
class ProfileMatch:
    """One profile against a pod: all of its selectors, the nearest first."""

    profile: ProfileView
    selectors: tuple[SelectorMatch, ...]

    @property
    def matches(self) -> bool:
        """Whether some selector takes the pod."""
        return any(selector.matches for selector in self.selectors)

    @property
    def nearest(self) -> SelectorMatch | None:
        """The selector that is nearest to taking the pod; None if EKS shows none."""
        return self.selectors[0] if self.selectors else None


@dataclass(frozen=True, slots=True)
class Decision:
    """Which profile takes a pod, and why.

    :param winner: the profile that takes it; None if none does.
    :param matching: all ACTIVE profiles that match, the first in order first.
    :param to_come: profiles that match and are not ACTIVE.
    :param near: all others, the nearest first.
    :param pin: the profile that the pod names; None if it names none.
    :param pin_is_label: whether it does so by the label.
    """

    winner: ProfileMatch | None
    matching: tuple[ProfileMatch, ...]
    to_come: tuple[ProfileMatch, ...]
    near: tuple[ProfileMatch, ...]
    pin: str | None = None
    pin_is_label: bool = True


def decide(namespace: str, labels: Mapping[str, str], annotations: Mapping[str, str], profiles: Iterable[ProfileView]) -> Decision:
    """Find the profile that takes a pod made now."""
    results = [match_profile(profile, namespace, labels) for profile in profiles]
    fitting = sorted((one for one in results if one.matches), key=lambda one: (one.profile.name, one.profile.claim or ""))
    active = tuple(one for one in fitting if one.profile.active)
    decision = Decision(
        winner=active[0] if active else None,
        matching=active,
        to_come=tuple(one for one in fitting if not one.profile.active),
        near=tuple(sorted((one for one in results if not one.matches), key=_nearness)),
    )
    pin = labels.get(PIN) or annotations.get(PIN)
    if not pin:
        return decision
    chosen = next((one for one in active if one.profile.name == pin), None)
    return replace(decision, winner=chosen, pin=pin, pin_is_label=bool(labels.get(PIN)))


def match_profile(profile: ProfileView, namespace: str, labels: Mapping[str, str]) -> ProfileMatch:
    """Hold one profile against a pod."""
    found = (match_selector(selector, namespace, labels) for selector in profile.selectors)
    return ProfileMatch(profile, tuple(sorted(found, key=lambda one: one.distance)))


def match_selector(selector: ProfileSelector, namespace: str, labels: Mapping[str, str]) -> SelectorMatch:
    """Hold one selector against a pod."""
    return SelectorMatch(
        selector,
        namespace=matches(selector.namespace, namespace),
        labels=tuple(_match_label(key, value, labels) for key, value in sorted(selector.labels.items())),
    )


def _match_label(key: str, value: str, labels: Mapping[str, str]) -> LabelMatch:
    if is_literal(key):
        found = {key: labels[key]} if key in labels else {}
    else:
        found = {name: labels[name] for name in sorted(labels) if matches(key, name)}
    return LabelMatch(key, value, any(matches(value, one) for one in found.values()), found)


def _nearness(one: ProfileMatch) -> tuple[tuple[bool, int, int], bool, str, str]:
    distance = one.nearest.distance if one.nearest else (True, 0, 0)
    return distance, not one.profile.active, one.profile.name, one.profile.claim or ""


def alike_first(near: Iterable[ProfileMatch]) -> tuple[ProfileMatch, ...]:
    """Put near misses that a slip of the pen explains before others that are as far off; all else keeps its order.

    Apart from `decide`, which is asked about thousands of pods: to compare how texts look takes a hundred times as long.
    """
    inside = (replace(one, selectors=tuple(sorted(one.selectors, key=_likeness))) for one in near)
    return tuple(sorted(inside, key=lambda one: _likeness(one.nearest)))


def _likeness(one: SelectorMatch | None) -> tuple[bool, int, int]:
    if one is None or not one.namespace:
        return True, 0, 0
    wrong = [label for label in one.labels if not label.matches]
    return False, len(wrong), -sum(label.is_slip for label in wrong)
