"""The life of profiles on one cluster, in virtual time."""

import math

import pytest

from fargateclaims.simulator.eks.errors import EKSError
from fargateclaims.simulator.eks.lifecycle import FargateControlPlane
from fargateclaims.simulator.eks.model import HealthIssue, Operation, Outcome, Profile, ProfileStatus, Quotas, Transition
from fargateclaims.simulator.eks.timings import Span, Timings

ROLE = "arn:aws:iam::123456789012:role/pods"
SELECTORS = [{"namespace": "default"}]
CREATE_S = 10.0
DELETE_S = 20.0


class World:
    """One control plane, its clock and what it reported."""

    def __init__(self, **settings: object) -> None:
        self.now = 1000.0
        self.transitions: list[Transition] = []
        timings = settings.pop("timings", Timings.of(CREATE_S, DELETE_S))
        self.plane = FargateControlPlane(
            "C",
            clock=lambda: self.now,
            timings=timings,  # type: ignore[arg-type]
            on_transition=self.transitions.append,
            **settings,  # type: ignore[arg-type]
        )

    def create(self, name: str, **more: object) -> Profile:
        return self.plane.create(name, pod_execution_role_arn=ROLE, selectors=SELECTORS, **more)  # type: ignore[arg-type]

    def made(self, *names: str) -> None:
        for name in names:
            self.create(name)
            self.now += CREATE_S


@pytest.fixture
def world() -> World:
    return World()


def test_a_create_takes_its_time_and_becomes_active(world: World) -> None:
    assert world.create("a").status == "CREATING"
    world.now += CREATE_S - 0.001
    assert world.plane.describe("a").status == "CREATING"
    world.now += 0.001
    assert world.plane.describe("a").status == "ACTIVE"


def test_a_delete_takes_its_time_and_the_profile_is_gone(world: World) -> None:
    world.made("a")
    assert world.plane.delete("a").status == "DELETING"
    world.now += DELETE_S - 0.001
    assert world.plane.list() == ["a"]
    world.now += 0.001
    assert world.plane.list() == []
    with pytest.raises(EKSError, match=r"No Fargate Profile found with name: a\."):
        world.plane.describe("a")


def test_transitions_bear_the_moment_of_the_change_not_of_its_discovery(world: World) -> None:
    world.create("a")
    world.now += 500
    world.plane.delete("a")
    world.now += 500
    world.plane.list()
    assert [(t.at, t.before, t.after) for t in world.transitions] == [
        (1000.0, None, "CREATING"),
        (1010.0, "CREATING", "ACTIVE"),
        (1500.0, "ACTIVE", "DELETING"),
        (1520.0, "DELETING", None),
    ]


def test_list_is_sorted(world: World) -> None:
    world.made("b", "c", "a")
    assert world.plane.list() == ["a", "b", "c"]


def test_each_incarnation_has_an_arn_of_its_own(world: World) -> None:
    first = world.create("a").arn
    world.now += CREATE_S
    world.plane.delete("a")
    world.now += DELETE_S
    second = world.create("a").arn
    stem = "arn:aws:eks:us-east-1:123456789012:fargateprofile/C/a/"
    assert first.startswith(stem)
    assert second.startswith(stem)
    assert first != second


def test_the_same_seed_gives_the_same_run_and_another_seed_another() -> None:
    def run(seed: int) -> list[tuple[float, str]]:
        world = World(timings=Timings(Span(1, 9), Span(1, 9), seed))
        for name in "abc":
            world.create(name)
            world.now = world.plane.ends_at
        world.plane.list()
        return [(t.at, t.arn) for t in world.transitions]

    assert run(1) == run(1)
    assert run(1) != run(2)


