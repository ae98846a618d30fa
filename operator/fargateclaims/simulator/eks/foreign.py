"""Someone else at work on the same cluster: a console, Terraform, another controller. Pure, and repeatable by its seed."""

from dataclasses import dataclass, field
from random import Random
from typing import Final

from fargateclaims.simulator.eks.errors import EKSError
from fargateclaims.simulator.eks.lifecycle import FargateControlPlane

FOREIGN_ROLE: Final = "arn:aws:iam::123456789012:role/someone-elses-pod-execution-role"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a foreign actor tried: ``error`` is EKS's refusal, None if it was accepted."""

    operation: str
    profile: str
    error: EKSError | None


@dataclass(slots=True)
class ForeignActor:
    """Creates and deletes profiles of its own at random moments and touches no others.

    Attributes:
        plane: The cluster it works on.
        seed: Decides every choice.
        mean_pause: Mean seconds between two attempts.
        max_profiles: It never has more than this many at once.
        prefix: Its profiles' names begin with it.
        tags: On its profiles.

    """

    plane: FargateControlPlane
    seed: int = 0
    mean_pause: float = 10.0
    max_profiles: int = 2
    prefix: str = "foreign"
    tags: dict[str, str] = field(default_factory=lambda: {"managed-by": "someone-else"})
    _made: int = 0
    _rng: Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._rng = Random(f"{self.seed}/{self.plane.cluster_name}")  # noqa: S311  (a simulation, not a secret)

    def pause(self) -> float:
        """Return how many seconds it waits until the next ``act``."""
        return self._rng.expovariate(1 / self.mean_pause)

    def act(self) -> Attempt:
        """Try one create or delete, as its lot falls, and return what came of it."""
        mine = sorted(name for name in self.plane.profiles() if name.startswith(f"{self.prefix}-"))
        if mine and (len(mine) >= self.max_profiles or self._rng.random() < 0.5):
            name = self._rng.choice(mine)
            return self._try("DeleteFargateProfile", name)
        self._made += 1
        return self._try("CreateFargateProfile", f"{self.prefix}-{self._made}")

    def _try(self, operation: str, name: str) -> Attempt:
        try:
            if operation == "DeleteFargateProfile":
                self.plane.delete(name)
            else:
                selectors = [{"namespace": name}]
                self.plane.create(name, pod_execution_role_arn=FOREIGN_ROLE, selectors=selectors, tags=self.tags)
        except EKSError as refusal:
            return Attempt(operation, name, refusal)
        return Attempt(operation, name, None)
