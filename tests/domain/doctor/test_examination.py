"""From facts to a chart: what each check is called, what becomes of what could not be read, and what holds whatever was read."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from fargateclaims.api.reasons import Reason
from fargateclaims.domain import no_access
from fargateclaims.domain.checks.finding import Level
from fargateclaims.domain.doctor.chart import Check, ClusterChart, Examination
from fargateclaims.domain.doctor.examination import examine
from fargateclaims.domain.doctor.sight import Sight
from fargateclaims.domain.failure import Failure, FailureClass
from fargateclaims.domain.observation import Quotas
from fargateclaims.domain.unreadable import Unreadable
from support.any_class import Chance
from support.builders import ARN, NOW, make_class
from support.class_checks import CLUSTER, DENIED, NETWORK, PUBLIC, A, World
from support.sights import closed, sight_of

SILENT = Unreadable("DescribeX: no answer", reason=Reason.UNAVAILABLE)
UNREACHABLE = no_access.unreachable(ARN, CLUSTER, "Connection refused")
LISTING = 'GET /x: 403 Forbidden: pods is forbidden: User "me" cannot list resource "pods" in API group "" at the cluster scope'


def all_of(chart: ClusterChart) -> list[Check]:
    return [*chart.checks, *(check for cls in chart.classes for check in cls.checks)]


def checks(sight: Sight) -> dict[str, Check]:
    return {check.name: check for check in all_of(examine(sight, NOW))}


def levels(sight: Sight) -> dict[str, Level | None]:
    """Of what is not as it should be."""
    return {name: check.level for name, check in checks(sight).items() if check.amiss}


def with_children(found: list[Check]) -> Iterator[Check]:
    for check in found:
        yield check
        yield from with_children(list(check.children))


def test_a_healthy_cluster() -> None:
    found = checks(sight_of())
    assert list(found) == [
        "cluster",
        "security group",
        "Kubernetes API",
        "CoreDNS",
        "network plugin",
        "Pending pods",
        "profiles",
        "permissions",
        "role",
        "role mapping",
        "subnets",
        "egress",
        "class status",
    ]
    assert levels(sight_of()) == {}


@pytest.mark.parametrize("start", range(0, 300, 100))
def test_whatever_was_read_every_line_is_short_and_says_what_to_do(start: int) -> None:
    for seed in range(start, start + 100):
        chart = examine(sight_of(Chance(seed).world()), NOW)
        for check in with_children(all_of(chart)):
            assert check.message, seed
            assert "\n" not in check.message + check.fix
        for check in all_of(chart):
            assert not check.amiss or check.fix or any(child.fix for child in check.children), (seed, check)
        assert Examination((chart,)).amiss().level is Examination((chart,)).level


def test_who_may_look_at_nothing_is_told_so_and_of_no_error() -> None:
    hidden = World(
        network=type(NETWORK).unreadable(DENIED), node_roles=DENIED, entry=DENIED, workloads=DENIED, addon=DENIED, versions=DENIED
    )
    sight = sight_of(hidden, profiles=DENIED, roles={hidden.role_arn: DENIED}, pods=DENIED, daemon_sets=DENIED, quotas=Quotas())
    amiss = levels(replace(sight, refused=("ec2:DescribeSubnets",)))
    assert set(amiss.values()) == {Level.UNKNOWN}
    assert set(amiss) == {
        "CoreDNS", "network plugin", "Pending pods", "profiles", "permissions", "role", "role mapping", "subnets", "egress",
    }  # fmt: skip
    assert {checks(sight)[name].fix for name in ("profiles", "role", "CoreDNS", "network plugin")} == {"see permissions"}


def test_what_does_not_answer_is_asked_again() -> None:
    assert checks(sight_of(profiles=SILENT))["profiles"].fix == "try again"
    assert checks(sight_of(profiles=SILENT))["Pending pods"].fix == "try again"


@pytest.mark.parametrize(
    ("barred", "fix"),
    [
        (UNREACHABLE, UNREACHABLE.fix),
        (no_access.not_known(ARN, CLUSTER, "ROLE"), no_access.not_known(ARN, CLUSTER, "ROLE").fix),
        (no_access.failing(ARN, "503"), "try again"),
        (no_access.forbidden(ARN, "ROLE", "not on Fridays"), "ask who looks after its authorization, as RBAC has its own words"),
    ],
)
def test_a_closed_api_is_said_once_and_pointed_to(barred: no_access.NoAccess, fix: str) -> None:
    found = checks(sight_of(inside=closed(barred)))
    assert (found["Kubernetes API"].level, found["Kubernetes API"].message, found["Kubernetes API"].fix) == (
        Level.UNKNOWN,
        barred.problem,
        fix,
    )
    for name in ("CoreDNS", "network plugin", "Pending pods"):
        assert found[name].level is Level.UNKNOWN
        assert found[name].message.endswith("cannot be seen: its Kubernetes API cannot be asked")
        assert found[name].fix == "see Kubernetes API"
    assert found["permissions"].level is Level.OK


def test_a_right_that_is_missing_is_listed_and_leaves_the_rest() -> None:
    barred = no_access.forbidden(ARN, "ROLE", LISTING)
    found = checks(sight_of(pods=barred))
    assert found["Kubernetes API"].level is Level.OK
    assert found["Pending pods"].message.endswith("cannot be seen: no right to list pods in all namespaces")
    assert found["Pending pods"].fix == "see permissions"
    (rbac,) = found["permissions"].children
    assert rbac.message == "list pods in all namespaces"


def test_before_the_first_profile_a_mapping_is_nobodys_fault() -> None:
    unmapped = World(entry=None, profiles=())
    found = checks(sight_of(unmapped))["role mapping"]
    assert (found.level, found.fix) == (Level.OK, "")
    assert "EKS adds it with the first profile" in found.message
    # Whether it is the first one is not known here.
    assert checks(sight_of(unmapped, profiles=DENIED))["role mapping"].level is Level.UNKNOWN


@pytest.mark.parametrize(
    ("mode", "entry"),
    [
        (
            "API",
            f"aws eks create-access-entry --cluster-name prod --region eu-west-1 --principal-arn {World().role_arn} --type FARGATE_LINUX",
        ),
        ("CONFIG_MAP", f'- {{rolearn: "{World().role_arn}", username: "system:node:{{{{SessionName}}}}", groups: '),
    ],
)
def test_the_entry_of_the_role_is_always_printed(mode: str, entry: str) -> None:
    cluster = replace(CLUSTER, authentication_mode=mode)
    for world in (World(cluster=cluster), World(cluster=cluster, entry=None), World(cluster=cluster, entry=None, profiles=())):
        found = checks(sight_of(world))["role mapping"]
        assert sum(entry in text for text in (found.fix, *found.details)) == 1


def test_each_subnet_is_told_with_its_way_out() -> None:
    found = checks(sight_of())["subnets"]
    assert [(child.name, child.level) for child in found.children][-1] == (PUBLIC, None)
    assert found.children[0].message == "eu-west-1a, 200 free addresses, rtb-private routes 0.0.0.0/0 to nat-1"
    assert found.children[-1].message == "left out: it is public: rtb-public routes 0.0.0.0/0 to igw-9"
    assert found.details == ()


def test_a_subnet_that_was_named_must_be_usable() -> None:
    source = type(World().source).model_validate({"from": "IDs", "ids": [A, PUBLIC]})
    found = checks(sight_of(World(source=source)))
    assert found["subnets"].level is Level.ERROR
    assert [child.level for child in found["subnets"].children] == [Level.OK, Level.ERROR]
    assert found["egress"].level is Level.OK


def test_without_usable_subnets_there_is_no_way_out_to_be_seen() -> None:
    source = type(World().source).model_validate({"from": "IDs", "ids": [PUBLIC]})
    found = checks(sight_of(World(source=source)))["egress"]
    assert (found.level, found.message, found.fix) == (
        Level.UNKNOWN,
        "the way out can be seen when there are usable subnets",
        "see subnets",
    )


def test_a_class_that_does_not_exist_has_no_status() -> None:
    cls = make_class("")
    cls = cls.model_copy(update={"metadata": cls.metadata.model_copy(update={"uid": ""})})
    assert "class status" not in checks(replace(sight_of(), classes=(cls,)))


@pytest.mark.parametrize(
    ("kind", "changes", "level", "told"),
    [
        (FailureClass.CLUSTER_GONE, {}, Level.ERROR, "aws eks list-clusters --region eu-west-1"),
        (FailureClass.WRONG_ACCOUNT, {}, Level.ERROR, "account 111122223333"),
        (FailureClass.UNAUTHORIZED, {}, Level.ERROR, "aws sts get-caller-identity"),
        (FailureClass.UNAUTHORIZED, {"permission": "eks:DescribeCluster"}, Level.ERROR, "see permissions"),
        (FailureClass.THROTTLED, {}, Level.UNKNOWN, "try again"),
        (FailureClass.UNAVAILABLE, {}, Level.UNKNOWN, "try again"),
        (FailureClass.INVALID, {}, Level.UNKNOWN, "try again"),
    ],
)
def test_a_cluster_that_eks_does_not_describe(kind: FailureClass, changes: dict[str, Any], level: Level, told: str) -> None:
    failure = Failure(kind, "Code", "words of AWS", "DescribeCluster", **changes)
    found = checks(replace(sight_of(), known=failure))
    assert found["cluster"].level is level
    assert told in found["cluster"].fix
    assert set(found) == {"cluster", "permissions"} if changes else {"cluster"}
