"""What the admin API does to the simulated world."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from fargateclaims.simulator.eks.client import Seeded, SimulatedEKS
from fargateclaims.simulator.eks.errors import EKSError
from support.eks_server import LEAPING_CREATE_S
from support.waiting import until

Create = Callable[..., Any]
Aws = Callable[..., Any]


def status(simulated: SimulatedEKS, name: str = "a") -> str:
    return str(simulated.profiles("c")[name]["status"])


def test_seeding_again_finds_what_is_there(simulated: SimulatedEKS) -> None:
    first = simulated.seed(["c"], count=2, prefix="team")
    assert list(first.clusters) == ["c", "team-1", "team-2"]
    second = simulated.seed(["d"])
    assert second == type(second)(**{**first_fields(first), "clusters": {"d": second.clusters["d"]}})
    assert len(simulated.clusters()) == 4


def first_fields(seeded: Seeded) -> dict[str, Any]:
    return {name: getattr(seeded, name) for name in type(seeded).__dataclass_fields__}


def test_hundreds_of_clusters_over_accounts_and_regions(simulated: SimulatedEKS) -> None:
    for account in ("111111111111", "222222222222"):
        for region in ("us-east-1", "eu-central-1"):
            simulated.seed(account=account, region=region, count=125)
    assert len(simulated.clusters()) == 500


def test_reset_leaves_nothing(simulated: SimulatedEKS, create: Create) -> None:
    create()
    simulated.fault("throttling")
    simulated.behave(describe_lag=9)
    simulated.timings(1, 1)
    simulated.quotas(profiles=1)
    simulated.reset()
    assert (simulated.clusters(), simulated.faults(), simulated.ledger()) == ([], [], [])
    simulated.seed(["c"])
    simulated.foreign_create("c", "a")
    assert status(simulated) == "CREATING"
    simulated.advance(LEAPING_CREATE_S)
    assert status(simulated) == "ACTIVE"
    begun, ended = simulated.transitions()
    assert ended.at - begun.at == pytest.approx(LEAPING_CREATE_S)
    assert simulated.quotas()["profiles"] == 10


def test_outcomes_are_scripted(simulated: SimulatedEKS, create: Create, eks: Any) -> None:
    simulated.next("create", seconds=5, issue={"code": "AccessDenied", "message": "no", "resource_ids": ["r"]})
    create()
    simulated.advance(5)
    described = eks.describe_fargate_profile(clusterName="c", fargateProfileName="a")["fargateProfile"]
    assert (described["status"], described["health"]["issues"][0]["code"]) == ("CREATE_FAILED", "AccessDenied")
    simulated.next("delete", never_ends=True, cluster="c")
    eks.delete_fargate_profile(clusterName="c", fargateProfileName="a")
    simulated.advance(1e6)
    assert status(simulated) == "DELETING"
    assert simulated.finish({"code": "ClusterUnreachable", "message": "m"}) == ["a"]
    assert status(simulated) == "DELETE_FAILED"


def test_timings_change_for_all_or_for_some(simulated: SimulatedEKS, create: Create) -> None:
    assert simulated.timings(5, 5, cluster="other*") == 0
    assert simulated.timings(5, 5) == 1
    create()
    simulated.advance(5)
    assert status(simulated) == "ACTIVE"


def test_quotas_hold_in_eks_and_show_in_service_quotas(simulated: SimulatedEKS, aws: Aws, seeded: Seeded, create: Create) -> None:
    quotas = aws("service-quotas", seeded)

    def value(code: str = "L-33415657") -> float:
        return float(quotas.get_service_quota(ServiceCode="eks", QuotaCode=code)["Quota"]["Value"])

    assert [value(code) for code in ("L-33415657", "L-D78D8AF8", "L-23414FF3")] == [10, 5, 5]
    simulated.quotas(profiles=0)
    assert value() == 0
    with pytest.raises(ClientError) as refused:
        create()
    assert refused.value.response["Error"]["Code"] == "ResourceLimitExceededException"
    simulated.quotas(profiles=1)
    create()
    assert quotas.get_aws_default_service_quota(ServiceCode="eks", QuotaCode="L-33415657")["Quota"]["Value"] == 10
    assert len(quotas.list_service_quotas(ServiceCode="eks")["Quotas"]) == 3
    with pytest.raises(quotas.exceptions.NoSuchResourceException):
        value("L-00000000")


def test_placed_profiles_are_as_if_they_had_long_been_there(eks: Any, simulated: SimulatedEKS) -> None:
    simulated.behave(describe_lag=10, list_lag=10)
    simulated.place("c", [{"name": "p", "tags": {"a": "b"}}, {"name": "f", "status": "CREATE_FAILED", "issues": [{}]}])
    assert eks.list_fargate_profiles(clusterName="c")["fargateProfileNames"] == ["f", "p"]
    assert eks.describe_fargate_profile(clusterName="c", fargateProfileName="p")["fargateProfile"]["tags"] == {"a": "b"}
    with pytest.raises(EKSError, match="needs an operation in flight"):
        simulated.place("c", [{"name": "x", "status": "CREATING"}])


def test_someone_else_takes_the_slot(simulated: SimulatedEKS, create: Create) -> None:
    simulated.foreign_create("c", "theirs", seconds=30, tags={"by": "terraform"})
    with pytest.raises(ClientError, match="Fargate profile theirs in status CREATING"):
        create()
    with pytest.raises(EKSError, match="profile theirs in status CREATING"):
        simulated.foreign_create("c", "more")
    simulated.advance(30)
    create()
    with pytest.raises(EKSError, match="Cannot Delete Fargate Profile theirs"):
        simulated.foreign_delete("c", "theirs")
    simulated.advance(60)
    simulated.foreign_delete("c", "theirs", seconds=1)
    simulated.advance(1)
    assert list(simulated.profiles("c")) == ["a"]
    judged = simulated.verdict("c")
    assert judged.foreign_operations == {"CreateFargateProfile": 1, "DeleteFargateProfile": 1}
    assert (judged.refused, judged.operations) == (1, {"CreateFargateProfile": 1})
    assert {change.caller for change in simulated.transitions() if change.profile == "theirs"} == {"foreign"}


def test_someone_else_can_wait_for_the_slot(simulated: SimulatedEKS, create: Create) -> None:
    simulated.next("create", seconds=0.3)
    create()
    assert simulated.foreign_create("c", "theirs", wait_seconds=30)["status"] == "CREATING"
    ended = next(change.at for change in simulated.transitions() if change.after == "ACTIVE")
    begun = next(change.at for change in simulated.transitions() if change.profile == "theirs")
    assert begun >= ended


async def test_someone_else_works_on_their_own_until_dismissed(simulated: SimulatedEKS, seeded: Seeded) -> None:
    simulated.timings(0.01, 0.01)
    assert simulated.hire(mean_pause=0.02, max_profiles=1, cluster=next(iter(seeded.clusters))) == 1
    await until(
        lambda: (
            {call.operation for call in simulated.calls(caller="foreign") if call.changed}
            == {"CreateFargateProfile", "DeleteFargateProfile"}
        )
    )
    simulated.dismiss()
    assert simulated.verdict().max_in_flight == 1


def test_a_hidden_update_after_each_create(simulated: SimulatedEKS, active: Create, eks: Any) -> None:
    simulated.behave(hidden_update_after_create=600)
    active()
    with pytest.raises(ClientError, match="has an update in progress"):
        eks.delete_fargate_profile(clusterName="c", fargateProfileName="a")
    assert eks.describe_cluster(name="c")["cluster"]["status"] == "ACTIVE"
    simulated.advance(600)
    eks.delete_fargate_profile(clusterName="c", fargateProfileName="a")
    assert simulated.verdict().refused_for_update == 1


@pytest.mark.parametrize(
    ("request_line", "body", "status_code", "text"),
    [
        ("POST /_sim/seed", '{"account": "1"}', 400, "account"),
        ("POST /_sim/seed", '{"acount": "123456789012"}', 400, "acount"),
        ("POST /_sim/seed", "{", 400, "body"),
        ("POST /_sim/seed", '{"region": "moon-east-1"}', 400, "moon-east-1"),
        ("POST /_sim/faults", '{"kind": "earthquake"}', 400, "kind"),
        ("POST /_sim/faults", '{"kind": "delay", "seconds": -1}', 400, "seconds"),
        ("POST /_sim/clock", '{"seconds": -1}', 400, "seconds"),
        ("DELETE /_sim/faults/99", "", 404, "99"),
        ("DELETE /_sim/faults/x", "", 404, "x"),
        ("POST /_sim/place", '{"cluster": "absent", "profiles": []}', 404, "No cluster found for name: absent."),
        ("GET /_sim/ledger?since=noon", "", 400, "noon"),
        ("GET /_sim/nonsense", "", 404, "nonsense"),
        ("POST /_sim/health", "", 404, "POST"),
    ],
)
def test_wrong_requests_are_told_what_is_wrong(simulated: SimulatedEKS, request_line: str, body: str, status_code: int, text: str) -> None:
    method, path = request_line.split()
    simulated._connection.request(method, path, body)
    response = simulated._connection.getresponse()
    document = json.loads(response.read())
    assert response.status == status_code
    assert text in document["message"]


def test_a_cluster_is_what_it_is_said_to_be(simulated: SimulatedEKS, eks: Any) -> None:
    assert simulated.behave(version="1.29", platform_version="eks.1") == 1
    simulated.kubernetes("c", "https://127.0.0.1:6443", "Q0E=")
    cluster = eks.describe_cluster(name="c")["cluster"]
    assert (cluster["version"], cluster["platformVersion"]) == ("1.29", "eks.1")
    assert (cluster["endpoint"], cluster["certificateAuthority"]) == ("https://127.0.0.1:6443", {"data": "Q0E="})
    with pytest.raises(EKSError, match="No cluster found"):
        simulated.kubernetes("x", "https://127.0.0.1:6443")


def test_a_subnet_is_what_it_is_said_to_be(simulated: SimulatedEKS, aws: Aws, seeded: Seeded) -> None:
    subnet = seeded.private_subnets[0]

    def described() -> tuple[str, int, bool]:
        (subnets,) = aws("ec2", seeded).describe_subnets(SubnetIds=[subnet])["Subnets"]
        return subnets["AvailabilityZone"], subnets["AvailableIpAddressCount"], "OutpostArn" in subnets

    assert described() == ("us-east-1a", 251, False)
    simulated.subnet(subnet, free_addresses=0)
    simulated.subnet(subnet, zone="us-east-1-bos-1a", on_outpost=True)
    assert described() == ("us-east-1-bos-1a", 0, True)
    simulated.subnet(subnet, on_outpost=False)
    assert described() == ("us-east-1-bos-1a", 0, False)
    with pytest.raises(EKSError, match="no subnet subnet-absent"):
        simulated.subnet("subnet-absent", on_outpost=True)


def test_the_cluster_knows_the_roles_of_profiles_that_have_long_been_there(simulated: SimulatedEKS, eks: Any, seeded: Seeded) -> None:
    simulated.place("c", [{"name": "a"}, {"name": "b"}])
    assert eks.list_access_entries(clusterName="c")["accessEntries"] == [seeded.pod_execution_role_arn]
