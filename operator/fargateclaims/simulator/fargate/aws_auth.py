"""The ConfigMap kube-system/aws-auth: whether it lets a pod execution role in, and the entry that EKS adds to it.

Source: EKS user guide, "Amazon EKS Pod execution IAM role" and "Grant IAM users access to Kubernetes with a ConfigMap".
"""

import re
from typing import Any, Final

import yaml

NAMESPACE: Final = "kube-system"
NAME: Final = "aws-auth"
MAP_ROLES: Final = "mapRoles"
USERNAME: Final = "system:node:{{SessionName}}"
GROUPS: Final = ("system:bootstrappers", "system:nodes", "system:node-proxier")
# An assumed role's identity has no path: an entry with one matches nobody.
_PATH: Final = re.compile(r"(?<=:role/).*/")


def lets_in(map_roles: str, role: str) -> bool:
    """Whether an entry of mapRoles gives a role what Fargate's kubelets need. What is no list of entries lets nobody in.

    :param role: the ARN of a pod execution role, with its path if it has one.
    """
    identity = _PATH.sub("", role)
    return any(
        entry.get("rolearn") == identity
        and entry.get("username") == USERNAME
        and isinstance(entry.get("groups"), list)
        and set(GROUPS) <= {str(group) for group in entry["groups"]}
        for entry in _entries(map_roles)
    )


def with_role(map_roles: str, role: str) -> str:
    """The text of mapRoles with an entry for a role, added at its end unless the role has one already.

    All else stays as it is; only what is no block of YAML entries (such as `[]`) is written anew.
    """
    if _names(map_roles, role):
        return map_roles
    entry = {"rolearn": role, "username": USERNAME, "groups": list(GROUPS)}
    separator = "" if not map_roles or map_roles.endswith("\n") else "\n"
    longer = f"{map_roles}{separator}{_dumped([entry])}"
    return longer if _names(longer, role) else _dumped([*_entries(map_roles), entry])


def _names(map_roles: str, role: str) -> bool:
    return any(entry.get("rolearn") == role for entry in _entries(map_roles))


def _dumped(entries: list[dict[str, Any]]) -> str:
    return yaml.safe_dump(entries, sort_keys=False)


def _entries(map_roles: str) -> list[dict[str, Any]]:
    try:
        entries = yaml.safe_load(map_roles)
    except yaml.YAMLError:
        return []
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
