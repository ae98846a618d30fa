"""One EKS cluster with what AWS's guides ask for, a class for it, and the operator's engine, which a test hands its changes to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from fargateclaims.api.arn import ClusterARN
from fargateclaims.api.conditions import ConditionType
from fargateclaims.api.group import CLAIM_PLURAL
from fargateclaims.simulator.fargate.plane import Settings, running
from support.broken_set_ups import SetUp
from support.engine_in_process import Engine
from support.fargate_world import AT_ONCE
from support.fault_world import Object, World, stands
from support.inside_cluster import DNS_LABELS, install_core_dns, ready_core_dns
from support.kube_server import RunningKube

CONDITIONS: Final = (
    ConditionType.CLUSTER_REACHABLE,
    ConditionType.ROLE_USABLE,
    ConditionType.SUBNETS_USABLE,
    ConditionType.ROLE_MAPPED,
    ConditionType.EGRESS_AVAILABLE,
    ConditionType.DNS_READY,
)
WELL: Final = ("True", "Usable")


@dataclass(kw_only=True)
class GuideWorld(World):
    """A world whose cluster has an inside.

    :param set_up: what is around the cluster.
    """

    kube: RunningKube
    set_up: SetUp

    async def furnish(self, compute_type: str | None = None, dns_profile: str = "dns") -> None:
        """Let the cluster have CoreDNS, and, if it is named, a profile for it."""
        self.eks.kubernetes(self.name, self.kube.url, account=self.seeded.account, region=self.seeded.region)
        if dns_profile:
            self.place_for_dns(dns_profile)
        await install_core_dns(self.api, compute_type)

    def place_for_dns(self, name: str) -> None:
        """Somebody's profile that takes CoreDNS."""
        selectors = [{"namespace": "kube-system", "labels": DNS_LABELS}]
        self.place({"name": name, "selectors": selectors, "role": self.set_up.role, "subnets": self.seeded.private_subnets})

    @asynccontextmanager
    async def fargate(self) -> AsyncIterator[None]:
        """Let Fargate take pods until the end of the with block."""
        where = Settings(ClusterARN.parse(self.arn), self.kube.kubeconfig, self.eks.url, self.seeded.access_key_id, AT_ONCE)
        async with running(where):
            yield

    async def until_dns_runs(self) -> None:
        """Wait until both pods of CoreDNS are ready."""

        async def ready() -> int:
            return await ready_core_dns(self.api)

        await self.wait(ready, lambda number: number == 2)

    def engine(self, **tuning: Any) -> Engine:
        """The operator, which hears of nothing that it is not told."""
        return Engine(selector=self.selector, watching=False, **tuning)

    async def until_judged(self) -> Object:
        """The class, once all of its conditions have been looked at for it as it is."""
        return await self.until_class(judged)

    async def until_well(self) -> Object:
        """The class, once all of its conditions are as they should be."""
        return await self.until_class(lambda cls: set(verdicts(cls).values()) == {WELL})

    async def new_claim(self, engine: Engine) -> None:
        """Make a claim, which the engine hears of."""
        engine.notice(CLAIM_PLURAL, await self.claim())

    async def retry(self, engine: Engine, value: str) -> None:
        """Ask for another try, as the messages say."""
        engine.notice(CLAIM_PLURAL, await self.annotate(retry=value))


def verdicts(cls: Object) -> dict[ConditionType, tuple[str, str]]:
    """Status and reason of each of a class's conditions."""
    return {kind: stands(cls, kind) for kind in CONDITIONS}


def judged(cls: Object) -> bool:
    """Whether all has been looked at; the way out of subnets that there are none of is not there to be seen."""
    messages = {each["type"]: each["message"] for each in cls.get("status", {}).get("conditions", ())}
    seen = messages.get(ConditionType.EGRESS_AVAILABLE, "looked at yet")
    found = verdicts(cls)
    if "looked at yet" not in seen:
        del found[ConditionType.EGRESS_AVAILABLE]
    return all(reason not in ("", "NotObserved") for _, reason in found.values())
