"""How long EKS takes: durations drawn from a seed, so that a run can be repeated."""

import math
from dataclasses import dataclass
from random import Random
from typing import Literal, Self

Shape = Literal["uniform", "loguniform"]


@dataclass(frozen=True, slots=True)
class Span:
    """A range of durations in seconds.

    ``loguniform`` has the long tail that EKS shows (creates of 19 s to 6 min); ``uniform`` is easier to reason about.
    """

    low: float
    high: float
    shape: Shape = "uniform"

    def __post_init__(self) -> None:
        if not 0 <= self.low <= self.high:
            raise ValueError(f"a span of durations needs 0 <= low <= high, not {self.low} and {self.high}")
        if self.shape == "loguniform" and self.low <= 0:
            raise ValueError("a loguniform span needs a low end above 0")

    @classmethod
    def around(cls, seconds: float, jitter: float = 0.0) -> Self:
        """Return ``seconds`` give or take the fraction ``jitter`` of it."""
        if not 0 <= jitter <= 1:
            raise ValueError(f"jitter is a fraction between 0 and 1, not {jitter}")
        return cls(seconds * (1 - jitter), seconds * (1 + jitter))

    def draw(self, rng: Random) -> float:
        """Return one duration in seconds."""
        if self.low == self.high:
            return self.low
        if self.shape == "loguniform":
            return math.exp(rng.uniform(math.log(self.low), math.log(self.high)))
        return rng.uniform(self.low, self.high)


@dataclass(frozen=True, slots=True)
class Timings:
    """How long creates and deletes take, and the seed for every draw."""

    create: Span = Span(60.0, 60.0)
    delete: Span = Span(90.0, 90.0)
    seed: int = 0

    @classmethod
    def of(cls, create_seconds: float, delete_seconds: float, jitter: float = 0.0, seed: int = 0) -> Self:
        """Return timings around two means, each give or take the fraction ``jitter``."""
        return cls(Span.around(create_seconds, jitter), Span.around(delete_seconds, jitter), seed)
