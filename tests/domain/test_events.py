"""Events: the life of a claim reads as a story of a few lines, and nothing that repeats makes a storm."""

from typing import Any

from fargateclaims.api.claim import FargateProfileClaim
from fargateclaims.domain.events import EventNote
from fargateclaims.domain.failure import Failure, FailureClass
from fargateclaims.domain.plan import plan
from fargateclaims.domain.profile import Profile, ProfileState
from fargateclaims.simulator.eks.model import HealthIssue, Operation, Outcome
from support.builders import ROLE, SUBNETS, deleting, make_claim, make_facts, make_observation, make_profile
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


def test_a_profile_that_is_retained_is_not_said_to_be_gone() -> None:
    world = World()
    world.apply("a")
    operator = come_to_rest(Operator(world))
    world.apply_class(reclaimPolicy="Retain")
    world.delete("a")
    come_to_rest(operator)
    assert [(event.reason, event.note) for event in told(world, "a")[3:]] == [
        ("Tagging", "the tags of profile shop-a-77ef95ce-9999 are being changed"),
        ("Retained", "profile shop-a-77ef95ce-9999 stays in EKS, without the operator's tags"),
    ]


def release(claim: FargateProfileClaim, *profiles: Profile, **facts: Any) -> tuple[str, str]:
    """The event of a claim that goes, after the operator last saw it with these profiles."""
    status = plan(make_facts(claim, profiles=profiles)).claims[0].status
    (report,) = plan(make_facts(deleting(make_claim(status=status.to_dict())), **facts)).claims
    assert report.release
    (event,) = report.events
    return event.reason, event.note


def test_a_profile_that_stays_because_the_crd_goes_is_not_said_to_be_gone() -> None:
    claim = make_claim()
    profile = make_profile("p", owner=claim)
    expected = ("Released", "profile p, last seen ACTIVE, was not deleted by the operator")
    assert release(claim, profile, profiles=[profile], crd_terminating=True) == expected
    queued = deleting(claim)
    assert release(queued, profile, make_profile("f", ProfileState.CREATING), profiles=[profile], crd_terminating=True) == expected


def test_a_profile_that_is_being_deleted_when_the_crd_goes_is_said_to_be_gone() -> None:
    claim = deleting(make_claim())
    leaving = make_profile("p", ProfileState.DELETING, owner=claim)
    assert release(claim, leaving, profiles=[leaving], crd_terminating=True) == ("Deleted", "profile p is gone")


def test_a_profile_that_went_with_its_cluster_is_said_to_be_gone() -> None:
    claim = make_claim()
    gone = make_observation(failure=Failure(FailureClass.CLUSTER_GONE, "Code", "words"))
    assert release(claim, make_profile("p", owner=claim), observation=gone) == ("Deleted", "profile p is gone with its cluster")


def test_a_profile_that_is_adopted_is_not_said_to_be_created() -> None:
    world = World()
    world.plane.create("legacy", pod_execution_role_arn=ROLE, selectors=[{"namespace": "shop"}], subnets=SUBNETS, tags={})
    operator = run(Operator(world), 5000)
    world.apply("a", profileName="legacy", existingProfile="AdoptIfIdentical")
    come_to_rest(operator)
    assert [(event.reason, event.note) for event in told(world, "a")] == [
        ("Tagging", "the tags of profile legacy are being changed"),
        ("Adopted", "profile legacy is taken over as it is"),
    ]
