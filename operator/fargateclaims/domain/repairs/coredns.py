"""CoreDNS on a cluster that has no other nodes than Fargate's.

Where EKS manages the add-on, its configuration is what says so: EKS would put a changed Deployment back. Else the annotation of the pod
template goes that keeps it off Fargate (EKS user guide, "Get started with AWS Fargate for your cluster").
"""

import json
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import yaml

from fargateclaims.api.arn import ClusterARN
from fargateclaims.domain.access import Addon
from fargateclaims.domain.pods.matching import ProfileView
from fargateclaims.domain.pods.pod import Pod
from fargateclaims.domain.repairs import pending_pods
from fargateclaims.domain.repairs.pending_pods import RecreatePods
from fargateclaims.domain.repairs.plans import ByHand, NothingToDo
from fargateclaims.domain.workloads import CoreDNS

ADDON: Final = "coredns"
NAMESPACE: Final = "kube-system"
"""Where CoreDNS runs."""
_COMPUTE_TYPE: Final = "computeType"
_FARGATE: Final = "Fargate"
_AT_WORK: Final = frozenset({"CREATING", "UPDATING", "DELETING"})
_PATH: Final = "/spec/template/metadata/annotations/eks.amazonaws.com~1compute-type"
_ON_CORE_DNS: Final = f"deployment coredns -n {NAMESPACE}"


@dataclass(frozen=True, slots=True)
class ConfigureAddon:
    """The managed add-on can be told (eks:UpdateAddon).

    :param configuration: configurationValues, as JSON: those that it has, and where to run. EKS replaces them as a whole.
    """

    configuration: str
    message: str
    command: str


@dataclass(frozen=True, slots=True)
class RemoveComputeType:
    """The annotation can be removed; the Deployment rolls by that alone.

    :param seen: its value.
    """

    seen: str
    message: str
    command: str


@dataclass(frozen=True, slots=True)
class Restart:
    """Its pods can be made again, if they were made before a profile took them: `is_stuck` tells.

    :param core_dns: as it was read.
    :param profile: the name of the one that takes its pods now.
    """

    core_dns: CoreDNS
    profile: str
    message: str
    command: str


Plan = ConfigureAddon | RemoveComputeType | Restart | ByHand | NothingToDo


def plan(cluster: ClusterARN, *, core_dns: CoreDNS | None, addon: Addon | None, other_nodes: int, profile: str | None) -> Plan:
    """Plan how CoreDNS comes to run.

    :param core_dns: None if there is no such Deployment.
    :param addon: the managed add-on; None if EKS does not manage CoreDNS.
    :param other_nodes: nodes that are not Fargate's.
    :param profile: the ACTIVE profile that takes its pods; None if there is none.
    """
    if core_dns is None:
        return NothingToDo("there is no Deployment kube-system/coredns")
    if other_nodes:
        return NothingToDo("CoreDNS has other nodes than Fargate's to run on")
    if profile is None:
        return NothingToDo("no ACTIVE profile takes CoreDNS: one for namespace kube-system with the label k8s-app=kube-dns comes first")
    if addon is not None:
        managed = _managed(cluster, addon)
        if managed is not None:
            return managed
    if core_dns.compute_type is not None and core_dns.compute_type.lower() != _FARGATE.lower():
        return _annotated(core_dns.compute_type, profile)
    if core_dns.ready <= 0 < core_dns.replicas:
        message = f"CoreDNS is restarted: its pods were made before profile {profile} took them"
        return Restart(core_dns, profile, message, f"kubectl rollout restart {_ON_CORE_DNS}")
    return NothingToDo(f"CoreDNS may run on profile {profile}")


def is_stuck(restart: Restart, pods: Iterable[Pod], profiles: Sequence[ProfileView]) -> bool:
    """Decide whether a restart would help: whether a pod is there that EKS would look at if it were made again.

    :param pods: the Pending ones of CoreDNS's namespace.
    :param profiles: all of the cluster; without `active_since`, no pod can be told to be older.
    """
    core_dns = restart.core_dns
    taker = next((profile for profile in profiles if profile.name == restart.profile), None)
    if taker is None:
        return False
    found = pending_pods.plan((pod for pod in pods if core_dns.labels.items() <= pod.labels.items()), taker, profiles)
    if not isinstance(found, RecreatePods):
        return False
    # One that is older than the last restart is on its way out: a rollout keeps some until new ones are ready.
    return any(core_dns.restarted is None or (pod.created is not None and pod.created >= core_dns.restarted) for pod in found.again)


def _managed(cluster: ClusterARN, addon: Addon) -> Plan | None:
    """None if the add-on is configured as it should be."""
    try:
        values = _read(addon.configuration)
    except ValueError as error:
        command = f"aws eks describe-addon --cluster-name {cluster.name} --region {cluster.region} --addon-name {ADDON}"
        return ByHand(f"the configuration of add-on {ADDON} cannot be read ({error}), so nothing is added to it", command)
    at_work = addon.status in _AT_WORK
    if str(values.get(_COMPUTE_TYPE)).lower() == _FARGATE.lower():
        return NothingToDo(f"add-on {ADDON} is {addon.status}") if at_work else None
    if at_work:
        return NothingToDo(f"add-on {ADDON} is {addon.status}; it is configured after that")
    wanted = json.dumps({**values, _COMPUTE_TYPE: _FARGATE})
    words = ["aws", "eks", "update-addon", "--cluster-name", cluster.name, "--region", cluster.region, "--addon-name", ADDON]
    # What people have changed of it by hand stays.
    words += ["--resolve-conflicts", "PRESERVE", "--configuration-values", wanted]
    return ConfigureAddon(wanted, f"add-on {ADDON} is configured to run on Fargate", shlex.join(words))


def _read(configuration: str) -> Mapping[str, Any]:
    """JSON or YAML, as EKS takes it. Raises ValueError."""
    if not configuration.strip():
        return {}
    try:
        values = _parsed(configuration)
        json.dumps(values, allow_nan=False)
    except yaml.YAMLError:
        raise ValueError("it is neither JSON nor YAML") from None
    except (TypeError, RecursionError):
        raise ValueError("it has values that JSON has not") from None
    if not isinstance(values, dict | None):
        raise ValueError("it is no mapping")  # noqa: TRY004 - a text of the wrong form, not a programmer's mistake
    return values or {}


def _parsed(configuration: str) -> object:
    try:
        return json.loads(configuration)
    except ValueError:
        # An alias of an alias of an alias would be written out whole.
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(configuration)):
            raise ValueError("it has aliases") from None
        return yaml.safe_load(configuration)


def _annotated(seen: str, profile: str) -> RemoveComputeType:
    patch = json.dumps([{"op": "remove", "path": _PATH}])
    return RemoveComputeType(
        seen,
        f"CoreDNS's annotation eks.amazonaws.com/compute-type: {seen} is removed, so that profile {profile} takes its pods",
        f"kubectl patch {_ON_CORE_DNS} --type json -p {shlex.quote(patch)}",
    )