@pytest.mark.parametrize(
    ("holder", "action", "text"),
    [
        ("creating", "create", "Cannot create Fargate Profile B because cluster C currently has Fargate profile A in status CREATING"),
        ("creating", "delete", "Cannot Delete Fargate Profile B because cluster C currently has Fargate profile A in status CREATING"),
        ("deleting", "create", "Cannot create Fargate Profile B because cluster C currently has Fargate profile A in status DELETING"),
        ("deleting", "delete", "Cannot Delete Fargate Profile B because cluster C currently has Fargate profile A in status DELETING"),
    ],
)
def test_one_at_a_time(world: World, holder: str, action: str, text: str) -> None:
    if action == "delete":
        world.made("B")
    world.create("A")
    if holder == "deleting":
        world.now += CREATE_S
        world.plane.delete("A")
    with pytest.raises(EKSError) as refused:
        world.plane.delete("B") if action == "delete" else world.create("B")
    assert (refused.value.code, refused.value.message, refused.value.http_status) == ("ResourceInUseException", text, 409)


@pytest.mark.parametrize("status", ["CREATING", "DELETING"])
def test_a_profile_in_flight_blocks_its_own_delete(world: World, status: str) -> None:
    world.create("A")
    if status == "DELETING":
        world.now += CREATE_S
        world.plane.delete("A")
    with pytest.raises(EKSError, match=f"Cannot Delete Fargate Profile A because .* profile A in status {status}"):
        world.plane.delete("A")


def test_a_name_is_taken_until_its_profile_is_gone(world: World) -> None:
    world.create("a")
    for _ in range(2):
        with pytest.raises(EKSError, match=r"A Fargate Profile already exists with this name in this cluster\."):
            world.create("a")
        world.now += CREATE_S
    world.plane.delete("a")
    world.now += DELETE_S
    assert world.create("a").status == "CREATING"


def test_a_hidden_update_refuses_both_and_ends(world: World) -> None:
    world.made("a")
    world.plane.hidden_update_until = world.now + 600
    with pytest.raises(EKSError, match="Cannot Delete Fargate Profile a because cluster C currently has an update in progress"):
        world.plane.delete("a")
    with pytest.raises(EKSError, match="Cannot create Fargate Profile b because cluster C currently has an update in progress"):
        world.create("b")
    assert world.plane.cluster_status == "ACTIVE"
    world.now += 600
    assert world.plane.delete("a").status == "DELETING"


def test_each_profile_that_becomes_active_can_bring_a_hidden_update(world: World) -> None:
    world.plane.hidden_update_after_create = 60
    world.made("a")
    world.now += 59
    with pytest.raises(EKSError, match="update in progress"):
        world.plane.delete("a")
    world.now += 1
    world.plane.delete("a")


def test_a_create_can_fail_and_the_failed_profile_can_be_deleted(world: World) -> None:
    issue = HealthIssue("AccessDenied", "no", ("r",))
    world.plane.script(Operation.CREATE, Outcome(issue=issue))
    world.made("a")
    failed = world.plane.describe("a")
    assert (failed.status, failed.issues) == (ProfileStatus.CREATE_FAILED, (issue,))
    assert world.plane.delete("a").issues == ()
    world.now += DELETE_S
    assert world.plane.list() == []


def test_a_delete_can_fail_and_be_tried_again(world: World) -> None:
    world.made("a")
    world.plane.delete("a", outcome=Outcome(seconds=3, issue=HealthIssue()))
    world.now += 3
    assert world.plane.describe("a").status == "DELETE_FAILED"
    world.plane.delete("a")
    world.now += DELETE_S
    assert world.plane.list() == []


def test_an_operation_without_end_holds_the_slot_until_it_is_finished(world: World) -> None:
    world.create("a", outcome=Outcome(seconds=math.inf))
    world.now += 1e9
    with pytest.raises(EKSError, match="status CREATING"):
        world.create("b")
    ended = world.plane.finish()
    assert ended is not None
    assert ended.name == "a"
    assert world.plane.describe("a").status == "ACTIVE"
    assert world.plane.finish() is None


