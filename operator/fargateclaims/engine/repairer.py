"""Carries out the repairs that classes ask for, in the background; what came of each is told in an event."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from fargateclaims.aws.departure import NotPermitted
from fargateclaims.clock import Clock
from fargateclaims.domain.events import EventNote
from fargateclaims.domain.failure import AWSError, FailureClass
from fargateclaims.domain.no_access import NoAccess
from fargateclaims.domain.pods.matching import ProfileView
from fargateclaims.domain.repairs import coredns, pending_pods, role_mapping
from fargateclaims.domain.repairs.aws_auth import AddMapRole
from fargateclaims.domain.repairs.due import RepairOrder
from fargateclaims.domain.repairs.early_pods import EarlyPodsOrder
from fargateclaims.domain.repairs.pending_pods import RecreatePods
from fargateclaims.domain.repairs.plans import ByHand, NothingToDo
from fargateclaims.domain.selectors import literal_namespaces
from fargateclaims.engine.ports import DataPlane, Gateway, Permit

log = logging.getLogger(__name__)

Tell = Callable[[EventNote], None]

_TRIES = 3
"""A repair that somebody, or GitOps, undoes so often is not made again: the two would go on for ever."""
_CHANGED_MEANWHILE = "somebody else has changed it meanwhile; it is looked at again"


@dataclass(frozen=True, slots=True)
class Hands:
    """What a repair is carried out with."""

    gateway: Gateway
    data_plane: DataPlane


class Repairer:
    """The repairs of one cluster, one after the other.

    :param mended: called when something in the cluster was changed.
    """

    def __init__(self, name: str, clock: Clock, permit: Permit, mended: Callable[[], None]) -> None:
        self._name = name
        self._clock = clock
        self._permit = permit
        self._mended = mended
        self._turn = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._done: Counter[str] = Counter()

    def mend(self, hands: Hands, orders: Sequence[RepairOrder], tell: Callable[[str, EventNote], None]) -> None:
        """Carry out the repairs that an inspection has shown to be due.

        :param tell: given the name of the class that asked for it, and the event.
        """
        for order in orders:
            self._begin(self._repair(hands, order, tell))

    def look_after(self, data_plane: DataPlane, order: EarlyPodsOrder, profiles: Sequence[ProfileView], tell: Tell) -> None:
        """See to the pods that were Pending before a profile became ACTIVE."""
        self._begin(self._recreate(data_plane, order, profiles, tell))

    async def stop(self) -> None:
        """Begin nothing more, and leave what has begun."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(self._alone(work), name=f"repair of {self._name}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _alone(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            async with self._turn:
                await work
        except Exception:
            log.exception("a repair failed", extra={"fields": {"cluster": self._name}})

    async def _repair(self, hands: Hands, order: RepairOrder, tell: Callable[[str, EventNote], None]) -> None:
        plan = order.plan
        if isinstance(plan, NothingToDo):
            return
        if isinstance(plan, ByHand):
            tell(order.class_name, EventNote("NotRepaired", "Repair", f"{plan.message}; {plan.command}", warning=True))
            return
        limit = 1 if isinstance(plan, coredns.Restart) else _TRIES
        if self._done[plan.message] >= limit:
            if self._done[plan.message] == limit:
                self._done[plan.message] += 1
                note = f"it did not last, so it is left to people: {plan.message}; {plan.command}"
                tell(order.class_name, EventNote("NotRepaired", "Repair", note, warning=True))
            return
        if not self._permit():
            return
        failed = await self._carry_out(hands, plan)
        if failed is None:
            self._done[plan.message] += 1
            tell(order.class_name, EventNote("Repaired", "Repair", plan.message))
            self._mended()
        elif failed:
            note = f"not done: {plan.message}: {failed}; {plan.command}"
            tell(order.class_name, EventNote("RepairFailed", "Repair", note, warning=True))

    async def _carry_out(self, hands: Hands, plan: role_mapping.Plan | coredns.Plan) -> str | None:
        """Returns why it failed, empty if nothing is to be said of that; None for success."""
        done: bool | NoAccess = True
        try:
            match plan:
                case role_mapping.CreateAccessEntry():
                    await hands.gateway.create_access_entry(plan.principal_arn, self._permit)
                case coredns.ConfigureAddon():
                    await hands.gateway.update_addon(coredns.ADDON, plan.configuration, self._permit)
                case AddMapRole():
                    done = await hands.data_plane.replace_map_roles(plan.former, plan.wanted, plan.annotations)
                case coredns.RemoveComputeType():
                    done = await hands.data_plane.remove_compute_type(plan.seen)
                case coredns.Restart():
                    done = await hands.data_plane.restart_core_dns(self._clock.now())
        except NotPermitted:
            return ""
        except AWSError as error:
            return None if error.failure.kind is FailureClass.EXISTS else error.failure.message
        if isinstance(done, NoAccess):
            return done.why
        return None if done else _CHANGED_MEANWHILE

    async def _recreate(self, data_plane: DataPlane, order: EarlyPodsOrder, profiles: Sequence[ProfileView], tell: Tell) -> None:
        profile = order.profile
        pods = await data_plane.waiting_pods(literal_namespaces(profile.selectors))
        if isinstance(pods, NoAccess):
            return  # the class's conditions say so
        plan = pending_pods.plan(pods, profile, profiles)
        if not isinstance(plan, RecreatePods):
            return
        if not order.again:
            tell(EventNote("PodsPending", "Recreate", pending_pods.left_to_people(plan, profile), warning=True))
        elif self._permit() and (plan.again or order.new):
            for pod in plan.again:
                deleted = await data_plane.delete_pod(pod)
                if isinstance(deleted, NoAccess):
                    note = f"{pending_pods.left_to_people(plan, profile)}; they cannot be made again: {deleted.why}"
                    tell(EventNote("RepairFailed", "Recreate", note, warning=True))
                    return
            tell(EventNote("PodsRecreated", "Recreate", plan.message, warning=bool(plan.left)))
