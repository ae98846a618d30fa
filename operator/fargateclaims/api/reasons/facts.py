"""What each reason says about Ready, who acts, what it means and what to do: the source of `docs/reasons.md`."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from fargateclaims.api.group import PAUSED, RETRY
from fargateclaims.api.reasons.reason import Reason


class ReadyValue(StrEnum):
    """What a reason makes of a claim's Ready."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"
    UNCHANGED = "as it was"


class Kstatus(StrEnum):
    """Which of kstatus's own conditions, Reconciling and Stalled, go with a reason."""

    CURRENT = "Current"
    RECONCILING = "Reconciling"
    # Another application may still bring what is missing; after the grace a person is told.
    STALLED_AFTER_GRACE = "Reconciling for 5 min, then Stalled until it clears by itself"
    STALLED = "Stalled"
    RECONCILING_UNLESS_READY = "Reconciling while Ready is not True"
    NEITHER = "neither; Argo CD: Healthy if Available, else Suspended"


class Actor(StrEnum):
    """Who has to do something."""

    NOBODY = "nobody"
    TEAM = "team"
    PLATFORM = "platform"
    WHOEVER_PAUSED = "whoever paused"


@dataclass(frozen=True, slots=True)
class ReadyReason:
    """A reason that a claim's Ready can have."""

    ready: ReadyValue
    kstatus: Kstatus
    who_acts: Actor
    meaning: str
    remedy: str


@dataclass(frozen=True, slots=True)
class OtherReason:
    """A reason that only other conditions have; `conditions` says which, and with what value."""

    conditions: str
    meaning: str
    remedy: str


_NOTHING: Final = "Nothing to do."
_TRIED_AGAIN: Final = "Nothing to do: it is tried again with growing pauses. An ACTIVE profile keeps taking pods."
_DESCRIBE: Final = "`kubectl describe fpc NAME -n NAMESPACE`"
_DESCRIBE_CLASS: Final = "`kubectl describe fpclass CLASS`"
_RETRY: Final = f'`kubectl annotate fpc NAME -n NAMESPACE {RETRY}="$(date +%s)" --overwrite`'
# For the platform, whose role does not write claims.
_RETRY_CLASS: Final = f'`kubectl annotate fpclass CLASS {RETRY}="$(date +%s)" --overwrite`'


def _passing(meaning: str, remedy: str = "Nothing to do: it passes by itself.") -> ReadyReason:
    return ReadyReason(ReadyValue.UNKNOWN, Kstatus.RECONCILING, Actor.NOBODY, meaning, remedy)


def _platform(meaning: str, remedy: str, ready: ReadyValue = ReadyValue.FALSE) -> ReadyReason:
    return ReadyReason(ready, Kstatus.STALLED_AFTER_GRACE, Actor.PLATFORM, meaning, remedy)


def _team(meaning: str, remedy: str) -> ReadyReason:
    return ReadyReason(ReadyValue.FALSE, Kstatus.STALLED, Actor.TEAM, meaning, remedy)


def _stuck(meaning: str, remedy: str) -> ReadyReason:
    return ReadyReason(ReadyValue.FALSE, Kstatus.STALLED, Actor.PLATFORM, meaning, remedy)


def _away(meaning: str) -> ReadyReason:
    return ReadyReason(ReadyValue.UNCHANGED, Kstatus.RECONCILING_UNLESS_READY, Actor.NOBODY, meaning, _TRIED_AGAIN)


