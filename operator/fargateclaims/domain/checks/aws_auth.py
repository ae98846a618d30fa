"""The ConfigMap aws-auth: which Kubernetes user and groups an IAM role is in an EKS cluster.

Source: the full configuration format of aws-iam-authenticator, which reads it, and the EKS user guide's entry for Fargate.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import yaml

from fargateclaims.domain.checks.hostile_yaml import BASE_LOADER, refuse_hostile

NODE_USERNAMES: Final = frozenset({"system:node:{{SessionName}}", "system:node:{{SessionNameRaw}}"})
"""What a node's user may be called: its session's name is the node's."""
NODE_GROUPS: Final = ("system:bootstrappers", "system:nodes", "system:node-proxier")
"""The groups that a Fargate node needs."""
_NULLS: Final = ("null", "~")


class MalformedMapRoles(ValueError):  # noqa: N818  it says what the text is
    """mapRoles cannot be read; the text says why."""


@dataclass(frozen=True, slots=True)
class MappedRole:
    """One entry of mapRoles."""

    role_arn: str
    username: str
    groups: frozenset[str]

    def is_for(self, role_arn: str) -> bool:
        """Whether it speaks of the role; aws-iam-authenticator compares without regard to case."""
        return self.role_arn.lower() == role_arn.lower()


def read_map_roles(text: str) -> tuple[MappedRole, ...]:
    """Read mapRoles. Raises MalformedMapRoles."""
    found = _read(text)
    if isinstance(found, MalformedMapRoles):
        raise found.with_traceback(None)
    return found


@lru_cache(maxsize=256)
def _read(text: str) -> tuple[MappedRole, ...] | MalformedMapRoles:
    # Asked for at each pass of a cluster's worker, for each class, and the text of a large cluster takes milliseconds to parse.
    try:
        return _parsed(text)
    except MalformedMapRoles as error:
        return error


def _parsed(text: str) -> tuple[MappedRole, ...]:
    try:
        refuse_hostile(text)
        entries = yaml.load(text, Loader=BASE_LOADER)  # noqa: S506 - BaseLoader makes nothing but texts, lists and mappings
    except yaml.MarkedYAMLError as error:
        where = f" in line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise MalformedMapRoles(f"it is no YAML{where}: {error.problem}") from error
    except (yaml.YAMLError, ValueError) as error:
        raise MalformedMapRoles(f"it is not to be read: {error}") from error
    if not entries or entries in _NULLS:
        return ()
    if not isinstance(entries, list):
        raise MalformedMapRoles("it is not a list")
    return tuple(_entry(number, entry) for number, entry in enumerate(entries, 1))


def entry_for(role_arn: str) -> str:
    """The entry that a pod execution role needs, as one line of YAML."""
    return f'- {{rolearn: "{role_arn}", username: "system:node:{{{{SessionName}}}}", groups: [{", ".join(NODE_GROUPS)}]}}'


def _entry(number: int, raw: object) -> MappedRole:
    if not isinstance(raw, dict):
        raise MalformedMapRoles(f"its entry {number} is not a mapping")
    fields = {str(key).lower(): value for key, value in raw.items()}
    return MappedRole(_text(fields.get("rolearn")), _text(fields.get("username")), frozenset(_texts(fields.get("groups"))))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: object) -> Iterable[str]:
    return (each for each in value if isinstance(each, str)) if isinstance(value, list) else ()
