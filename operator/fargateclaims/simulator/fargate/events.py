"""Events about pods, as the schedulers post them: one for each thing that they say, counted when they say it again."""

import hashlib
import logging
from typing import Final

from fargateclaims.clock import Clock
from fargateclaims.kube.errors import Conflict, KubeError
from fargateclaims.simulator.fargate.kubernetes import MERGE, KubernetesAPI
from fargateclaims.simulator.kube.objects import Obj, metadata_of, timestamp

FARGATE_SCHEDULER: Final = "fargate-scheduler"
DEFAULT_SCHEDULER: Final = "default-scheduler"
_LONGEST_MESSAGE: Final = 1024
_LONGEST_NAME: Final = 253

log = logging.getLogger(__name__)


class Events:
    """Posts events. A namespace that is being deleted takes none: what cannot be posted is left out."""

    def __init__(self, api: KubernetesAPI, clock: Clock) -> None:
        self._api = api
        self._clock = clock

    async def post(self, pod: Obj, scheduler: str, reason: str, message: str) -> None:
        """Post an event about a pod, a Warning unless it was scheduled; never raises a KubeError."""
        now = timestamp(self._clock.now())
        event = _event(pod, scheduler, reason, message[:_LONGEST_MESSAGE], now)
        path = f"/api/v1/namespaces/{metadata_of(event)['namespace']}/events"
        try:
            try:
                await self._api.create(path, event)
            except Conflict:
                known = f"{path}/{metadata_of(event)['name']}"
                count = (await self._api.get(known)).get("count") or 1
                await self._api.patch(known, {"count": count + 1, "lastTimestamp": now}, MERGE)
        except KubeError as error:
            log.info("an event was not taken: %s", error)


def _event(pod: Obj, scheduler: str, reason: str, message: str, now: str) -> Obj:
    metadata = metadata_of(pod)
    # The same thing said again has the same name, also after a restart.
    digest = hashlib.sha256("\0".join((metadata["uid"], scheduler, reason, message)).encode()).hexdigest()[:16]
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{metadata['name'][: _LONGEST_NAME - 17]}.{digest}", "namespace": metadata["namespace"]},
        "involvedObject": {
            "apiVersion": "v1",
            "kind": "Pod",
            "namespace": metadata["namespace"],
            "name": metadata["name"],
            "uid": metadata["uid"],
            "resourceVersion": metadata["resourceVersion"],
        },
        "type": "Normal" if reason == "Scheduled" else "Warning",
        "reason": reason,
        "message": message,
        "source": {"component": scheduler},
        "reportingComponent": scheduler,
        "reportingInstance": "",
        "firstTimestamp": now,
        "lastTimestamp": now,
        "count": 1,
    }