READY_REASONS: Final[Mapping[Reason, ReadyReason]] = MappingProxyType(
    {
        Reason.ACTIVE: ReadyReason(
            ReadyValue.TRUE, Kstatus.CURRENT, Actor.NOBODY, "The profile is ACTIVE and as the claim and its class say.", _NOTHING
        ),
        Reason.PENDING: _passing(
            "The operator has not looked at the claim yet.",
            "If it stays, see whether the operator runs: `kubectl get pods -A -l app.kubernetes.io/name=fargateclaims`.",
        ),
        Reason.QUEUED: _passing(
            "The operation waits for its turn: EKS creates or deletes one profile of a cluster at a time.",
            f"Nothing to do. {_DESCRIBE} shows the place in the queue and who is ahead.",
        ),
        Reason.CREATING: _passing("EKS creates the profile."),
        Reason.REPLACING: _passing("The profile is replaced by one as the spec says, since EKS cannot change a profile."),
        Reason.DRAINING: _passing(
            "The profile goes when its pods are gone: they are evicted, as their disruption budgets allow, where an ACTIVE successor takes "
            "their place; else they are waited for.",
            "Nothing to do, unless a disruption budget holds pods back: `kubectl get pdb -n NAMESPACE` in the EKS cluster.",
        ),
        Reason.DELETING: _passing("The claim is being deleted, and EKS deletes its profile."),
        Reason.CLUSTER_UPDATING: _passing(
            "EKS refuses because the cluster has an update in progress, which it need not show anywhere.",
            "Nothing to do: it is tried again until the update ends, which can take more than ten minutes.",
        ),
        Reason.BACKING_OFF: _passing(
            "The last attempt failed; the next one is at status.nextAttemptTime.",
            f"Read the message. To try at once: {_RETRY}.",
        ),
        Reason.PROPAGATING: _passing("EKS does not see a change of the pod execution role yet; IAM takes up to two minutes."),
        Reason.TAGGING: _passing("Only tags differ, and they are being set."),
        Reason.THROTTLED: _away("AWS limits the rate of calls of this account in this region."),
        Reason.UNAVAILABLE: _away("AWS does not answer, or answers with errors of its own."),
        Reason.CLASS_NOT_FOUND: _platform(
            "There is no FargateProfileClass of the name in spec.className.",
            "`kubectl get fpclass` lists the classes. Correct className, or have the platform apply the class.",
        ),
        Reason.CLASS_NOT_READY: _platform(
            "The class cannot be used for new profiles now, or is being deleted; or it cannot be read, so that deletions wait.",
            f"{_DESCRIBE_CLASS} says why.",
        ),
        Reason.UNAUTHORIZED: _platform(
            "AWS denies the operator a permission, or its credentials are missing or expired.",
            "Grant the permission that the message names, or renew the credentials. It is tried again by itself.",
        ),
        Reason.QUOTA_EXCEEDED: _platform(
            "The cluster has as many Fargate profiles as its quota allows.",
            "Delete a profile, or ask for more: "
            "`aws service-quotas request-service-quota-increase --service-code eks --quota-code L-33415657 --desired-value N`.",
        ),
        Reason.WAITING_FOR_QUOTA: _platform(
            "The successor of a profile finds no place within the cluster's quota. The present profile keeps working.",
            "As for QuotaExceeded; or set replacement to DeleteFirst, and accept the gap.",
            ReadyValue.UNKNOWN,
        ),
        Reason.CLUSTER_NOT_FOUND: _platform(
            "The account has no EKS cluster with the class's clusterARN.",
            "`aws eks describe-cluster --name CLUSTER --region REGION` shows it. Create the cluster, or make a class with its ARN.",
        ),
        Reason.CLUSTER_NOT_ACTIVE: _platform(
            "The EKS cluster is not ACTIVE, and takes no profiles until it is.",
            "Wait until it is: `aws eks wait cluster-active --name CLUSTER --region REGION`.",
        ),
        Reason.CLASS_CONFLICT: _platform(
            "The class stands for another cluster than the one the claim's profile is on, or the credentials belong to another account.",
            f"{_DESCRIBE_CLASS} shows the cluster, status.resolved of the claim the one it is on. "
            "Restore the class, or make the claim anew.",
        ),
        Reason.SLOT_BLOCKED: _platform(
            "A profile has been CREATING or DELETING for longer than the deadline, and holds up all others of the cluster.",
            "`aws eks describe-fargate-profile --cluster-name CLUSTER --fargate-profile-name PROFILE` shows it. "
            "If it never ends, ask AWS Support.",
        ),
        Reason.INVALID: _team(
            "EKS or the operator refuses what the claim asks for; the message names the field, the subnet or the role.",
            f"Correct what the message names: `kubectl edit fpc NAME -n NAMESPACE`. If AWS is at fault, mend it there, then {_RETRY}.",
        ),
        Reason.NOT_ALLOWED: _team(
            "The class does not allow this namespace to claim, or not what the claim asks for.",
            f"Change what the message names, or ask the platform to allow it. {_DESCRIBE_CLASS} shows what is allowed.",
        ),
        Reason.CONFLICT: _team(
            "A profile with this name is there already, and it is not this claim's.",
            "Choose another profileName, or delete that profile. To take it over as it is, set existingProfile: AdoptIfIdentical.",
        ),
        Reason.CREATE_FAILED: _team(
            "EKS could not create the profile, and all attempts are used up; the message has EKS's own words.",
            f"Mend what the message names, then {_RETRY}. An edit of the claim or its class tries again too.",
        ),
        Reason.OUTDATED: _team(
            "The profile differs from the spec, and replacement is Never.",
            "Undo the edit, or allow the replacement: "
            """`kubectl patch fpc NAME -n NAMESPACE --type merge -p '{"spec":{"replacement":"DeleteFirst"}}'`.""",
        ),
        Reason.DELETE_FAILED: _stuck(
            "EKS could not delete the profile; the message has EKS's own words. The claim stays until the profile is gone.",
            f"Mend what the message names: it is tried again every ten minutes. At once, for all claims of the class: {_RETRY_CLASS}, "
            "which brings them to the class's present values, too.",
        ),
        Reason.TIMED_OUT: _stuck(
            "The claim's profile has been CREATING or DELETING for longer than the deadline.",
            "`aws eks describe-fargate-profile --cluster-name CLUSTER --fargate-profile-name PROFILE` shows it. "
            "If it never ends, ask AWS Support.",
        ),
        Reason.PODS_REMAIN: _stuck(
            "Pods still run on a profile that is to go, or may do so, and the class's disruption.timeout is over; or the operator itself "
            "runs on it.",
            "The message names them, and what holds them. `kubectl get pods -A -l eks.amazonaws.com/fargate-profile=PROFILE` in the EKS "
            "cluster lists all. When none is left, or the rest may go with the profile: "
            """`kubectl patch fpclass CLASS --type merge -p '{"spec":{"disruption":{"onDelete":"Ignore"}}}'`, """
            "or onReplace where it is replaced, and back again afterwards. Once what held them is mended, a retry has them moved anew.",
        ),
        Reason.PAUSED: ReadyReason(
            ReadyValue.UNCHANGED,
            Kstatus.NEITHER,
            Actor.WHOEVER_PAUSED,
            "The claim or its class is paused: nothing is changed in EKS.",
            f"To go on: `kubectl annotate fpc NAME -n NAMESPACE {PAUSED}-`, or for the class `kubectl annotate fpclass CLASS {PAUSED}-`.",
        ),
    }
)

