from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from fargateclaims.aws.cloud import AWSCloud, ClusterGateway
from fargateclaims.aws.departure import NotPermitted
from fargateclaims.domain.access import AccessEntry, Addon, ClusterAccess, ClusterVersion
from fargateclaims.domain.failure import AWSError, FailureClass
from fargateclaims.domain.observation import EKSCluster
from fargateclaims.domain.unreadable import Unreadable
from fargateclaims.timing import AWS_STEADY_TTL
from support.canned_aws import ACCOUNT, Answer, Call, CannedAWS, Drop, refused
from support.eks_answers import PROD, ROLE
from support.virtual_clock import VirtualClock

CLUSTER = EKSCluster("prod", "ACTIVE", "1.35", "vpc-1", (), "API_AND_CONFIG_MAP")
OTHER = f"arn:aws:iam::{ACCOUNT}:role/other"
NODES = f"arn:aws:iam::{ACCOUNT}:role/nodes"
GROUPS = ["system:node-proxier"]
USERNAME = "system:node:{{SessionName}}"
NOT_FOUND = "ResourceNotFoundException"
ENTRY = AccessEntry(ROLE, "FARGATE_LINUX", USERNAME, frozenset(GROUPS))
READINGS = ("ListNodegroups", "DescribeNodegroup", "DescribeAddon", "DescribeClusterVersions", "DescribeAccessEntry")


def entry(arn: str) -> dict[str, Any]:
    return {"accessEntry": {"principalArn": arn, "type": "FARGATE_LINUX", "username": USERNAME, "kubernetesGroups": GROUPS}}


class Cluster:
    """What EKS has; its lists have one entry a page."""

    def __init__(self, aws: CannedAWS) -> None:
        self.entries = {ROLE}
        self.groups = {"a": NODES, "b": NODES}
        self.gone: set[str] = set()
        self.versions = [
            {"clusterVersion": "1.35", "status": "standard-support", "versionStatus": "STANDARD_SUPPORT"},
            {"clusterVersion": "1.30", "versionStatus": "EXTENDED_SUPPORT"},
        ]
        addon = {"addonName": "coredns", "status": "ACTIVE", "addonVersion": "v1.12", "configurationValues": '{"computeType":"Fargate"}'}
        aws.will("DescribeAccessEntry", self.entry)
        aws.will("ListNodegroups", paged("nodegroups", lambda: [*self.groups, *self.gone]))
        aws.will("DescribeNodegroup", self.group)
        aws.will("DescribeAddon", Answer({"addon": addon}))
        aws.will("DescribeClusterVersions", paged("clusterVersions", lambda: self.versions))

    def entry(self, call: Call) -> Answer:
        arn = call.parameters["principalArn"]
        return Answer(entry(arn)) if arn in self.entries else refused(NOT_FOUND, "The specified principalArn could not be found.", 404)

    def group(self, call: Call) -> Answer:
        name = call.parameters["nodegroupName"]
        if name in self.gone:
            return refused(NOT_FOUND, f"No node group found for name: {name}.", 404)
        return Answer({"nodegroup": {"nodegroupName": name, "nodeRole": self.groups[name]}})


def paged(key: str, items: Callable[[], list[Any]]) -> Callable[[Call], Answer]:
    def page(call: Call) -> Answer:
        number, all_items = int(call.parameters.get("nextToken", 0)), items()
        more = {"nextToken": str(number + 1)} if number + 1 < len(all_items) else {}
        return Answer({key: all_items[number : number + 1]} | more)

    return page


def yes() -> bool:
    return True


@pytest.fixture
def eks(aws: CannedAWS) -> Cluster:
    return Cluster(aws)


@pytest.fixture
def gateway(cloud: AWSCloud) -> ClusterGateway:
    return cloud.gateway(PROD)


async def test_all_that_eks_says(eks: Cluster, gateway: ClusterGateway) -> None:
    assert await gateway.access(CLUSTER, {ROLE, OTHER}) == ClusterAccess(
        entries={ROLE: ENTRY, OTHER: None},
        node_roles=eks.groups,
        core_dns=Addon("coredns", "ACTIVE", "v1.12", '{"computeType":"Fargate"}'),
        versions=(ClusterVersion("1.35", "standard-support"), ClusterVersion("1.30", "extended-support")),
    )


