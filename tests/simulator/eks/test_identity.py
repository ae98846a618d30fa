"""Several accounts and regions behind one server."""

from collections.abc import Callable
from typing import Any

import boto3

from fargateclaims.simulator.eks.client import Seeded, SimulatedEKS
from support.eks_server import ONE_ATTEMPT

Aws = Callable[..., Any]


def names(client: Any) -> list[str]:
    return list(client.list_clusters()["clusters"])


def test_each_key_sees_its_own_account_and_region(simulated: SimulatedEKS, aws: Aws) -> None:
    one = simulated.seed(["one"], account="111111111111")
    two = simulated.seed(["two"], account="222222222222", region="eu-central-1")
    assert names(aws("eks", one)) == ["one"]
    assert names(aws("eks", two)) == ["two"]
    assert names(aws("eks", one, region="eu-central-1")) == []
    identity = aws("sts", two).get_caller_identity()
    assert (identity["Account"], identity["Arn"]) == ("222222222222", "arn:aws:iam::222222222222:user/simulator")


def test_an_assumed_role_acts_in_its_own_account(simulated: SimulatedEKS, aws: Aws) -> None:
    home = simulated.seed([], account="111111111111")
    away = simulated.seed(["c"], account="222222222222")
    credentials = aws("sts", home).assume_role(RoleArn=away.operator_role_arn, RoleSessionName="operator")["Credentials"]
    session = boto3.Session(
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
        region_name="us-east-1",
    )
    sts = session.client("sts", endpoint_url=simulated.url, config=ONE_ATTEMPT)
    assert sts.get_caller_identity()["Account"] == "222222222222"
    eks = session.client("eks", endpoint_url=simulated.url, config=ONE_ATTEMPT)
    assert names(eks) == ["c"]
    recorded = simulated.calls(service="eks")[-1]
    assert recorded.caller == "arn:aws:sts::222222222222:assumed-role/fargateclaims-operator/operator"
    sts.close()
    eks.close()


def test_a_key_that_nobody_knows_belongs_to_the_default_account(simulated: SimulatedEKS, aws: Aws) -> None:
    simulated.seed(["c"])
    assert names(aws("eks")) == ["c"]


def test_the_environment_is_all_that_an_sdk_needs(simulated: SimulatedEKS, monkeypatch: Any) -> None:
    seeded: Seeded = simulated.seed(["c"], account="333333333333", region="eu-west-1")
    for name, value in seeded.environment(simulated.url).items():
        monkeypatch.setenv(name, value)
    eks = boto3.Session(region_name="eu-west-1").client("eks", config=ONE_ATTEMPT)
    assert names(eks) == ["c"]
    eks.close()
