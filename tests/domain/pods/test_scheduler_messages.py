"""The fargate-scheduler's messages, as they have been seen, and what is made of them."""

import pytest

from fargateclaims.domain.pods.scheduler_messages import advice_on

UNSUPPORTED = "Pod not supported on Fargate: "
ADDED = "Capabilities added: NET_ADMIN, SYS_TIME"
OF_NO_TYPE = "volumes not supported: data is of an unsupported volume Type"
BLOCKED = "Misconfigured Fargate Profile: fargate profile p1 blocked for new launches due to: "
SEEN = [
    (
        f"{UNSUPPORTED}fields not supported: HostNetwork, invalid SecurityContext fields: Privileged, port contains HostIP or HostPort",
        ["Fargate has no host network", "Fargate runs no privileged containers", "Fargate has no host ports"],
    ),
    (
        "[POD_UNSUPPORTED_ON_FARGATE] Pod not supported on Fargate: invalid SecurityContext fields: Privileged,Privileged",
        ["Fargate runs no privileged containers"],
    ),
    (
        "Pod not supported on Fargate: fields not supported: HostNetwork, HostPID, HostIPC, volumes not supported",
        ["Fargate has no host network", "Fargate has no host processes to share", "Fargate has no host IPC to share"],
    ),
    (
        "Pod not supported on Fargate: invalid SecurityContext fields: AllowPrivilegeEscalation",
        ["Fargate does not allow securityContext: AllowPrivilegeEscalation"],
    ),
    (
        f"{UNSUPPORTED}invalid SecurityContext fields: {ADDED}, AllowPrivilegeEscalation, Privileged, {OF_NO_TYPE}",
        [
            "Fargate runs no privileged containers",
            "Fargate adds no capabilities: NET_ADMIN, SYS_TIME",
            "Fargate does not allow securityContext: AllowPrivilegeEscalation",
            "Fargate cannot mount the volume data",
        ],
    ),
    (
        "Pod not supported on Fargate: invalid SecurityContext fields: ProcMount, volumes not supported",
        ["Fargate does not allow securityContext: ProcMount"],
    ),
    (
        "Pod not supported on Fargate: DaemonSet not supported, volumeDevices not supported",
        ["pods of a DaemonSet do not run on Fargate", "Fargate has no block devices"],
    ),
    (
        f"{UNSUPPORTED}volumes not supported: data not supported because: PVC db bound to invalid PV pv-1 with CSI Driver: ebs.csi.aws.com",
        ["the PersistentVolumeClaim db has a volume that Fargate cannot mount"],
    ),
    (
        f'{UNSUPPORTED}volumes not supported: data not supported because: persistentvolumeclaim "db" not found',
        ["there was no PersistentVolumeClaim db when the pod came, and EKS tries a pod only once"],
    ),
    (f"{UNSUPPORTED}something new", ["Fargate cannot run this pod as it is"]),
    (
        "Your pod's cpu/memory requirements exceed the max Fargate configuration",
        ["the pod asks for more than Fargate's largest size"],
    ),
    (
        "Pod not supported on Fargate: volumes not supported: mntdatas3fs is of an unsupported volume Type",
        ["Fargate cannot mount the volume mntdatas3fs"],
    ),
    (
        "Pod not supported on Fargate: volumes not supported: persistent-storage not supported because: PVC efs-pvc not bound",
        ["the PersistentVolumeClaim efs-pvc was not bound when the pod came, and EKS tries a pod only once"],
    ),
    (
        f"{BLOCKED}Pod execution role is not found in auth config or does not have all required permissions for launching fargate pods.",
        ["the pod execution role of profile p1 may not join the cluster: its entry in aws-auth or its access entry is gone"],
    ),
    (
        f"{BLOCKED}Failed to assume PodExecutionRole; Please make sure the role exists and trusts the eks-fargate-pods.amazonaws.com …",
        ["EKS cannot assume the pod execution role of profile p1: it is gone, or does not trust eks-fargate-pods.amazonaws.com"],
    ),
    (
        f"{BLOCKED}something new",
        ["EKS starts no pods with profile p1: something new"],
    ),
    (
        "Pod provisioning timed out (will retry) for pod: shop/web-7f",
        [
            "the node was made and did not join the cluster: it cannot reach the API server or pull images, or its role is not mapped",
        ],
    ),
    (
        "Your AWS account has reached the limit on the number of Fargate pods it can run concurrently",
        ["the account's quota of Fargate vCPUs is used up"],
    ),
    (
        "Fargate capacity is unavailable at this time. Please try again later or in a different availability zone.",
        ["AWS has no capacity for this size in these zones now"],
    ),
    (
        "Fargate is not supported in the requested availability zone: ca-central-1d",
        ["a subnet of the profile is in a zone without Fargate: ca-central-1d"],
    ),
    (
        "Your AWS account is currently blocked and thus cannot launch any Fargate pods",
        ["AWS has blocked Fargate for this account, as it does with some new ones"],
    ),
    (
        'Disabled logging because aws-logging configmap was not found. configmap "aws-logging" not found',
        ["the pod runs; its logs go nowhere"],
    ),
    (
        "0/1 nodes are available: 1 node(s) had untolerated taint {eks.amazonaws.com/compute-type: fargate}.",
        ["the default scheduler looked for an EC2 node: EKS did not give this pod to Fargate"],
    ),
    (
        "no nodes available to schedule pods",
        ["the default scheduler looked for an EC2 node, and there is none: EKS did not give this pod to Fargate"],
    ),
    ("Successfully assigned shop/web-7f to fargate-ip-10-0-1-7", []),
    ("", []),
]


SAID_ELSEWHERE = (
    "the pod asks for more than Fargate's largest size",
    "the default scheduler looked for an EC2 node: EKS did not give this pod to Fargate",
    "the default scheduler looked for an EC2 node, and there is none: EKS did not give this pod to Fargate",
)
"""What to do then depends on the pod and the profiles, not on the message."""


@pytest.mark.parametrize(("message", "meanings"), SEEN)
def test_what_a_message_means(message: str, meanings: list[str]) -> None:
    found = advice_on(message)
    assert [one.meaning for one in found] == meanings
    assert all("{" not in one.action for one in found)
    assert all(one.action for one in found) or meanings[0] in SAID_ELSEWHERE


def test_a_zone_that_is_not_named() -> None:
    (found,) = advice_on("Fargate is not supported in the requested availability zone")
    assert found.meaning.endswith(": ?")


def test_a_message_made_to_be_slow_is_not() -> None:
    # An event's message has at most 1,024 characters; the API server refuses more.
    assert advice_on("fields not supported:" * 49) == []
    assert advice_on("invalid SecurityContext fields: " + "a," * 490)
