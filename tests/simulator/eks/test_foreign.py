"""Someone else on the same cluster."""

from fargateclaims.simulator.eks.foreign import Attempt, ForeignActor
from fargateclaims.simulator.eks.lifecycle import FargateControlPlane
from fargateclaims.simulator.eks.timings import Timings


def run(seed: int) -> tuple[FargateControlPlane, list[Attempt]]:
    now = 0.0
    plane = FargateControlPlane("C", clock=lambda: now, timings=Timings.of(5, 5))
    actor = ForeignActor(plane, seed=seed, mean_pause=4)
    plane.create("ours", pod_execution_role_arn="r", selectors=[{"namespace": "a"}])
    attempts = []
    for _ in range(200):
        now += actor.pause()
        attempts.append(actor.act())
        assert len(plane.profiles()) <= 1 + actor.max_profiles
    return plane, attempts


def test_it_creates_deletes_is_refused_at_times_and_leaves_others_alone() -> None:
    plane, attempts = run(seed=3)
    accepted = [attempt for attempt in attempts if attempt.error is None]
    assert {attempt.operation for attempt in accepted} == {"CreateFargateProfile", "DeleteFargateProfile"}
    assert any(attempt.error and attempt.error.code == "ResourceInUseException" for attempt in attempts)
    assert "ours" not in {attempt.profile for attempt in attempts}
    assert plane.describe("ours").status == "ACTIVE"


def test_the_seed_decides() -> None:
    def story(seed: int) -> list[tuple[str, str]]:
        return [(attempt.operation, attempt.profile) for attempt in run(seed)[1]]

    assert story(1) == story(1)
    assert story(1) != story(2)