OTHER_REASONS: Final[Mapping[Reason, OtherReason]] = MappingProxyType(
    {
        Reason.ACCEPTED: OtherReason("claim: Accepted=True", "The claim is valid, and its class allows it.", _NOTHING),
        Reason.SYNCED: OtherReason("claim: Synced=True", "EKS has what the claim and its class say.", _NOTHING),
        Reason.CLASS_CHANGED: OtherReason(
            "claim: Synced=False, while Ready stays True",
            "The class has changed since the profile was made; with rollout OnClaimChange the profile stays as it is.",
            f"To bring it to the class's present values: {_RETRY}.",
        ),
        Reason.PROFILE_ACTIVE: OtherReason("claim: Available=True", "An ACTIVE profile of the claim takes pods.", _NOTHING),
        Reason.NO_ACTIVE_PROFILE: OtherReason(
            "claim: Available=False", "No profile of the claim takes pods.", f"The reason of Ready says why: {_DESCRIBE}."
        ),
        Reason.OVERLAPPING: OtherReason(
            "claim: Overlapping=True",
            "Another profile takes some of the same pods; the message names the one that wins.",
            "Make the selectors differ. EKS gives a pod to the first matching profile in alphanumeric order.",
        ),
        Reason.USABLE: OtherReason("class: any=True", "What the condition speaks of was looked at and is in order.", _NOTHING),
        Reason.NOT_OBSERVED: OtherReason(
            "class: any=Unknown",
            "The operator has not looked yet, or may not look, or there is nothing to be seen yet.",
            "Nothing to do, or grant the permission that the message names.",
        ),
        Reason.IN_USE: OtherReason(
            "class: Ready=False",
            "The class is being deleted, and claims still use it; it takes no new ones.",
            "Delete the claims that the message names, or wait until they are gone.",
        ),
        Reason.LIMITED: OtherReason(
            "class: any=True",
            "It works, with a limit that the message names: a single zone, few free addresses, a version soon out of support.",
            "Nothing must be done now; the message says what would help.",
        ),
        Reason.CLUSTER_UNSUPPORTED: OtherReason(
            "class: ClusterReachable=False",
            "EKS has no Fargate for this cluster: it is a local cluster on AWS Outposts.",
            "Name another cluster in a new class.",
        ),
        Reason.NO_SUBNETS: OtherReason(
            "class: SubnetsUsable=False",
            "spec.subnets finds no subnet that a profile can have.",
            "Give the cluster private subnets, or name some under spec.subnets: `kubectl edit fpclass CLASS`.",
        ),
        Reason.PUBLIC_SUBNET: OtherReason(
            "class: SubnetsUsable=False",
            "A subnet is public: its route table leads to an internet gateway.",
            "Take the subnet that the message names out of the class, or route it through a NAT gateway.",
        ),
        Reason.SUBNET_UNSUPPORTED: OtherReason(
            "class: SubnetsUsable=False",
            "A subnet is where Fargate has no capacity: in a Local Zone, in Wavelength or on AWS Outposts, or it has no free address.",
            "Take the subnet that the message names out of the class.",
        ),
        Reason.ROLE_NOT_USABLE: OtherReason(
            "class: RoleUsable=False",
            "Pods cannot start with the pod execution role: it is missing, has a path, belongs to another account than the cluster or to a "
            "node group, may not pull images from ECR, or its trust policy does not let in EKS Fargate, or only under a condition that "
            "does not fit this cluster's profiles.",
            "Do what the message says. `aws iam get-role --role-name ROLE` shows its ARN, which must have no path, and its trust policy, "
            "which must name eks-fargate-pods.amazonaws.com.",
        ),
        Reason.ROLE_NOT_MAPPED: OtherReason(
            "class: RoleMapped=False",
            "The cluster does not know the pod execution role, so Fargate nodes cannot join it.",
            "`aws eks create-access-entry --cluster-name CLUSTER --region REGION --principal-arn ROLE_ARN --type FARGATE_LINUX`, or what "
            "the message says instead where the cluster knows aws-auth alone. The class's repairs.roleMapping can do it.",
        ),
        Reason.NO_EGRESS: OtherReason(
            "class: EgressAvailable=False",
            "Pods in the subnets reach neither a NAT gateway nor the VPC endpoints that they need, so images cannot be pulled.",
            "Route the subnets through a NAT gateway, or add the endpoints that the message names.",
        ),
        Reason.DNS_NOT_READY: OtherReason(
            "class: DNSReady=False",
            "CoreDNS has no node to run on, so pods cannot resolve names.",
            "Claim a profile for kube-system with the label k8s-app=kube-dns, then do what the message says: configure the add-on where "
            "EKS manages it, else "
            """`kubectl -n kube-system patch deployment coredns --type json -p """
            """'[{"op":"remove","path":"/spec/template/metadata/annotations/eks.amazonaws.com~1compute-type"}]'` in the EKS cluster. The """
            "class's repairs.coreDNS can do it.",
        ),
    }
)
