"""What a cluster costs at AWS while nothing happens, by the simulator's own record of an hour: docs/from-the-guides.md has the numbers."""

from collections import Counter
from typing import Final

from fargateclaims.api.group import CLAIM_PLURAL
from fargateclaims.clock import SystemClock
from fargateclaims.settings import Settings
from fargateclaims.timing import INSPECTION_INTERVAL, RESYNC_JITTER
from support.guide_page import PAGE, reads
from support.guide_world import GuideWorld
from support.waiting import until

HOUR: Final = 3600.0
DEFAULT_RESYNC: Final = Settings().resync_seconds
STEP: Final = 60.0
PROFILES: Final = 3
FOR_EACH: Final = {"": 1, "profile": PROFILES, "role": 1, "account and region": 1}
RESYNC, LOOK = ({read.operation: read.calls * FOR_EACH[read.per] for read in reads() if read.when == when} for when in ("resync", "look"))


class LeapingClock(SystemClock):
    """The machine's, and so many seconds ahead as the test has leapt."""

    leapt = 0.0

    def monotonic(self) -> float:
        """See `Clock.monotonic`."""
        return super().monotonic() + self.leapt


def often(shortest: float, longest: float) -> range:
    """How often something happens in an hour, each time after so many seconds."""
    return range(int(HOUR / longest), int(HOUR / shortest) + 1)


RESYNCS: Final = often(DEFAULT_RESYNC, DEFAULT_RESYNC * (1 + RESYNC_JITTER))
LOOKS: Final = often(INSPECTION_INTERVAL * (1 - RESYNC_JITTER), INSPECTION_INTERVAL)


def test_the_page_says_what_comes_of_it() -> None:
    text = " ".join(PAGE.read_text(encoding="utf-8").split())
    look = sum(LOOK.values())
    each = sum(RESYNC.values()) - RESYNC["GetServiceQuota"]
    least, most = look * LOOKS[0], look * LOOKS[-1]
    assert f"A look is {look} calls, so the conditions add {least} to {most} calls an hour" in text
    assert f"with one role and three profiles it is read by {least + each * RESYNCS[0]} to {most + each * RESYNCS[-1]} calls" in text


async def test_an_hour_at_rest(healthy: GuideWorld) -> None:
    clock = LeapingClock()
    await healthy.open()
    async with healthy.engine(clock=clock, resync_seconds=DEFAULT_RESYNC) as engine:
        await healthy.new_claim(engine)
        await healthy.until_active()
        await healthy.until_well()
        assert len(healthy.profiles()) == PROFILES
        healthy.eks.clear_ledger()
        # One more step: what is due with the last one may be told of with the next.
        for minute in range(int(HOUR / STEP) + 1):
            clock.leapt += STEP
            turn = engine.turns(healthy.arn)
            engine.notice(CLAIM_PLURAL, await healthy.annotate(note=str(minute)))
            await until(lambda turn=turn: engine.turns(healthy.arn) != turn)  # type: ignore[misc]
        # What has begun with the last step is waited for.
        await healthy.until_eks(
            lambda: (
                made(healthy) == expected(healthy)
                and made(healthy)["DescribeVpcs"] in LOOKS
                and made(healthy)["ListFargateProfiles"] in RESYNCS
            )
        )


def made(world: GuideWorld) -> Counter[str]:
    return Counter(call.operation for call in world.eks.calls())


def expected(world: GuideWorld) -> Counter[str]:
    found = made(world)
    total: Counter[str] = Counter()
    for calls, times in ((RESYNC, found["ListFargateProfiles"]), (LOOK, found["DescribeVpcs"])):
        total.update({operation: number * times for operation, number in calls.items()})
    return total
