"""Whether a trust policy lets Fargate assume a pod execution role for the profiles of one cluster.

What cannot be decided here counts for the role: what EKS might accept must not hold creates.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from fargateclaims.api.arn import ClusterARN
from fargateclaims.domain.checks.texts import clipped
from fargateclaims.domain.patterns import intersect, is_literal, matches, within

FARGATE_PRINCIPAL: Final = "eks-fargate-pods.amazonaws.com"
"""The service that assumes a pod execution role (EKS user guide, "Amazon EKS pod execution IAM role")."""
_ASSUME_ROLE: Final = "sts:assumerole"
_EVERYONE: Final = "*"


@dataclass(frozen=True, slots=True)
class Distrust:
    """Why Fargate may not assume the role.

    :param problem: what is so, to be said of the role.
    """

    problem: str
    fix: str


@dataclass(frozen=True, slots=True)
class _Answer:
    """Whether a condition can be met by some profile of the cluster, and whether each one surely meets it."""

    possible: bool
    sure: bool

    def __invert__(self) -> "_Answer":
        return _Answer(possible=not self.sure, sure=not self.possible)


_UNDECIDED: Final = _Answer(possible=True, sure=False)


def distrust(policy: Mapping[str, Any], cluster: ClusterARN) -> Distrust | None:
    """Judge AssumeRolePolicyDocument, decoded; None if Fargate may assume the role as far as can be told."""
    source = profiles_of(cluster)
    request = {"aws:sourcearn": source, "aws:sourceaccount": cluster.account}
    statements = [each for each in _as_list(policy.get("Statement")) if isinstance(each, Mapping)]
    if any(each.get("Effect") == "Deny" and _surely_fargate(each) and _condition(each, request).sure for each in statements):
        return Distrust("denies Fargate sts:AssumeRole in its trust policy", f"take {FARGATE_PRINCIPAL} out of the Deny statement")
    trusting = [each for each in statements if each.get("Effect") == "Allow" and _may_be_fargate(each)]
    if not trusting:
        return Distrust(
            "does not trust Fargate",
            f"let the service {FARGATE_PRINCIPAL} do sts:AssumeRole in its trust policy, by the statement {_statement(source)}",
        )
    if not any(_condition(each, request).possible for each in trusting):
        condition = json.dumps(trusting[0].get("Condition"), default=str)
        return Distrust(
            f"trusts Fargate, but for no profile of cluster {cluster.name}: none meets {clipped(condition)}",
            f'make the condition of its trust policy {{"ArnLike":{{"aws:SourceArn":"{source}"}}}}',
        )
    return None


def profiles_of(cluster: ClusterARN) -> str:
    """The pattern of the ARNs of a cluster's Fargate profiles, which is what aws:SourceArn has when Fargate assumes the role."""
    return f"arn:{cluster.partition}:eks:{cluster.region}:{cluster.account}:fargateprofile/{cluster.name}/*"


def _statement(source: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": FARGATE_PRINCIPAL},
        "Action": "sts:AssumeRole",
        "Condition": {"ArnLike": {"aws:SourceArn": source}},
    }
    return json.dumps(statement, separators=(",", ":"))


def _may_be_fargate(statement: Mapping[str, Any]) -> bool:
    """Whether it names Fargate or everyone. IAM takes "*" and {"AWS": "*"} for the same."""
    if not _assume_role(statement):
        return False
    if "Principal" not in statement and "NotPrincipal" in statement:
        return FARGATE_PRINCIPAL not in _named(statement["NotPrincipal"], "Service")
    principal = statement.get("Principal")
    return FARGATE_PRINCIPAL in _named(principal, "Service") or _EVERYONE in _named(principal, "Service", "AWS")


def _surely_fargate(statement: Mapping[str, Any]) -> bool:
    services = _named(statement.get("Principal"), "Service")
    return _assume_role(statement) and (FARGATE_PRINCIPAL in services or _EVERYONE in services)


def _named(principal: object, *kinds: str) -> list[Any]:
    if isinstance(principal, Mapping):
        return [each for kind in kinds for each in _as_list(principal.get(kind))]
    return [_EVERYONE] if principal == _EVERYONE else []


def _assume_role(statement: Mapping[str, Any]) -> bool:
    key = "Action" if "Action" in statement else "NotAction"
    named = any(matches(str(action).lower(), _ASSUME_ROLE) for action in _as_list(statement.get(key)))
    return named if key == "Action" else key in statement and not named


def _condition(statement: Mapping[str, Any], request: Mapping[str, str]) -> _Answer:
    """Whether a statement's conditions hold; all of them must."""
    block = statement.get("Condition")
    if block is None:
        return _Answer(possible=True, sure=True)
    answers = list(_answers(block, request))
    return _Answer(possible=all(each.possible for each in answers), sure=all(each.sure for each in answers))


def _answers(block: object, request: Mapping[str, str]) -> Iterable[_Answer]:
    if not isinstance(block, Mapping):
        yield _UNDECIDED
        return
    for operator, keys in block.items():
        if not isinstance(keys, Mapping):
            yield _UNDECIDED
            continue
        for key, values in keys.items():
            yield _answer(str(operator), request.get(str(key).lower()), [str(value) for value in _as_list(values)])


def _answer(operator: str, sent: str | None, values: list[str]) -> _Answer:
    compare = _OPERATORS.get(operator.lower().removeprefix("forallvalues:").removeprefix("foranyvalue:").removesuffix("ifexists"))
    # `${aws:…}` is filled in by IAM from what is not known here.
    if sent is None or compare is None or any("${" in value for value in values):
        return _UNDECIDED
    return compare(sent, values)


def _like(sent: str, values: list[str]) -> _Answer:
    return _Answer(possible=any(intersect(value, sent) for value in values), sure=any(within(sent, value) for value in values))


def _equals(sent: str, values: list[str]) -> _Answer:
    # StringEquals takes `*` and `?` as they stand, and no ARN of a profile has them.
    literals = [value for value in values if is_literal(value)]
    return _Answer(possible=any(matches(sent, value) for value in literals), sure=sent in literals)


def _unlike(compare: Callable[[str, list[str]], _Answer], sent: str, values: list[str]) -> _Answer:
    return ~compare(sent, values)


# IAM user guide, "IAM JSON policy elements: Condition operators": ArnEquals takes wildcards as ArnLike does.
_OPERATORS: Final[Mapping[str, Callable[[str, list[str]], _Answer]]] = {
    "arnlike": _like,
    "arnequals": _like,
    "stringlike": _like,
    "stringequals": _equals,
    "arnnotlike": partial(_unlike, _like),
    "arnnotequals": partial(_unlike, _like),
    "stringnotlike": partial(_unlike, _like),
    "stringnotequals": partial(_unlike, _equals),
}


def _as_list(value: object) -> list[Any]:
    """IAM writes a list of one as the item alone."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
