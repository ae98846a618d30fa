"""What a pod wants of its host. On Fargate the host is its own, and out of its reach.

Source: the EKS user guide's considerations; the fargate-scheduler's `Pod not supported on Fargate: fields not supported: HostNetwork,
invalid SecurityContext fields: Privileged, port contains HostIP or HostPort` and `V is of an unsupported volume Type`.
"""

from collections.abc import Iterator
from typing import Final

from fargateclaims.domain.lint.inventory import Inventory
from fargateclaims.domain.lint.placement import FITS_IN_CEL, meant_for_ec2
from fargateclaims.domain.lint.resources import Resource, pod_of
from fargateclaims.domain.lint.rule import PODS, Expression, Hit, Rule, Severity
from fargateclaims.domain.lint.values import at, mappings

# Agents of nodes that EKS or its users run beside Fargate; their pods never were to run there.
_FOR_NODES: Final = frozenset(
    {
        *("aws-node", "kube-proxy", "ebs-csi-node", "efs-csi-node", "fsx-csi-node", "s3-csi-node", "eks-pod-identity-agent"),
        *("eks-node-monitoring-agent", "aws-node-termination-handler", "nvidia-device-plugin-daemonset", "neuron-device-plugin"),
        *("ebs-csi-node-windows", "csi-secrets-store", "secrets-store-csi-driver", "csi-secrets-store-provider-aws"),
    }
)


def _daemon_set(resource: Resource, _inventory: Inventory) -> Iterator[Hit]:
    if resource.name in _FOR_NODES or (resource.pod is not None and meant_for_ec2(resource.pod)):
        return
    yield Hit((*resource.path, "kind"), "gets no pods on Fargate nodes")


def _privileged(resource: Resource, _inventory: Inventory) -> Iterator[Hit]:
    for container in pod_of(resource).containers:
        if at(container.value, "securityContext", "privileged") is True:
            yield Hit((*container.path, "securityContext", "privileged"), f"container {container.name} is privileged")


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
)
