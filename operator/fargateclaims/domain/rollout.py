"""Automatic rollout of a changed class: its claims are replaced one by one, and a failure stops the rest."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from fargateclaims.api.claim_status import OperationType
from fargateclaims.api.fargateclass import Rollout
from fargateclaims.api.reasons import Reason
from fargateclaims.domain.assessment import Assessment, Verdict
from fargateclaims.domain.facts import Facts
from fargateclaims.domain.queue import queue_time
from fargateclaims.domain.selectors import same_selectors, wanted_selectors
from fargateclaims.domain.setback import REMEMBERED


def one_by_one(facts: Facts, assessments: Sequence[Assessment]) -> tuple[Assessment, ...]:
    """Holds back replacements that only a changed class asks for, but for one of each class."""
    waiting: dict[str, list[Assessment]] = defaultdict(list)
    halted: dict[str, str] = {}
    for item in assessments:
        name = item.claim.spec.class_name
        if item.cls is None or item.cls.spec.rollout is not Rollout.AUTOMATIC:
            continue
        if _begun(item):
            halted.setdefault(name, _why(item))
        elif item.runnable and _follows_class(item):
            waiting[name].append(item)
    held: dict[str, Verdict] = {}
    for name, items in waiting.items():
        items.sort(key=lambda item: (queue_time(facts, item), item.claim.metadata.uid))
        for item in items if name in halted else items[1:]:
            why = halted.get(name, "one claim at a time")
            held[item.claim.metadata.uid] = Verdict(Reason.QUEUED, f'waiting for the rollout of class "{name}": {why}')
    return tuple(replace(item, verdict=held[item.claim.metadata.uid]) if item.claim.metadata.uid in held else item for item in assessments)


def _follows_class(item: Assessment) -> bool:
    """Whether only the class asks for the replacement: the profile takes the pods that the claim wants.

    No class can change selectors. The status cannot tell an edit from a rollout once it has been reported.
    """
    replaces = item.work is not None and item.work.operation is OperationType.REPLACE and not item.work.urgent
    wanted = wanted_selectors(item.claim.spec.selectors, item.claim.metadata.namespace or "")
    return replaces and item.profile is not None and same_selectors(item.profile.selectors, wanted)


def _begun(item: Assessment) -> bool:
    replacing = item.in_flight is not None and item.in_flight[0] is OperationType.REPLACE
    finishing = item.work is not None and item.work.operation is OperationType.REPLACE and item.work.urgent
    failing = item.setback is not None and item.setback.reason in REMEMBERED and item.work is not None
    return replacing or finishing or (failing and item.work is not None and item.work.operation is OperationType.REPLACE)


def _why(item: Assessment) -> str:
    if item.setback is not None:
        return "it stopped at a claim that fails"
    return "one claim at a time"
