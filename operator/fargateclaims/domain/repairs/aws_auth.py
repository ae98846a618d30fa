"""The pod execution role's entry in the ConfigMap aws-auth: inserted into somebody else's text, of which nothing else changes."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fargateclaims.api.arn import ClusterARN
from fargateclaims.api.group import GROUP
from fargateclaims.domain.checks.aws_auth import NODE_GROUPS, NODE_USERNAMES, MalformedMapRoles, entry_for, read_map_roles
from fargateclaims.domain.checks.texts import clipped
from fargateclaims.domain.repairs.insertion import CannotInsertError, with_entry
from fargateclaims.domain.repairs.plans import ByHand, NothingToDo
from fargateclaims.domain.workloads import AWSAuth

BACKUP: Final = f"{GROUP}/map-roles-before"
"""The annotation with mapRoles as it was before the operator's last change."""
BACKUP_BYTES: Final = 65536
"""All annotations of an object together may have 256 KiB, and others have theirs."""

_USERNAME: Final = "system:node:{{SessionName}}"
_EDIT: Final = "kubectl -n kube-system edit configmap aws-auth"


@dataclass(frozen=True, slots=True)
class AddMapRole:
    """The entry can be added.

    :param former: mapRoles as it was read; None if there was no ConfigMap.
    :param wanted: mapRoles with the entry.
    :param annotations: to be set with it.
    :param command: what a person would type instead.
    """

    former: str | None
    wanted: str
    annotations: Mapping[str, str]
    message: str
    command: str


def plan(role_arn: str, cluster: ClusterARN, aws_auth: AWSAuth | None) -> AddMapRole | ByHand | NothingToDo:
    """Plan how the cluster is told of a pod execution role by its ConfigMap aws-auth.

    :param aws_auth: as it was read; None if there is no such ConfigMap.
    """
    former = aws_auth.map_roles if aws_auth is not None else ""
    try:
        entries = [entry for entry in read_map_roles(former) if entry.is_for(role_arn)]
    except MalformedMapRoles as error:
        return ByHand(f"mapRoles of aws-auth cannot be read ({clipped(str(error))}), so nothing is added to it", _EDIT)
    if any(entry.username in NODE_USERNAMES and entry.groups.issuperset(NODE_GROUPS) for entry in entries):
        return NothingToDo(f"role {role_arn} is in aws-auth")
    if entries:
        return ByHand(
            f"role {role_arn} is in aws-auth otherwise than Fargate's nodes need it, and a person may have meant that: "
            f"make it {entry_for(role_arn)}",
            _EDIT,
        )
    if len(former.encode()) > BACKUP_BYTES:
        return ByHand(
            f"mapRoles of aws-auth is too long to be kept beside the changed one ({BACKUP_BYTES} bytes)", _command(role_arn, cluster)
        )
    try:
        wanted = with_entry(former, {"rolearn": role_arn, "username": _USERNAME, "groups": NODE_GROUPS})
    except CannotInsertError as error:
        return ByHand(f"nothing is added to mapRoles of aws-auth: {error}", _command(role_arn, cluster))
    return AddMapRole(
        former=None if aws_auth is None else former,
        wanted=wanted,
        annotations={BACKUP: former},
        message=f"role {role_arn} is added to aws-auth; mapRoles as it was is in the annotation {BACKUP}",
        command=_command(role_arn, cluster),
    )


def _command(role_arn: str, cluster: ClusterARN) -> str:
    words = ["eksctl", "create", "iamidentitymapping", "--cluster", cluster.name, "--region", cluster.region, "--arn", role_arn]
    words += ["--username", _USERNAME, *(word for group in NODE_GROUPS for word in ("--group", group))]
    return shlex.join(words)
