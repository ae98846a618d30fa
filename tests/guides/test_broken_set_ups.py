"""What people get wrong, met by the operator itself: the class says what is wrong and what to do, and when that is done all is well.

A claim waits where its profile could not be made or would be of no use: without a usable cluster, role or subnets. Whatever else is
wrong, it gets its profile: CoreDNS, and the first profile of a role, must be able to come.
"""

import itertools
import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

import pytest

from fargateclaims.api.conditions import ConditionType
from support.broken_set_ups import BREAKAGES, CLUSTER, SetUp
from support.fault_world import CREATE, Object, condition, stands
from support.guide_world import WELL, GuideWorld, verdicts
from support.said_fixes import carry_out, commands

HOLDING: Final = {ConditionType.CLUSTER_REACHABLE, ConditionType.ROLE_USABLE, ConditionType.SUBNETS_USABLE}
Mend = Callable[[SetUp, str], object]


def as_said(set_up: SetUp, sentence: str) -> None:
    """The command is complete."""
    assert carry_out(set_up, sentence) > 0


def with_another_gateway(set_up: SetUp, sentence: str) -> None:
    public = set_up.seeded.public_subnets[0]
    gateway = set_up.aws("ec2").create_nat_gateway(SubnetId=public, ConnectivityType="private")["NatGateway"]["NatGatewayId"]
    assert carry_out(set_up, sentence, NAT_GATEWAY=gateway) == 1


def trust_as_said(set_up: SetUp, sentence: str) -> None:
    statement = json.loads(sentence.partition("by the statement ")[2])
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    set_up.aws("iam").update_assume_role_policy(RoleName=set_up.role_name, PolicyDocument=document)


def make_role(set_up: SetUp, _: str) -> None:
    trusted = json.dumps({"Version": "2012-10-17", "Statement": []})
    set_up.aws("iam").create_role(RoleName=set_up.role_name, AssumeRolePolicyDocument=trusted)
    set_up.trust()
    policy = "arn:aws:iam::aws:policy/AmazonEKSFargatePodExecutionRolePolicy"
    set_up.aws("iam").attach_role_policy(RoleName=set_up.role_name, PolicyArn=policy)


def take_role_from_nodes(set_up: SetUp, _: str) -> None:
    set_up.aws("eks").delete_nodegroup(clusterName=CLUSTER, nodegroupName="workers")


def close_to_internet(set_up: SetUp, _: str) -> None:
    ec2 = set_up.aws("ec2")
    for table in ec2.describe_route_tables()["RouteTables"]:
        for association in table["Associations"]:
            if association.get("SubnetId") in set_up.seeded.private_subnets:
                ec2.disassociate_route_table(AssociationId=association["RouteTableAssociationId"])


def to_zones_of_the_region(set_up: SetUp, _: str) -> None:
    for subnet, zone in zip(set_up.seeded.private_subnets, "abc", strict=True):
        set_up.simulated.subnet(subnet, account=set_up.seeded.account, region=set_up.seeded.region, zone=f"{set_up.seeded.region}{zone}")


def moving(**change: Any) -> Mend:
    return lambda set_up, _: set_up.move_subnets(**change)


def behaving(**change: Any) -> Mend:
    return lambda set_up, _: set_up.simulated.behave(**change)


def by_the_profile(set_up: SetUp, sentence: str) -> None:
    """EKS itself has made the entry again, with the claim's profile."""
    entry = set_up.aws("eks").describe_access_entry(clusterName=CLUSTER, principalArn=set_up.role)["accessEntry"]
    assert commands(sentence)[0].endswith(f"--type {entry['type']}")


def is_answered(kind: ConditionType, said: str | None, cls: Object) -> bool:
    """Whether a condition is as it should be, or asks for something else than the commands that it gave."""
    now = commands(condition(cls, kind)["message"])
    return verdicts(cls)[kind] == WELL or (said is not None and bool(now) and now != commands(said))


WARNS, FALSE = "True", "False"
AMISS: Final[Mapping[str, tuple[str, str, Mend]]] = {
    "cluster on Outposts": (FALSE, "ClusterUnsupported", behaving(on_outposts=False)),
    "version out of support": (WARNS, "Limited", behaving(version="1.34")),
    "trust policy": (FALSE, "RoleNotUsable", trust_as_said),
    "policy detached": (FALSE, "RoleNotUsable", as_said),
    "role deleted": (FALSE, "RoleNotUsable", make_role),
    "role of a node group": (FALSE, "RoleNotUsable", take_role_from_nodes),
    "access entry deleted": (FALSE, "RoleNotMapped", by_the_profile),
    "subnets open to the internet": (FALSE, "PublicSubnet", close_to_internet),
    "subnets on an Outpost": (FALSE, "SubnetUnsupported", moving(on_outpost=False)),
    "subnets in a Local Zone": (FALSE, "SubnetUnsupported", to_zones_of_the_region),
    "no address free": (FALSE, "SubnetUnsupported", moving(free_addresses=200)),
    "no route out": (FALSE, "NoEgress", as_said),
    "NAT gateway deleted": (FALSE, "NoEgress", with_another_gateway),
    "endpoint missing": (FALSE, "NoEgress", as_said),
    "endpoints' group closed": (FALSE, "NoEgress", as_said),
    "private access off": (FALSE, "NoEgress", as_said),
    "DNS of the VPC off": (FALSE, "NoEgress", as_said),
}
"""What the condition then is, and what mends it."""


def test_all_are_here() -> None:
    assert AMISS.keys() == BREAKAGES.keys()


async def test_nothing_is_said_where_all_is_well(healthy: GuideWorld) -> None:
    await healthy.open()
    async with healthy.engine() as engine:
        cls = await healthy.until_judged()
        assert set(verdicts(cls).values()) == {WELL}
        assert stands(cls) == WELL
        await healthy.new_claim(engine)
        await healthy.until_active()


@pytest.mark.parametrize("name", BREAKAGES)
async def test_what_is_wrong_is_said_with_its_fix(healthy: GuideWorld, name: str) -> None:
    (kind, breakage), (status, reason, mend) = BREAKAGES[name], AMISS[name]
    breakage(healthy.set_up)
    await healthy.open()
    async with healthy.engine() as engine:
        cls = await healthy.until_judged()
        others = verdicts(cls)
        assert others.pop(kind) == (status, reason)
        if kind is ConditionType.SUBNETS_USABLE:
            others.pop(ConditionType.EGRESS_AVAILABLE)
        assert set(others.values()) == {WELL}
        sentence = condition(cls, kind)["message"]
        assert "; " in sentence, "what is so, and what to do"
        assert "\n" not in sentence
        assert ". " not in sentence

        held = status == FALSE and kind in HOLDING
        await healthy.new_claim(engine)
        if held:
            claim = await healthy.until(lambda claim: stands(claim)[0] == "False")
            assert stands(claim)[1] == "ClassNotReady"
            assert sentence in condition(claim)["message"]
            assert not healthy.calls(CREATE)
            assert stands(cls) == (status, reason)
        else:
            await healthy.until_active()
            assert stands(cls) == WELL

        for attempt in itertools.count():
            mend(healthy.set_up, sentence)
            await healthy.retry(engine, str(attempt))
            # One message has one fix: behind it may be another.
            cls = await healthy.until_class(partial(is_answered, kind, sentence if mend is as_said else None))
            if verdicts(cls)[kind] == WELL:
                break
            sentence = condition(cls, kind)["message"]
        await healthy.until_well()
        await healthy.until_active()
