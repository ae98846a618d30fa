from collections.abc import Mapping
from dataclasses import replace

import pytest

from fargateclaims.api.arn import ClusterARN
from fargateclaims.domain.checks.endpoints import SERVICES, Gap, Isolated, begun, gaps, make_endpoints
from fargateclaims.domain.network import VPC, IngressRule, Network, SecurityGroup, VPCEndpoint
from fargateclaims.domain.unreadable import Unreadable
from support.builders import ARN
from support.class_checks import CLUSTER, ENDPOINTS, ISOLATED, OPEN_GROUP, A, B, endpoint

TABLES = {A: "rtb-private", B: "rtb-private"}
HIDDEN = Unreadable.without("ec2:DescribeThem")
CREATE = "aws ec2 create-vpc-endpoint --region eu-west-1 --vpc-id vpc-1"
INTERFACE = (
    f"{CREATE} --vpc-endpoint-type Interface --private-dns-enabled --subnet-ids {A} {B} --security-group-ids sg-cluster --service-name"
)


def isolated(network: Network = ISOLATED, tables: Mapping[str, str] = TABLES, arn: ClusterARN = ARN) -> Isolated:
    return Isolated(arn, CLUSTER, network, tables)


def of(*endpoints: VPCEndpoint, **where: object) -> tuple[Gap, ...]:
    """What is missing with these endpoints and the healthy ones of other services."""
    services = {each.service for each in endpoints}
    others = [each for each in ENDPOINTS if each.service not in services]
    return gaps(isolated(**where), [*endpoints, *others])  # type: ignore[arg-type]


def guarded(*rules: IngressRule) -> Network:
    return replace(ISOLATED, security_groups=(SecurityGroup("sg-ends", rules),))


def rule(*sources: str, protocol: str = "tcp", ports: tuple[int, int] | None = (443, 443)) -> IngressRule:
    return IngressRule(protocol, ports, frozenset(sources))


@pytest.mark.parametrize(
    "endpoints",
    [
        (),
        (endpoint("s3", kind="Interface", private_dns=True, subnet_ids=frozenset({A}), route_table_ids=frozenset()),),
        (endpoint("sts", service="cn.com.amazonaws.eu-west-1.sts"),),
        # Two gateways share the tables; one endpoint that works is enough.
        (endpoint("s3", id="vpce-0", route_table_ids=frozenset({"rtb-other"})), endpoint("s3")),
        (endpoint("sts", id="vpce-0", state="failed"), endpoint("sts")),
        (endpoint("s3", id="vpce-0", kind="Interface", private_dns=False), endpoint("s3")),
    ],
)
def test_nothing_is_missing(endpoints: tuple[VPCEndpoint, ...]) -> None:
    assert of(*endpoints) == ()


@pytest.mark.parametrize("service", SERVICES)
def test_each_service_is_needed_in_the_cluster_s_region(service: str) -> None:
    expected = Gap(service, f"there is none for {service}", make_endpoints(isolated(), [service]), missing=True)
    assert gaps(isolated(), [each for each in ENDPOINTS if each != endpoint(service)]) == (expected,)
    elsewhere = endpoint(service, service=f"com.amazonaws.eu-west-2.{service}")
    assert gaps(isolated(), [*(each for each in ENDPOINTS if each != endpoint(service)), elsewhere]) == (expected,)


@pytest.mark.parametrize(
    ("broken", "problem", "fix"),
    [
        (
            endpoint("sts", state="pendingacceptance"),
            "vpce-sts for sts is pendingacceptance",
            f"wait for it, or make it anew: {INTERFACE} com.amazonaws.eu-west-1.sts",
        ),
        (
            endpoint("logs", private_dns=False),
            "vpce-logs for logs has no private DNS name",
            "aws ec2 modify-vpc-endpoint --region eu-west-1 --vpc-endpoint-id vpce-logs --private-dns-enabled",
        ),
        (
            endpoint("ec2", subnet_ids=frozenset()),
            "vpce-ec2 for ec2 is in no subnet",
            f"aws ec2 modify-vpc-endpoint --region eu-west-1 --vpc-endpoint-id vpce-ec2 --add-subnet-ids {A} {B}",
        ),
        (
            endpoint("s3", route_table_ids=frozenset({"rtb-other"})),
            "no route of rtb-private leads to vpce-s3 for s3, which is available",
            "aws ec2 modify-vpc-endpoint --region eu-west-1 --vpc-endpoint-id vpce-s3 --add-route-table-ids rtb-private",
        ),
        (
            endpoint("s3", state="deleting"),
            "no route of rtb-private leads to vpce-s3 for s3, which is deleting",
            "aws ec2 modify-vpc-endpoint --region eu-west-1 --vpc-endpoint-id vpce-s3 --add-route-table-ids rtb-private",
        ),
    ],
)
def test_an_endpoint_that_does_not_serve(broken: VPCEndpoint, problem: str, fix: str) -> None:
    (gap,) = of(broken)
    assert (gap.problem, gap.fix, gap.missing) == (problem, fix, False)


@pytest.mark.parametrize(
    "rules",
    [
        (rule("10.0.0.0/16"),),
        (rule("0.0.0.0/0"),),
        (rule("10.0.0.0/24", "10.0.1.0/24"),),
        (rule("10.0.0.0/24"), rule("10.0.1.0/25", "10.0.1.128/25")),
        (rule("sg-cluster"),),
        (rule("pl-1"),),
        (rule("10.0.0.0/16", ports=(0, 65535)),),
        (rule("10.0.0.0/16", protocol="-1", ports=None),),
        (rule("10.0.0.0/16", protocol="6"),),
        (rule("10.0.0.5/16"), rule("nonsense", "2001:db8::/32")),
    ],
)
def test_a_security_group_that_lets_in_the_subnets(rules: tuple[IngressRule, ...]) -> None:
    assert of(network=guarded(*rules)) == ()


