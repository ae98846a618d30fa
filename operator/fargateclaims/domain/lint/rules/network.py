"""How traffic reaches pods: load balancers have to send it to the pods' own addresses, for there is no node port to send it to.

Source: the EKS user guide's considerations; the AWS Load Balancer Controller's documentation of its annotations. Without a word on the
target type the controller takes `instance`, unless it was started with another default; EKS Auto Mode's takes `ip`.
"""

from collections.abc import Iterator
from typing import Final

from fargateclaims.domain.lint.inventory import Inventory
from fargateclaims.domain.lint.resources import Resource
from fargateclaims.domain.lint.rule import Expression, Hit, Rule, Severity
from fargateclaims.domain.lint.values import mapping, text

_SERVICE_TARGET: Final = "service.beta.kubernetes.io/aws-load-balancer-nlb-target-type"
_SERVICE_TYPE: Final = "service.beta.kubernetes.io/aws-load-balancer-type"
_INGRESS_TARGET: Final = "alb.ingress.kubernetes.io/target-type"
_INGRESS_CLASS: Final = "kubernetes.io/ingress.class"
_CONTROLLER: Final = "ingress.k8s.aws/alb"
_NLB_CLASS: Final = "service.k8s.aws/nlb"
_AUTO_NLB_CLASS: Final = "eks.amazonaws.com/nlb"
_ALB: Final = "alb"


def _service_instance(resource: Resource, _inventory: Inventory) -> Iterator[Hit]:
    if _is_balanced(resource) and resource.annotations.get(_SERVICE_TARGET) == "instance":
        yield Hit((*resource.path, "metadata", "annotations", _SERVICE_TARGET), "its load balancer sends to nodes")


def _service_default(resource: Resource, _inventory: Inventory) -> Iterator[Hit]:
    told = _SERVICE_TARGET in resource.annotations or resource.annotations.get(_SERVICE_TYPE) == "nlb-ip"
    if _is_balanced(resource) and not told and text(resource.value, "spec", "loadBalancerClass") != _AUTO_NLB_CLASS:
        yield Hit((*resource.path, "spec", "type"), "its load balancer is not told to send to pods")


def _is_balanced(resource: Resource) -> bool:
    spec = mapping(resource.value, "spec")
    # Another class is another product's, which does as it does.
    return spec.get("type") == "LoadBalancer" and text(spec, "loadBalancerClass") in ("", _NLB_CLASS, _AUTO_NLB_CLASS)


def _node_port(resource: Resource, inventory: Inventory) -> Iterator[Hit]:
    if mapping(resource.value, "spec").get("type") != "NodePort":
        return
    # An ALB that sends to the pods does not use the node ports, and its controller's older samples have them all the same.
    if not any(_sends_to_pods(ingress, inventory) for ingress in inventory.ingresses(resource)):
        yield Hit((*resource.path, "spec", "type"), "is to be reached through ports of nodes")


def _ingress_instance(resource: Resource, _inventory: Inventory) -> Iterator[Hit]:
    if resource.annotations.get(_INGRESS_TARGET) == "instance":
        yield Hit((*resource.path, "metadata", "annotations", _INGRESS_TARGET), "its ALB sends to nodes")


def _ingress_default(resource: Resource, inventory: Inventory) -> Iterator[Hit]:
    if _INGRESS_TARGET in resource.annotations:
        return
    ours, params = _class_of(resource, inventory)
    if ours and (params is None or text(params.value, "spec", "targetType") != "ip"):
        yield Hit((*resource.path, "metadata", "annotations"), "its ALB is not told to send to pods")


def _sends_to_pods(ingress: Resource, inventory: Inventory) -> bool:
    if _INGRESS_TARGET in ingress.annotations:
        return bool(ingress.annotations[_INGRESS_TARGET] == "ip")
    _, params = _class_of(ingress, inventory)
    return params is not None and text(params.value, "spec", "targetType") == "ip"


def _class_of(ingress: Resource, inventory: Inventory) -> tuple[bool, Resource | None]:
    """Whether an Ingress's class is the AWS Load Balancer Controller's, and the class's parameters."""
    named = text(ingress.value, "spec", "ingressClassName") or ingress.annotations.get(_INGRESS_CLASS)
    if not isinstance(named, str):
        return False, None
    found = inventory.find("IngressClass", named)
    if found is None:
        return named == _ALB, None
    ours = text(found.value, "spec", "controller") == _CONTROLLER
    return ours, inventory.find("IngressClassParams", text(found.value, "spec", "parameters", "name")) if ours else None


