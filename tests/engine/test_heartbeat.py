import asyncio

from fargateclaims.engine.heartbeat import Heartbeat
from support.virtual_clock import VirtualClock


async def test_silence_is_counted_from_the_last_beat() -> None:
    clock = VirtualClock()
    heartbeat = Heartbeat(clock)
    clock.freeze(7)
    assert heartbeat.silence() == 7
    beating = asyncio.ensure_future(heartbeat.run())
    await clock.advance(60)
    assert heartbeat.silence() <= 1
    clock.freeze(9)
    assert heartbeat.silence() >= 9
    beating.cancel()
