"""Lint and the simulated fargate-scheduler judge the same pods: what it refuses, lint finds, and no error is found in what it takes."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fargateclaims.domain.lint.linter import Linter
from fargateclaims.domain.lint.rule import Severity
from fargateclaims.simulator.fargate.eligibility import claim_problem, unsupported

Obj = dict[str, Any]

# All types of volumes that Kubernetes has, or had.
_TYPES: Final = (
    *("awsElasticBlockStore", "azureDisk", "azureFile", "cephfs", "cinder", "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral"),
    *("fc", "flexVolume", "flocker", "gcePersistentDisk", "gitRepo", "glusterfs", "hostPath", "image", "iscsi", "nfs"),
    *("photonPersistentDisk", "portworxVolume", "projected", "quobyte", "rbd", "scaleIO", "secret", "storageos", "vsphereVolume"),
)
# And all sources of a PersistentVolume that a claim can be bound to.
_SOURCES: Final[tuple[Obj, ...]] = (
    *({"csi": {"driver": driver}} for driver in ("efs.csi.aws.com", "ebs.csi.aws.com", "fsx.csi.aws.com", "s3.csi.aws.com")),
    *({"csi": {"driver": driver}} for driver in ("driver.longhorn.io", "nfs.csi.k8s.io", "secrets-store.csi.k8s.io")),
    *({kind: {"path": "/"}} for kind in ("nfs", "hostPath", "local", "iscsi", "awsElasticBlockStore", "fc", "rbd")),
)
# What containerd gives, what meshes and debuggers want, and how Docker and people write them.
_CAPABILITIES: Final = (
    *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "NET_RAW", "SETFCAP", "SETGID"),
    *("SETPCAP", "SETUID", "SYS_CHROOT", "NET_ADMIN", "SYS_PTRACE", "SYS_ADMIN", "IPC_LOCK", "DAC_READ_SEARCH", "BPF", "ALL"),
    *("CAP_CHOWN", "CAP_NET_ADMIN", "chown", "net_admin"),
)


def _pod(containers: list[Obj], volumes: list[Obj], **fields: Any) -> Obj:
    named = [{"name": f"c{index}", "image": "app:1", **container} for index, container in enumerate(containers)]
    spec = {"containers": named[:1], "initContainers": named[1:], "volumes": volumes, **fields}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pod", "namespace": "shop"}, "spec": spec}


def _typed(*types: str) -> list[Obj]:
    return [{"name": f"v{index}", kind: {}} for index, kind in enumerate(types)]


def _claimed(name: str) -> Obj:
    return {"name": name, "persistentVolumeClaim": {"claimName": name}}


def _bound(name: str, source: Mapping[str, Any], *, by_hand: bool) -> tuple[Obj, Obj]:
    """A claim and its volume, as they are in a cluster, or as somebody wrote them."""
    reference = {"kind": "PersistentVolumeClaim", "namespace": "shop", "name": name, **({} if by_hand else {"uid": "7"})}
    claim = {"spec": {"storageClassName": "shared", "volumeName": f"pv-{name}"}, "status": {"phase": "Bound"}}
    volume = {"spec": {"capacity": {"storage": "1Gi"}, "claimRef": reference, **source}}
    return (
        {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name, "namespace": "shop"}, **claim},
        {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": f"pv-{name}"}, **volume},
    )


def _refusal(pod: Obj, bound: list[tuple[Obj, Obj]]) -> str | None:
    problems = {claim["metadata"]["name"]: claim_problem(claim, volume) for claim, volume in bound}
    return unsupported(pod, {name: problem for name, problem in problems.items() if problem})


def _errors(*objects: Obj) -> list[str]:
    linter = Linter()
    for each in objects:
        linter.add_object(each)
    return [str(finding.rule.id) for finding in linter.findings() if finding.rule.severity is Severity.ERROR]


def _one_thing_each() -> Iterator[tuple[Obj, Obj | None]]:
    """Pods with one thing that may be refused, and the source of the volume that they claim, if they claim one."""
    yield _pod([{}], []), None
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        yield _pod([{}], [], **{field: True}), None
    for kind in _TYPES:
        yield _pod([{}], _typed(kind)), None
    for name in _CAPABILITIES:
        yield _pod([{}, {"securityContext": {"capabilities": {"add": [name]}}}], []), None
        yield _pod([{"securityContext": {"capabilities": {"drop": [name]}}}], []), None
    for context in ({"privileged": True}, {"allowPrivilegeEscalation": True}, {"allowPrivilegeEscalation": False}):
        yield _pod([{"securityContext": context}], []), None
    yield _pod([{"volumeDevices": [{"name": "a", "devicePath": "/dev/a"}]}], []), None
    for port in ({"hostPort": 80}, {"hostIP": "10.0.0.1"}, {"hostPort": 0}):
        yield _pod([{"ports": [{"containerPort": 80, **port}]}], []), None
    for source in _SOURCES:
        yield _pod([{}], [_claimed("data")]), source


@pytest.mark.parametrize(("pod", "source"), list(_one_thing_each()))
def test_each_thing_is_judged_alike(pod: Obj, source: Obj | None) -> None:
    bound = [] if source is None else [_bound("data", source, by_hand=False)]
    refusal = _refusal(pod, bound)
    assert bool(_errors(pod, *(each for pair in bound for each in pair))) == bool(refusal), refusal


_CONTAINERS: Final = st.fixed_dictionaries(
    {},
    optional={
        "securityContext": st.fixed_dictionaries(
            {},
            optional={
                "privileged": st.booleans(),
                "allowPrivilegeEscalation": st.booleans(),
                "capabilities": st.fixed_dictionaries(
                    {}, optional={word: st.lists(st.sampled_from(_CAPABILITIES), max_size=3) for word in ("add", "drop")}
                ),
            },
        ),
        "ports": st.lists(
            st.fixed_dictionaries(
                {"containerPort": st.just(80)},
                optional={"hostPort": st.sampled_from((0, 80)), "hostIP": st.sampled_from(("", "10.0.0.1"))},
            ),
            max_size=2,
        ),
        "volumeDevices": st.lists(st.just({"name": "disk", "devicePath": "/dev/xvda"}), max_size=1),
    },
)
_FIELDS: Final = st.fixed_dictionaries({}, optional=dict.fromkeys(("hostNetwork", "hostPID", "hostIPC"), st.booleans()))


@given(
    containers=st.lists(_CONTAINERS, min_size=1, max_size=3),
    # Types of the future as well: what is not known to be taken is refused.
    types=st.lists(st.sampled_from(_TYPES) | st.just("ofTomorrow"), max_size=3),
    sources=st.lists(st.sampled_from(_SOURCES), max_size=2),
    fields=_FIELDS,
    by_hand=st.booleans(),
)
def test_all_pods_are_judged_alike(containers: list[Obj], types: list[str], sources: list[Obj], fields: Obj, by_hand: bool) -> None:  # noqa: FBT001
    bound = [_bound(f"data-{index}", source, by_hand=by_hand) for index, source in enumerate(sources)]
    pod = _pod(containers, [*_typed(*types), *(_claimed(claim["metadata"]["name"]) for claim, _ in bound)], **fields)
    refusal = _refusal(pod, bound)
    assert bool(_errors(pod, *(each for pair in bound for each in pair))) == bool(refusal), refusal


def test_pods_of_daemon_sets_are_judged_alike() -> None:
    pod = _pod([{}], [])
    owned = {**pod, "metadata": {**pod["metadata"], "ownerReferences": [{"kind": "DaemonSet", "name": "agent", "controller": True}]}}
    owner = {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "agent"}, "spec": {"template": {"spec": pod["spec"]}}}
    assert _refusal(owned, []) == "Pod not supported on Fargate: DaemonSet not supported"
    assert _errors(owner) == ["FG101"]