@pytest.mark.parametrize(
    "rules",
    [
        (),
        (rule("10.0.0.0/24"),),
        (rule("10.1.0.0/16"),),
        (rule("sg-other"),),
        (rule("10.0.0.0/16", ports=(80, 80)),),
        (rule("10.0.0.0/16", ports=(444, 65535)),),
        (rule("10.0.0.0/16", protocol="udp"),),
        (rule("2001:db8::/32", "nonsense"),),
    ],
)
def test_a_security_group_that_keeps_them_out(rules: tuple[IngressRule, ...]) -> None:
    found = of(network=guarded(*rules))
    assert [gap.service for gap in found] == [service for service in SERVICES if service != "s3"]
    closed = "10.0.1.0/24" if rules and "10.0.0.0/24" in rules[0].sources else "10.0.0.0/24"
    assert found[0].problem == f"the security group sg-ends of vpce-ec2 for ec2 does not let in port 443 from {closed}"
    assert found[0].fix == (
        f"aws ec2 authorize-security-group-ingress --region eu-west-1 --group-id sg-ends --protocol tcp --port 443 --cidr {closed}"
    )


def test_several_security_groups_add_up() -> None:
    both = frozenset({"sg-ends", "sg-more"})
    groups = (SecurityGroup("sg-ends", (rule("10.0.0.0/24"),)), SecurityGroup("sg-more", (rule("10.0.1.0/24"),)))
    network = replace(ISOLATED, security_groups=groups)
    endpoints = [each if not each.security_group_ids else replace(each, security_group_ids=both) for each in ENDPOINTS]
    assert gaps(isolated(network), endpoints) == ()


@pytest.mark.parametrize("network", [replace(ISOLATED, security_groups=HIDDEN), replace(ISOLATED, security_groups=())])
def test_groups_that_cannot_be_seen_count_as_open(network: Network) -> None:
    assert of(network=network) == ()


def test_a_group_that_cannot_be_seen_beside_a_closed_one_may_be_open() -> None:
    network = guarded(rule("10.1.0.0/16"))
    assert of(network=network)
    beside = [replace(each, security_group_ids=frozenset({"sg-ends", "sg-elsewhere"})) for each in ENDPOINTS]
    assert gaps(isolated(network), beside) == ()


@pytest.mark.parametrize(
    ("network", "closed"),
    [
        # Without the subnets' own blocks, the VPC's count: all of them.
        (replace(guarded(rule("10.0.0.0/24", "10.0.1.0/24")), subnets=HIDDEN), "10.0.0.0/16"),
        (replace(guarded(rule("10.0.0.0/16")), subnets=HIDDEN), None),
        (
            replace(
                guarded(rule("10.0.0.0/16")),
                subnets=HIDDEN,
                vpc=VPC("vpc-1", ("10.0.0.0/16", "100.64.0.0/16", "2001:db8::/56"), dns_support=True, dns_hostnames=True),
            ),
            "100.64.0.0/16",
        ),
        (replace(guarded(), subnets=HIDDEN, vpc=HIDDEN), None),
        (replace(guarded(), subnets=HIDDEN, vpc=None), None),
    ],
)
def test_where_the_subnets_addresses_are_not_known(network: Network, closed: str | None) -> None:
    found = of(network=network)
    assert [gap.problem.rpartition(" ")[2] for gap in found[:1]] == ([closed] if closed else [])


def test_several_endpoints_are_made_by_one_command() -> None:
    assert make_endpoints(isolated(), ["sts", "s3", "ec2"]) == (
        f'for service in com.amazonaws.eu-west-1.ec2 com.amazonaws.eu-west-1.sts; do {INTERFACE} "$service"; done; '
        f"{CREATE} --service-name com.amazonaws.eu-west-1.s3 --route-table-ids rtb-private"
    )


def test_the_command_takes_one_subnet_a_zone() -> None:
    assert isinstance(ISOLATED.subnets, tuple)
    one_zone = replace(ISOLATED, subnets=tuple(replace(each, zone="eu-west-1a") for each in ISOLATED.subnets))
    assert f"--subnet-ids {A} --security" in make_endpoints(isolated(one_zone), ["sts"])
    assert f"--subnet-ids {A} --security" in make_endpoints(isolated(replace(ISOLATED, subnets=HIDDEN)), ["sts"])


def test_some_services_have_other_names_in_china() -> None:
    beijing = ClusterARN.parse("arn:aws-cn:eks:cn-north-1:111122223333:cluster/prod")
    command = make_endpoints(isolated(arn=beijing), SERVICES)
    assert (
        "for service in cn.com.amazonaws.cn-north-1.ec2 cn.com.amazonaws.cn-north-1.ecr.api cn.com.amazonaws.cn-north-1.ecr.dkr " in command
    )
    assert " com.amazonaws.cn-north-1.logs cn.com.amazonaws.cn-north-1.sts; do " in command
    assert "--service-name com.amazonaws.cn-north-1.s3 " in command


def test_an_endpoint_for_s3_alone_says_nothing_of_what_is_meant() -> None:
    assert not begun(ARN, [endpoint("s3")])
    assert begun(ARN, [endpoint("sts", state="failed")])
    assert OPEN_GROUP in ISOLATED.security_groups  # type: ignore[operator]