def test_finishing_can_make_it_fail(world: World) -> None:
    world.create("a")
    world.plane.finish(HealthIssue("ClusterUnreachable", "no answer"))
    assert world.plane.describe("a").status == "CREATE_FAILED"


def test_outcomes_are_taken_in_order_and_only_by_accepted_operations(world: World) -> None:
    for seconds in (1, 2):
        world.plane.script(Operation.CREATE, Outcome(seconds=seconds))
    world.create("a")
    with pytest.raises(EKSError):
        world.create("b")
    assert world.plane.ends_at == world.now + 1
    world.now += 1
    world.create("b")
    assert world.plane.ends_at == world.now + 2
    world.now += 2
    world.create("c")
    assert world.plane.ends_at == world.now + CREATE_S


def test_describe_and_list_can_lag_behind_a_create(world: World) -> None:
    world.plane.describe_lag, world.plane.list_lag = 2, 4
    world.create("a")
    with pytest.raises(EKSError, match="No Fargate Profile found"):
        world.plane.describe("a")
    with pytest.raises(EKSError, match="already exists"):
        world.create("a")
    world.now += 2
    assert world.plane.describe("a").status == "CREATING"
    assert world.plane.list() == []
    world.now += 2
    assert world.plane.list() == ["a"]


def test_the_profile_quota_counts_every_status_and_can_be_raised() -> None:
    world = World(quotas=Quotas(profiles=2))
    world.made("a")
    world.create("b", outcome=Outcome(issue=HealthIssue()))
    world.now += CREATE_S
    with pytest.raises(EKSError) as refused:
        world.create("c")
    assert refused.value.code == "ResourceLimitExceededException"
    world.plane.quotas.profiles = 3
    world.create("c")


@pytest.mark.parametrize("status", ["CREATING", "UPDATING", "DELETING", "FAILED", "PENDING"])
def test_creates_need_an_active_cluster(world: World, status: str) -> None:
    world.plane.cluster_status = status
    with pytest.raises(EKSError) as refused:
        world.create("a")
    assert (refused.value.code, refused.value.message) == ("InvalidRequestException", "Cluster 'C' is not in ACTIVE status")


def test_tags_change_by_arn_only_of_the_living_incarnation(world: World) -> None:
    world.create("a", tags={"x": "1"})
    arn = world.plane.describe("a").arn
    world.plane.tag(arn, {"y": "2"})
    assert world.plane.tags(arn) == {"x": "1", "y": "2"}
    world.plane.untag(arn, ["x", "absent"])
    assert world.plane.describe("a").tags == {"y": "2"}
    for wrong in (arn[:-1], arn.replace("/a/", "/b/"), "nonsense", ""):
        with pytest.raises(EKSError) as refused:
            world.plane.tags(wrong)
        assert refused.value.code == "NotFoundException"


def test_what_was_returned_does_not_change_afterwards(world: World) -> None:
    before = world.create("a", tags={"x": "1"})
    world.now += CREATE_S
    world.plane.tag(before.arn, {"y": "2"})
    assert (before.status, dict(before.tags)) == ("CREATING", {"x": "1"})


def test_health_can_be_reported_on_an_active_profile(world: World) -> None:
    world.made("a")
    issue = HealthIssue("PodExecutionRoleAlreadyInUse", "used by a node group")
    world.plane.report("a", [issue])
    assert world.plane.describe("a").issues == (issue,)
    with pytest.raises(EKSError, match="No Fargate Profile found"):
        world.plane.report("b", [issue])


@pytest.mark.parametrize(
    "span", [lambda: Span(2, 1), lambda: Span(-1, 1), lambda: Span(0, 1, "loguniform"), lambda: Span.around(1, jitter=2)]
)
def test_impossible_durations_are_refused(span: object) -> None:
    with pytest.raises(ValueError, match=r"span|jitter"):
        span()  # type: ignore[operator]
