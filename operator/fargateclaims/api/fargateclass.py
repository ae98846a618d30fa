"""FargateProfileClass: where and how the platform makes the profiles that claims ask for."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, ClassVar, Self

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from fargateclaims.api.arn import ROLE_ARN_MAX_LENGTH, ROLE_ARN_PATTERN, ClusterARN
from fargateclaims.api.base import APIModel
from fargateclaims.api.claim import ReplacementPolicy, Tags
from fargateclaims.api.class_rules import (
    ClaimRules,
    NamespaceRule,
    NamespacesFrom,
    ProfileNamePolicy,
    SelectorNamespaceRule,
    SelectorNamespacesFrom,
)
from fargateclaims.api.class_status import ClassQueue, ClassResolved, ClassStatus, ProfileCounts
from fargateclaims.api.durations import Duration, parse_duration
from fargateclaims.api.fields import MAX_TAGS, SET, ProfileNameTemplate, SubnetID, TagKey, TagValue
from fargateclaims.api.group import CLASS_KIND
from fargateclaims.api.objects import APIObject
from fargateclaims.api.rules import CLUSTER_ARN_IMMUTABLE, EXTERNAL_ID_NEEDS_ROLE, SUBNETS_UNION, TAG_KEY_LENGTH, validations

__all__ = [
    "ClaimRules",
    "ClassQueue",
    "ClassResolved",
    "ClassSpec",
    "ClassStatus",
    "CoreDNSRepair",
    "Disruption",
    "DrainPolicy",
    "FargateProfileClass",
    "NamespaceRule",
    "NamespacesFrom",
    "PendingPodsRepair",
    "ProfileCounts",
    "ProfileNamePolicy",
    "ReclaimPolicy",
    "Repairs",
    "RoleMappingRepair",
    "Rollout",
    "SelectorNamespaceRule",
    "SelectorNamespacesFrom",
    "SubnetSource",
    "SubnetsFrom",
    "WaitPolicy",
]

RoleARN = Annotated[str, Field(pattern=ROLE_ARN_PATTERN, max_length=ROLE_ARN_MAX_LENGTH)]


class SubnetsFrom(StrEnum):
    """Where the subnets of profiles come from."""

    CLUSTER = "Cluster"
    IDS = "IDs"
    TAGS = "Tags"


class Rollout(StrEnum):
    """What a change of the class does to existing claims."""

    ON_CLAIM_CHANGE = "OnClaimChange"
    AUTOMATIC = "Automatic"


class ReclaimPolicy(StrEnum):
    """What becomes of a profile whose claim is deleted."""

    DELETE = "Delete"
    RETAIN = "Retain"


class DrainPolicy(StrEnum):
    """What is done about the pods of a profile that is being replaced."""

    EVICT = "Evict"
    IGNORE = "Ignore"


class WaitPolicy(StrEnum):
    """What is done about the pods of a profile that is being deleted."""

    WAIT = "Wait"
    IGNORE = "Ignore"


class CoreDNSRepair(StrEnum):
    """What is done when CoreDNS cannot run on Fargate."""

    NEVER = "Never"
    PATCH = "Patch"


class RoleMappingRepair(StrEnum):
    """What is done when the cluster does not know the pod execution role."""

    NEVER = "Never"
    ENSURE = "Ensure"


class PendingPodsRepair(StrEnum):
    """What is done about pods that were Pending before their profile was there."""

    NEVER = "Never"
    RECREATE = "Recreate"


class SubnetSource(APIModel):
    """Where the subnets of profiles come from."""

    model_config = ConfigDict(json_schema_extra=validations(SUBNETS_UNION))

    from_: SubnetsFrom
    """Cluster: the private ones among the cluster's subnets. IDs: those in ids. Tags: those of the cluster's VPC with all of tags."""
    ids: Annotated[tuple[SubnetID, ...], Field(min_length=1, max_length=50, json_schema_extra=SET)] | None = None
    """Subnet IDs; only with from: IDs. AWS: subnets."""
    tags: (
        Annotated[dict[TagKey, TagValue], Field(min_length=1, max_length=MAX_TAGS, json_schema_extra=validations(TAG_KEY_LENGTH))] | None
    ) = None
    """Tags that a subnet must have, all of them; only with from: Tags. AWS: DescribeSubnets' filter tag:KEY."""

    @model_validator(mode="after")
    def _rules(self) -> Self:
        given = (self.ids is not None, self.tags is not None)
        if given != (self.from_ is SubnetsFrom.IDS, self.from_ is SubnetsFrom.TAGS):
            raise ValueError(SUBNETS_UNION.message)
        return self


