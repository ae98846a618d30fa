"""One simulator process for these tests, as new before each; every answer of EKS is held against botocore's model."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fargateclaims.simulator.eks.client import Seeded, SimulatedEKS
from support.botocore_shapes import problems
from support.eks_server import LEAPING_CREATE_S, aws_client

AwsFactory = Callable[..., Any]


@pytest.fixture
def simulated(leaping_eks_process: SimulatedEKS) -> SimulatedEKS:
    leaping_eks_process.reset()
    return leaping_eks_process


@pytest.fixture
def seeded(simulated: SimulatedEKS) -> Seeded:
    return simulated.seed(["c"])


@pytest.fixture
def validated() -> set[str]:
    """The EKS operations whose answers were held against the model in this test."""
    return set()


@pytest.fixture
def aws(simulated: SimulatedEKS, validated: set[str]) -> Iterator[AwsFactory]:
    """Make boto3 clients that are closed at the end."""
    clients = []

    def check(http_response: Any, model: Any, **_: Any) -> None:
        if http_response.status_code < 300:
            assert problems(json.loads(http_response.content), model.output_shape) == []
            validated.add(model.name)

    def make(service: str, seeded: Seeded | None = None, **more: Any) -> Any:
        client = aws_client(service, simulated, seeded, **more)
        client.meta.events.register("after-call.eks", check)
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def eks(aws: AwsFactory, seeded: Seeded) -> Any:
    return aws("eks", seeded)


@pytest.fixture
def create(eks: Any, seeded: Seeded) -> Callable[..., Any]:
    """Create a good profile, but for what the caller wants otherwise."""

    def create(name: str = "a", **otherwise: Any) -> Any:
        good = {
            "clusterName": "c",
            "fargateProfileName": name,
            "podExecutionRoleArn": seeded.pod_execution_role_arn,
            "selectors": [{"namespace": "default"}],
            "subnets": seeded.private_subnets,
        }
        return eks.create_fargate_profile(**{**good, **otherwise})["fargateProfile"]

    return create


@pytest.fixture
def active(create: Callable[..., Any], simulated: SimulatedEKS) -> Callable[..., Any]:
    """Create a profile and put the clock forward until it is ACTIVE."""

    def active(name: str = "a", **otherwise: Any) -> Any:
        profile = create(name, **otherwise)
        simulated.advance(LEAPING_CREATE_S)
        return profile

    return active
