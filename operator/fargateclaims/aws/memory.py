"""What was read of an account and region and hardly ever changes, so that most readings need not ask for it."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, Self, TypeVar

from fargateclaims.clock import Clock
from fargateclaims.domain.access import ClusterVersion
from fargateclaims.timing import AWS_STEADY_TTL

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Memory(Generic[K, V]):
    """Facts by their keys, each for `AWS_STEADY_TTL` seconds. Holds nothing that is older."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._facts: dict[K, tuple[float, V]] = {}

    def get(self, key: K) -> V | None:
        """Return the fact, None if there is none that is fresh enough."""
        self._drop_old()
        found = self._facts.get(key)
        return None if found is None else found[1]

    def put(self, key: K, fact: V) -> None:
        """Remember a fact that was read just now."""
        self._facts.pop(key, None)  # the oldest stay first
        self._facts[key] = self._clock.monotonic() + AWS_STEADY_TTL, fact

    def _drop_old(self) -> None:
        now = self._clock.monotonic()
        while self._facts:
            key, (until, _) = next(iter(self._facts.items()))
            if now < until:
                return
            del self._facts[key]


@dataclass(frozen=True, slots=True)
class AccountMemory:
    """What is remembered of one account and region.

    :param linked_roles: the names of service-linked roles that exist.
    :param policies: what managed policies allow, by ARN and version id: a version never changes.
    :param node_roles: the roles of managed node groups by the names of cluster and group: only another group can have another one.
    :param versions: the Kubernetes versions of EKS, by region.
    """

    linked_roles: Memory[str, bool]
    policies: Memory[tuple[str, str], frozenset[str]]
    node_roles: Memory[tuple[str, str], str]
    versions: Memory[str, tuple[ClusterVersion, ...]]

    @classmethod
    def empty(cls, clock: Clock) -> Self:
        """Nothing is known yet."""
        return cls(Memory(clock), Memory(clock), Memory(clock), Memory(clock))
