"""The kubelet of a pod on Fargate, as far as the API server sees it."""

from fargateclaims.clock import Clock
from fargateclaims.simulator.fargate import statuses
from fargateclaims.simulator.fargate.addresses import address_in
from fargateclaims.simulator.fargate.kubernetes import KubernetesAPI
from fargateclaims.simulator.fargate.lifecycle import is_over
from fargateclaims.simulator.fargate.scheduler import pod_path
from fargateclaims.simulator.kube.objects import Obj, metadata_of


class Kubelet:
    """Writes what becomes of a pod's containers. Each method returns the pod as it is then; KubeError if it could not be written."""

    def __init__(self, api: KubernetesAPI, clock: Clock) -> None:
        self._api = api
        self._clock = clock

    async def start(self, pod: Obj) -> Obj:
        """All containers run and are ready."""
        return await self._write(pod, statuses.running(pod, address_in(pod["spec"]["nodeName"]), self._clock.now()))

    async def complete(self, pod: Obj, exit_code: int) -> Obj:
        """All containers have ended by themselves."""
        return await self._write(pod, statuses.completed(pod, exit_code, self._clock.now()))

    async def stop(self, pod: Obj) -> Obj:
        """All containers have ended, and the pod is let go."""
        if not is_over(pod):
            pod = await self._write(pod, statuses.stopped(pod, self._clock.now()))
        await self._api.delete(pod_path(pod), uid=metadata_of(pod)["uid"], grace_seconds=0)
        return pod

    async def _write(self, pod: Obj, status: Obj) -> Obj:
        return await self._api.patch(f"{pod_path(pod)}/status", {"metadata": {"uid": metadata_of(pod)["uid"]}, "status": status})
