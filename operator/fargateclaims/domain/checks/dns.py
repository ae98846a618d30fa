"""DNSReady: whether CoreDNS runs, which on a cluster without EC2 nodes takes a Fargate profile of its own."""

import shlex
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Final

from fargateclaims.api.arn import ClusterARN
from fargateclaims.api.conditions import ConditionType
from fargateclaims.api.reasons import Reason
from fargateclaims.domain.access import Addon
from fargateclaims.domain.checks.addon_configuration import says_fargate, with_fargate
from fargateclaims.domain.checks.finding import Finding, Level
from fargateclaims.domain.checks.texts import clipped
from fargateclaims.domain.checks.verdicts import conclude, unseen
from fargateclaims.domain.patterns import matches
from fargateclaims.domain.profile import Profile, ProfileSelector, ProfileState
from fargateclaims.domain.unreadable import Unreadable
from fargateclaims.domain.workloads import CoreDNS, Workloads

_CONDITION: Final = ConditionType.DNS_READY
_finding = partial(Finding, _CONDITION)
_error = partial(_finding, Level.ERROR, Reason.DNS_NOT_READY)

_NAMESPACE: Final = "kube-system"
_ADDON: Final = "coredns"
_EC2: Final = "ec2"
_KUBECTL: Final = f"kubectl -n {_NAMESPACE}"
_LOOK: Final = f"look why: {_KUBECTL} describe pods -l k8s-app=kube-dns"
_PATCH: Final = """[{"op":"remove","path":"/spec/template/metadata/annotations/eks.amazonaws.com~1compute-type"}]"""
_MAX_CONFIGURATION: Final = 1000
"""A longer one is not written into a command."""


def check_dns(arn: ClusterARN, workloads: Workloads | Unreadable, addon: Addon | Unreadable | None, profiles: Iterable[Profile]) -> Finding:
    """Decide by the Deployment of CoreDNS; where no pod of it is ready, find out why.

    :param addon: the managed add-on coredns; None if EKS does not manage CoreDNS.
    :param profiles: all of the cluster.
    """
    if isinstance(workloads, Unreadable):
        return unseen(_CONDITION, f"whether CoreDNS runs in cluster {arn.name}", workloads)
    core_dns, other_nodes = workloads.core_dns, workloads.other_nodes
    if isinstance(core_dns, Unreadable):
        return unseen(_CONDITION, f"whether CoreDNS runs in cluster {arn.name}", core_dns)
    if core_dns is None:
        return _absent(arn, other_nodes, addon)
    of = f"{core_dns.ready} of {core_dns.replicas} pods of CoreDNS"
    healthy = _finding(Level.OK, Reason.USABLE, f"{of} are ready in cluster {arn.name}")
    if core_dns.replicas <= 0:
        problems = [_error(f"CoreDNS is scaled to zero in cluster {arn.name}", f"{_KUBECTL} scale deployment coredns --replicas=2")]
    elif core_dns.ready <= 0:
        problems = _why_not_ready(arn, core_dns, other_nodes, addon, tuple(profiles))
    elif core_dns.ready < core_dns.replicas:
        problems = [_finding(Level.WARNING, Reason.LIMITED, f"only {of} are ready in cluster {arn.name}", _LOOK)]
    else:
        problems = list(_after_an_update(arn, other_nodes, addon))
    return conclude(healthy, problems, _details(other_nodes, addon))


def _absent(arn: ClusterARN, other_nodes: int | Unreadable, addon: Addon | Unreadable | None) -> Finding:
    where = f"{_addon_of(arn)} --resolve-conflicts OVERWRITE"
    what = f"cluster {arn.name} has no Deployment {_NAMESPACE}/coredns"
    if isinstance(addon, Addon):
        return _error(f"{what}, though its add-on {_ADDON} is {clipped(addon.status)}", f"aws eks update-addon {where}")
    values = f" --configuration-values {shlex.quote(with_fargate('') or '')}" if other_nodes == 0 else ""
    return conclude(_error(what, f"aws eks create-addon {where}{values}"), (), _details(other_nodes, addon))


