"""The profiles that a claim owns, by their part in its life."""

from collections.abc import Iterable
from dataclasses import dataclass

from fargateclaims.domain.facts import Facts
from fargateclaims.domain.identity import Identity, owner
from fargateclaims.domain.profile import Profile, ProfileState


def owned_profiles(facts: Facts, identity: Identity) -> tuple[Profile, ...]:
    """All profiles with the tags of this claim, the newest first (generated names count down)."""
    found = [profile for profile in (facts.observation.profiles or {}).values() if owner(profile.tags) == identity]
    return tuple(sorted(found, key=lambda profile: profile.name))


@dataclass(frozen=True, slots=True)
class Owned:
    """A claim's profiles by state, the newest first in each."""

    active: tuple[Profile, ...]
    creating: tuple[Profile, ...]
    deleting: tuple[Profile, ...]
    failed: tuple[Profile, ...]

    @classmethod
    def sort(cls, profiles: Iterable[Profile]) -> "Owned":
        """Sort a claim's profiles by state."""
        every = tuple(profiles)

        def in_state(*states: ProfileState) -> tuple[Profile, ...]:
            return tuple(profile for profile in every if profile.state in states)

        return cls(
            in_state(ProfileState.ACTIVE),
            in_state(ProfileState.CREATING),
            in_state(ProfileState.DELETING),
            in_state(ProfileState.CREATE_FAILED, ProfileState.DELETE_FAILED),
        )

    @property
    def moving(self) -> Profile | None:
        """The one that holds the slot."""
        return next(iter((*self.creating, *self.deleting)), None)

    @property
    def lead(self) -> Profile | None:
        """The one that works or is being made, by which the values in effect are told if the status is lost."""
        return next(iter((*self.active, *self.creating)), None)
