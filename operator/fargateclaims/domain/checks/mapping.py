"""RoleMapped: whether the cluster's Kubernetes API knows the pod execution role, so that Fargate's nodes can join."""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import Final

from fargateclaims.api.arn import ClusterARN
from fargateclaims.api.conditions import ConditionType
from fargateclaims.api.reasons import Reason
from fargateclaims.domain.access import FARGATE_ENTRY_TYPE, AccessEntry
from fargateclaims.domain.checks.aws_auth import NODE_GROUPS, NODE_USERNAMES, MalformedMapRoles, MappedRole, entry_for, read_map_roles
from fargateclaims.domain.checks.finding import Finding, Level
from fargateclaims.domain.checks.texts import clipped
from fargateclaims.domain.checks.verdicts import unseen
from fargateclaims.domain.observation import EKSCluster
from fargateclaims.domain.profile import Profile, ProfileState
from fargateclaims.domain.unreadable import Unreadable
from fargateclaims.domain.workloads import AWSAuth

_CONDITION: Final = ConditionType.ROLE_MAPPED
_finding = partial(Finding, _CONDITION)
_error = partial(_finding, Level.ERROR, Reason.ROLE_NOT_MAPPED)

# The values of authenticationMode that leave one way; with any other, either is enough.
_CONFIG_MAP: Final = "CONFIG_MAP"
_API: Final = "API"
_BEGINNING: Final = frozenset({ProfileState.CREATING, ProfileState.CREATE_FAILED})
"""The states before EKS has surely told the cluster of a profile's role."""
_AWS_AUTH: Final = "the ConfigMap kube-system/aws-auth"


def check_mapping(  # noqa: PLR0913 - who, where, and each fact by name
    role_arn: str,
    cluster_arn: ClusterARN,
    cluster: EKSCluster,
    *,
    entry: AccessEntry | Unreadable | None,
    aws_auth: AWSAuth | Unreadable | None,
    profiles: Iterable[Profile],
) -> Finding:
    """Decide by the ways that the cluster's authentication mode leaves open.

    :param entry: the access entry of the role; None if there is none.
    :param aws_auth: None if the cluster has no such ConfigMap.
    :param profiles: all of the cluster: with the first one of a role EKS itself tells the cluster of the role.
    """
    by_entry, by_map = cluster.authentication_mode != _CONFIG_MAP, cluster.authentication_mode != _API
    if by_entry and isinstance(entry, AccessEntry):
        # An access entry counts, whatever aws-auth says of the same role (EKS user guide, "Migrating existing aws-auth ConfigMap
        # entries to access entries").
        return _by_entry(role_arn, cluster_arn, entry)
    mapped = _by_map(role_arn, cluster_arn, aws_auth) if by_map else None
    if mapped is not None and mapped.level is Level.OK:
        return mapped
    make_entry = _make_entry(role_arn, cluster_arn)
    if mapped is not None and by_entry:
        # What aws-auth lacks is best made good by an access entry.
        mapped = replace(mapped, fix=make_entry if mapped.level is Level.ERROR else "")
    details = [] if mapped is None else [mapped.message]
    if by_entry and isinstance(entry, Unreadable):
        return replace(unseen(_CONDITION, f"whether role {role_arn} has an access entry", entry), details=tuple(details))
    if not _served(role_arn, profiles) and (by_entry or mapped is None):
        return replace(_expected(role_arn, cluster_arn), details=tuple(details))
    if mapped is not None:
        return mapped
    where = {_CONFIG_MAP: f"is not in {_AWS_AUTH}", _API: "has no access entry"}
    return _error(
        f"cluster {cluster_arn.name} does not know role {role_arn}, so Fargate's nodes cannot join it: the role "
        + where.get(cluster.authentication_mode, f"has no access entry, and is not in {_AWS_AUTH}"),
        make_entry if by_entry else _add_to_map(role_arn),
    )


def wanted_entry(role_arn: str, cluster_arn: ClusterARN, cluster: EKSCluster) -> str:
    """What makes the role known to the cluster: a command, or a line of mapRoles where the cluster knows nothing else."""
    return entry_for(role_arn) if cluster.authentication_mode == _CONFIG_MAP else _make_entry(role_arn, cluster_arn)


def _served(role_arn: str, profiles: Iterable[Profile]) -> bool:
    return any(each.pod_execution_role_arn == role_arn and each.state not in _BEGINNING for each in profiles)


def _expected(role_arn: str, cluster_arn: ClusterARN) -> Finding:
    return _finding(
        Level.UNKNOWN,
        Reason.NOT_OBSERVED,
        f"cluster {cluster_arn.name} does not know role {role_arn} yet; EKS adds it with the first profile that has this role",
    )


def _by_entry(role_arn: str, cluster_arn: ClusterARN, entry: AccessEntry) -> Finding:
    if entry.kind == FARGATE_ENTRY_TYPE:
        return _finding(Level.OK, Reason.USABLE, f"role {role_arn} has an access entry of type {FARGATE_ENTRY_TYPE}")
    return _error(
        f"the access entry of role {role_arn} has the type {clipped(entry.kind)}, and Fargate's nodes need {FARGATE_ENTRY_TYPE}",
        f"aws eks delete-access-entry {_principal(role_arn, cluster_arn)} && {_make_entry(role_arn, cluster_arn)}",
    )


def _by_map(role_arn: str, cluster_arn: ClusterARN, aws_auth: AWSAuth | Unreadable | None) -> Finding | None:
    """What aws-auth says of the role; None if nothing."""
    if isinstance(aws_auth, Unreadable):
        return unseen(_CONDITION, f"whether role {role_arn} is in {_AWS_AUTH}", aws_auth)
    try:
        entries = read_map_roles(aws_auth.map_roles) if aws_auth is not None else ()
    except MalformedMapRoles as error:
        return _error(
            f"mapRoles of {_AWS_AUTH} cannot be read, so cluster {cluster_arn.name} knows none of its roles: {clipped(str(error))}",
            "mend it: kubectl -n kube-system edit configmap aws-auth",
        )
    lacking = [_lacking(entry) for entry in entries if entry.is_for(role_arn)]
    if not lacking:
        return None
    if not all(lacking):
        return _finding(Level.OK, Reason.USABLE, f"role {role_arn} is in {_AWS_AUTH} with what Fargate's nodes need")
    return _error(
        f"the entry of role {role_arn} in {_AWS_AUTH} lacks {lacking[0]}",
        f"make it (kubectl -n kube-system edit configmap aws-auth): {entry_for(role_arn)}",
    )


def _lacking(entry: MappedRole) -> str:
    groups = [group for group in NODE_GROUPS if group not in entry.groups]
    missing = [f"the groups {', '.join(groups)}"] if groups else []
    if entry.username not in NODE_USERNAMES:
        missing.append("the username system:node:{{SessionName}}")
    return " and ".join(missing)


def _add_to_map(role_arn: str) -> str:
    return f"add to its mapRoles (kubectl -n kube-system edit configmap aws-auth): {entry_for(role_arn)}"


def _make_entry(role_arn: str, cluster_arn: ClusterARN) -> str:
    return f"aws eks create-access-entry {_principal(role_arn, cluster_arn)} --type {FARGATE_ENTRY_TYPE}"


def _principal(role_arn: str, cluster_arn: ClusterARN) -> str:
    return f"--cluster-name {cluster_arn.name} --region {cluster_arn.region} --principal-arn {role_arn}"
