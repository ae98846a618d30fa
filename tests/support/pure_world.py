"""A world without I/O: claims and classes as an API server keeps them, EKS as a state machine, and one clock for both.

Every write to Kubernetes and every call to EKS goes through `World.step`, which a test can make crash at any one of them.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto
from functools import cache
from typing import Any

from botocore.exceptions import ClientError

from fargateclaims.api.claim import ClaimSpec, FargateProfileClaim
from fargateclaims.api.claim_status import ClaimStatus
from fargateclaims.api.class_status import ClassStatus
from fargateclaims.api.crd import claim_crd
from fargateclaims.api.fargateclass import ClassSpec, FargateProfileClass
from fargateclaims.api.group import CLASS_FINALIZER, FINALIZER
from fargateclaims.aws.errors import classify
from fargateclaims.domain.assessment import Step, Work
from fargateclaims.domain.events import EventNote
from fargateclaims.domain.facts import Namespace
from fargateclaims.domain.failure import AWSError, Failure, FailureClass
from fargateclaims.domain.observation import ClassFacts, EKSCluster
from fargateclaims.domain.profile import HealthProblem, Profile, ProfileSelector, ProfileState
from fargateclaims.simulator.eks import model
from fargateclaims.simulator.eks.errors import EKSError
from fargateclaims.simulator.eks.lifecycle import FargateControlPlane
from fargateclaims.simulator.eks.timings import Timings
from support.builders import ARN, CLASS_FACTS, CLUSTER, NOW, make_class

Key = tuple[str, str]

CREATE_SECONDS, DELETE_SECONDS = 60.0, 90.0


class Crash(Exception):  # noqa: N818  the operator's process ends here; nothing is wrong with the test
    """The process ends at once."""


class Conflict(Exception):  # noqa: N818  as the API server names it
    """409: the object has changed, or is another one by now."""


class Fault(Enum):
    """What becomes of the next call."""

    LOST = auto()
    """It takes effect, and the answer is lost."""
    NEVER_ARRIVES = auto()
    """A time-out before it took effect."""
    THROTTLED = auto()
    DENIED = auto()
    TRUST = auto()
    """The role's trust policy has not reached all of IAM."""
    INVALID = auto()


@dataclass(frozen=True, slots=True)
class Call:
    """One mutation that was sent."""

    at: float
    step: Step
    profile: str
    claim: Key
    failure: Failure | None


