"""What the fargate-scheduler says in its events, and what to do about it.

Its texts are documented nowhere as a whole: these are from AWS's knowledge centre and from what people have reported.
"""

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Advice:
    """What a message means, and what to do.

    :param action: empty where that depends on the pod and the profiles, not on the message.
    """

    meaning: str
    action: str


@dataclass(frozen=True, slots=True)
class _Known:
    """A part of a message. `{0}` and so on in the texts stand for the groups of the pattern."""

    pattern: re.Pattern[str]
    meaning: str
    action: str


def _known(pattern: str, meaning: str, action: str) -> _Known:
    return _Known(re.compile(pattern, re.IGNORECASE), meaning, action)


_NAME: Final = r"([A-Za-z0-9][A-Za-z0-9._-]{0,252})"

_UNSUPPORTED: Final = "Pod not supported on Fargate"
_CAPABILITY: Final = r"(?-i:[A-Z_]{2,40})"

_OF_FARGATE: Final = (
    _known(r"\bDaemonSet not supported", "pods of a DaemonSet do not run on Fargate", "make it a sidecar"),
    _known(r"fields not supported:[^;]*\bHostNetwork\b", "Fargate has no host network", "remove spec.hostNetwork"),
    _known(r"fields not supported:[^;]*\bHostPID\b", "Fargate has no host processes to share", "remove spec.hostPID"),
    _known(r"fields not supported:[^;]*\bHostIPC\b", "Fargate has no host IPC to share", "remove spec.hostIPC"),
    _known(
        r"invalid SecurityContext fields:[^;]*\bPrivileged\b",
        "Fargate runs no privileged containers",
        "remove securityContext.privileged, or run this pod on EC2 nodes",
    ),
    _known(
        rf"Capabilities added: ({_CAPABILITY}(?:, {_CAPABILITY}){{0,20}})",
        "Fargate adds no capabilities: {0}",
        "take {0} out of securityContext.capabilities.add, or run this pod on EC2 nodes",
    ),
    _known(
        r"\bAllowPrivilegeEscalation\b",
        "Fargate does not allow securityContext: AllowPrivilegeEscalation",
        "set securityContext.allowPrivilegeEscalation to false, or run this pod on EC2 nodes",
    ),
    _known(
        r"invalid SecurityContext fields:(?![^;]*\b(?:Privileged|Capabilities added|AllowPrivilegeEscalation)\b)\s*([A-Za-z]{1,60})",
        "Fargate does not allow securityContext: {0}",
        "remove that field, or run this pod on EC2 nodes",
    ),
    _known(r"port contains HostIP or HostPort", "Fargate has no host ports", "remove hostPort and hostIP; reach the pod through a Service"),
    _known(
        rf"PVC {_NAME} not bound",
        "the PersistentVolumeClaim {0} was not bound when the pod came, and EKS tries a pod only once",
        "wait until the claim {0} is Bound, then make the pod again; EFS needs a PersistentVolume made by hand",
    ),
    _known(
        rf"PVC {_NAME} bound to invalid PV",
        "the PersistentVolumeClaim {0} has a volume that Fargate cannot mount",
        "use EFS with a static PersistentVolume; EBS needs EC2 nodes",
    ),
    _known(
        rf'persistentvolumeclaim "{_NAME}" not found',
        "there was no PersistentVolumeClaim {0} when the pod came, and EKS tries a pod only once",
        "make the claim {0} and wait until it is Bound, then make the pod again",
    ),
    _known(r"\bvolumeDevices not supported", "Fargate has no block devices", "use volumeMounts, or run this pod on EC2 nodes"),
    _known(
        rf"{_NAME} is of an unsupported volume Type",
        "Fargate cannot mount the volume {0}",
        "use EFS with a static PersistentVolume, or emptyDir; EBS and hostPath need EC2 nodes",
    ),
    _known(
        rf"fargate profile {_NAME} blocked for new launches due to: Pod execution role is not found in auth config",
        "the pod execution role of profile {0} may not join the cluster: its entry in aws-auth or its access entry is gone",
        "add an access entry of type FARGATE_LINUX for the role, or its entry in aws-auth; then make the pod again",
    ),
    _known(
        rf"fargate profile {_NAME} blocked for new launches due to: Failed to assume PodExecutionRole",
        "EKS cannot assume the pod execution role of profile {0}: it is gone, or does not trust eks-fargate-pods.amazonaws.com",
        "mend the role's trust policy; then make the pod again",
    ),
    _known(
        rf"fargate profile {_NAME} blocked for new launches due to: (?!Pod execution role is not|Failed to assume)(.{{1,300}})",
        "EKS starts no pods with profile {0}: {1}",
        "mend what it names; then make the pod again",
    ),
    _known(
        r"Pod provisioning timed out",
        "the node was made and did not join the cluster: it cannot reach the API server or pull images, or its role is not mapped",
        "look at the class's conditions RoleMapped and EgressAvailable: role mapping, NAT gateway or VPC endpoints, DNS; EKS tries again",
    ),
    _known(
        r"reached the limit on the number of Fargate pods",
        "the account's quota of Fargate vCPUs is used up",
        "raise the Fargate On-Demand vCPU quota in Service Quotas, or remove pods (finished Jobs count, too)",
    ),
    _known(
        r"Fargate capacity is unavailable",
        "AWS has no capacity for this size in these zones now",
        "try again in 20 minutes, ask for another size, or give the class subnets in more zones",
    ),
    _known(
        rf"Fargate is not supported in the requested availability zone:?\s*{_NAME}?",
        "a subnet of the profile is in a zone without Fargate: {0}",
        "take that subnet out of the class",
    ),
    # How much is too much, the pod's own requests say.
    _known(r"exceed the max Fargate configuration", "the pod asks for more than Fargate's largest size", ""),
    _known(
        r"account is currently blocked",
        "AWS has blocked Fargate for this account, as it does with some new ones",
        "open a case with AWS Support",
    ),
    _known(
        r"Disabled logging because aws-logging configmap was not found",
        "the pod runs; its logs go nowhere",
        "only if its logs should go to CloudWatch or elsewhere: make the ConfigMap aws-logging in namespace aws-observability",
    ),
)
_OF_OTHERS: Final = (
    _known(
        r"untolerated taint \{?eks\.amazonaws\.com/compute-type:? ?fargate",
        "the default scheduler looked for an EC2 node: EKS did not give this pod to Fargate",
        "",
    ),
    _known(
        r"no nodes available to schedule pods",
        "the default scheduler looked for an EC2 node, and there is none: EKS did not give this pod to Fargate",
        "",
    ),
)


def advice_on(message: str) -> list[Advice]:
    """What is known of a message of the scheduler's, part by part; empty if nothing is."""
    found = []
    for known in (*_OF_FARGATE, *_OF_OTHERS):
        match = known.pattern.search(message)
        if match:
            groups = [group.strip() if group else "?" for group in match.groups()]
            found.append(Advice(known.meaning.format(*groups), known.action.format(*groups)))
    if not found and _UNSUPPORTED in message:
        found.append(Advice("Fargate cannot run this pod as it is", "change what the message names, or run this pod on EC2 nodes"))
    return found


def is_of_fargate(message: str) -> bool:
    """Whether the fargate-scheduler says this: then EKS has given the pod to a profile."""
    return _UNSUPPORTED in message or any(known.pattern.search(message) for known in _OF_FARGATE)
