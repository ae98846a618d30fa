"""Pods in an EKS cluster: those on a profile, those that wait for a node, and how they are made to go."""

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from fargateclaims.domain.evictions import Eviction, EvictionAnswer, PodOnProfile
from fargateclaims.domain.pods.matching import PIN
from fargateclaims.domain.pods.pod import Pod, read_pod
from fargateclaims.kube.client import KubeClient
from fargateclaims.kube.errors import Conflict, KubeError, Missing, Refused, Throttled

EVICTIONS_AT_ONCE: Final = 4
"""Few, so that each answer is about a budget that the others have already been counted in."""
_BUDGET: Final = "DisruptionBudget"
_BUDGET_NAME: Final = re.compile(r"The disruption budget (?P<name>[a-z0-9.-]+) ")
_LABEL_VALUE: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
_MIRROR: Final = "kubernetes.io/config.mirror"
_DAEMON_SET: Final = "DaemonSet"
_WAITS: Final = "status.phase=Pending,spec.nodeName="
_FORBIDDEN: Final = 403
_INTERNAL: Final = 500
_WORDS: Final = 200


async def pods_on_profile(client: KubeClient, profile: str) -> list[PodOnProfile]:
    """Read the pods that a profile has taken, ended ones too, in all namespaces. Raises KubeError."""
    if not _LABEL_VALUE.fullmatch(profile):
        raise Refused(f"no pod can bear the label {PIN}={profile}, so those on this profile cannot be told from others")
    found, _ = await client.list_path("/api/v1/pods", [("labelSelector", f"{PIN}={profile}")], _on_profile)
    return found


async def waiting_pods(client: KubeClient, namespaces: Iterable[str] | None) -> list[Pod]:
    """Read the Pending pods that have no node. Raises KubeError.

    :param namespaces: None for all. One that does not exist has no pods.
    """
    paths = ["/api/v1/pods"] if namespaces is None else [f"{_namespace(name)}/pods" for name in sorted(set(namespaces))]
    pods: list[Pod] = []
    for path in paths:
        found, _ = await client.list_path(path, [("fieldSelector", _WAITS)], _waiting)
        pods += found
    return pods


async def evict(client: KubeClient, pod: PodOnProfile) -> Eviction:
    """Ask for the eviction of this very pod, with regard to disruption budgets.

    Raises KubeError where the API server has not decided: Throttled, Unavailable, or Refused with 401.
    """
    body = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"namespace": pod.namespace, "name": pod.name},
        "deleteOptions": {"preconditions": {"uid": pod.uid}},
    }
    try:
        await client.request("create", f"{_path(pod.namespace, pod.name)}/eviction", body=body)
    except (Conflict, Missing):
        # A conflict is the UID's: what has the name now is another pod. An API server tries that for 10 s before it says so.
        return Eviction(EvictionAnswer.GONE)
    except KubeError as error:
        answer = _not_evicted(error, pod.namespace)
        if answer is None:
            raise
        return answer
    return Eviction(EvictionAnswer.DONE)


async def evict_all(client: KubeClient, pods: Sequence[PodOnProfile], permit: Callable[[], bool]) -> dict[str, Eviction]:
    """Evict pods, a few at a time; the answers by UID, as far as the API server has decided and the permit was given.

    Raises what `evict` raises, once all that were begun have ended, where nothing was decided at all.

    :param permit: asked before each.
    """
    lane = asyncio.Semaphore(EVICTIONS_AT_ONCE)

    async def one(pod: PodOnProfile) -> Eviction | None:
        async with lane:
            return await evict(client, pod) if permit() else None

    answers = await asyncio.gather(*(one(pod) for pod in pods), return_exceptions=True)
    decided = {pod.uid: answer for pod, answer in zip(pods, answers, strict=True) if isinstance(answer, Eviction)}
    for answer in answers:
        if isinstance(answer, BaseException) and not (decided and isinstance(answer, KubeError)):
            raise answer
    return decided


async def delete(client: KubeClient, pod: Pod) -> bool:
    """Delete this very pod, if it still is as it was read; whether it was. Raises KubeError."""
    preconditions = {"uid": pod.uid, "resourceVersion": pod.resource_version}
    body = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": preconditions}
    try:
        await client.request("delete", _path(pod.namespace, pod.name), body=body)
    except (Conflict, Missing):
        return False
    return True


def _not_evicted(error: KubeError, namespace: str) -> Eviction | None:
    """None if nothing was decided."""
    words = error.causes.get(_BUDGET)
    if isinstance(error, Throttled) and words is not None:
        found = _BUDGET_NAME.match(words)
        return Eviction(EvictionAnswer.BLOCKED, f"{namespace}/{found['name']}" if found else "")
    # Two budgets for one pod are answered with 500, each time (kubernetes/kubernetes, registry/core/pod/storage/eviction.go).
    if error.status == _FORBIDDEN or (error.status == _INTERNAL and "PodDisruptionBudget" in str(error)):
        return Eviction(EvictionAnswer.REFUSED, words=str(error).partition("eviction: ")[2][:_WORDS])
    return None


def _on_profile(obj: Mapping[str, Any]) -> PodOnProfile:
    pod = read_pod(obj)
    mirror = _MIRROR in pod.annotations
    return PodOnProfile(
        namespace=pod.namespace,
        name=pod.name,
        uid=pod.uid,
        phase=pod.phase,
        created=pod.created,
        terminating=pod.deleting,
        controller=pod.controller,
        exempt=mirror or (pod.controller or "").startswith(f"{_DAEMON_SET}/"),
        node=pod.node,
    )


def _waiting(obj: Mapping[str, Any]) -> Pod:
    spec = obj.get("spec")
    # What a pod contains is most of its size, and nothing here.
    kept = {key: value for key, value in spec.items() if key in _SCHEDULING} if isinstance(spec, dict) else {}
    return read_pod({**obj, "spec": kept})


_SCHEDULING: Final = frozenset({"nodeName", "nodeSelector", "schedulerName"})


def _namespace(name: str) -> str:
    return f"/api/v1/namespaces/{quote(name, safe='')}"


def _path(namespace: str, name: str) -> str:
    return f"{_namespace(namespace)}/pods/{quote(name, safe='')}"
