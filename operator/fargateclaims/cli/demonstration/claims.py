"""The claims as the demo sees them, through a watch like anybody's."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Self

from fargateclaims.api.claim import FargateProfileClaim
from fargateclaims.api.claim_status import BlockerOrigin
from fargateclaims.api.conditions import ConditionType
from fargateclaims.cli.demonstration.following import Followed
from fargateclaims.cli.demonstration.kubernetes_api import CLAIMS, KubernetesAPI


class Key(NamedTuple):
    """Which claim."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class ClaimView:
    """A claim's row of `kubectl get fpc -o wide`, and what else the demo goes by.

    :param current: whether the status speaks of the present generation.
    :param profiles: the names of all profiles that its status speaks of.
    :param foreign_blocker: the profile of someone else that it waits for.
    """

    key: Key
    ready: str
    reason: str
    message: str
    class_name: str
    profile: str
    queue: str
    created: datetime
    current: bool
    profiles: tuple[str, ...]
    foreign_blocker: str | None

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Self:
        """The view of an object as the API server gives it."""
        claim = FargateProfileClaim.from_object(raw)
        metadata, status = claim.metadata, claim.status
        ready = next((each for each in status.conditions if each.type == ConditionType.READY), None)
        operation, blocker = status.operation, status.operation.blocked_by if status.operation else None
        return cls(
            key=Key(metadata.namespace or "", metadata.name),
            ready=ready.status.value if ready else "",
            reason=ready.reason if ready else "",
            message=ready.message if ready else "",
            class_name=claim.spec.class_name,
            profile=status.profile.name if status.profile else "",
            queue=(operation.display or "") if operation else "",
            created=metadata.creation_timestamp,
            current=status.observed_generation == metadata.generation,
            profiles=tuple(each.name for each in (status.previous_profile, status.profile) if each),
            foreign_blocker=blocker.profile_name if blocker and blocker.origin is BlockerOrigin.FOREIGN else None,
        )

    @property
    def active(self) -> bool:
        """Whether all is as the present spec says."""
        return self.current and self.ready == "True"


Listener = Callable[[Key, ClaimView | None], None]


class Claims(Followed):
    """All claims as they are now, and what was seen of them on the way.

    `profiles` has the names of all profiles that a claim has had; `waited_for` has, for a profile of someone else, the first claim
    that said that it waits for it.
    """

    def __init__(self) -> None:
        super().__init__()
        self._listener: Listener = _nobody
        self.present: dict[Key, ClaimView] = {}
        self.profiles: dict[Key, set[str]] = {}
        self.waited_for: dict[str, Key] = {}

    def reason(self, key: Key) -> str:
        """The reason of its Ready condition; empty if there is no such claim."""
        return self.present[key].reason if key in self.present else ""

    def has_profile(self, key: Key) -> bool:
        """Whether it has a profile, be it one that EKS is still creating."""
        return key in self.present and bool(self.present[key].profile)

    def is_queued(self, key: Key) -> bool:
        """Whether it has a place in the queue."""
        return key in self.present and bool(self.present[key].queue)

    def active(self, *keys: Key) -> bool:
        """Whether all of these are Active."""
        return all(key in self.present and self.present[key].active for key in keys)

    async def follow(self, api: KubernetesAPI, changed: Listener) -> None:
        """Keep this up to date until cancelled. `changed` is told of each change; without a view, the claim is gone."""
        self._listener = changed
        await self.follow_all(api, CLAIMS)

    def describe(self) -> str:
        """One line for each claim that is not Active, for an error message."""
        return "\n".join(f"  {view.key}: {view.reason}: {view.message}" for view in self.present.values() if not view.active)

    def _listed(self, items: Sequence[Mapping[str, Any]]) -> None:
        views = [ClaimView.of(item) for item in items]
        for key in self.present.keys() - {view.key for view in views}:
            self._remove(key)
        for view in views:
            self._put(view)

    def _seen(self, raw: Mapping[str, Any], *, deleted: bool) -> None:
        view = ClaimView.of(raw)
        if deleted:
            self._remove(view.key)
        else:
            self._put(view)

    def _put(self, view: ClaimView) -> None:
        if self.present.get(view.key) == view:
            return
        self.present[view.key] = view
        self.profiles.setdefault(view.key, set()).update(view.profiles)
        if view.foreign_blocker:
            self.waited_for.setdefault(view.foreign_blocker, view.key)
        self._listener(view.key, view)

    def _remove(self, key: Key) -> None:
        if self.present.pop(key, None) is not None:
            self._listener(key, None)


def _nobody(_key: Key, _view: ClaimView | None) -> None:
    """Nobody listens yet."""