class Disruption(APIModel):
    """What is done about running pods before a profile is deleted: EKS deletes them at once, without regard to disruption budgets."""

    on_replace: DrainPolicy = DrainPolicy.EVICT
    """Evict (the default): the old profile's pods are evicted, with regard to disruption budgets, before it is deleted; without access to
    the cluster's pods as Ignore, with a warning event. Ignore: it is deleted with its pods."""
    on_delete: WaitPolicy = WaitPolicy.IGNORE
    """Wait: the profile is deleted when no pod runs on it any more. Ignore (the default): it is deleted with its pods."""
    timeout: Duration = "30m"
    """How long to wait for pods to go before the claim is reported as stalled, such as 30m (the default) or 1h30m."""

    @property
    def timeout_delta(self) -> timedelta:
        """`timeout` as a length of time."""
        return parse_duration(self.timeout)


class Repairs(APIModel):
    """What the operator may mend in the EKS cluster. Where it may not, the condition's message has the command to do it."""

    core_dns: CoreDNSRepair = CoreDNSRepair.NEVER
    """Patch: CoreDNS is made to run on Fargate where there is nothing else for it to run on: by the configuration of the managed add-on,
    else by removing its annotation. Never is the default."""
    role_mapping: RoleMappingRepair = RoleMappingRepair.NEVER
    """Ensure: the cluster is told of the pod execution role when it lost it: by an access entry, or in the ConfigMap aws-auth where the
    cluster's authentication mode knows nothing else. Never is the default."""
    pending_pods: PendingPodsRepair = PendingPodsRepair.NEVER
    """Recreate: pods that were Pending before their profile was ACTIVE are deleted, so that their controller makes them again; those
    without a controller are named in an event. Never is the default."""


class ClassSpec(APIModel):
    """Where and how profiles are made, and who may claim them."""

    model_config = ConfigDict(json_schema_extra=validations(EXTERNAL_ID_NEEDS_ROLE))

    cluster_arn: Annotated[ClusterARN, Field(json_schema_extra=validations(CLUSTER_ARN_IMMUTABLE))]
    """The EKS cluster: account, region, partition and name in one. It cannot change. AWS: cluster.arn."""
    assume_role_arn: RoleARN | None = None
    """The IAM role to assume to work on the cluster; by default the operator's own. AWS: AssumeRole's RoleArn."""
    external_id: Annotated[str, Field(min_length=2, max_length=1224, pattern=r"^[0-9A-Za-z_+=,.@:/-]+$")] | None = None
    """What to send when the role is assumed. AWS: AssumeRole's ExternalId."""
    pod_execution_role_arn: RoleARN
    """The role that the profiles' pods start with; one with a path cannot be used. AWS: podExecutionRoleArn."""
    subnets: SubnetSource = SubnetSource(from_=SubnetsFrom.CLUSTER)
    """The subnets that the profiles' pods run in; they must be private. By default the private ones among the cluster's. AWS: subnets."""
    profile_name_template: ProfileNameTemplate = "{namespace}-{name}"
    """How generated profile names begin; {namespace} and {name} are the claim's. By default {namespace}-{name}."""
    tags: Tags = Field(default_factory=dict)
    """Tags of all profiles of this class; they win over a claim's. AWS: tags."""
    claims: ClaimRules
    """Who may claim, and what."""
    replacement: ReplacementPolicy = ReplacementPolicy.CREATE_FIRST
    """How a profile is replaced when its claim does not say: CreateFirst (the default), DeleteFirst or Never."""
    rollout: Rollout = Rollout.ON_CLAIM_CHANGE
    """What a change of this class does to existing claims: OnClaimChange (the default): nothing until the claim changes or a retry
    is asked for. Automatic: their profiles are replaced one by one."""
    reclaim_policy: ReclaimPolicy = ReclaimPolicy.DELETE
    """What becomes of a profile whose claim is deleted: Delete (the default) deletes it, Retain leaves it without the operator's tags."""
    disruption: Disruption = Disruption()
    """What is done about running pods before a profile is deleted."""
    repairs: Repairs = Repairs()
    """What the operator may mend in the EKS cluster; by default nothing."""

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if self.external_id is not None and self.assume_role_arn is None:
            raise ValueError(EXTERNAL_ID_NEEDS_ROLE.message)
        return self


def _status(raw: object) -> ClassStatus:
    return raw if isinstance(raw, ClassStatus) else ClassStatus.parse(raw)


class FargateProfileClass(APIObject):
    """A FargateProfileClass says where and how the profiles of claims are made on one EKS cluster, and who may claim them."""

    KIND: ClassVar[str] = CLASS_KIND

    spec: ClassSpec
    """Where and how profiles are made, and who may claim them."""
    status: Annotated[ClassStatus, BeforeValidator(_status)] = ClassStatus()
    """What the operator last saw of the class's cluster."""