@pytest.mark.usefixtures("eks")
async def test_a_mode_without_access_entries_is_not_asked_for_any(aws: CannedAWS, gateway: ClusterGateway) -> None:
    assert (await gateway.access(replace(CLUSTER, authentication_mode="CONFIG_MAP"), {ROLE})).entries == {}
    assert aws.count("DescribeAccessEntry") == 0
    assert ROLE in (await gateway.access(replace(CLUSTER, authentication_mode="API"), {ROLE})).entries


async def test_at_rest_it_costs_two_calls_and_one_for_each_role(aws: CannedAWS, eks: Cluster, cloud: AWSCloud) -> None:
    eks.groups = {"a": NODES}
    await cloud.gateway(PROD).access(CLUSTER, {ROLE})
    aws.calls.clear()
    await cloud.gateway(PROD).access(CLUSTER, {ROLE, OTHER})
    assert Counter(call.operation for call in aws.calls) == {"DescribeAccessEntry": 2, "ListNodegroups": 1, "DescribeAddon": 1}


async def test_what_hardly_changes_is_read_again_after_a_day(aws: CannedAWS, eks: Cluster, clouds: Callable[..., AWSCloud]) -> None:
    clock = VirtualClock()
    cloud = clouds(clock)
    await cloud.gateway(PROD).access(CLUSTER, ())
    await clock.advance(AWS_STEADY_TTL - 1)
    eks.groups["c"] = NODES
    await cloud.gateway(PROD).access(CLUSTER, ())
    assert (aws.count("DescribeNodegroup"), aws.count("DescribeClusterVersions")) == (3, 2)
    await clock.advance(1)
    await cloud.gateway(PROD).access(CLUSTER, ())
    assert (aws.count("DescribeNodegroup"), aws.count("DescribeClusterVersions")) == (5, 4)


async def test_a_node_group_of_another_cluster_is_another_one(eks: Cluster, cloud: AWSCloud) -> None:
    await cloud.gateway(PROD).access(CLUSTER, ())
    eks.groups["a"] = OTHER
    staging = replace(PROD, name="staging")
    assert (await cloud.gateway(staging).access(replace(CLUSTER, name="staging"), ())).node_roles == {"a": OTHER, "b": NODES}


async def test_a_node_group_with_the_role_in_question_is_looked_at_each_time(aws: CannedAWS, eks: Cluster, gateway: ClusterGateway) -> None:
    """So that the mended cluster is seen, where a group was made anew under its name."""
    eks.groups = {"a": ROLE, "b": NODES}
    assert (await gateway.access(CLUSTER, {ROLE})).node_roles == eks.groups
    eks.groups["a"] = OTHER
    assert (await gateway.access(CLUSTER, {ROLE})).node_roles == {"a": OTHER, "b": NODES}
    assert aws.count("DescribeNodegroup") == 3
    del eks.groups["a"]
    assert (await gateway.access(CLUSTER, {ROLE})).node_roles == {"b": NODES}


async def test_a_node_group_that_goes_while_it_is_read(eks: Cluster, gateway: ClusterGateway) -> None:
    eks.gone = {"c"}
    assert (await gateway.access(CLUSTER, ())).node_roles == {"a": NODES, "b": NODES}


@pytest.mark.usefixtures("eks")
async def test_core_dns_that_eks_does_not_manage(aws: CannedAWS, gateway: ClusterGateway) -> None:
    aws.will("DescribeAddon", refused(NOT_FOUND, "No addon: coredns found in cluster: prod", 404))
    assert (await gateway.access(CLUSTER, ())).core_dns is None


@pytest.mark.parametrize("denied", READINGS)
async def test_without_a_permission_it_is_named_and_all_else_is_read(
    aws: CannedAWS, eks: Cluster, gateway: ClusterGateway, denied: str
) -> None:
    aws.will(denied, refused("AccessDeniedException", "no", 403))
    found = await gateway.access(CLUSTER, {ROLE})
    missing = Unreadable(f"no permission eks:{denied}")
    assert [found.entries[ROLE], found.node_roles, found.core_dns, found.versions].count(missing) == 1


