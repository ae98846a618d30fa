"""How a pod gets AWS credentials, region and VPC: there is no instance metadata service on Fargate, and no EKS Pod Identity agent.

Only what is certain: an address of the metadata service that is written down, known controllers without the flags that they need there.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from fargateclaims.domain.lint.inventory import Inventory
from fargateclaims.domain.lint.resources import Container, Resource, pod_of
from fargateclaims.domain.lint.rule import Hit, Rule, Severity
from fargateclaims.domain.lint.values import items, mapping, mappings, text

ROLE: Final = "eks.amazonaws.com/role-arn"
_ADDRESSES: Final = {
    "169.254.169.254": "the instance metadata service",
    "[fd00:ec2::254]": "the instance metadata service",
    "169.254.170.23": "the EKS Pod Identity agent",
    "[fd00:ec2::23]": "the EKS Pod Identity agent",
}
_REGIONS: Final = frozenset({"AWS_REGION", "AWS_DEFAULT_REGION"})
# What is listed there is not asked through the proxy; nothing says that it is asked at all.
_NO_PROXY: Final = "no_proxy"
# Any of these, and the pod has credentials, or none are wanted.
_CREDENTIALS: Final = frozenset(
    {"AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_PROFILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"}
)
# Controllers that ask the metadata service unless told, by the last part of their image's name: each tuple needs one of its flags.
_TELL: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    "aws-load-balancer-controller": (("--aws-vpc-id", "--aws-vpc-tags"), ("--aws-region",)),
    "aws-alb-ingress-controller": (("--aws-vpc-id",), ("--aws-region",)),
}


def _metadata(resource: Resource, _inventory: Inventory) -> Iterator[Hit]:
    for container in pod_of(resource).containers:
        for index, variable in mappings(container.value, "env"):
            name = text(variable, "name")
            if name.lower() == _NO_PROXY:
                continue
            for service in _services(variable.get("value")):
                yield Hit(
                    (*container.path, "env", index, "value"),
                    f"variable {name} of container {container.name} leads to {service}",
                )
        for field in ("command", "args"):
            for index, word in enumerate(items(container.value, field)):
                for service in _services(word):
                    yield Hit((*container.path, field, index), f"{field} of container {container.name} lead to {service}")


def _services(value: object) -> list[str]:
    if not isinstance(value, str):
        return []
    return sorted({service for address, service in _ADDRESSES.items() if address in value})


def _no_role(resource: Resource, inventory: Inventory) -> Iterator[Hit]:
    pod = pod_of(resource)
    name = text(pod.spec, "serviceAccountName") or text(pod.spec, "serviceAccount") or "default"
    account = inventory.find("ServiceAccount", name, resource.namespace)
    # An account that is not in the run may well have a role; out of a cluster, all are.
    if account is None or account.annotations.get(ROLE):
        return
    for container in pod.containers:
        names = {text(variable, "name") for _, variable in mappings(container.value, "env")}
        if names & _REGIONS and not names & _CREDENTIALS and not items(container.value, "envFrom"):
            yield Hit(
                (*pod.path, "serviceAccountName"),
                f"container {container.name} is told an AWS region, and ServiceAccount {name} has no IAM role",
            )
            return


def _untold(resource: Resource, _inventory: Inventory) -> Iterator[Hit]:
    for container in pod_of(resource).containers:
        needs = _TELL.get(_image_name(container), ())
        words = [word for field in ("command", "args") for word in items(container.value, field) if isinstance(word, str)]
        if mapping(container.value, "resources") is None or not words:
            continue
        missing = [flags[0] for flags in needs if not any(word.split("=")[0] in flags for word in words)]
        if missing:
            yield Hit((*container.path, "args"), f"container {container.name} is not told {' and '.join(missing)}")


def _image_name(container: Container) -> str:
    image = text(container.value, "image").partition("@")[0].rpartition("/")[2]
    return image.partition(":")[0]


RULES: Final = (
    Rule(
        id="FG215",
        severity=Severity.WARNING,
        title="Instance metadata",
        why="Pods on Fargate reach neither the instance metadata service nor the EKS Pod Identity agent.",
        advice="use an IAM role for the service account, and give region and zone as variables",
        sources=("G17",),
        check=_metadata,
    ),
    Rule(
        id="FG216",
        severity=Severity.INFO,
        title="AWS without a role",
        why="Without the instance metadata service, a pod on Fargate has AWS credentials only through its service account's role.",
        advice=f"annotate the ServiceAccount with {ROLE}, if the container calls AWS",
        sources=("G17",),
        check=_no_role,
    ),
    Rule(
        id="FG217",
        severity=Severity.WARNING,
        title="Controller that is not told its VPC or region",
        why="It would ask the instance metadata service, which pods on Fargate do not have, and end with an error.",
        advice="give it the flag",
        sources=("G17",),
        check=_untold,
    ),
)
