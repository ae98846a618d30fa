"""The kubectl plugin as a person runs it, and the objects that it looks at."""

import asyncio
import json
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from support.kube_server import RunningKube
from support.waiting import until


@dataclass(frozen=True)
class Ran:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


class Plugin(Protocol):
    """Runs `kubectl fargate` with these arguments."""

    def __call__(self, *arguments: str, stdin: str = "") -> Ran: ...


def read(kube: RunningKube, path: str) -> dict[str, Any]:
    """An object, or a list, as the API server has it."""
    with urllib.request.urlopen(kube.url + path) as response:
        found: dict[str, Any] = json.load(response)
    return found


def pods_of(kube: RunningKube, namespace: str = "shop") -> dict[str, dict[str, Any]]:
    """All pods of a namespace, by name."""
    return {one["metadata"]["name"]: one for one in read(kube, f"/api/v1/namespaces/{namespace}/pods")["items"]}


def pods_when(kube: RunningKube, condition: Callable[[dict[str, dict[str, Any]]], object]) -> dict[str, dict[str, Any]]:
    """The pods of the namespace shop, once they are as they should be: the cluster's controllers take a moment."""
    asyncio.run(until(lambda: condition(pods_of(kube))))
    return pods_of(kube)


def owned_by(kube: RunningKube, path: str) -> dict[str, Any]:
    """What makes a pod belong to an object of the cluster."""
    owner = read(kube, path)
    names = {"kind": owner["kind"], "name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"]}
    return {"ownerReferences": [{"apiVersion": owner["apiVersion"], **names, "controller": True}]}


def pod(name: str, namespace: str = "shop", **parts: Any) -> dict[str, Any]:
    """A Pod: `labels`, `annotations`, `metadata`, `resources`, `spec`, `phase`."""
    marks = {"labels": parts.get("labels", {}), "annotations": parts.get("annotations", {})}
    containers = [{"name": "app", "image": "app", "resources": parts.get("resources", {})}]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, **marks, **parts.get("metadata", {})},
        "spec": {"containers": containers, **parts.get("spec", {})},
        "status": {"phase": parts.get("phase", "Pending")},
    }


def deployment(name: str, labels: dict[str, str], replicas: int = 1, namespace: str = "shop", **resources: Any) -> dict[str, Any]:
    """A Deployment; the cluster's controllers make its pods."""
    containers = [{"name": "app", "image": "app", "resources": resources}]
    template = {"metadata": {"labels": labels}, "spec": {"containers": containers}}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def suspended_job(name: str, namespace: str = "shop") -> dict[str, Any]:
    """A Job that makes no pods of its own."""
    template = {"spec": {"containers": [{"name": "app", "image": "app"}], "restartPolicy": "Never"}}
    spec = {"suspend": True, "template": template}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def said_about(pod: dict[str, Any], message: str, source: str = "fargate-scheduler") -> dict[str, Any]:
    """An event about a pod."""
    metadata = pod["metadata"]
    about = {"kind": "Pod", "apiVersion": "v1", "namespace": metadata["namespace"], "name": metadata["name"], "uid": metadata["uid"]}
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"generateName": "said-", "namespace": metadata["namespace"]},
        "involvedObject": about,
        "type": "Warning",
        "reason": "FailedScheduling",
        "message": message,
        "source": {"component": source},
    }


def on_fargate(name: str, size: str, **parts: Any) -> dict[str, Any]:
    """A Pod that EKS has given a Fargate node."""
    node = {"nodeName": "fargate-ip-10-0-1-7.eu-west-1.compute.internal", "schedulerName": "fargate-scheduler"}
    return pod(
        name,
        **{
            "phase": "Running",
            **parts,
            "spec": {**node, **parts.get("spec", {})},
            "labels": {"eks.amazonaws.com/fargate-profile": "shop-checkout-9999", **parts.get("labels", {})},
            "annotations": {"CapacityProvisioned": size},
        },
    )


def claim(name: str, *selectors: dict[str, Any], namespace: str = "shop", state: str = "ACTIVE", **parts: Any) -> dict[str, Any]:
    """A FargateProfileClaim with a profile named NAMESPACE-NAME-9999, ACTIVE since `since` (eleven); `state` empty: without one."""
    active = state == "ACTIVE"
    condition = {
        "type": "Ready",
        "status": "True" if active else "Unknown",
        "reason": "Active" if active else "Queued",
        "message": "the profile is ACTIVE" if active else "waiting, 2nd of 5 on cluster prod",
        "lastTransitionTime": parts.get("since", "2026-11-21T11:00:00Z"),
    }
    profile = {
        "name": parts.get("profile", f"{namespace}-{name}-9999"),
        "arn": f"arn:aws:eks:eu-west-1:111122223333:fargateprofile/prod/{namespace}-{name}-9999/1",
        "status": state,
        "creationTime": parts.get("created", "2026-11-21T09:00:00Z"),
    }
    return {
        "apiVersion": "fargateclaims.dev/v1alpha1",
        "kind": "FargateProfileClaim",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"className": "standard", "selectors": list(selectors) or [{}]},
        "status": {
            "conditions": [condition],
            "resolved": {"className": "standard", "clusterARN": parts.get("arn", "arn:aws:eks:eu-west-1:111122223333:cluster/prod")},
            **({"profile": profile} if state else {}),
        },
    }
