"""Carries out the repairs that classes ask for, in the background; what came of each is told in an event."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
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
        # Of whom a warning was posted, and which: since the last inspection, and between that and the one before.
        self._warned: set[tuple[str, EventNote]] = set()
        self._warned_before: set[tuple[str, EventNote]] = set()

    def mend(
        self, orders: Iterable[tuple[RepairOrder, Hands]], profiles: Sequence[ProfileView], tell: Callable[[str, EventNote], None]
    ) -> None:
        """Carry out the repairs that an inspection has shown to be due.

        :param orders: each with what is to be used for it.
        :param profiles: all of the cluster.
        :param tell: given the name of the class that asked for it, and the event.
        """
        self._warned, self._warned_before = set(), self._warned
        for order, hands in orders:
            self._begin(self._repair(hands, order, profiles, partial(tell, order.class_name)))

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

    async def _repair(self, hands: Hands, order: RepairOrder, profiles: Sequence[ProfileView], tell: Tell) -> None:
        plan = order.plan
        if isinstance(plan, NothingToDo):
            return
        if isinstance(plan, ByHand):
            self._warn(order.class_name, tell, EventNote("NotRepaired", "Repair", f"{plan.message}; {plan.command}", warning=True))
            return
        if self._done[plan.message] >= _TRIES:
            note = f"it did not last, so it is left to people: {plan.message}; {plan.command}"
            self._warn(order.class_name, tell, EventNote("NotRepaired", "Repair", note, warning=True))
            return
        if not self._permit():
            return
        done = await self._carry_out(hands, plan, profiles)
        if isinstance(done, str):
            note = f"not done: {plan.message}: {done}; {plan.command}"
            self._warn(order.class_name, tell, EventNote("RepairFailed", "Repair", note, warning=True))
        elif done is not None:
            self._done[plan.message] += 1
            if done:
                tell(EventNote("Repaired", "Repair", plan.message))
            self._mended()

    async def _carry_out(self, hands: Hands, plan: role_mapping.Plan | coredns.Plan, profiles: Sequence[ProfileView]) -> bool | str | None:
        """Returns whether it was done: False if somebody else was faster, why it failed, None if there was nothing to do after all."""
        done: bool | NoAccess | None = True
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
                    done = await self._restart(hands.data_plane, plan, profiles)
        except NotPermitted:
            return None
        except AWSError as error:
            return False if error.failure.kind is FailureClass.EXISTS else error.failure.message
        return done.why if isinstance(done, NoAccess) else done

    async def _restart(self, data_plane: DataPlane, plan: coredns.Restart, profiles: Sequence[ProfileView]) -> bool | NoAccess | None:
        pods = await data_plane.waiting_pods((coredns.NAMESPACE,))
        if isinstance(pods, NoAccess):
            return pods
        if not (coredns.is_stuck(plan, pods, profiles) and self._permit()):
            return None
        return await data_plane.restart_core_dns(self._clock.now())

    async def _recreate(self, data_plane: DataPlane, order: EarlyPodsOrder, profiles: Sequence[ProfileView], tell: Tell) -> None:
        profile, claim = order.profile, f"{order.namespace}/{order.name}"
        pods = await data_plane.waiting_pods(literal_namespaces(profile.selectors))
        if isinstance(pods, NoAccess):
            return  # the class's conditions say so
        plan = pending_pods.plan(pods, profile, profiles)
        if not isinstance(plan, RecreatePods):
            return
        if not order.again:
            note = pending_pods.left_to_people(plan, profile)
            self._warn(claim, tell, EventNote("PodsPending", "Recreate", note, warning=True))
            return
        made = []
        for pod in plan.again:
            if not self._permit():
                return  # whoever leads next finds the others, and tells of them
            deleted = await data_plane.delete_pod(pod)
            if isinstance(deleted, NoAccess):
                note = f"{pending_pods.left_to_people(plan, profile)}; the operator could not do it: {deleted.why}"
                self._warn(claim, tell, EventNote("RepairFailed", "Recreate", note, warning=True))
                return
            if deleted:
                made.append(pod)
        told = pending_pods.plan((*made, *plan.left), profile, profiles)
        if isinstance(told, RecreatePods) and (made or order.new):
            tell(EventNote("PodsRecreated", "Recreate", told.message, warning=bool(told.left)))

    def _warn(self, about: str, tell: Tell, note: EventNote) -> None:
        """Post a warning, unless the last inspection has led to the same."""
        warning = about, note
        if warning not in self._warned | self._warned_before:
            tell(note)
        self._warned.add(warning)