def _target_group(resource: Resource, _inventory: Inventory) -> Iterator[Hit]:
    if text(resource.value, "spec", "targetType") == "instance":
        yield Hit((*resource.path, "spec", "targetType"), "registers nodes")


def _network_policy(resource: Resource, _inventory: Inventory) -> Iterator[Hit]:
    yield Hit((*resource.path, "kind"), "is not enforced on Fargate")


_NOT_BALANCED_IN_CEL: Final = (
    "!has(object.spec.type) || object.spec.type != 'LoadBalancer' || (has(object.spec.loadBalancerClass)"
    f" && !(object.spec.loadBalancerClass in ['', '{_NLB_CLASS}', '{_AUTO_NLB_CLASS}']))"
)
_ANNOTATED_IN_CEL: Final = "(has(object.metadata.annotations) && '{key}' in object.metadata.annotations{rest})"


def _annotated(key: str, value: str = "") -> str:
    rest = f" && object.metadata.annotations['{key}'] == '{value}'" if value else ""
    return _ANNOTATED_IN_CEL.format(key=key, rest=rest)


_SERVICE: Final = frozenset({"Service"})
_INGRESS: Final = frozenset({"Ingress"})

RULES: Final = (
    Rule(
        id="FG301",
        severity=Severity.ERROR,
        title="Network Load Balancer with nodes as targets",
        why="Pods on Fargate cannot be reached through node ports: the target group stays without a healthy target.",
        advice=f"set {_SERVICE_TARGET}: ip",
        sources=("G4", "G5"),
        kinds=_SERVICE,
        check=_service_instance,
        expressions=(Expression("services", f"{_NOT_BALANCED_IN_CEL} || !{_annotated(_SERVICE_TARGET, 'instance')}"),),
    ),
    Rule(
        id="FG302",
        severity=Severity.WARNING,
        title="Load balancer whose targets are not said",
        why="By default a Service's load balancer sends to nodes, through whose ports pods on Fargate cannot be reached.",
        advice=f"set {_SERVICE_TYPE}: external and {_SERVICE_TARGET}: ip, for the AWS Load Balancer Controller",
        sources=("G4", "G5"),
        kinds=_SERVICE,
        check=_service_default,
        expressions=(
            Expression(
                "services",
                f"{_NOT_BALANCED_IN_CEL} || {_annotated(_SERVICE_TARGET)} || {_annotated(_SERVICE_TYPE, 'nlb-ip')}"
                f" || (has(object.spec.loadBalancerClass) && object.spec.loadBalancerClass == '{_AUTO_NLB_CLASS}')",
            ),
        ),
    ),
    Rule(
        id="FG303",
        severity=Severity.ERROR,
        title="Application Load Balancer with nodes as targets",
        why="Pods on Fargate cannot be reached through node ports: the target group stays without a healthy target.",
        advice=f"set {_INGRESS_TARGET}: ip",
        sources=("G4", "G5"),
        kinds=_INGRESS,
        check=_ingress_instance,
        expressions=(Expression("ingresses", f"!{_annotated(_INGRESS_TARGET, 'instance')}"),),
    ),
    Rule(
        id="FG304",
        severity=Severity.WARNING,
        title="Ingress whose targets are not said",
        why="By default the AWS Load Balancer Controller registers nodes, through whose ports pods on Fargate cannot be reached.",
        advice=f"set {_INGRESS_TARGET}: ip, or targetType: ip in the IngressClassParams",
        sources=("G4", "G5"),
        kinds=_INGRESS,
        check=_ingress_default,
    ),
    Rule(
        id="FG305",
        severity=Severity.ERROR,
        title="Target group with nodes as targets",
        why="Pods on Fargate cannot be reached through node ports: the target group stays without a healthy target.",
        advice="make the target group of type ip, and set targetType: ip",
        sources=("G4", "G5"),
        kinds=frozenset({"TargetGroupBinding"}),
        check=_target_group,
    ),
    Rule(
        id="FG306",
        severity=Severity.WARNING,
        title="Node port",
        why="Fargate nodes open no ports for Services: pods there cannot be reached through them.",
        advice="use ClusterIP and the Service's name, or a load balancer with ip targets",
        sources=("G5",),
        kinds=_SERVICE,
        check=_node_port,
    ),
    Rule(
        id="FG307",
        severity=Severity.INFO,
        title="Network policy",
        why="The Amazon VPC CNI enforces network policies on EC2 nodes alone: pods on Fargate are as open as without.",
        advice="use security groups for what must be closed (SecurityGroupPolicy)",
        sources=("G20",),
        kinds=frozenset({"NetworkPolicy"}),
        check=_network_policy,
    ),
)
