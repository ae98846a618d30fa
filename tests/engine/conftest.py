"""An operator's engine in virtual time: `fleet` gives a world in which a test can wait for hours."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from fargateclaims.api.arn import ClusterARN
from fargateclaims.api.group import CLAIM_KIND, CLASS_KIND
from fargateclaims.settings import Settings
from fargateclaims.simulator.eks.timings import Timings
from support.memory_cloud import MemoryCloud
from support.memory_kube import MemoryKube, Object
from support.operator_in_memory import MemoryOperator
from support.virtual_loop import LoopClock, run_virtually

ARN = ClusterARN.parse("arn:aws:eks:eu-west-1:111122223333:cluster/prod")
ROLE = "arn:aws:iam::111122223333:role/fargate-pods"


class Fleet:
    """One cluster and its class, an API server, and an operator that leads. For use inside of `run_virtually`."""

    def __init__(self, **settings: Any) -> None:
        self.clock = LoopClock()
        self.kube = MemoryKube(self.clock.now, latency=0.01, watch_lag=0.02)
        self.cloud = MemoryCloud(self.clock, Timings.of(60, 90), latency=0.05)
        self.arn = ARN
        self.plane = self.cloud.add(ARN)
        self.kube.apply("Namespace", "shop")
        self.apply_class()
        self._settings = Settings(**settings)
        self.operator = MemoryOperator(self.kube, self.cloud, self._settings)

    def apply_class(self, name: str = "standard", arn: ClusterARN = ARN, **spec: Any) -> None:
        """`kubectl apply` of a class for all namespaces."""
        claims = {"namespaces": {"from": "All"}}
        self.kube.apply(CLASS_KIND, name, **{"clusterARN": str(arn), "podExecutionRoleARN": ROLE, "claims": claims, **spec})

    def apply(self, name: str = "checkout", class_name: str = "standard", **spec: Any) -> None:
        """`kubectl apply` of a claim."""
        self.kube.apply(CLAIM_KIND, name, "shop", className=class_name, **{"selectors": [{"labels": {"app": name}}], **spec})

    def delete(self, name: str = "checkout") -> None:
        """`kubectl delete` of a claim."""
        self.kube.delete(CLAIM_KIND, name, "shop")

    def claim(self, name: str = "checkout") -> Object | None:
        """A claim as it is now."""
        return self.kube.find(CLAIM_KIND, name, "shop")

    def ready(self, name: str = "checkout") -> tuple[str, str]:
        """Ready's value and reason."""
        obj = self.claim(name)
        assert obj is not None
        return next((each["status"], each["reason"]) for each in obj["status"]["conditions"] if each["type"] == "Ready")

    def class_condition(self, kind: str, name: str = "standard") -> Object:
        """A condition of a class."""
        obj = self.kube.find(CLASS_KIND, name)
        assert obj is not None
        return next(each for each in obj["status"]["conditions"] if each["type"] == kind)

    def message(self, name: str = "checkout") -> str:
        """What Ready says."""
        obj = self.claim(name)
        assert obj is not None
        return str(next(each["message"] for each in obj["status"]["conditions"] if each["type"] == "Ready"))

    def restart(self) -> None:
        """Another process takes over; the old one was stopped before."""
        self.operator = MemoryOperator(self.kube, self.cloud, self._settings)
        self.operator.start()

    async def until(self, condition: Callable[[], object], limit: float = 3600.0) -> None:
        """Let time pass until something holds."""
        async with asyncio.timeout(limit):
            while not condition():  # noqa: ASYNC110 - virtual time
                await asyncio.sleep(1)


@pytest.fixture
def in_fleet() -> Callable[..., None]:
    """Run a scenario with a fresh fleet, in virtual time; settings by their names."""

    def run(scenario: Callable[[Fleet], Coroutine[Any, Any, None]], **settings: Any) -> None:
        async def play() -> None:
            fleet = Fleet(**settings)
            fleet.operator.start()
            await scenario(fleet)
            await fleet.operator.stop()

        run_virtually(play())

    return run
