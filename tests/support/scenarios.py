"""Runs that are made twice: clean, and with a fault in the way."""

from collections.abc import Awaitable, Callable
from typing import Any

from support.fault_world import World

Scenario = Callable[[World, Any], Awaitable[None]]
"""Plays in a world. What runs the operator is given along; none of these needs it."""
CleanRun = Callable[[Scenario], Awaitable[Any]]
"""Gives the picture at the end of a scenario without a fault."""
Worlds = Callable[..., Awaitable[World]]
"""Makes a world of a name; keywords are fields of its class's spec."""


async def one_claim(world: World, _engine: object) -> None:
    """A claim becomes Active."""
    await world.claim()
    await world.until_active()


async def two_claims(world: World, _engine: object) -> None:
    """Two claims become Active, one after the other."""
    await world.claim("first")
    await world.claim("second")
    await world.until_active("first", "second")


async def edited(world: World, engine: object) -> None:
    """A claim's profile is replaced."""
    await one_claim(world, engine)
    await world.edit(app="other")
    await world.until_active()


async def come_and_gone(world: World, engine: object) -> None:
    """A claim becomes Active and is deleted."""
    await one_claim(world, engine)
    await world.delete()
    await world.until_gone()


async def one_of_two_gone(world: World, _engine: object) -> None:
    """A claim becomes Active and is deleted, and another one is made meanwhile."""
    await world.claim("first")
    await world.until_active("first")
    await world.delete("first")
    await world.claim("second")
    await world.until_gone("first")
    await world.until_active("second")
