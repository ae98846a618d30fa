"""Writes to claims and classes: fenced, few, and after a refusal the right thing next."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest

from fargateclaims.api.arn import ClusterARN
from fargateclaims.api.group import CLAIM_KIND, CLASS_FINALIZER, CLASS_KIND, FINALIZER
from fargateclaims.domain.class_report import ClassReport
from fargateclaims.domain.observation import Observation
from fargateclaims.domain.plan import Plan, plan
from fargateclaims.domain.report import ClaimReport
from fargateclaims.engine.reporter import Reporter
from fargateclaims.engine.snapshot import snapshot
from fargateclaims.engine.store import Store
from fargateclaims.kube.errors import Conflict, KubeError, Missing, Refused, Throttled, Unavailable
from support.builders import CLASS_FACTS, CLUSTER, RULES
from support.manifests import CLUSTER_ARN, ROLE_ARN
from support.memory_kube import MemoryKube
from support.operator_in_memory import MemoryEvents, conditions
from support.virtual_loop import LoopClock, run_virtually

ARN = ClusterARN.parse(CLUSTER_ARN)


class Setup:
    """A claim and its class, a cluster without profiles, and one reporter."""

    def __init__(self) -> None:
        self.clock = LoopClock()
        self.kube = MemoryKube(self.clock.now)
        self.store = Store(lambda _labels: True, lambda _place: None)
        self.events = MemoryEvents()
        self.written = 0
        self.reporter = Reporter(self.kube, self.store, self.events, self.clock, written=self._count)
        self.kube.apply("Namespace", "shop")
        spec: dict[str, Any] = {"clusterARN": CLUSTER_ARN, "podExecutionRoleARN": ROLE_ARN, "claims": {"namespaces": {"from": "All"}}}
        self.kube.apply(CLASS_KIND, "standard", **spec)
        self.kube.apply(CLAIM_KIND, "checkout", "shop", className="standard", selectors=[{}])
        self.list()

    def list(self) -> None:
        """The store hears of everything."""
        self.store.replace(self.kube.all(CLAIM_KIND), self.kube.all(CLASS_KIND), self.kube.all("Namespace"))

    def plan(self, *, act: bool = True) -> Plan:
        seen = Observation(ARN, CLUSTER, {}, self.clock.now(), classes={"standard": CLASS_FACTS})
        return plan(replace(snapshot(self.clock, self.store, RULES, ARN, seen), may_mutate=act))

    def report(self, *, act: bool = True) -> ClaimReport:
        return self.plan(act=act).claims[0]

    def class_report(self) -> ClassReport:
        return self.plan().classes[0]

    def claim(self) -> dict[str, Any]:
        found = self.kube.find(CLAIM_KIND, "checkout", "shop")
        assert found is not None
        return found

    def _count(self) -> None:
        self.written += 1


def reporting(scenario: Callable[[Setup], Coroutine[Any, Any, None]]) -> None:
    async def play() -> None:
        await scenario(Setup())

    run_virtually(play())


def moved(report: ClaimReport, place: int) -> ClaimReport:
    """The same report, but for the place in the queue."""
    assert report.status.operation is not None
    operation = report.status.operation.model_copy(update={"position": place, "length": 9, "display": f"{place}/9"})
    return replace(report, status=report.status.model_copy(update={"operation": operation}))


def test_finalizer_then_status_then_events() -> None:
    async def scenario(setup: Setup) -> None:
        assert await setup.reporter.claim(setup.report(), fence=True)
        assert setup.claim()["metadata"]["finalizers"] == [FINALIZER]
        assert setup.claim()["status"]["operation"]["state"] == "InFlight"
        assert [reason for _, reason, _ in setup.events.said] == ["Creating"]
        assert setup.written == 1
        entry = setup.store.claims.get("shop", "checkout")
        assert entry is not None
        assert entry.raw == setup.claim()

    reporting(scenario)


def test_an_unchanged_status_is_not_written() -> None:
    async def scenario(setup: Setup) -> None:
        await setup.reporter.claim(setup.report(act=False))
        writes = setup.kube.writes.copy()
        assert await setup.reporter.claim(setup.report(act=False))
        assert setup.kube.writes == writes

    reporting(scenario)


def test_a_claim_that_has_changed_since_the_plan_is_left_alone() -> None:
    async def scenario(setup: Setup) -> None:
        report = setup.report()
        setup.kube.annotate(CLAIM_KIND, "checkout", "shop", paused="true")
        setup.list()
        assert not await setup.reporter.claim(report, fence=True)
        assert not setup.kube.writes

    reporting(scenario)


def test_a_claim_that_is_gone_from_the_store_is_left_alone() -> None:
    async def scenario(setup: Setup) -> None:
        report = setup.report()
        setup.store.remove_claim(setup.claim())
        assert not await setup.reporter.claim(report)
        assert not setup.kube.writes

    reporting(scenario)


def test_a_stale_store_is_refused_read_again_and_planned_anew() -> None:
    async def scenario(setup: Setup) -> None:
        report = setup.report()
        setup.kube.annotate(CLAIM_KIND, "checkout", "shop", paused="true")
        assert not await setup.reporter.claim(report, fence=True)
        entry = setup.store.claims.get("shop", "checkout")
        assert entry is not None
        assert entry.raw == setup.claim()
        assert setup.reporter.due() == 0
        assert "operation" not in setup.claim()["status"]

    reporting(scenario)


def test_after_a_conflict_with_a_claim_made_again_the_new_one_counts() -> None:
    async def scenario(setup: Setup) -> None:
        report = setup.report()
        setup.kube.delete(CLAIM_KIND, "checkout", "shop")
        setup.kube.apply(CLAIM_KIND, "checkout", "shop", className="standard", selectors=[{}])
        assert not await setup.reporter.claim(report, fence=True)
        entry = setup.store.claims.get("shop", "checkout")
        assert entry is not None
        assert entry.model.metadata.uid == setup.claim()["metadata"]["uid"]
        assert "finalizers" not in setup.claim()["metadata"]

    reporting(scenario)


def test_after_a_conflict_with_a_claim_that_is_gone_by_then_it_is_forgotten() -> None:
    async def scenario(setup: Setup) -> None:
        setup.kube.fail("finalizers", Conflict("409", status=409))
        setup.kube.fail("get", Missing("404", status=404))
        assert not await setup.reporter.claim(setup.report())
        assert setup.store.claims.get("shop", "checkout") is None

    reporting(scenario)


def test_after_a_conflict_that_cannot_be_looked_into_it_is_tried_again_soon() -> None:
    async def scenario(setup: Setup) -> None:
        setup.kube.fail("finalizers", Conflict("409", status=409))
        setup.kube.fail("get", Unavailable("503", status=503))
        assert not await setup.reporter.claim(setup.report())
        assert setup.reporter.due() == pytest.approx(1)

    reporting(scenario)


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (Throttled("429", retry_after=7), 7),
        (Throttled("429", retry_after=0), 1),
        (Unavailable("503", status=503), 1),
        (Unavailable("503", status=503, retry_after=7), 7),
        (Refused("422", status=422), 10),
    ],
)
def test_a_write_that_fails_is_due_again(error: KubeError, seconds: float) -> None:
    async def scenario(setup: Setup) -> None:
        setup.kube.fail("status", error)
        assert not await setup.reporter.claim(setup.report(), fence=True)
        assert setup.reporter.due() == pytest.approx(seconds)
        setup.reporter.begin()
        assert setup.reporter.due() is None
        await setup.clock.sleep(seconds)
        assert await setup.reporter.claim(setup.report(), fence=True)

    reporting(scenario)


@pytest.mark.parametrize("error", [Throttled("429", retry_after=7), Unavailable("503", status=503, retry_after=7)])
def test_a_retry_after_is_obeyed_whatever_happens_meanwhile(error: KubeError) -> None:
    async def scenario(setup: Setup) -> None:
        setup.kube.fail("status", error)
        assert not await setup.reporter.claim(setup.report(), fence=True)
        await setup.clock.sleep(5)
        for _ in range(2):
            setup.reporter.begin()
            assert not await setup.reporter.claim(setup.report(), fence=True)
            assert setup.reporter.due() == pytest.approx(2)
        await setup.clock.sleep(2)
        setup.reporter.begin()
        assert await setup.reporter.claim(setup.report(), fence=True)

    reporting(scenario)


def test_a_retry_after_for_a_class_is_obeyed() -> None:
    async def scenario(setup: Setup) -> None:
        setup.kube.fail("status", Throttled("429", retry_after=7))
        assert not await setup.reporter.cls(setup.class_report())
        await setup.clock.sleep(6)
        assert not await setup.reporter.cls(setup.class_report())
        await setup.clock.sleep(1)
        assert await setup.reporter.cls(setup.class_report())

    reporting(scenario)


def test_a_claim_that_is_gone_is_forgotten() -> None:
    async def scenario(setup: Setup) -> None:
        setup.kube.fail("finalizers", Missing("404", status=404))
        assert not await setup.reporter.claim(setup.report())
        assert setup.store.claims.get("shop", "checkout") is None

    reporting(scenario)


@pytest.mark.parametrize("error", [Throttled("429", retry_after=7), None])
def test_nothing_is_remembered_for_ever_of_what_is_gone(error: KubeError | None) -> None:
    async def scenario(setup: Setup) -> None:
        if error is not None:
            setup.kube.fail("status", error)
        await setup.reporter.claim(setup.report())
        uid = setup.claim()["metadata"]["uid"]
        assert uid in str(vars(setup.reporter))
        setup.store.remove_claim(setup.claim())
        await setup.clock.sleep(10)
        setup.reporter.begin()
        assert uid not in str(vars(setup.reporter))

    reporting(scenario)


def test_a_change_of_place_alone_waits_for_ten_seconds() -> None:
    async def scenario(setup: Setup) -> None:
        await setup.reporter.claim(setup.report(act=False))
        assert not await setup.reporter.claim(moved(setup.report(act=False), 3))
        await asyncio.sleep(4)
        assert setup.reporter.due() == pytest.approx(6)
        assert setup.kube.writes["status"] == 1
        await asyncio.sleep(6)
        assert await setup.reporter.claim(moved(setup.report(act=False), 3))
        assert setup.claim()["status"]["operation"]["display"] == "3/9"

    reporting(scenario)


def test_a_fence_waits_for_nothing() -> None:
    async def scenario(setup: Setup) -> None:
        await setup.reporter.claim(setup.report(act=False))
        assert await setup.reporter.claim(moved(setup.report(act=False), 3), fence=True)

    reporting(scenario)


def test_a_change_of_reason_waits_for_nothing() -> None:
    async def scenario(setup: Setup) -> None:
        await setup.reporter.claim(setup.report(act=False))
        setup.kube.annotate(CLAIM_KIND, "checkout", "shop", paused="true")
        setup.list()
        assert await setup.reporter.claim(setup.report())
        assert conditions(setup.claim())["Ready"][1] == "Paused"

    reporting(scenario)


@pytest.mark.parametrize("others", [[], ["example.com/theirs"]])
def test_a_release_tells_first_and_takes_only_our_finalizer(others: list[str]) -> None:
    async def scenario(setup: Setup) -> None:
        await setup.kube.patch_finalizers(setup.claim(), [FINALIZER, *others])
        setup.kube.delete(CLAIM_KIND, "checkout", "shop")
        setup.list()
        report = setup.report()
        assert report.release
        assert await setup.reporter.claim(report)
        assert [reason for _, reason, _ in setup.events.said] == ["Deleted"]
        left = setup.kube.find(CLAIM_KIND, "checkout", "shop")
        assert (left is None) is not bool(others)
        assert (setup.store.claims.get("shop", "checkout") is None) is not bool(others)

    reporting(scenario)


def test_a_class_gets_its_finalizer_and_its_status() -> None:
    async def scenario(setup: Setup) -> None:
        assert await setup.reporter.cls(setup.class_report())
        cls = setup.kube.find(CLASS_KIND, "standard")
        assert cls is not None
        assert cls["metadata"]["finalizers"] == [CLASS_FINALIZER]
        assert conditions(cls)["Ready"][0] == "True"
        writes = setup.kube.writes.copy()
        assert await setup.reporter.cls(setup.class_report())
        assert setup.kube.writes == writes

    reporting(scenario)


def test_a_class_that_goes_without_our_finalizer_is_only_told() -> None:
    async def scenario(setup: Setup) -> None:
        cls = setup.kube.find(CLASS_KIND, "standard")
        assert cls is not None
        await setup.kube.patch_finalizers(cls, ["example.com/theirs"])
        setup.kube.delete(CLASS_KIND, "standard")
        setup.list()
        report = replace(setup.class_report(), finalizer=True)
        writes = setup.kube.writes.copy()
        assert await setup.reporter.cls(report)
        assert setup.kube.writes == writes

    reporting(scenario)


def test_a_class_that_nobody_uses_any_more_goes() -> None:
    async def scenario(setup: Setup) -> None:
        await setup.reporter.cls(setup.class_report())
        setup.kube.delete(CLAIM_KIND, "checkout", "shop")
        setup.kube.delete(CLASS_KIND, "standard")
        setup.list()
        assert await setup.reporter.cls(setup.class_report())
        assert setup.kube.find(CLASS_KIND, "standard") is None
        assert setup.store.classes.get("", "standard") is None

    reporting(scenario)


def test_numbers_of_a_class_are_written_every_ten_seconds_at_most() -> None:
    async def scenario(setup: Setup) -> None:
        await setup.reporter.cls(setup.class_report())
        report = setup.class_report()
        changed = replace(report, status=report.status.model_copy(update={"attached_claims": 7}))
        assert await setup.reporter.cls(changed)
        assert setup.kube.writes["status"] == 1
        assert setup.reporter.due() == pytest.approx(10)
        await asyncio.sleep(11)
        assert await setup.reporter.cls(changed)
        assert setup.kube.writes["status"] == 2

    reporting(scenario)


def test_a_stale_class_is_refused_and_read_again() -> None:
    async def scenario(setup: Setup) -> None:
        report = setup.class_report()
        setup.kube.annotate(CLASS_KIND, "standard", paused="true")
        assert not await setup.reporter.cls(report)
        entry = setup.store.classes.get("", "standard")
        assert entry is not None
        assert entry.raw == setup.kube.find(CLASS_KIND, "standard")
        assert not await setup.reporter.cls(report)

    reporting(scenario)