@dataclass
class World:
    """Everything outside of the operator."""

    seconds: float = 0.0
    skew: timedelta = timedelta()
    claims: dict[Key, FargateProfileClaim] = field(default_factory=dict)
    classes: dict[str, FargateProfileClass] = field(default_factory=lambda: {"standard": make_class()})
    namespaces: dict[str, Namespace] = field(default_factory=lambda: {name: Namespace() for name in ("shop", "data")})
    class_facts: dict[str, ClassFacts] = field(default_factory=lambda: {"standard": CLASS_FACTS})
    cluster: EKSCluster = CLUSTER
    outage: Failure | None = None
    faults: deque[Fault] = field(default_factory=deque)
    calls: list[Call] = field(default_factory=list)
    crash_at: int | None = None
    steps: int = 0
    writes: int = 0
    status_writes: Counter[Key] = field(default_factory=Counter)
    events: dict[Key, list[EventNote]] = field(default_factory=lambda: defaultdict(list))
    watchers: list[Callable[[Work, FargateProfileClaim], None]] = field(default_factory=list)
    _version: int = 0

    def __post_init__(self) -> None:
        self.plane = FargateControlPlane(
            ARN.name, ARN.account, ARN.region, clock=lambda: self.seconds, timings=Timings.of(CREATE_SECONDS, DELETE_SECONDS)
        )

    @property
    def now(self) -> datetime:
        """The operator's wall clock."""
        return NOW + timedelta(seconds=self.seconds) + self.skew

    def step(self) -> None:
        """A moment between two effects."""
        self.steps += 1
        if self.crash_at == self.steps:
            raise Crash

    # Kubernetes, as users see it.

    def apply(self, name: str, namespace: str = "shop", **spec: Any) -> FargateProfileClaim:
        """`kubectl apply` of a claim."""
        key, wanted = (namespace, name), ClaimSpec.model_validate({"className": "standard", "selectors": [{}], **spec})
        present = self.claims.get(key)
        if present is None:
            metadata = {
                "name": name,
                "namespace": namespace,
                "uid": f"{namespace}-{name}-{self._next()}",
                "resourceVersion": self._next(),
                "generation": 1,
                "creationTimestamp": NOW + timedelta(seconds=self.seconds),
            }
            self.claims[key] = FargateProfileClaim.model_validate({"metadata": metadata, "spec": wanted, "status": _unseen_status()})
        elif present.spec != wanted:
            self._put_claim(present, {"generation": present.metadata.generation + 1}, spec=wanted)
        return self.claims[key]

    def delete(self, name: str, namespace: str = "shop") -> None:
        """`kubectl delete` of a claim."""
        present = self.claims[namespace, name]
        if present.metadata.deletion_timestamp is not None:
            return
        deleted_at = (NOW + timedelta(seconds=self.seconds)).replace(microsecond=0)
        self._put_claim(present, {"deletion_timestamp": deleted_at, "generation": present.metadata.generation + 1})

    def annotate(self, name: str, namespace: str = "shop", **annotations: str | None) -> None:
        """`kubectl annotate` with annotations of ours; None removes one."""
        present = self.claims[namespace, name]
        self._put_claim(present, {"annotations": _merged(present.metadata.annotations, annotations)})

    def apply_class(self, name: str = "standard", **spec: Any) -> None:
        """`kubectl apply` of a class: the given fields of its spec are changed."""
        present = self.classes[name]
        changed = ClassSpec.model_validate({**present.spec.to_dict(), **spec})
        if changed != present.spec:
            self._put_class(present, {"generation": present.metadata.generation + 1}, spec=changed)

    def annotate_class(self, name: str = "standard", **annotations: str | None) -> None:
        """`kubectl annotate` of a class."""
        present = self.classes[name]
        self._put_class(present, {"annotations": _merged(present.metadata.annotations, annotations)})

    def delete_class(self, name: str = "standard") -> None:
        """`kubectl delete` of a class."""
        present = self.classes[name]
        self._put_class(present, {"deletion_timestamp": self.now.replace(microsecond=0)})

    def wipe_status(self) -> None:
        """Every status is lost, as in a restore from a backup without them."""
        for claim in list(self.claims.values()):
            self._put_claim(claim, {}, status=ClaimStatus())

    # Kubernetes, as the operator writes to it.

    def put_status(self, snapshot: FargateProfileClaim, status: ClaimStatus) -> FargateProfileClaim:
        """PUT of /status with the snapshot's UID and resourceVersion."""
        self._check(snapshot)
        self.step()
        written = ClaimStatus.parse(status.to_dict())
        assert written == status, "a status must read back as it was written"
        self._put_claim(self.claims[_key(snapshot)], {}, status=written)
        self.writes += 1
        self.status_writes[_key(snapshot)] += 1
        stored = self.claims[_key(snapshot)]
        self.step()
        return stored

    def put_finalizer(self, snapshot: FargateProfileClaim, *, present: bool) -> FargateProfileClaim | None:
        """PATCH of the finalizers with the snapshot's resourceVersion; None if the claim is gone with it."""
        self._check(snapshot)
        self.step()
        others = [name for name in snapshot.metadata.finalizers if name != FINALIZER]
        assert not (present and snapshot.metadata.deletion_timestamp), "no new finalizer once an object is being deleted"
        self._put_claim(self.claims[_key(snapshot)], {"finalizers": tuple([*others, FINALIZER] if present else others)})
        self.writes += 1
        stored = self.claims.get(_key(snapshot))
        self.step()
        return stored

    def put_class(self, snapshot: FargateProfileClass, status: ClassStatus, *, finalizer: bool) -> None:
        """The class's status and finalizer."""
        present = self.classes[snapshot.metadata.name]
        finalizers = (CLASS_FINALIZER,) if finalizer else ()
        if present.metadata.deletion_timestamp is not None and not present.metadata.finalizers:
            finalizers = ()
        if present.status == status and present.metadata.finalizers == finalizers:
            return
        self.step()
        written = ClassStatus.parse(status.to_dict())
        assert written == status, "a status must read back as it was written"
        self._put_class(present, {"finalizers": finalizers}, status=written)
        self.writes += 1
        self.step()

    def _check(self, snapshot: FargateProfileClaim) -> None:
        present = self.claims.get(_key(snapshot))
        if present is None or (present.metadata.uid, present.metadata.resource_version) != (
            snapshot.metadata.uid,
            snapshot.metadata.resource_version,
        ):
            raise Conflict

    def _put_claim(self, claim: FargateProfileClaim, metadata: Mapping[str, object], **parts: object) -> None:
        changed = claim.metadata.model_copy(update={**metadata, "resource_version": self._next()})
        if changed.deletion_timestamp is not None and not changed.finalizers:
            del self.claims[_key(claim)]
        else:
            self.claims[_key(claim)] = claim.model_copy(update={"metadata": changed, **parts})

    def _put_class(self, cls: FargateProfileClass, metadata: Mapping[str, object], **parts: object) -> None:
        changed = cls.metadata.model_copy(update={**metadata, "resource_version": self._next()})
        if changed.deletion_timestamp is not None and not changed.finalizers:
            del self.classes[cls.metadata.name]
        else:
            self.classes[cls.metadata.name] = cls.model_copy(update={"metadata": changed, **parts})

    def _next(self) -> str:
        self._version += 1
        return str(self._version)

    # EKS.

    def list_profiles(self) -> list[str]:
        """ListFargateProfiles. Raises AWSError."""
        if self.outage is not None:
            raise AWSError(self.outage)
        return self.plane.list()

    def describe_profile(self, name: str) -> Profile:
        """DescribeFargateProfile. Raises AWSError."""
        if self.outage is not None:
            raise AWSError(self.outage)
        try:
            return to_domain(self.plane.describe(name))
        except EKSError as error:
            raise AWSError(_classified(error, "DescribeFargateProfile")) from error

    def send(self, work: Work, claim: FargateProfileClaim) -> Profile | None:
        """The mutation of a plan. Raises AWSError."""
        for watcher in self.watchers:
            watcher(work, claim)
        self.step()
        fault = self.faults.popleft() if self.faults else None
        name = work.profile.name if work.profile is not None else work.profile_name
        failure, made = None, None
        if fault is None or fault is Fault.LOST:
            try:
                made = self._carry_out(work)
            except EKSError as error:
                failure = _classified(error, f"{work.step}FargateProfile")
        if fault is not None and failure is None:
            failure = _failure(fault, work)
        self.calls.append(Call(self.seconds, work.step, name, _key(claim), failure))
        self.step()
        if failure is not None:
            raise AWSError(failure)
        return made

    def _carry_out(self, work: Work) -> Profile | None:
        if self.outage is not None:
            raise AWSError(self.outage)
        spec, profile = work.spec, work.profile
        if work.step is Step.CREATE:
            assert spec is not None
            selectors = [{"namespace": selector.namespace, "labels": dict(selector.labels)} for selector in spec.selectors]
            made = self.plane.create(
                spec.name, pod_execution_role_arn=spec.pod_execution_role_arn, selectors=selectors, subnets=spec.subnet_ids, tags=spec.tags
            )
            return to_domain(made)
        assert profile is not None
        if work.step is Step.DELETE:
            return to_domain(self.plane.delete(profile.name))
        if work.step is Step.TAG:
            self.plane.tag(profile.arn, dict(work.tags))
        else:
            self.plane.untag(profile.arn, work.tag_keys)
        return None

    def profiles(self) -> dict[str, Profile]:
        """Every profile as EKS itself knows it, lists and their lag aside."""
        return {name: to_domain(profile) for name, profile in self.plane.profiles().items()}

    @property
    def refused_as_busy(self) -> list[Call]:
        """The calls that were refused because a profile was CREATING or DELETING."""
        return [call for call in self.calls if call.failure is not None and call.failure.kind is FailureClass.BUSY_PROFILE]


