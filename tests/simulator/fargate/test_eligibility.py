"""Whether a pod can run on Fargate: the fargate-scheduler's own words, as users have reported them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fargateclaims.simulator.fargate.eligibility import claim_names, claim_problem, unsupported

Obj = dict[str, Any]


def pod(containers: list[Obj] | None = None, owners: list[Obj] | None = None, **spec: Any) -> Obj:
    return {"metadata": {"name": "p", "ownerReferences": owners}, "spec": {"containers": containers or [container()], **spec}}


def container(**fields: Any) -> Obj:
    return {"name": "main", "image": "app:1", **fields}


def context(**fields: Any) -> Obj:
    return container(securityContext=fields)


PRIVILEGED = context(privileged=True)
HOST_PORT = container(ports=[{"containerPort": 80, "hostPort": 80}])


@pytest.mark.parametrize(
    ("wanted", "problems"),
    [
        (pod(hostNetwork=True), "fields not supported: HostNetwork"),
        (pod(hostNetwork=True, hostPID=True, hostIPC=True), "fields not supported: HostNetwork, HostPID, HostIPC"),
        (pod([PRIVILEGED]), "invalid SecurityContext fields: Privileged"),
        (pod([PRIVILEGED, PRIVILEGED]), "invalid SecurityContext fields: Privileged,Privileged"),
        (pod(initContainers=[PRIVILEGED]), "invalid SecurityContext fields: Privileged"),
        (pod([context(allowPrivilegeEscalation=True)]), "invalid SecurityContext fields: AllowPrivilegeEscalation"),
        (pod([context(capabilities={"add": ["CAP_CHOWN"]})]), "invalid SecurityContext fields: Capabilities added: CAP_CHOWN"),
        (
            pod([context(capabilities={"add": ["NET_ADMIN", "CHOWN", "SYS_ADMIN"]}, privileged=True)]),
            "invalid SecurityContext fields: Capabilities added: NET_ADMIN, SYS_ADMIN, Privileged",
        ),
        (pod([HOST_PORT]), "port contains HostIP or HostPort"),
        (pod([container(ports=[{"containerPort": 80, "hostIP": "10.0.0.1"}])]), "port contains HostIP or HostPort"),
        (pod(volumes=[{"name": "docker", "hostPath": {"path": "/run"}}]), "volumes not supported: docker is of an unsupported volume Type"),
        (
            pod(volumes=[{"name": "tls", "csi": {"driver": "csi.cert-manager.io"}}, {"name": "disk", "awsElasticBlockStore": {}}]),
            "volumes not supported: tls is of an unsupported volume Type, disk is of an unsupported volume Type",
        ),
        (pod([container(volumeDevices=[{"name": "disk", "devicePath": "/dev/x"}])]), "volumeDevices not supported"),
        (pod(owners=[{"kind": "DaemonSet", "name": "agent"}]), "DaemonSet not supported"),
        (
            pod([{**PRIVILEGED, **HOST_PORT}], hostNetwork=True),
            "fields not supported: HostNetwork, invalid SecurityContext fields: Privileged, port contains HostIP or HostPort",
        ),
        (
            pod([PRIVILEGED], volumes=[{"name": "mntdatas3fs", "hostPath": {"path": "/mnt"}}]),
            "invalid SecurityContext fields: Privileged, volumes not supported: mntdatas3fs is of an unsupported volume Type",
        ),
    ],
)
def test_what_fargate_cannot_run_is_said_in_its_words(wanted: Obj, problems: str) -> None:
    assert unsupported(wanted, {}) == f"Pod not supported on Fargate: {problems}"


@pytest.mark.parametrize(
    "wanted",
    [
        pod(),
        pod(hostNetwork=False, securityContext={"runAsUser": 1000}, initContainers=[container()]),
        pod([context(privileged=False, allowPrivilegeEscalation=False, capabilities={"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]})]),
        pod([container(ports=[{"containerPort": 80, "protocol": "TCP"}])]),
        pod(volumes=[{"name": kind, kind: {}} for kind in ("emptyDir", "configMap", "secret", "projected", "downwardAPI", "nfs")]),
        pod(volumes=[{"name": "data", "persistentVolumeClaim": {"claimName": "efs"}}]),
        pod(owners=[{"kind": "ReplicaSet", "name": "web"}]),
        # Fargate ignores them.
        pod(nodeSelector={"kubernetes.io/arch": "arm64"}, affinity={"podAntiAffinity": {}}, tolerations=[{"operator": "Exists"}]),
    ],
)
def test_what_fargate_can_run_is_not_refused(wanted: Obj) -> None:
    assert unsupported(wanted, {}) is None


def test_a_claim_problem_is_said_of_the_volume() -> None:
    wanted = pod(volumes=[{"name": "data", "persistentVolumeClaim": {"claimName": "data-0"}}])
    assert claim_names(wanted) == ["data-0"]
    message = "Pod not supported on Fargate: volumes not supported: data not supported because: PVC data-0 not bound"
    assert unsupported(wanted, {"data-0": "PVC data-0 not bound"}) == message


@pytest.mark.parametrize(
    ("phase", "volume_spec", "problem"),
    [
        ("Bound", {"csi": {"driver": "efs.csi.aws.com"}}, None),
        ("Pending", {"csi": {"driver": "efs.csi.aws.com"}}, "PVC data not bound"),
        ("Bound", None, "PVC data not bound"),
        ("Bound", {"csi": {"driver": "ebs.csi.aws.com"}}, "PVC data bound to invalid PV pv-1 with CSI Driver: ebs.csi.aws.com"),
        ("Bound", {"hostPath": {"path": "/data"}}, "PVC data bound to invalid PV pv-1 with nil CSI spec"),
    ],
)
def test_only_a_bound_claim_on_efs_can_be_mounted(phase: str, volume_spec: Obj | None, problem: str | None) -> None:
    claim = {"metadata": {"name": "data"}, "spec": {"volumeName": "pv-1"}, "status": {"phase": phase}}
    volume = None if volume_spec is None else {"metadata": {"name": "pv-1"}, "spec": volume_spec}
    assert claim_problem(claim, volume) == problem


_CONTEXTS = st.fixed_dictionaries(
    {}, optional={"privileged": st.booleans(), "allowPrivilegeEscalation": st.booleans(), "capabilities": st.just({"add": ["SYS_ADMIN"]})}
)
_PODS = st.builds(
    lambda contexts, fields: pod([context(**one) for one in contexts], **fields),
    st.lists(_CONTEXTS, min_size=1, max_size=3),
    st.fixed_dictionaries({}, optional={"hostNetwork": st.booleans(), "hostPID": st.booleans(), "hostIPC": st.booleans()}),
)


@given(_PODS)
def test_a_pod_is_refused_if_and_only_if_something_in_it_is(wanted: Obj) -> None:
    contexts = [one["securityContext"] for one in wanted["spec"]["containers"]]
    bad = any(wanted["spec"].get(field) for field in ("hostNetwork", "hostPID", "hostIPC"))
    bad = bad or any(one.get("privileged") or one.get("allowPrivilegeEscalation") or "capabilities" in one for one in contexts)
    assert bool(unsupported(wanted, {})) == bad
