"""The Lease by which replicas agree on a leader, as `coordination.k8s.io/v1` has it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from fargateclaims.kube.client import KubeClient
from fargateclaims.timing import LEASE_REQUEST_TIMEOUT

_HOLDER: Final = "holderIdentity"


@dataclass(frozen=True, slots=True)
class Lease:
    """What a Lease says.

    :param holder: who leads; empty if nobody.
    :param duration: seconds for which the others leave it alone after a renewal; 0 if it does not say.
    :param acquire_time: when the holder became that, as text: only for people.
    :param renew_time: when it was last renewed, as text: never compared with a clock, only with what it was before.
    :param transitions: how often the holder has changed.
    :param raw: the object that was read, for the update.
    """

    holder: str = ""
    duration: float = 0.0
    acquire_time: str = ""
    renew_time: str = ""
    transitions: int = 0
    raw: Mapping[str, Any] = field(default_factory=dict, compare=False)


class LeaseClient:
    """Reads and writes of one Lease. All methods raise KubeError.

    :param namespace: where it is; must exist.
    """

    def __init__(self, client: KubeClient, namespace: str, name: str) -> None:
        self._client = client
        self._namespace = namespace
        self._name = name
        self._collection = f"/apis/coordination.k8s.io/v1/namespaces/{quote(namespace, safe='')}/leases"
        self._path = f"{self._collection}/{quote(name, safe='')}"

    async def get(self) -> Lease:
        """Read it. Raises Missing if there is none."""
        return _read(await self._client.request("get", self._path, timeout=LEASE_REQUEST_TIMEOUT))

    async def create(self, lease: Lease) -> Lease:
        """Create it. Raises Conflict if somebody else has."""
        body = {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"namespace": self._namespace, "name": self._name},
            "spec": _spec(lease),
        }
        return _read(await self._client.request("create", self._collection, body=body, timeout=LEASE_REQUEST_TIMEOUT))

    async def update(self, lease: Lease) -> Lease:
        """Replace what it says, if it still is as `lease.raw` was read. Raises Conflict if not."""
        kept = {name: value for name, value in _spec_of(lease.raw).items() if name != _HOLDER}
        body = {**lease.raw, "spec": {**kept, **_spec(lease)}}
        return _read(await self._client.request("update", self._path, body=body, timeout=LEASE_REQUEST_TIMEOUT))


def _spec_of(raw: Mapping[str, Any]) -> dict[str, Any]:
    spec = raw.get("spec")
    return spec if isinstance(spec, dict) else {}


def _spec(lease: Lease) -> dict[str, Any]:
    spec: dict[str, Any] = {
        # The API server takes whole seconds, and none below one.
        "leaseDurationSeconds": max(1, round(lease.duration)),
        "leaseTransitions": lease.transitions,
    }
    if lease.holder:
        # An empty one is refused; a Lease of nobody has none.
        spec[_HOLDER] = lease.holder
    if lease.acquire_time:
        spec["acquireTime"] = lease.acquire_time
    if lease.renew_time:
        spec["renewTime"] = lease.renew_time
    return spec


def _read(raw: Mapping[str, Any]) -> Lease:
    # Anybody with the rights can write anything into it: what does not fit counts as absent.
    spec = _spec_of(raw)
    duration, transitions = spec.get("leaseDurationSeconds"), spec.get("leaseTransitions")
    return Lease(
        holder=_text(spec.get(_HOLDER)),
        duration=float(duration) if isinstance(duration, int) and duration > 0 else 0.0,
        acquire_time=_text(spec.get("acquireTime")),
        renew_time=_text(spec.get("renewTime")),
        transitions=transitions if isinstance(transitions, int) and transitions >= 0 else 0,
        raw=raw,
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
