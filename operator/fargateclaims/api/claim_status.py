"""The status of a FargateProfileClaim: what the operator last saw and what it is about to do."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field

from fargateclaims.api.arn import ClusterARN
from fargateclaims.api.base import APIModel
from fargateclaims.api.conditions import Conditions
from fargateclaims.api.fields import ATOMIC, Count, ObjectName, Place
from fargateclaims.api.lenient import parse_leniently
from fargateclaims.api.times import MicroTime, Time

_IDs = Annotated[tuple[str, ...], Field(max_length=100, json_schema_extra=ATOMIC)]


class OperationType(StrEnum):
    """What is to be done to EKS."""

    CREATE = "Create"
    DELETE = "Delete"
    REPLACE = "Replace"
    TAG = "Tag"


class OperationState(StrEnum):
    """How far an operation is."""

    QUEUED = "Queued"
    IN_FLIGHT = "InFlight"
    BACKING_OFF = "BackingOff"


class BlockerOrigin(StrEnum):
    """Whose profile holds the slot: a claim's, or one that someone else made."""

    CLAIM = "Claim"
    FOREIGN = "Foreign"


class HealthIssue(APIModel):
    """Something that EKS reports about a profile."""

    code: str
    """What kind of issue it is, such as PodExecutionRoleAlreadyInUse. AWS: health.issues[].code."""
    message: str
    """The issue in EKS's words. AWS: health.issues[].message."""
    resource_ids: _IDs = ()
    """The AWS resources concerned. AWS: health.issues[].resourceIds."""


class ProfileStatus(APIModel):
    """A Fargate profile as EKS describes it."""

    name: str
    """The profile's name. AWS: fargateProfileName."""
    arn: str
    """The profile's ARN; its last part tells profiles of the same name apart. AWS: fargateProfileArn."""
    status: str
    """The state of the profile, such as CREATING or ACTIVE. AWS: status."""
    creation_time: Time | None = None
    """When EKS began to create the profile. AWS: createdAt."""
    health_issues: Annotated[tuple[HealthIssue, ...], Field(max_length=100, json_schema_extra=ATOMIC)] = ()
    """What EKS reports about the profile. AWS: health.issues."""


class ClaimRef(APIModel):
    """Names a claim."""

    namespace: str
    """The claim's namespace."""
    name: str
    """The claim's name."""


class Blocker(APIModel):
    """The profile that holds the one slot of a cluster."""

    profile_name: str
    """The profile's name. AWS: fargateProfileName."""
    status: str
    """The state that makes it hold the slot: CREATING or DELETING. AWS: status."""
    origin: BlockerOrigin
    """Whose profile it is: Claim for one that a claim owns, Foreign for any other."""
    claim_ref: ClaimRef | None = None
    """The claim that owns the profile, unless the operator was told not to show it."""


class Operation(APIModel):
    """What is to be done to EKS for a claim, and how far it is."""

    type: OperationType
    """What is to be done: Create, Delete, Replace or Tag."""
    state: OperationState
    """How far it is: Queued, InFlight or BackingOff."""
    profile_name: str
    """The profile that the operation makes, changes or deletes. AWS: fargateProfileName."""
    queue_time: MicroTime
    """Since when the operation waits or runs: the order of the queue."""
    start_time: MicroTime | None = None
    """When the call in flight was started."""
    drain_start_time: MicroTime | None = None
    """Since when the profile that is to go is waiting for its pods to go: the class's disruption.timeout counts from it."""
    position: Place | None = None
    """The place in the cluster's queue, while Queued; 1 is next."""
    length: Place | None = None
    """How many operations of the cluster are queued, while Queued."""
    display: str | None = None
    """Position and length for people, such as 2/5, while Queued."""
    blocked_by: Blocker | None = None
    """The profile that holds the cluster's slot."""


class ResolvedClass(APIModel):
    """The values of the class that the claim's profile was made with."""

    class_name: ObjectName | None = None
    """The class that was resolved. From then on spec.className cannot change."""
    class_revision: str | None = None
    """The revision of the class that the other values come from."""
    cluster_arn: ClusterARN | None = None
    """The EKS cluster. AWS: cluster.arn."""
    assume_role_arn: str | None = None
    """The IAM role that the operator assumes to work on the cluster. AWS: AssumeRole's RoleArn."""
    external_id: str | None = None
    """What is sent when the role is assumed. AWS: AssumeRole's ExternalId."""
    pod_execution_role_arn: str | None = None
    """The role that the profile's pods start with. AWS: podExecutionRoleArn."""
    subnet_ids: _IDs = ()
    """The subnets that the profile's pods run in. AWS: subnets."""
    tag_keys: _IDs = ()
    """The tag keys that the operator set on the profile; no other key is ever removed. AWS: tags."""


class ClaimStatus(APIModel):
    """What the operator last saw of a claim's profile, and what it is about to do."""

    observed_generation: Count | None = None
    """The generation of the claim that this status speaks of."""
    conditions: Conditions = ()
    """Ready, Available, Accepted and Synced; and, while True, Reconciling, Stalled, Paused and Overlapping."""
    profile: ProfileStatus | None = None
    """The profile of this claim, as EKS describes it."""
    previous_profile: ProfileStatus | None = None
    """The profile that is being replaced, while it is still there."""
    operation: Operation | None = None
    """What is to be done to EKS; absent when there is nothing to do."""
    resolved: ResolvedClass | None = None
    """The values of the class that are in effect for this claim."""
    failed_attempts: Count | None = None
    """How often the operation has failed since it last succeeded."""
    next_attempt_time: MicroTime | None = None
    """When the operation is tried again, while it backs off."""
    last_handled_retry: str | None = None
    """The value of the claim's retry annotation that was last obeyed."""
    last_handled_class_retry: str | None = None
    """The value of the class's retry annotation that was last obeyed."""

    @classmethod
    def parse(cls, raw: object) -> Self:
        """`raw` as far as it is a status; the rest is dropped. Raises nothing."""
        return parse_leniently(cls, raw)
