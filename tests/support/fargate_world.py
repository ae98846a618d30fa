"""A Kubernetes API, real or embedded, and a simulated EKS cluster whose Fargate data plane runs in the test."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fargateclaims.api.arn import ClusterARN
from fargateclaims.simulator.eks.client import Seeded, SimulatedEKS
from fargateclaims.simulator.fargate import marks
from fargateclaims.simulator.fargate.plane import DataPlane, Settings, running
from fargateclaims.simulator.fargate.settings import Behaviour, Timings
from support.eks_server import aws_client
from support.kube_contract import Api, eventually

AT_ONCE = Timings(provision=0, start=0, stop=0, retry=0.05, poll=0.02)
NODES = "/api/v1/nodes"

Obj = dict[str, Any]


@dataclass
class FargateWorld:
    """One test's cluster and namespace."""

    api: Api
    kubeconfig: Path
    eks: SimulatedEKS
    seeded: Seeded
    cluster: str
    namespace: str
    behaviour: Behaviour = field(default_factory=Behaviour)

    def plane(self, timings: Timings = AT_ONCE) -> AbstractAsyncContextManager[DataPlane]:
        """Run the cluster's data plane until the end of the with block."""
        arn = ClusterARN.parse(self.seeded.clusters[self.cluster])
        return running(Settings(arn, self.kubeconfig, self.eks.url, self.seeded.access_key_id, timings, self.behaviour))

    def profile(self, name: str = "p", namespace: str | None = None, **labels: str) -> str:
        """An ACTIVE profile that takes the namespace's pods, those with `labels` if any are given; its ARN."""
        selector = {"namespace": namespace or self.namespace, "labels": labels}
        role, subnets = self.seeded.pod_execution_role_arn, self.seeded.private_subnets
        wanted = {"name": name, "selectors": [selector], "role": role, "subnets": subnets}
        return str(self.eks.place(self.cluster, [wanted])[0]["fargateProfileArn"])

    def create_profile(self, name: str) -> None:
        """As a customer does: it becomes ACTIVE in its own time."""
        with closing(aws_client("eks", self.eks, self.seeded)) as client:
            client.create_fargate_profile(
                clusterName=self.cluster,
                fargateProfileName=name,
                podExecutionRoleArn=self.seeded.pod_execution_role_arn,
                selectors=[{"namespace": self.namespace}],
                subnets=self.seeded.private_subnets,
            )

    def delete_profile(self, name: str) -> None:
        """As a customer does: it is gone in its own time."""
        with closing(aws_client("eks", self.eks, self.seeded)) as client:
            client.delete_fargate_profile(clusterName=self.cluster, fargateProfileName=name)

    def let_in(self) -> None:
        """Give the pod execution role its access entry, as EKS does when a profile is created."""
        with closing(aws_client("eks", self.eks, self.seeded)) as client:
            role = self.seeded.pod_execution_role_arn
            client.create_access_entry(clusterName=self.cluster, principalArn=role, type="FARGATE_LINUX")

    def shut_out(self) -> None:
        """Take it away."""
        with closing(aws_client("eks", self.eks, self.seeded)) as client:
            client.delete_access_entry(clusterName=self.cluster, principalArn=self.seeded.pod_execution_role_arn)

    async def pod(
        self, spec: Mapping[str, Any] | None = None, labels: Mapping[str, str] | None = None, annotations: Mapping[str, str] | None = None
    ) -> str:
        """Create a pod; its path."""
        name = f"pod-{secrets.token_hex(3)}"
        metadata = {"name": name, "labels": dict(labels or {}), "annotations": dict(annotations or {})}
        wanted = {"containers": [{"name": "main", "image": "registry.example/app:1"}], **(spec or {})}
        path = f"/api/v1/namespaces/{self.namespace}/pods"
        (await self.api.create(path, {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": wanted})).ok()
        return f"{path}/{name}"

    async def read(self, path: str) -> Obj:
        """An object that is there."""
        return (await self.api.get(path)).ok()

    async def until(self, path: str, holds: Callable[[Obj], object]) -> Obj:
        """An object as soon as this holds of it."""

        async def look() -> Obj | None:
            found = await self.read(path)
            return found if holds(found) else None

        found: Obj = await eventually(look)
        return found

    async def until_gone(self, path: str) -> None:
        """Return as soon as there is no such object any more."""

        async def look() -> bool:
            return (await self.api.get(path)).code == 404

        await eventually(look)

    async def ready(self, path: str) -> Obj:
        """A pod as soon as it is Ready."""
        return await self.until(path, is_ready)

    async def refused(self, path: str, *, component: str = "fargate-scheduler") -> str:
        """What a scheduler says first of a pod that gets no node, as soon as the pod's condition says it, too."""
        pod = await self.until(path, lambda pod: condition(pod, "PodScheduled").get("status") == "False")
        message = condition(pod, "PodScheduled")["message"]
        (event,) = [event for event in await self.events(path) if event["message"] == message]
        assert (event["reason"], event["type"], event["source"]["component"]) == ("FailedScheduling", "Warning", component)
        assert event["reportingComponent"] == component
        return str(message)

    async def events(self, path: str) -> Sequence[Obj]:
        """All events about a pod."""
        name = path.rpartition("/")[2]
        found = await self.read(f"/api/v1/namespaces/{self.namespace}/events")
        return [event for event in found["items"] if event["involvedObject"]["name"] == name]

    async def nodes(self) -> Sequence[Obj]:
        """All of Fargate's nodes."""
        found = (await self.api.get(NODES, labelSelector=f"{marks.COMPUTE_TYPE}={marks.FARGATE}")).ok()
        return list(found["items"])

    async def nodes_if(self, *, count: int) -> Sequence[Obj]:
        """All of Fargate's nodes if they are so many, else none."""
        found = await self.nodes()
        return found if len(found) == count else ()


def condition(pod: Obj, kind: str) -> Obj:
    """A condition of a pod; empty if it has none of this type."""
    return next((one for one in pod["status"].get("conditions") or () if one["type"] == kind), {})


def is_ready(pod: Obj) -> bool:
    """Whether a pod is Ready."""
    return condition(pod, "Ready").get("status") == "True"


def is_marked(pod: Obj) -> bool:
    """Whether a profile has taken a pod."""
    return marks.CAPACITY in (pod["metadata"].get("annotations") or {})
