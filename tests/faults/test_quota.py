"""The account's quota of profiles is full."""

import itertools
from datetime import timedelta

import pytest

from fargateclaims.aws import quotas
from support.engine_in_process import Engine
from support.fault_world import CREATE, DELETE, World, condition, settled, stands


@pytest.mark.parametrize("readable", [True, False], ids=["quota readable", "quota not readable"])
async def test_fault_37_quota_full(world: World, monkeypatch: pytest.MonkeyPatch, *, readable: bool) -> None:
    """Working profiles stay, one claim of a cluster asks EKS now and then, and all go on when AWS has raised the quota."""
    monkeypatch.setattr(quotas, "AWS_QUOTAS_TTL", 0.9)
    world.eks.quotas(profiles=2)
    if not readable:
        world.eks.fault("access_denied", service="servicequotas")
    async with Engine(selector=world.selector, quota_memory=timedelta(seconds=1)) as engine:
        await world.claim("first")
        await world.claim("second")
        await world.until_active("first", "second")
        full = world.profiles()
        await world.edit("first", app="other")
        waiting = await world.until(lambda claim: stands(claim)[1] == "WaitingForQuota", "first")
        assert stands(waiting) == ("Unknown", "WaitingForQuota")
        assert stands(waiting, "Available")[0] == "True"
        assert stands(waiting, "Synced")[0] == "False"
        for name in ("third", "fourth"):
            await world.claim(name)
        for name in ("third", "fourth"):
            over = await world.until(lambda claim: stands(claim) == ("False", "QuotaExceeded"), name)
            assert "L-33415657" in condition(over)["message"]
            assert stands(over, "Accepted")[0] == "True"
            assert "failedAttempts" not in over["status"]
        assert world.profiles() == full
        world.eks.quotas(profiles=5)
        await world.until_active("first", "second", "third", "fourth")
        await world.check_at_rest(lambda: engine.turns(world.arn), ["first", "third"])
    assert (world.begun(CREATE), world.begun(DELETE)) == (5, 1)
    refused = [call for call in world.calls(CREATE) if call.error == "ResourceLimitExceededException"]
    if readable:
        assert not refused
    else:
        # One at a time: between two of them lies what is remembered of the first.
        gaps = [later.at - earlier.at for earlier, later in itertools.pairwise(refused)]
        assert refused
        assert min(gaps, default=1.0) >= 1.0
    await world.check_always()
    assert settled(await world.read("second"))
