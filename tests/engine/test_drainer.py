"""A predecessor's pods are moved before it goes, in virtual time and on pods in memory."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from fargateclaims.api.group import CLAIM_KIND
from fargateclaims.domain.evictions import PodOnProfile
from fargateclaims.domain.no_access import Barrier, NoAccess
from fargateclaims.domain.pinned import PinnedTemplate
from fargateclaims.kube.errors import Unavailable

Scenarios = Callable[..., None]
OLD = "shop-checkout"
DELETE = "DeleteFargateProfile"


def pods(count: int) -> list[PodOnProfile]:
    return [PodOnProfile("shop", f"web-{n}", f"uid-{n}", "Running", controller="ReplicaSet/web") for n in range(count)]


async def active(fleet: Any, **spec: Any) -> str:
    """A claim with an ACTIVE profile, whose name is returned."""
    fleet.apply(**spec)
    await fleet.until(lambda: fleet.ready() == ("True", "Active"))
    return str(fleet.claim()["status"]["profile"]["name"])


def events(fleet: Any) -> list[str]:
    return [reason for _, reason, _ in fleet.operator.events.said]


def deletions(fleet: Any) -> int:
    return int(fleet.cloud.count(DELETE))


def counted(method: Any, asked: Counter[str], name: str) -> Any:
    """The method, with its calls counted."""

    async def call(*arguments: Any) -> Any:
        asked[name] += 1
        return await method(*arguments)

    return call


class Recorder:
    """A data plane, and what of it was asked for about which profile, or pod."""

    def __init__(self, plane: Any, asked: set[tuple[str, str]]) -> None:
        self._plane = plane
        self._asked = asked

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._plane, name)

        async def call(*arguments: Any) -> Any:
            if name in ("pods_on", "pinned"):
                self._asked.add((name, arguments[0]))
            elif name == "evict":
                self._asked.update((name, pod.uid) for pod in arguments[0])
            return await method(*arguments)

        return call


def test_pods_are_evicted_before_their_profile_goes(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        old = await active(fleet)
        plane = fleet.operator.data_planes.of(fleet.arn)
        plane.pods[old] = pods(25)
        plane.blocked = {"uid-3"}
        fleet.apply(selectors=[{"labels": {"app": "other"}}])
        await fleet.until(lambda: fleet.ready() == ("Unknown", "Draining"))
        await fleet.until(lambda: len(plane.evicted) == 24)
        await asyncio.sleep(60)
        assert deletions(fleet) == 0
        assert "1 of 25 pods left, 1 waiting for disruption budget shop/budget" in fleet.message()
        available = next(each for each in fleet.claim()["status"]["conditions"] if each["type"] == "Available")
        assert available["status"] == "True"
        plane.blocked = set()
        await fleet.until(lambda: fleet.ready() == ("True", "Active"))
        assert deletions(fleet) == 1
        assert len(plane.evicted) == 25
        assert "PodsNotEvicted" not in events(fleet)

    in_fleet(scenario)


async def with_a_pod_that_remains(fleet: Any) -> tuple[str, Any]:
    """A replacement whose time is over while a budget holds one pod; the old profile's name, and the cluster's own API."""
    fleet.apply_class(disruption={"timeout": "10m"})
    old = await active(fleet)
    plane = fleet.operator.data_planes.of(fleet.arn)
    plane.pods[old], plane.blocked = pods(1), {"uid-0"}
    fleet.apply(selectors=[{"labels": {"app": "other"}}])
    await fleet.until(lambda: fleet.ready() == ("False", "PodsRemain"))
    return old, plane


def test_who_still_runs_at_the_timeout_is_named_and_may_go_later(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        old, plane = await with_a_pod_that_remains(fleet)
        assert "shop/web-0" in fleet.message()
        await asyncio.sleep(3600)
        assert deletions(fleet) == 0
        plane.pods[old] = []
        await fleet.until(lambda: fleet.ready() == ("True", "Active"))

    in_fleet(scenario)


def test_a_retry_moves_what_still_runs_at_the_timeout(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        _, plane = await with_a_pod_that_remains(fleet)
        plane.blocked = set()
        await asyncio.sleep(600)
        assert plane.evicted == []
        fleet.kube.annotate(CLAIM_KIND, "checkout", "shop", retry="now")
        await fleet.until(lambda: fleet.ready() == ("True", "Active"), limit=300)
        assert plane.evicted == ["web-0"]

    in_fleet(scenario)


def test_a_restart_goes_on_counting(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        fleet.apply_class(disruption={"timeout": "10m"})
        old = await active(fleet)
        plane = fleet.operator.data_planes.of(fleet.arn)
        plane.pods[old], plane.blocked = pods(1), {"uid-0"}
        fleet.apply(selectors=[{"labels": {"app": "other"}}])
        await fleet.until(lambda: fleet.ready() == ("Unknown", "Draining"))
        began = fleet.claim()["status"]["operation"]["drainStartTime"]
        await asyncio.sleep(400)
        await fleet.operator.stop()
        fleet.restart()
        later = fleet.operator.data_planes.of(fleet.arn)
        later.pods[old], later.blocked = pods(1), {"uid-0"}
        await asyncio.sleep(100)
        assert fleet.claim()["status"]["operation"]["drainStartTime"] == began
        await fleet.until(lambda: fleet.ready() == ("False", "PodsRemain"), limit=150)

    in_fleet(scenario)


def test_nothing_is_evicted_by_who_does_not_lead(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        old = await active(fleet)
        plane = fleet.operator.data_planes.of(fleet.arn)
        plane.pods[old], plane.blocked = pods(1), {"uid-0"}
        fleet.apply(selectors=[{"labels": {"app": "other"}}])
        await fleet.until(lambda: fleet.ready() == ("Unknown", "Draining"))
        fleet.operator.may_mutate = False
        plane.blocked = set()
        await asyncio.sleep(60)
        assert plane.evicted == []

    in_fleet(scenario)


def test_who_loses_the_lease_evicts_no_more_in_the_same_round(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        old = await active(fleet)
        plane = fleet.operator.data_planes.of(fleet.arn)
        plane.pods[old] = pods(10)
        evict = plane.evict

        async def loses_it(some: Any, permit: Any) -> Any:
            def once() -> bool:
                may, fleet.operator.may_mutate = permit(), False
                return bool(may)

            return await evict(some, once)

        plane.evict = loses_it
        fleet.apply(selectors=[{"labels": {"app": "other"}}])
        await fleet.until(lambda: plane.evicted)
        await asyncio.sleep(60)
        assert plane.evicted == ["web-0"]

    in_fleet(scenario)


def test_no_pod_is_moved_before_the_claim_says_so(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        old = await active(fleet)
        plane = fleet.operator.data_planes.of(fleet.arn)
        plane.pods[old] = pods(3)
        put = fleet.kube.put_status

        async def refused(obj: Any, *, urgent: bool = False) -> Any:
            if any(condition["reason"] == "Draining" for condition in obj["status"]["conditions"]):
                raise Unavailable("no answer")
            return await put(obj, urgent=urgent)

        fleet.kube.put_status = refused
        fleet.apply(selectors=[{"labels": {"app": "other"}}])
        await asyncio.sleep(180)
        assert len(fleet.plane.profiles()) == 2
        assert plane.evicted == []
        fleet.kube.put_status = put
        await fleet.until(lambda: len(plane.evicted) == 3)

    in_fleet(scenario)


def test_each_drain_is_its_own_class_s(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        roles = {name: f"arn:aws:iam::111122223333:role/{name}" for name in ("a", "b")}
        asked: dict[str, set[tuple[str, str]]] = defaultdict(set)
        of = fleet.operator.data_planes.of

        def as_role(arn: Any, cluster: Any, role: str, external_id: str) -> Any:
            return Recorder(of(arn, cluster, role, external_id), asked[role])

        fleet.operator.data_planes.of = as_role
        olds = {}
        for name, role in roles.items():
            fleet.apply_class(name, assumeRoleARN=role)
            fleet.apply(name, name)
            await fleet.until(lambda: fleet.ready(name) == ("True", "Active"))  # noqa: B023 - called at once
            olds[name] = fleet.claim(name)["status"]["profile"]["name"]
            of(fleet.arn).pods[olds[name]] = [replace(pod, uid=name) for pod in pods(1)]
        for name in roles:
            fleet.apply(name, name, selectors=[{"labels": {"app": "other"}}])
        await fleet.until(lambda: deletions(fleet) == 2)
        for name, role in roles.items():
            assert {("pinned", olds[name]), ("pods_on", olds[name]), ("evict", name)} == asked[role]

    in_fleet(scenario)


def test_templates_are_read_once_a_minute(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        old = await active(fleet)
        plane, asked = fleet.operator.data_planes.of(fleet.arn), Counter[str]()
        plane.pods[old], plane.blocked = pods(25), {"uid-24"}
        for name in ("pods_on", "pinned"):
            setattr(plane, name, counted(getattr(plane, name), asked, name))
        fleet.apply(selectors=[{"labels": {"app": "other"}}])
        await fleet.until(lambda: len(plane.evicted) == 24)
        assert asked["pods_on"] > 2
        assert asked["pinned"] == 2, "before the replacement, and in the drain"
        plane.templates = [PinnedTemplate("shop", "ReplicaSet", "web")]
        await fleet.until(lambda: "pinned to this profile by label" in fleet.message(), limit=120)
        asked.clear()
        await asyncio.sleep(1200)
        assert asked["pods_on"] > asked["pinned"]
        assert 10 <= asked["pinned"] <= 20

    in_fleet(scenario)


def test_without_access_it_goes_on_and_warns(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        fleet.operator.data_planes.of(fleet.arn).no_access = NoAccess("who are you?", Barrier.FORBIDDEN)
        await active(fleet)
        fleet.apply(selectors=[{"labels": {"app": "other"}}])
        await fleet.until(lambda: deletions(fleet) == 1, limit=300)
        assert "PodsNotEvicted" in events(fleet)

    in_fleet(scenario)


def test_pods_that_name_the_profile_are_told_of_first(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        await active(fleet)
        fleet.operator.data_planes.of(fleet.arn).templates = [PinnedTemplate("shop", "StatefulSet", "db")]
        fleet.apply(selectors=[{"labels": {"app": "other"}}])
        await fleet.until(lambda: deletions(fleet) == 1)
        story = events(fleet)
        assert "PodsPinned" in story
        assert story.index("PodsPinned") < len(story) - 1 - story[::-1].index("Created")

    in_fleet(scenario)


def test_a_deletion_waits_for_pods_and_moves_none(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        fleet.apply_class(disruption={"onDelete": "Wait"})
        name = await active(fleet)
        plane = fleet.operator.data_planes.of(fleet.arn)
        plane.pods[name] = pods(2)
        fleet.delete()
        await fleet.until(lambda: fleet.ready()[1] == "Draining")
        await asyncio.sleep(300)
        assert (plane.evicted, deletions(fleet)) == ([], 0)
        plane.pods[name] = []
        await fleet.until(lambda: fleet.claim() is None)

    in_fleet(scenario)


def test_an_edit_during_a_drain_moves_pods_twice_and_kills_none(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        first = await active(fleet)
        plane = fleet.operator.data_planes.of(fleet.arn)
        plane.pods[first], plane.blocked = pods(1), {"uid-0"}
        fleet.apply(selectors=[{"labels": {"app": "second"}}])
        await fleet.until(lambda: fleet.ready() == ("Unknown", "Draining"))
        second = fleet.claim()["status"]["profile"]["name"]
        plane.pods[second] = [replace(pod, name="moved", uid="moved") for pod in pods(1)]
        fleet.apply(selectors=[{"labels": {"app": "third"}}])
        await asyncio.sleep(300)
        assert deletions(fleet) == 0
        plane.blocked = set()
        await fleet.until(lambda: fleet.ready() == ("True", "Active"))
        assert (plane.evicted, deletions(fleet)) == (["web-0", "moved"], 2)
        assert "PodsNotEvicted" not in events(fleet)

    in_fleet(scenario)


def test_a_class_that_cannot_be_read_any_more_breaks_no_promise(in_fleet: Scenarios) -> None:
    async def scenario(fleet: Any) -> None:
        fleet.apply_class(disruption={"onDelete": "Wait"})
        name = await active(fleet)
        plane = fleet.operator.data_planes.of(fleet.arn)
        plane.pods[name] = pods(1)
        fleet.apply_class(disruption={"onDelete": "Wait"}, rollout="FromTheFuture")
        fleet.delete()
        await fleet.until(lambda: fleet.ready()[1] == "ClassNotReady")
        await asyncio.sleep(3600)
        assert deletions(fleet) == 0
        fleet.apply_class(disruption={"onDelete": "Wait"})
        await fleet.until(lambda: fleet.ready()[1] == "PodsRemain")
        plane.pods[name] = []
        await fleet.until(lambda: fleet.claim() is None)

    in_fleet(scenario)
