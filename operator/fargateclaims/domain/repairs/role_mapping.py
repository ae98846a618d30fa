"""The cluster is told of the pod execution role: by an access entry, or in aws-auth where it knows nothing else."""

import shlex
from dataclasses import dataclass
from typing import Final

from fargateclaims.api.arn import ClusterARN
from fargateclaims.domain.access import FARGATE_ENTRY_TYPE, AccessEntry
from fargateclaims.domain.repairs import aws_auth as config_map
from fargateclaims.domain.repairs.aws_auth import AddMapRole
from fargateclaims.domain.repairs.plans import ByHand, NothingToDo
from fargateclaims.domain.unreadable import Unreadable
from fargateclaims.domain.workloads import AWSAuth

_CONFIG_MAP: Final = "CONFIG_MAP"
_API: Final = "API"


@dataclass(frozen=True, slots=True)
class CreateAccessEntry:
    """The access entry can be made (eks:CreateAccessEntry)."""

    principal_arn: str
    kind: str
    message: str
    command: str


Plan = CreateAccessEntry | AddMapRole | ByHand | NothingToDo


def plan(
    role_arn: str,
    cluster: ClusterARN,
    authentication_mode: str,
    *,
    entry: AccessEntry | Unreadable | None,
    aws_auth: AWSAuth | Unreadable | None,
) -> Plan:
    """Plan how the cluster comes to know the role.

    :param entry: the role's access entry; None if there is none.
    :param aws_auth: None if there is no such ConfigMap.
    """
    if authentication_mode == _CONFIG_MAP:
        return _unseen(role_arn, aws_auth) if isinstance(aws_auth, Unreadable) else config_map.plan(role_arn, cluster, aws_auth)
    if isinstance(entry, Unreadable):
        return _unseen(role_arn, entry)
    if entry is not None:
        return _existing(role_arn, cluster, entry)
    if authentication_mode != _API and not isinstance(aws_auth, Unreadable):
        mapped = config_map.plan(role_arn, cluster, aws_auth)
        if isinstance(mapped, NothingToDo):
            return mapped
    return CreateAccessEntry(
        role_arn, FARGATE_ENTRY_TYPE, f"role {role_arn} gets an access entry of type {FARGATE_ENTRY_TYPE}", _create(role_arn, cluster)
    )


def _existing(role_arn: str, cluster: ClusterARN, entry: AccessEntry) -> ByHand | NothingToDo:
    if entry.kind == FARGATE_ENTRY_TYPE:
        return NothingToDo(f"role {role_arn} has an access entry")
    return ByHand(
        f"the access entry of role {role_arn} has the type {entry.kind}, and a person may have meant that",
        f"aws eks delete-access-entry {_principal(role_arn, cluster)} && {_create(role_arn, cluster)}",
    )


def _unseen(role_arn: str, unreadable: Unreadable) -> NothingToDo:
    return NothingToDo(f"it cannot be seen whether the cluster knows role {role_arn}: {unreadable.why}")


def _create(role_arn: str, cluster: ClusterARN) -> str:
    return f"aws eks create-access-entry {_principal(role_arn, cluster)} --type {FARGATE_ENTRY_TYPE}"


def _principal(role_arn: str, cluster: ClusterARN) -> str:
    return shlex.join(["--cluster-name", cluster.name, "--region", cluster.region, "--principal-arn", role_arn])
