"""What a pod wants of its host. On Fargate the host is its own, and out of its reach.

Source: the EKS user guide's considerations; the fargate-scheduler's `Pod not supported on Fargate: fields not supported: HostNetwork,
invalid SecurityContext fields: Capabilities added: NET_ADMIN, AllowPrivilegeEscalation, Privileged, port contains HostIP or HostPort`,
`volumeDevices not supported` and `V is of an unsupported volume Type` (aws-app-mesh-roadmap#158, containers-roadmap#2162,
ingress-nginx#4888 and #9704); the kubelet of Amazon EKS Distro, which makes the same checks.
"""

from collections.abc import Iterator
from typing import Final

from fargateclaims.domain.lint.inventory import Inventory
from fargateclaims.domain.lint.placement import FITS_IN_CEL, meant_for_ec2
from fargateclaims.domain.lint.resources import Resource, pod_of
from fargateclaims.domain.lint.rule import PODS, Expression, Hit, Rule, Severity
from fargateclaims.domain.lint.values import at, items, mappings

# Agents of nodes that EKS or its users run beside Fargate; their pods never were to run there.
_FOR_NODES: Final = frozenset(
    {
        *("aws-node", "kube-proxy", "ebs-csi-node", "efs-csi-node", "fsx-csi-node", "s3-csi-node", "eks-pod-identity-agent"),
        *("eks-node-monitoring-agent", "aws-node-termination-handler", "nvidia-device-plugin-daemonset", "neuron-device-plugin"),
        *("ebs-csi-node-windows", "csi-secrets-store", "secrets-store-csi-driver", "csi-secrets-store-provider-aws"),
    }
)

# What every container has by default, and so may ask for. EKS compares the names as they stand: CAP_CHOWN is none of them.
_CAPABILITIES: Final = (
    *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "NET_RAW"),
    *("SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"),
)


def _daemon_set(resource: Resource, _inventory: Inventory) -> Iterator[Hit]:
    if resource.name in _FOR_NODES or (resource.pod is not None and meant_for_ec2(resource.pod)):
        return
    yield Hit((*resource.path, "kind"), "gets no pods on Fargate nodes")


def _privileged(resource: Resource, _inventory: Inventory) -> Iterator[Hit]:
    for container in pod_of(resource).containers:
        if at(container.value, "securityContext", "privileged") is True:
            yield Hit((*container.path, "securityContext", "privileged"), f"container {container.name} is privileged")


def _capabilities(resource: Resource, _inventory: Inventory) -> Iterator[Hit]:
    for container in pod_of(resource).containers:
        added = items(container.value, "securityContext", "capabilities", "add")
        if refused := [name for name in added if isinstance(name, str) and name not in _CAPABILITIES]:
            path = (*container.path, "securityContext", "capabilities", "add")
            yield Hit(path, f"container {container.name} adds {', '.join(refused)}")


def _escalation(resource: Resource, _inventory: Inventory) -> Iterator[Hit]:
    for container in pod_of(resource).containers:
        if at(container.value, "securityContext", "allowPrivilegeEscalation") is True:
            path = (*container.path, "securityContext", "allowPrivilegeEscalation")
            yield Hit(path, f"container {container.name} may gain privileges")


def _block_devices(resource: Resource, _inventory: Inventory) -> Iterator[Hit]:
    for container in pod_of(resource).containers:
        if items(container.value, "volumeDevices"):
            yield Hit((*container.path, "volumeDevices"), f"container {container.name} takes a block device")


def _host_port(resource: Resource, _inventory: Inventory) -> Iterator[Hit]:
    pod = pod_of(resource)
    if pod.spec.get("hostNetwork") is True:
        return  # each port then is one of the host's, and the API server writes it down
    for container in pod.containers:
        for index, port in mappings(container.value, "ports"):
            for field in ("hostPort", "hostIP"):
                if port.get(field):
                    yield Hit((*container.path, "ports", index, field), f"container {container.name} takes a {field} of its node")


def _host_network(resource: Resource, _inventory: Inventory) -> Iterator[Hit]:
    yield from _field(resource, "hostNetwork", "the pod takes its node's network")


def _host_processes(resource: Resource, _inventory: Inventory) -> Iterator[Hit]:
    yield from _field(resource, "hostPID", "the pod takes its node's process ids")
    yield from _field(resource, "hostIPC", "the pod takes its node's IPC")


def _field(resource: Resource, field: str, what: str) -> Iterator[Hit]:
    pod = pod_of(resource)
    if pod.spec.get(field) is True:
        yield Hit((*pod.path, field), what)


def _host_path(resource: Resource, _inventory: Inventory) -> Iterator[Hit]:
    pod = pod_of(resource)
    for index, volume in mappings(pod.spec, "volumes"):
        if isinstance(volume.get("hostPath"), dict):
            yield Hit((*pod.path, "volumes", index, "hostPath"), f"volume {volume.get('name')} is a folder of the node")


_FOR_NODES_IN_CEL: Final = f"object.metadata.name in [{', '.join(repr(name) for name in sorted(_FOR_NODES))}] || !({FITS_IN_CEL})"

