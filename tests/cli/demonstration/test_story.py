"""How long the story may take, and how someone else gets the slot."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.web import StreamResponse

from fargateclaims.cli.demonstration import story
from fargateclaims.cli.demonstration.claims import Claims, Key
from fargateclaims.cli.demonstration.errors import DemoError
from fargateclaims.cli.demonstration.kubernetes_api import KubernetesAPI
from fargateclaims.cli.demonstration.pods import Pods
from fargateclaims.cli.demonstration.stage import Stage
from fargateclaims.cli.demonstration.story import Story
from fargateclaims.simulator.eks.client import SimulatedEKS
from fargateclaims.simulator.eks.errors import EKSError
from support.scripted_server import ScriptedServer, answer, scripted_server


def busy() -> StreamResponse:
    return answer({"error": "ResourceInUseException", "message": "Cannot create Fargate Profile tf-batch"}, 409)


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with scripted_server() as server:
        yield server


def stage(server: ScriptedServer, seconds: float = 60.0) -> Stage:
    return Stage(seconds, "", Path(), server.url, {}, "subnet-1", ())


@pytest.mark.parametrize("seconds", [0.5, 3.0, 60.0, 600.0])
def test_the_limits_grow_with_the_time_that_eks_takes(seconds: float) -> None:
    assert story.story_limit(seconds) >= 150 + 20 * seconds
    assert 2 * seconds < story.foreign_patience(seconds) < story.story_limit(seconds)


async def test_someone_else_asks_again_as_long_as_the_slot_is_taken(server: ScriptedServer) -> None:
    server.will(busy(), busy(), answer({"profile": {}}))
    await asyncio.to_thread(story._create_foreign_profile, stage(server))
    assert len(server.asked) == 3
    assert {(asked.body["name"], asked.body["never_ends"]) for asked in server.asked} == {("tf-batch", True)}
    assert all(asked.body["wait_seconds"] < 60 for asked in server.asked), "the client gives up after two minutes"


async def test_any_other_refusal_ends_the_demo(server: ScriptedServer) -> None:
    server.will(answer({"error": "InvalidRequestException", "message": "no"}, 400))
    with pytest.raises(DemoError, match="the profile of someone else could not be created: InvalidRequestException: no"):
        await asyncio.to_thread(story._create_foreign_profile, stage(server))
    assert len(server.asked) == 1


async def test_the_last_refusal_is_told(server: ScriptedServer) -> None:
    server.will(busy(), busy())
    with SimulatedEKS(server.url) as eks:
        assert not await asyncio.to_thread(story._foreign_create, eks, last=False)
        with pytest.raises(EKSError, match="ResourceInUseException: Cannot create"):
            await asyncio.to_thread(story._foreign_create, eks, last=True)


async def test_someone_else_has_the_slot_until_a_claim_has_said_that_it_waits_for_it(server: ScriptedServer) -> None:
    server.will(answer({"ended": ["tf-batch"]}))
    claims = Claims()
    async with KubernetesAPI("http://127.0.0.1:1") as nobody:
        acting = asyncio.ensure_future(Story(stage(server), nobody, claims, Pods("deploy/web", 1), print)._terraform_is_done(0.0))
        await asyncio.sleep(0.05)
        assert server.asked == []
        claims.waited_for["tf-batch"] = Key("shop", "reports")
        claims._something.set()
        await acting
    assert [(asked.path, asked.body["cluster"]) for asked in server.asked] == [("/_sim/finish", "prod")]
