"""The EKS API of one cluster, as far as Fargate profiles are concerned."""

from collections.abc import Iterable, Mapping
from typing import Final

from fargateclaims.aws.calls import Caller
from fargateclaims.aws.departure import Permit
from fargateclaims.aws.shapes import malformed, read_cluster, read_profile, reading
from fargateclaims.domain.observation import EKSCluster
from fargateclaims.domain.profile import Profile, ProfileSpec

_PAGE_SIZE: Final = 100
_MAX_PAGES: Final = 100
"""A cluster has ten profiles, perhaps a hundred by a raised quota: more pages than this are a loop in the pagination."""


class EKSGateway:
    """One cluster's profiles. Each method raises AWSError; those that change something raise NotPermitted where `permit` says no.

    `urgent` calls go before others when AWS's limits make calls wait.
    """

    def __init__(self, caller: Caller, cluster_name: str) -> None:
        self._caller = caller
        self._cluster = cluster_name

    async def describe_cluster(self, *, urgent: bool = False) -> EKSCluster:
        """Return the cluster. Raises AWSError (CLUSTER_GONE) if there is none."""
        answer = await self._caller.read("eks", "DescribeCluster", {"name": self._cluster}, urgent=urgent)
        return read_cluster("DescribeCluster", answer)

    async def list_profiles(self, *, urgent: bool = False) -> tuple[str, ...]:
        """Return the names of all profiles, sorted: the complete list, or an error."""
        names: set[str] = set()
        parameters: dict[str, object] = {"clusterName": self._cluster, "maxResults": _PAGE_SIZE}
        for _ in range(_MAX_PAGES):
            answer = await self._caller.read("eks", "ListFargateProfiles", parameters, urgent=urgent)
            with reading("ListFargateProfiles"):
                names.update(answer["fargateProfileNames"])
            if not answer.get("nextToken"):
                return tuple(sorted(names))
            parameters["nextToken"] = answer["nextToken"]
        raise malformed("ListFargateProfiles", f"the list did not end after {_MAX_PAGES} pages")

    async def describe_profile(self, name: str, *, urgent: bool = False) -> Profile:
        """Return the profile `name`. Raises AWSError (GONE) if there is none, (CLUSTER_GONE) if there is no cluster."""
        answer = await self._caller.read("eks", "DescribeFargateProfile", self._profile(name), urgent=urgent)
        return read_profile("DescribeFargateProfile", answer)

    async def create_profile(self, spec: ProfileSpec, permit: Permit) -> Profile:
        """Begin to create a profile and return it as EKS took it."""
        selectors = [{"namespace": each.namespace} | ({"labels": dict(each.labels)} if each.labels else {}) for each in spec.selectors]
        parameters = self._profile(spec.name) | {
            "podExecutionRoleArn": spec.pod_execution_role_arn,
            "selectors": selectors,
            "tags": dict(spec.tags),
        }
        if spec.subnet_ids:
            parameters["subnets"] = list(spec.subnet_ids)
        return read_profile("CreateFargateProfile", await self._caller.mutate(permit, "eks", "CreateFargateProfile", parameters))

    async def delete_profile(self, name: str, permit: Permit) -> Profile:
        """Begin to delete a profile and return it as it is now."""
        return read_profile("DeleteFargateProfile", await self._caller.mutate(permit, "eks", "DeleteFargateProfile", self._profile(name)))

    async def tag(self, arn: str, tags: Mapping[str, str], permit: Permit) -> None:
        """Set tags of the profile `arn`; others stay."""
        await self._caller.mutate(permit, "eks", "TagResource", {"resourceArn": arn, "tags": dict(tags)})

    async def untag(self, arn: str, keys: Iterable[str], permit: Permit) -> None:
        """Remove tags of the profile `arn` by their keys."""
        await self._caller.mutate(permit, "eks", "UntagResource", {"resourceArn": arn, "tagKeys": list(keys)})

    def _profile(self, name: str) -> dict[str, object]:
        return {"clusterName": self._cluster, "fargateProfileName": name}
