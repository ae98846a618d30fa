"""What happens again is counted in the event that told of it first, as Kubernetes' own controllers do."""

from typing import Any

from support.fault_world import World, settled, stands
from support.installation import Installation
from support.kubectl import Kubectl


async def test_the_same_event_again(kubectl: Kubectl, installation: Installation, world: World) -> None:
    with installation.operator(class_selector=world.selector) as operator:
        await world.claim()
        await world.until_active()
        for _ in range(2):
            await world.annotate(paused="true")
            await world.until(lambda claim: stands(claim)[1] == "Paused")
            await world.annotate(paused=None)
            await world.until(settled)

        async def paused() -> list[dict[str, Any]]:
            found = (await world.api.get(f"/apis/events.k8s.io/v1/namespaces/{world.name}/events")).ok()["items"]
            return [event for event in found if event["reason"] == "Paused"]

        (event,) = await world.wait(paused, lambda events: events and "series" in events[0])
        assert event["series"]["count"] == 2
        assert "(x2 over" in kubectl("events", "--namespace", world.name).stdout
        await operator.stop()