def to_domain(profile: model.Profile) -> Profile:
    """The simulator's profile as the gateway would read it."""
    return Profile(
        name=profile.name,
        arn=profile.arn,
        state=ProfileState(profile.status.value),
        pod_execution_role_arn=profile.pod_execution_role_arn,
        selectors=tuple(ProfileSelector(selector["namespace"], dict(selector.get("labels", {}))) for selector in profile.selectors),
        subnet_ids=profile.subnets,
        tags=dict(profile.tags),
        created_at=NOW + timedelta(seconds=profile.created_at),
        health=tuple(HealthProblem(issue.code, issue.message, issue.resource_ids) for issue in profile.issues),
    )


@cache
def _unseen_status() -> ClaimStatus:
    """What the API server gives a claim that the operator has not seen: the definition's default."""
    return ClaimStatus.parse(claim_crd()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"]["default"])


def _key(claim: FargateProfileClaim) -> Key:
    return claim.metadata.namespace or "", claim.metadata.name


def _merged(present: Mapping[str, str], changes: Mapping[str, str | None]) -> dict[str, str]:
    merged: dict[str, str | None] = {**present, **{f"fargateclaims.dev/{key}": value for key, value in changes.items()}}
    return {key: value for key, value in merged.items() if value is not None}


def _classified(error: EKSError, operation: str) -> Failure:
    response: Any = {"Error": {"Code": error.code, "Message": error.message}, "ResponseMetadata": {"HTTPStatusCode": error.http_status}}
    return classify(ClientError(response, operation), operation)


def _failure(fault: Fault, work: Work) -> Failure:
    operation = f"{work.step}FargateProfile"
    match fault:
        case Fault.LOST | Fault.NEVER_ARRIVES:
            return Failure(FailureClass.UNAVAILABLE, "ReadTimeoutError", "no answer in time", operation, outcome_unknown=True)
        case Fault.THROTTLED:
            return Failure(FailureClass.THROTTLED, "ThrottlingException", "Rate exceeded", operation)
        case Fault.DENIED:
            return Failure(FailureClass.UNAUTHORIZED, "AccessDeniedException", "not authorized", operation, permission=f"eks:{operation}")
        case Fault.TRUST:
            return Failure(FailureClass.PROPAGATING, "InvalidParameterException", "Misconfigured PodExecutionRole Trust Policy", operation)
        case Fault.INVALID:
            return Failure(FailureClass.INVALID, "InvalidParameterException", "Subnet subnet-9 is not a private subnet", operation)
