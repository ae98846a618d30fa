"""Events: the life of a claim reads as a story of a few lines, and nothing that repeats makes a storm."""

from fargateclaims.domain.events import EventNote
from fargateclaims.domain.failure import Failure, FailureClass
from fargateclaims.simulator.eks.model import HealthIssue, Operation, Outcome
from support.pure_operator import Operator, come_to_rest, run
from support.pure_world import Fault, World


def told(world: World, name: str) -> list[EventNote]:
    return world.events["shop", name]


def story(world: World, name: str = "a") -> list[str]:
    return [event.reason for event in told(world, name)]


def test_a_life_is_a_story() -> None:
    world = World()
    operator = Operator(world)
    world.apply("a")
    world.apply("b", selectors=[{"labels": {"app": "b"}}])
    operator = come_to_rest(operator)
    world.apply("b", selectors=[{"labels": {"app": "c"}}])
    operator = come_to_rest(operator)
    world.delete("b")
    come_to_rest(operator)
    assert story(world) == ["Queued", "Creating", "Created"]
    assert story(world, "b") == ["Queued", "Creating", "Created", "Replacing", "Created", "PodsNotEvicted", "Deleting", "Deleted"]
    notes = [event.note for event in told(world, "b")]
    assert notes[0].startswith("waiting, 2nd of 2 on cluster prod")
    assert notes[2] == "profile shop-b-332f3929-9999 is ACTIVE after 60 s"
    assert notes[-1] == "profile shop-b-332f3929-9998 is gone"
    assert not any(event.warning for event in told(world, "b") if event.reason != "PodsNotEvicted")


def test_a_long_wait_for_a_hidden_update_is_told_once() -> None:
    world = World()
    world.plane.hidden_update_until = 900
    world.apply("a")
    come_to_rest(Operator(world))
    assert len(world.calls) > 20
    assert story(world) == ["Queued", "Creating", "Queued", "Creating", "Created"]


def test_an_outage_makes_no_event_for_each_claim() -> None:
    world = World()
    world.apply("a")
    operator = come_to_rest(Operator(world))
    before = len(told(world, "a"))
    for kind in (FailureClass.THROTTLED, FailureClass.UNAVAILABLE):
        world.outage = Failure(kind, "Code", "words", "ListFargateProfiles")
        operator = run(operator, 1000)
        world.outage = None
        operator = run(operator, 1000)
    assert len(told(world, "a")) == before


def test_every_failed_attempt_is_told_with_the_words_of_eks() -> None:
    world = World()
    for _ in range(3):
        world.plane.script(Operation.CREATE, Outcome(5, HealthIssue("AccessDenied", "no ECR")))
    world.apply("a")
    come_to_rest(Operator(world))
    failed = [event for event in told(world, "a") if event.reason == "Failed"]
    assert ["AccessDenied: no ECR" in event.note and event.warning for event in failed] == [True, True, True]
    assert story(world)[-1] == "Blocked"


def test_what_a_person_must_mend_is_a_warning_once() -> None:
    world = World()
    world.apply("a", className="missing")
    operator = come_to_rest(Operator(world))
    run(operator, 3000)
    (event,) = told(world, "a")
    assert (event.reason, event.warning) == ("Blocked", True)
    assert event.note.startswith('ClassNotFound: spec.className: there is no FargateProfileClass "missing"')


def test_a_refusal_that_repeats_is_one_warning_for_each_try() -> None:
    world = World()
    world.watchers.append(lambda *_: world.faults.append(Fault.INVALID))
    world.apply("a")
    operator = run(Operator(world), 100)
    before = len(told(world, "a"))
    tries = len(world.calls)
    run(operator, 3600)
    assert len(told(world, "a")) - before <= len(world.calls) - tries


def test_a_pause_is_told() -> None:
    world = World()
    world.apply("a")
    world.annotate("a", paused="true")
    operator = run(Operator(world), 100)
    assert story(world)[-1] == "Paused"
    world.delete("a")
    run(operator, 10)
    assert ("shop", "a") not in world.claims


def test_a_claim_that_had_no_profile_says_so() -> None:
    world = World()
    world.plane.hidden_update_until = 10_000
    world.apply("a")
    operator = run(Operator(world), 100)
    world.delete("a")
    come_to_rest(operator)
    assert told(world, "a")[-1].reason == "Deleted"
    assert "gone" in told(world, "a")[-1].note
