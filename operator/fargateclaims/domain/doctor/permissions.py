"""What whoever asked was not allowed to see, as something to copy."""

import json
from collections.abc import Collection
from typing import Final

from fargateclaims.domain.checks.finding import Level
from fargateclaims.domain.checks.texts import listed
from fargateclaims.domain.doctor.chart import Check
from fargateclaims.domain.no_access import Right

_ASSUME_ROLE: Final = "sts:AssumeRole"


def check_permissions(actions: Collection[str], rights: Collection[Right], principal: str, assume_role_arn: str | None = None) -> Check:
    """List what was refused.

    :param actions: of IAM.
    :param rights: of the cluster's RBAC.
    :param principal: the ARN of who asked; empty if that is not known.
    :param assume_role_arn: which role was to be assumed for it.
    """
    who = principal or "whoever asks"
    children = []
    if actions:
        # Who was not let into the role has asked for nothing else.
        resource = assume_role_arn if _ASSUME_ROLE in actions and assume_role_arn else "*"
        statement = {"Effect": "Allow", "Action": sorted(actions), "Resource": resource}
        children.append(Check("IAM", Level.UNKNOWN, _all(sorted(actions)), f"add to the policies of {who}: {json.dumps(statement)}"))
    if rights:
        rules = sorted({(right.group, right.resource, right.verb) for right in rights})
        described = [{"apiGroups": [group], "resources": [resource], "verbs": [verb]} for group, resource, verb in rules]
        fix = f"add to the rules of a ClusterRole that is bound to {who} in the cluster: {json.dumps(described)}"
        children.append(Check("RBAC", Level.UNKNOWN, _all(sorted(set(map(str, rights)))), fix))
    if not children:
        return Check("permissions", Level.OK, "nothing was refused")
    return Check("permissions", Level.UNKNOWN, "not all may be looked at", children=tuple(children))


def _all(refused: list[str]) -> str:
    return listed(refused, len(refused))