@pytest.mark.usefixtures("eks")
@pytest.mark.parametrize("operation", READINGS)
async def test_what_may_pass_by_itself_is_no_fact(aws: CannedAWS, gateway: ClusterGateway, operation: str) -> None:
    for answer in (Answer({}), refused("ServerException", "no", 500), Answer("<html>")):
        aws.will(operation, answer)
        with pytest.raises(AWSError) as raised:
            await gateway.access(CLUSTER, {ROLE})
        assert (raised.value.failure.kind, raised.value.failure.operation) == (FailureClass.UNAVAILABLE, operation)


@pytest.mark.usefixtures("eks")
@pytest.mark.parametrize("operation", ["ListNodegroups", "DescribeAddon", "DescribeAccessEntry"])
async def test_a_cluster_that_is_gone(aws: CannedAWS, gateway: ClusterGateway, operation: str) -> None:
    aws.will(operation, refused(NOT_FOUND, "No cluster found for name: prod.", 404))
    with pytest.raises(AWSError) as raised:
        await gateway.access(CLUSTER, {ROLE})
    assert raised.value.failure.kind is FailureClass.CLUSTER_GONE


async def test_an_access_entry_is_made(aws: CannedAWS, gateway: ClusterGateway) -> None:
    aws.will("CreateAccessEntry", Answer(entry(ROLE)))
    assert await gateway.create_access_entry(ROLE, yes) == ENTRY
    sent = dict(aws.calls[-1].parameters)
    sent.pop("clientRequestToken")
    assert sent == {"clusterName": "prod", "principalArn": ROLE, "type": "FARGATE_LINUX"}


async def test_an_addon_gets_another_configuration(aws: CannedAWS, gateway: ClusterGateway) -> None:
    aws.will("UpdateAddon", Answer({"update": {"id": "u", "status": "InProgress"}}))
    await gateway.update_addon("coredns", '{"computeType":"Fargate"}', yes)
    sent = dict(aws.calls[-1].parameters)
    sent.pop("clientRequestToken")
    assert sent == {
        "clusterName": "prod",
        "addonName": "coredns",
        "configurationValues": '{"computeType":"Fargate"}',
        "resolveConflicts": "PRESERVE",
    }


async def test_nothing_is_changed_without_a_permit(aws: CannedAWS, gateway: ClusterGateway) -> None:
    with pytest.raises(NotPermitted):
        await gateway.create_access_entry(ROLE, lambda: False)
    with pytest.raises(NotPermitted):
        await gateway.update_addon("coredns", "{}", lambda: False)
    assert (aws.count("CreateAccessEntry"), aws.count("UpdateAddon")) == (0, 0)


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        ("ResourceInUseException", "The specified access entry resource is already in use on this cluster.", FailureClass.EXISTS),
        ("ResourceInUseException", "Cluster prod currently has an update in progress", FailureClass.BUSY_CLUSTER),
        ("InvalidParameterException", "The specified principalArn is invalid.", FailureClass.INVALID),
    ],
)
async def test_an_access_entry_is_refused(aws: CannedAWS, gateway: ClusterGateway, code: str, message: str, kind: FailureClass) -> None:
    aws.will("CreateAccessEntry", refused(code, message, 409))
    with pytest.raises(AWSError) as raised:
        await gateway.create_access_entry(ROLE, yes)
    assert (raised.value.failure.kind, raised.value.failure.outcome_unknown) == (kind, False)


async def test_an_addon_at_work_is_busy(aws: CannedAWS, gateway: ClusterGateway) -> None:
    aws.will("UpdateAddon", refused("ResourceInUseException", "Addon coredns cannot be updated as it is currently in UPDATING state", 409))
    with pytest.raises(AWSError) as raised:
        await gateway.update_addon("coredns", "{}", yes)
    assert raised.value.failure.kind is FailureClass.BUSY_CLUSTER


async def test_a_mutation_whose_answer_is_lost_is_unknown(aws: CannedAWS, gateway: ClusterGateway) -> None:
    def drop(_call: Call) -> Answer:
        raise Drop

    for answer in (drop, Answer({})):
        aws.will("CreateAccessEntry", answer)
        with pytest.raises(AWSError) as raised:
            await gateway.create_access_entry(ROLE, yes)
        assert (raised.value.failure.kind, raised.value.failure.outcome_unknown) == (FailureClass.UNAVAILABLE, True)
    aws.will("UpdateAddon", drop)
    with pytest.raises(AWSError) as raised:
        await gateway.update_addon("coredns", "{}", yes)
    assert raised.value.failure.outcome_unknown
