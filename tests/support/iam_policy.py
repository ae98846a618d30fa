"""The policy documents of deploy/iam, filled in, and what IAM would answer by them: as much of its language as they use.

Written from the IAM user guide, "Policy evaluation logic" and "IAM JSON policy elements: Condition operators"; not by asking AWS.
"""

import json
import re
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from string import Template
from typing import Any, Final

FOLDER: Final = Path(__file__).parents[2] / "deploy/iam"
PAGE: Final = (FOLDER.parents[1] / "docs/iam.md").read_text(encoding="utf-8")
VALUES: Final[Mapping[str, str]] = {
    "partition": "aws",
    "region": "eu-west-1",
    "account": "111122223333",
    "cluster": "prod",
    "installation": "fargateclaims",
    "pod_execution_role": "fargate-pod-execution",
    "operator_account": "999988887777",
    "operator_role_arn": "arn:aws:iam::999988887777:role/team/fargateclaims",
    "operator_cluster": "management",
    "role_arn": "arn:aws:iam::111122223333:role/team/fargateclaims-operator",
    "external_id": "a-secret-of-both",
    "oidc_provider": "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE",
    "namespace": "fargateclaims",
    "service_account": "fargateclaims",
}
Document = Mapping[str, Any]
_STATEMENT: Final = {"Sid", "Effect", "Action", "Resource", "Principal", "Condition"}


def documents() -> list[str]:
    """The names of all documents."""
    return sorted(path.name for path in FOLDER.glob("*.json"))


def placeholders(name: str) -> set[str]:
    """What is to be filled in."""
    return set(re.findall(r"\$\{(\w+)\}", (FOLDER / name).read_text(encoding="utf-8")))


def document(name: str, **values: str) -> Document:
    """A document with `VALUES`, or others in their place. Raises ValueError where it is no policy that can be judged here."""
    text = Template((FOLDER / name).read_text(encoding="utf-8")).substitute({**VALUES, **values})
    policy: dict[str, Any] = json.loads(text)
    if set(policy) != {"Version", "Statement"} or policy["Version"] != "2012-10-17":
        raise ValueError(f"{name} has not the elements of a policy")
    for statement in policy["Statement"]:
        resource = "Principal" if name.startswith("trust-") else "Resource"
        if not {"Sid", "Effect", "Action", resource} <= set(statement) <= _STATEMENT or statement["Effect"] != "Allow":
            raise ValueError(f"{name} has a statement with other elements: {statement}")
        unknown = set(statement.get("Condition", {})) - set(_CONDITIONS)
        if unknown:
            raise ValueError(f"{name} has conditions that cannot be judged here: {unknown}")
    return policy


def actions(policy: Document) -> set[str]:
    """All that the document allows something of."""
    return {action for statement in policy["Statement"] for action in _listed(statement["Action"])}


def allows(
    policy: Document, action: str, resource: str = "*", context: Mapping[str, str] | None = None, principal: tuple[str, str] | None = None
) -> bool:
    """Whether a request would be allowed.

    :param context: condition keys of the request.
    :param principal: whose it is, for trust policies: its kind and name.
    """
    return any(
        action in _listed(statement["Action"])
        and (principal is None or principal in statement["Principal"].items())
        and any(fnmatchcase(resource, pattern) for pattern in _listed(statement.get("Resource", "*")))
        and all(
            _CONDITIONS[operator]((context or {}).get(key), _listed(wanted))
            for operator, pairs in statement.get("Condition", {}).items()
            for key, wanted in pairs.items()
        )
        for statement in policy["Statement"]
    )


_CONDITIONS: Final[Mapping[str, Callable[[str | None, list[str]], bool]]] = {
    "StringEquals": lambda found, wanted: found in wanted,
    "ArnLike": lambda found, wanted: found is not None and any(fnmatchcase(found, pattern) for pattern in wanted),
    "Null": lambda found, wanted: (found is None) == (wanted == ["true"]),
}


def _listed(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]
