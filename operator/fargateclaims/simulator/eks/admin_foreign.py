"""The part of the admin API that acts as someone else on the clusters."""

import asyncio
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from fargateclaims.simulator.eks import admin_model as body
from fargateclaims.simulator.eks.admin_clusters import matching
from fargateclaims.simulator.eks.backend import backend_of
from fargateclaims.simulator.eks.cluster import SimulatedCluster
from fargateclaims.simulator.eks.errors import EKSError
from fargateclaims.simulator.eks.foreign import FOREIGN_ROLE, ForeignActor
from fargateclaims.simulator.eks.ledger import Call
from fargateclaims.simulator.eks.model import Outcome, Profile
from fargateclaims.simulator.eks.operations.fargate import profile_document
from fargateclaims.simulator.eks.simulation import Simulation
from fargateclaims.simulator.eks.verdict import FOREIGN

# The longest sleep while waiting for a slot: the clock can be put forward and operations finished meanwhile.
LOOK_AGAIN_S: Final = 0.05


class ForeignSteering:
    """Creates and deletes as someone else; the ledger's caller for it is ``foreign``."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._actors: set[asyncio.Task[None]] = set()

    async def create(self, wanted: body.Foreign) -> dict[str, Any]:
        """Begin a create, as soon as the slot is free."""
        cluster = await self._free(wanted)
        with self._recorded(cluster, "CreateFargateProfile", wanted.name):
            profile = cluster.fargate().create(
                wanted.name,
                pod_execution_role_arn=wanted.role or FOREIGN_ROLE,
                selectors=wanted.selectors,
                subnets=wanted.subnets,
                tags=wanted.tags,
                outcome=_outcome(wanted),
            )
        return _answer(profile)

    async def delete(self, wanted: body.Foreign) -> dict[str, Any]:
        """Begin a delete, as soon as the slot is free."""
        cluster = await self._free(wanted)
        with self._recorded(cluster, "DeleteFargateProfile", wanted.name):
            profile = cluster.fargate().delete(wanted.name, outcome=_outcome(wanted))
        return _answer(profile)

    def hire(self, wanted: body.Actor) -> dict[str, Any]:
        """Set actors to work on their own."""
        chosen = list(matching(wanted))
        for cluster in chosen:
            actor = ForeignActor(cluster.plane, wanted.seed, wanted.mean_pause, wanted.max_profiles)
            task = asyncio.get_running_loop().create_task(self._work(cluster, actor))
            self._actors.add(task)
            task.add_done_callback(self._actors.discard)
        return {"clusters": len(chosen)}

    def dismiss(self) -> dict[str, Any]:
        """Send all actors away; what they made stays."""
        count = len(self._actors)
        for task in self._actors:
            task.cancel()
        return {"actors": count}

    async def _work(self, cluster: SimulatedCluster, actor: ForeignActor) -> None:
        while True:
            await asyncio.sleep(actor.pause())
            cluster.fargate()  # tells the control plane the cluster's status
            with self._simulation.acting_as(FOREIGN):
                attempt = actor.act()
            self._record(cluster, attempt.operation, attempt.profile, attempt.error)

    async def _free(self, wanted: body.Foreign) -> SimulatedCluster:
        """Return the cluster when its slot is free, or when the patience is over."""
        cluster = backend_of(wanted.account, wanted.region).cluster(wanted.cluster)
        deadline = time.monotonic() + wanted.wait_seconds
        while cluster.plane.busy_with and time.monotonic() < deadline:  # noqa: ASYNC110  (the state machine has no events)
            await asyncio.sleep(min(max(0.0, cluster.plane.ends_at - self._simulation.clock()), LOOK_AGAIN_S))
        return cluster

    @contextmanager
    def _recorded(self, cluster: SimulatedCluster, operation: str, profile: str) -> Iterator[None]:
        """Act as someone else inside the block, and write the outcome into the ledger."""
        refusal = None
        try:
            with self._simulation.acting_as(FOREIGN):
                yield
        except EKSError as error:
            refusal = error
            raise
        finally:
            self._record(cluster, operation, profile, refusal)

    def _record(self, cluster: SimulatedCluster, operation: str, profile: str, error: EKSError | None) -> None:
        _, _, _, region, account, _ = cluster.arn.split(":", 5)
        self._simulation.ledger.add(
            Call(
                at=self._simulation.clock(),
                monotonic=time.monotonic(),
                seconds=0.0,
                account=account,
                region=region,
                service="eks",
                operation=operation,
                cluster=cluster.name,
                profile=profile,
                caller=FOREIGN,
                access_key="",
                user_agent="",
                status=error.http_status if error else 200,
                error=error.code if error else None,
                message=error.message if error else None,
                changed=error is None,
            )
        )


def _outcome(wanted: body.Foreign) -> Outcome:
    return Outcome(math.inf if wanted.never_ends else wanted.seconds)


def _answer(profile: Profile) -> dict[str, Any]:
    return {"profile": profile_document(profile)}
