"""What holds whatever was read, in whatever order it came, and however much of it may not be read."""

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fargateclaims.api.conditions import MESSAGE_MAX_LENGTH, ConditionType
from fargateclaims.api.fargateclass import SubnetsFrom
from fargateclaims.domain.checks.finding import Level
from fargateclaims.domain.checks.subnets import resolve_subnets
from fargateclaims.domain.network import Network, RouteTable, Subnet
from fargateclaims.domain.unreadable import Unreadable
from support.any_class import HIDDEN, Chance
from support.class_checks import CLUSTER, ENDPOINTS, ISOLATED, NETWORK, World

SEEDS = 300


@pytest.mark.parametrize("start", range(0, SEEDS, 100))
def test_there_is_an_answer_to_every_question(start: int) -> None:
    for seed in range(start, start + 100):
        findings = Chance(seed).world().findings
        assert len(findings) == 6
        for finding in findings.values():
            assert 0 < len(finding.sentence) < MESSAGE_MAX_LENGTH
            assert not finding.message.endswith(".")
            assert len(finding.details) <= 21


def test_chance_meets_every_level_of_every_condition() -> None:
    met = {(kind, finding.level) for seed in range(SEEDS) for kind, finding in Chance(seed).world().findings.items()}
    never = {
        (ConditionType.CLUSTER_REACHABLE, Level.UNKNOWN),
        (ConditionType.ROLE_MAPPED, Level.WARNING),
        (ConditionType.EGRESS_AVAILABLE, Level.WARNING),
    }
    # Six conditions of four levels; a healthy class's are in test_set_ups.
    everything = {(kind, level) for kind in World().findings for level in Level}
    assert everything - met - never <= {(kind, Level.OK) for kind in World().findings}
    assert not met & never


@pytest.mark.parametrize("start", range(0, SEEDS, 100))
def test_the_order_of_facts_never_matters(start: int) -> None:
    for seed in range(start, start + 100):
        chance = Chance(seed)
        world = chance.world()
        assert chance.shuffled(world).findings == world.findings, seed


@given(st.sets(st.sampled_from([each.name for each in fields(Network)])), st.sampled_from([NETWORK, ISOLATED]))
def test_a_healthy_network_never_looks_broken_for_want_of_a_permission(hidden: set[str], network: Network) -> None:
    findings = World(network=replace(network, **dict.fromkeys(hidden, HIDDEN))).findings
    assert {finding.level for finding in findings.values()} <= {Level.OK, Level.UNKNOWN}
    assert (findings[ConditionType.SUBNETS_USABLE].level is Level.UNKNOWN) == bool(hidden & {"subnets", "route_tables"})


@given(st.sets(st.sampled_from(["versions", "node_roles", "entry", "workloads", "addon"])))
def test_a_healthy_class_never_looks_broken_for_want_of_a_permission(hidden: set[str]) -> None:
    findings = replace(World(), **dict.fromkeys(hidden, HIDDEN)).findings  # type: ignore[arg-type]
    assert {finding.level for finding in findings.values()} <= {Level.OK, Level.UNKNOWN}
    assert findings[ConditionType.CLUSTER_REACHABLE].level is Level.OK


def test_the_subnets_that_are_used_are_sorted_and_usable() -> None:
    for seed in range(SEEDS):
        world = Chance(seed).world()
        used = resolve_subnets(world.source, CLUSTER, world.network)
        assert list(used) == sorted(set(used))
        if world.source.from_ is not SubnetsFrom.IDS and not isinstance(world.network.subnets, Unreadable):
            known = {each.id: each for each in world.network.subnets}
            assert all(known[each].vpc_id == CLUSTER.vpc_id and not known[each].on_outpost for each in used)


def test_thousands_of_facts_make_short_texts() -> None:
    many = tuple(Subnet(f"subnet-{number:05x}", "vpc-1", "eu-west-1a") for number in range(2_000))
    routing = tuple(RouteTable(f"rtb-{each.id}", main=False, subnet_ids=frozenset({each.id}), routes=()) for each in many)
    cluster = replace(CLUSTER, subnet_ids=tuple(each.id for each in many))
    network = replace(NETWORK, subnets=many, route_tables=routing, endpoints=ENDPOINTS * 300)
    findings = World(cluster=cluster, network=network).findings
    assert findings[ConditionType.EGRESS_AVAILABLE].level is Level.ERROR
    assert all(len("".join([each.sentence, *each.details])) < 16_000 for each in findings.values())
