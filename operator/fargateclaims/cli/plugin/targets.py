"""What a person points at: KIND NAME, KIND/NAME, or NAME, which is a pod."""

from dataclasses import dataclass
from typing import Final

from fargateclaims.cli.plugin.errors import UsageError
from fargateclaims.kube.viewer import WORKLOADS

_SHORT: Final = {
    "po": "pod", "deploy": "deployment", "rs": "replicaset", "sts": "statefulset", "ds": "daemonset", "cj": "cronjob",
    "rc": "replicationcontroller",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Target:
    """One object of the cluster, of one of the WORKLOADS."""

    kind: str
    name: str


def read_target(kind: str | None, name: str | None) -> Target | None:
    """Read the arguments of a command; None if there are none. Raises UsageError."""
    if kind is None:
        return None
    if name is None:
        kind, slash, name = kind.rpartition("/")
        kind = kind if slash else "pod"
    plain = kind.lower().partition(".")[0]
    found = _SHORT.get(plain) or next((one for one, (_, plural) in WORKLOADS.items() if plain in (one, plural)), None)
    if found is None:
        raise UsageError(f"{kind} makes no pods; what does is {', '.join(WORKLOADS)}")
    if not name or "/" in name:
        raise UsageError("name one object, as in: pod web-7f4d, or deployment/web")
    return Target(found, name)


def chosen(kind: str | None, name: str | None, files: list[str] | None) -> Target | None:
    """The object that a person named; None if they gave files. Raises UsageError where it is both or neither."""
    target = read_target(kind, name)
    if (target is None) == (not files):
        raise UsageError("say either which object of the cluster (pod web-7f4d, deployment/web), or -f and a manifest")
    return target