RULES: Final = (
    Rule(
        id="FG101",
        severity=Severity.ERROR,
        title="DaemonSet",
        why="Fargate runs no DaemonSets: each pod has a node of its own, on which nothing else is scheduled.",
        advice=(
            "run the agent as a sidecar of the pods that need it (for logs, use Fargate's own log router), or, if it serves EC2 nodes "
            "alone, say so by a required node affinity eks.amazonaws.com/compute-type NotIn [fargate]"
        ),
        sources=("G7", "G23"),
        kinds=frozenset({"DaemonSet"}),
        check=_daemon_set,
        expressions=(Expression("daemonsets", _FOR_NODES_IN_CEL),),
    ),
    Rule(
        id="FG102",
        severity=Severity.ERROR,
        title="Privileged container",
        why="The fargate-scheduler refuses privileged containers, and the pod stays Pending.",
        advice="remove securityContext.privileged, or keep this pod on EC2 nodes",
        sources=("G8",),
        check=_privileged,
        expressions=(
            Expression(
                PODS,
                "variables.containers.all(c, !has(c.securityContext) || !has(c.securityContext.privileged)"
                " || !c.securityContext.privileged)",
            ),
        ),
    ),
    Rule(
        id="FG103",
        severity=Severity.ERROR,
        title="Port of the host",
        why="The fargate-scheduler refuses hostPort and hostIP, and the pod stays Pending.",
        advice="remove it and reach the pod through a Service",
        sources=("G9",),
        check=_host_port,
        expressions=(
            Expression(
                PODS,
                "(has(variables.spec.hostNetwork) && variables.spec.hostNetwork) || variables.containers.all(c, !has(c.ports)"
                " || c.ports.all(p, (!has(p.hostPort) || p.hostPort == 0) && (!has(p.hostIP) || p.hostIP == '')))",
            ),
        ),
    ),
    Rule(
        id="FG104",
        severity=Severity.ERROR,
        title="Network of the host",
        why="The fargate-scheduler refuses hostNetwork, and the pod stays Pending.",
        advice="remove hostNetwork: on Fargate each pod has a network interface of its own",
        sources=("G3", "G9"),
        check=_host_network,
        expressions=(Expression(PODS, "!has(variables.spec.hostNetwork) || !variables.spec.hostNetwork"),),
    ),
    Rule(
        id="FG105",
        severity=Severity.ERROR,
        title="Processes or IPC of the host",
        why="A pod on Fargate is alone on a kernel of its own: there is nothing on the host for it to see.",
        advice="remove hostPID and hostIPC; shareProcessNamespace lets a pod's own containers see each other",
        sources=("G3",),
        check=_host_processes,
        expressions=(
            Expression(
                PODS,
                "(!has(variables.spec.hostPID) || !variables.spec.hostPID) && (!has(variables.spec.hostIPC) || !variables.spec.hostIPC)",
            ),
        ),
    ),
    Rule(
        id="FG106",
        severity=Severity.ERROR,
        title="Folder of the host",
        why="The fargate-scheduler refuses hostPath volumes as of an unsupported type, and the pod stays Pending.",
        advice="use an emptyDir for what may be lost, and a static EFS volume for what must stay",
        sources=("G3", "G22"),
        check=_host_path,
        expressions=(Expression(PODS, "!has(variables.spec.volumes) || variables.spec.volumes.all(v, !has(v.hostPath))"),),
    ),
    Rule(
        id="FG119",
        severity=Severity.ERROR,
        title="Added capability",
        why=(
            "The fargate-scheduler refuses capabilities beyond those that every container has, and the pod stays Pending: the init "
            "containers of service meshes, which add NET_ADMIN, among them."
        ),
        advice=(
            "take it out of securityContext.capabilities.add (if it is a mesh's, by leaving its sidecar out of this pod), or keep this pod "
            "on EC2 nodes"
        ),
        sources=("G8",),
        check=_capabilities,
        expressions=(
            Expression(
                PODS,
                "variables.containers.all(c, !has(c.securityContext) || !has(c.securityContext.capabilities)"
                " || !has(c.securityContext.capabilities.add) || c.securityContext.capabilities.add.all(a, a in ["
                + ", ".join(f"'{name}'" for name in _CAPABILITIES)
                + "]))",
            ),
        ),
    ),
    Rule(
        id="FG120",
        severity=Severity.ERROR,
        title="Privilege escalation",
        why="The fargate-scheduler refuses containers that say allowPrivilegeEscalation: true, and the pod stays Pending.",
        advice=(
            "set securityContext.allowPrivilegeEscalation to false (an ingress controller then listens on ports above 1023), or keep this "
            "pod on EC2 nodes"
        ),
        sources=("G8",),
        check=_escalation,
        expressions=(
            Expression(
                PODS,
                "variables.containers.all(c, !has(c.securityContext) || !has(c.securityContext.allowPrivilegeEscalation)"
                " || !c.securityContext.allowPrivilegeEscalation)",
            ),
        ),
    ),
    Rule(
        id="FG121",
        severity=Severity.ERROR,
        title="Block device",
        why="The fargate-scheduler refuses volumeDevices, and the pod stays Pending.",
        advice="use volumeMounts and a static EFS volume, or keep this pod on EC2 nodes",
        sources=("G22",),
        check=_block_devices,
        expressions=(Expression(PODS, "variables.containers.all(c, !has(c.volumeDevices) || c.volumeDevices.size() == 0)"),),
    ),
)
