"""Whether a pod can run on Fargate, in the words of EKS's fargate-scheduler.

Sources: the events that users have reported (aws/containers-roadmap#1517, aws-efs-csi-driver#589, #793, aws-ebs-csi-driver#810,
ingress-nginx#4888, frappe/helm#182, freegroup/kube-s3#14), and the kubelet of Amazon EKS Distro, which makes the same checks.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from fargateclaims.simulator.kube.objects import Obj, metadata_of

_FIELDS: Final = {"hostNetwork": "HostNetwork", "hostPID": "HostPID", "hostIPC": "HostIPC"}
_VOLUMES: Final = frozenset({"configMap", "downwardAPI", "emptyDir", "nfs", "persistentVolumeClaim", "projected", "secret"})
# What containerd gives to every container; EKS compares the names as they stand, so CAP_CHOWN is none of them.
_CAPABILITIES: Final = frozenset(
    {
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "NET_RAW",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    }
)
EFS_DRIVER: Final = "efs.csi.aws.com"


def unsupported(pod: Obj, claim_problems: Mapping[str, str]) -> str | None:
    """Why Fargate cannot run a pod, as the fargate-scheduler says it; None if it can.

    :param claim_problems: what `claim_problem` said of the pod's PersistentVolumeClaims, by the claim's name.
    """
    problems = list(_problems(pod, claim_problems))
    return f"Pod not supported on Fargate: {', '.join(problems)}" if problems else None


def claim_names(pod: Obj) -> list[str]:
    """The PersistentVolumeClaims that a pod mounts."""
    return [volume["persistentVolumeClaim"]["claimName"] for volume in _volumes(pod) if volume.get("persistentVolumeClaim")]


def claim_problem(claim: Obj, volume: Obj | None) -> str | None:
    """Why a pod with this PersistentVolumeClaim cannot run; None if it can: the claim is bound to an EFS volume.

    :param volume: the PersistentVolume that the claim names; None if there is none.
    """
    name = metadata_of(claim)["name"]
    if volume is None or (claim.get("status") or {}).get("phase") != "Bound":
        return f"PVC {name} not bound"
    driver = (volume["spec"].get("csi") or {}).get("driver")
    if driver == EFS_DRIVER:
        return None
    how = f"CSI Driver: {driver}" if driver else "nil CSI spec"
    return f"PVC {name} bound to invalid PV {metadata_of(volume)['name']} with {how}"


def _problems(pod: Obj, claim_problems: Mapping[str, str]) -> Iterator[str]:
    if any(owner.get("kind") == "DaemonSet" for owner in metadata_of(pod).get("ownerReferences") or ()):
        yield "DaemonSet not supported"
    if fields := [word for field, word in _FIELDS.items() if pod["spec"].get(field)]:
        yield f"fields not supported: {', '.join(fields)}"
    contexts = [", ".join(_context_problems(container.get("securityContext") or {})) for container in _containers(pod)]
    if any(contexts):
        yield f"invalid SecurityContext fields: {','.join(filter(None, contexts))}"
    if volumes := list(_volume_problems(pod, claim_problems)):
        yield f"volumes not supported: {', '.join(volumes)}"
    if any(container.get("volumeDevices") for container in _containers(pod)):
        yield "volumeDevices not supported"
    if any(port.get("hostPort") or port.get("hostIP") for container in _containers(pod) for port in container.get("ports") or ()):
        yield "port contains HostIP or HostPort"


def _context_problems(context: Mapping[str, Any]) -> Iterator[str]:
    added = (context.get("capabilities") or {}).get("add") or ()
    if refused := [name for name in added if name not in _CAPABILITIES]:
        yield f"Capabilities added: {', '.join(refused)}"
    if context.get("allowPrivilegeEscalation"):
        yield "AllowPrivilegeEscalation"
    if context.get("privileged"):
        yield "Privileged"


def _volume_problems(pod: Obj, claim_problems: Mapping[str, str]) -> Iterator[str]:
    for volume in _volumes(pod):
        claim = (volume.get("persistentVolumeClaim") or {}).get("claimName") or ""
        if not _VOLUMES & volume.keys():
            yield f"{volume['name']} is of an unsupported volume Type"
        elif claim in claim_problems:
            yield f"{volume['name']} not supported because: {claim_problems[claim]}"


def _volumes(pod: Obj) -> Iterable[Obj]:
    return pod["spec"].get("volumes") or ()


def _containers(pod: Obj) -> list[Obj]:
    return [*(pod["spec"].get("initContainers") or ()), *pod["spec"]["containers"]]
