"""What one claim needs, before the queue decides whose turn it is."""

from dataclasses import dataclass
from enum import StrEnum

from fargateclaims.api.claim import FargateProfileClaim
from fargateclaims.api.claim_status import OperationType, ResolvedClass
from fargateclaims.api.fargateclass import FargateProfileClass
from fargateclaims.api.reasons import Reason
from fargateclaims.domain.draining import DrainOrder
from fargateclaims.domain.events import EventNote
from fargateclaims.domain.profile import Profile, ProfileSpec
from fargateclaims.domain.setback import Setback


class Step(StrEnum):
    """One mutation."""

    CREATE = "Create"
    DELETE = "Delete"
    TAG = "Tag"
    UNTAG = "Untag"


SLOT_STEPS = frozenset({Step.CREATE, Step.DELETE})


@dataclass(frozen=True, slots=True)
class Work:
    """The next mutation that a claim needs.

    :param operation: the operation that it is a part of.
    :param urgent: whether it finishes a replacement that has begun, or restores a profile that was lost.
    :param spec: for Create.
    :param profile: for Delete, Tag and Untag.
    :param tags: for Tag.
    :param tag_keys: for Untag.
    """

    operation: OperationType
    step: Step
    profile_name: str
    urgent: bool = False
    spec: ProfileSpec | None = None
    profile: Profile | None = None
    tags: tuple[tuple[str, str], ...] = ()
    tag_keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """A reason and the sentence that goes with it."""

    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """What one claim needs.

    :param verdict: where the claim stands, if the queue has no say in it.
    :param work: the next mutation; without a verdict it waits for its turn, with one it cannot run now.
    :param only_lacks_place: whether nothing but the quota of profiles stands in the way.
    :param refused: why the class does not accept the claim, if it does not.
    :param profile: the profile that takes pods, or is to take them.
    :param previous: the profile that is being replaced.
    :param synced: whether EKS is as spec and class say; None if that is not known.
    :param release: whether the finalizer may go.
    :param in_doubt: whether EKS must be read once more before anything can be said.
    :param drain: the profile that is to go and whose pods are looked at until it does.
    :param look_for_pins: the profile that is to be replaced, if pods that name it by label are to be looked for first.
    :param warnings: of what the mutation does to pods, for when it is sent.
    :param in_flight: the operation that EKS is at work on for this claim, with the profile's name.
    """

    claim: FargateProfileClaim
    cls: FargateProfileClass | None = None
    verdict: Verdict | None = None
    only_lacks_place: bool = False
    work: Work | None = None
    refused: Verdict | None = None
    resolved: ResolvedClass | None = None
    profile: Profile | None = None
    previous: Profile | None = None
    setback: Setback | None = None
    synced: bool | None = False
    class_changed: bool = False
    release: bool = False
    in_doubt: bool = False
    drain: DrainOrder | None = None
    look_for_pins: Profile | None = None
    warnings: tuple[EventNote, ...] = ()
    in_flight: tuple[OperationType, str] | None = None

    @property
    def runnable(self) -> bool:
        """Whether the work waits for nothing but its turn."""
        return self.work is not None and self.verdict is None