def _why_not_ready(
    arn: ClusterARN, core_dns: CoreDNS, other_nodes: int | Unreadable, addon: Addon | Unreadable | None, profiles: Iterable[Profile]
) -> list[Finding]:
    unready = _error(f"no pod of CoreDNS is ready in cluster {arn.name}", _LOOK)
    if other_nodes != 0 and not isinstance(other_nodes, Unreadable):
        return [unready]
    takers = sorted((each for each in profiles if _takes(each, core_dns.labels)), key=lambda profile: profile.name)
    active = next((each for each in takers if each.state is ProfileState.ACTIVE), None)
    causes = []
    if active is None:
        causes.append(_no_profile(arn, takers))
    if core_dns.compute_type == _EC2:
        causes.append(
            _error(
                f"CoreDNS is marked for EC2 nodes (annotation eks.amazonaws.com/compute-type: ec2), and cluster {arn.name} has none: "
                "its pods stay Pending",
                _unmark(arn, addon),
            )
        )
    if active is not None and not causes:
        causes.append(
            _error(
                f"no pod of CoreDNS is ready in cluster {arn.name}, though profile {active.name} takes them: pods that were made before "
                "their profile stay Pending",
                f"{_KUBECTL} rollout restart deployment coredns",
            )
        )
    if isinstance(other_nodes, Unreadable):
        return [conclude(unready, (), (f"if there are no EC2 nodes: {each.sentence}" for each in causes))]
    return causes


def _no_profile(arn: ClusterARN, takers: Iterable[Profile]) -> Finding:
    moving = next(iter(takers), None)
    if moving is not None:
        return _error(f"profile {moving.name}, which takes CoreDNS, is {moving.state}", "CoreDNS can run when it is ACTIVE")
    return _error(
        f"cluster {arn.name} has no EC2 nodes, and no Fargate profile takes CoreDNS",
        f"write a FargateProfileClaim of this class with the selector {{namespace: {_NAMESPACE}, labels: {{k8s-app: kube-dns}}}}",
    )


def _takes(profile: Profile, labels: Mapping[str, str]) -> bool:
    return any(_selects(selector, labels) for selector in profile.selectors)


def _selects(selector: ProfileSelector, labels: Mapping[str, str]) -> bool:
    return matches(selector.namespace, _NAMESPACE) and all(
        any(matches(key, name) and matches(value, text) for name, text in labels.items()) for key, value in selector.labels.items()
    )


def _unmark(arn: ClusterARN, addon: Addon | Unreadable | None) -> str:
    if isinstance(addon, Addon):
        return _configure(arn, addon)
    # A change of the pod template makes new pods by itself.
    return f"{_KUBECTL} patch deployment coredns --type json -p {shlex.quote(_PATCH)}"


def _configure(arn: ClusterARN, addon: Addon) -> str:
    """The command that gives the add-on its whole configuration with Fargate in it: what EKS gets takes the place of what it has."""
    values = with_fargate(addon.configuration)
    command = f"aws eks update-addon {_addon_of(arn)} --configuration-values"
    if values is None or len(values) > _MAX_CONFIGURATION:
        return f'put "computeType": "Fargate" into its configuration: {command} VALUES'
    return f"{command} {shlex.quote(values)}"


def _after_an_update(arn: ClusterARN, other_nodes: int | Unreadable, addon: Addon | Unreadable | None) -> Iterable[Finding]:
    if other_nodes == 0 and isinstance(addon, Addon) and not says_fargate(addon.configuration):
        yield _finding(
            Level.WARNING,
            Reason.LIMITED,
            f"CoreDNS runs in cluster {arn.name}, but its add-on is not configured for Fargate: an update of the add-on may mark it for "
            "EC2 nodes again",
            _configure(arn, addon),
        )


def _details(other_nodes: int | Unreadable, addon: Addon | Unreadable | None) -> Iterable[str]:
    if isinstance(other_nodes, Unreadable):
        yield f"whether there are EC2 nodes cannot be seen: {other_nodes.why}"
    if isinstance(addon, Unreadable):
        yield f"whether EKS manages CoreDNS cannot be seen: {addon.why}"
    elif addon is not None and addon.status != "ACTIVE":
        yield f"its add-on {_ADDON} is {clipped(addon.status)}"


def _addon_of(arn: ClusterARN) -> str:
    return f"--cluster-name {arn.name} --region {arn.region} --addon-name {_ADDON}"
