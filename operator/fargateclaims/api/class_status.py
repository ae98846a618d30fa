"""The status of a FargateProfileClass: what the operator last saw of its cluster."""

from typing import Annotated, Self

from pydantic import Field

from fargateclaims.api.base import APIModel
from fargateclaims.api.claim_status import Blocker
from fargateclaims.api.conditions import Conditions
from fargateclaims.api.fields import ATOMIC, Count
from fargateclaims.api.lenient import parse_leniently


class ClassResolved(APIModel):
    """What the class's references were found to be."""

    subnet_ids: Annotated[tuple[str, ...], Field(max_length=100, json_schema_extra=ATOMIC)] = ()
    """The subnets that new profiles get. AWS: subnets."""
    vpc_id: str | None = None
    """The cluster's VPC. AWS: resourcesVpcConfig.vpcId."""
    kubernetes_version: str | None = None
    """The cluster's Kubernetes version. AWS: version."""
    authentication_mode: str | None = None
    """How the cluster maps roles: CONFIG_MAP, API or API_AND_CONFIG_MAP. AWS: accessConfig.authenticationMode."""


class ProfileCounts(APIModel):
    """How many Fargate profiles the cluster has, and may have."""

    quota: Count | None = None
    """How many the cluster may have, if known. AWS: Service Quotas L-33415657."""
    owned: Count
    """How many belong to claims of this installation."""
    foreign: Count
    """How many others there are."""
    display: str
    """All profiles and the quota for people, such as 7/10."""


class ClassQueue(APIModel):
    """The queue of the cluster."""

    length: Count
    """How many operations wait."""
    blocked_by: Blocker | None = None
    """The profile that holds the cluster's slot."""


class ClassStatus(APIModel):
    """What the operator last saw of the class's cluster."""

    observed_generation: Count | None = None
    """The generation of the class that this status speaks of."""
    conditions: Conditions = ()
    """Ready, ClusterReachable, RoleUsable, SubnetsUsable, RoleMapped, EgressAvailable and DNSReady; SlotBlocked only while
    True. Unknown where the operator may not look."""
    revision: str | None = None
    """A hash of the resolved values that make a profile."""
    resolved: ClassResolved | None = None
    """What the class's references were found to be."""
    profiles: ProfileCounts | None = None
    """How many Fargate profiles the cluster has, and may have."""
    queue: ClassQueue | None = None
    """The queue of the cluster."""
    attached_claims: Count | None = None
    """How many claims use the class."""
    last_handled_retry: str | None = None
    """The value of the retry annotation that was last obeyed."""

    @classmethod
    def parse(cls, raw: object) -> Self:
        """`raw` as far as it is a status; the rest is dropped. Raises nothing."""
        return parse_leniently(cls, raw)
