"""Whether a Fargate node can be what a pod asks of its node.

The fargate-scheduler keeps to nodeSelector and to required node affinity: where no Fargate node can satisfy them it says
`MatchNodeSelector failed: Fargate profile P cannot satisfy pod's node selector/affinity requirements`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from fargateclaims.domain.lint.resources import Pod
from fargateclaims.domain.lint.rule import Path
from fargateclaims.domain.lint.values import items, mapping, mappings, text

COMPUTE_TYPE: Final = "eks.amazonaws.com/compute-type"
ARCHITECTURES: Final = ("kubernetes.io/arch", "beta.kubernetes.io/arch")
SYSTEMS: Final = ("kubernetes.io/os", "beta.kubernetes.io/os")

FIXED: Final[Mapping[str, str]] = {
    COMPUTE_TYPE: "fargate",
    **dict.fromkeys(ARCHITECTURES, "amd64"),
    **dict.fromkeys(SYSTEMS, "linux"),
}
"""Labels that are the same on every Fargate node."""

VARYING: Final = (
    "kubernetes.io/hostname",
    *("topology.kubernetes.io/region", "topology.kubernetes.io/zone"),
    *("failure-domain.beta.kubernetes.io/region", "failure-domain.beta.kubernetes.io/zone"),
)
"""Labels that every Fargate node has, too, with values that depend on the profile's subnets."""

_TERMS: Final = ("affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms")


def misfits(pod: Pod, concerns: Callable[[str], bool]) -> Iterator[tuple[Path, str]]:
    """What asks for a label, among those that `concerns` names, that no Fargate node has: its path and what it asks for.

    Terms of a node affinity are alternatives: each has to ask for such a label.
    """
    for key, value in mapping(pod.spec, "nodeSelector").items():
        if isinstance(key, str) and concerns(key) and not _fits(key, "In", [value]):
            yield (*pod.path, "nodeSelector", key), f"nodeSelector asks for {key}: {value}"
    terms = list(mappings(pod.spec, *_TERMS))
    found = [_unfit(term, concerns) for _, term in terms]
    if found and all(found):
        index, expression = found[0] or (0, {})
        path = (*pod.path, *_TERMS, terms[0][0], "matchExpressions", index)
        yield path, f"required node affinity asks for {_said(expression)}"


def meant_for_ec2(pod: Pod) -> bool:
    """Whether a pod keeps away from Fargate nodes by itself."""
    return any(misfits(pod, lambda _key: True))


def _unfit(term: Mapping[str, Any], concerns: Callable[[str], bool]) -> tuple[int, Mapping[str, Any]] | None:
    for index, expression in mappings(term, "matchExpressions"):
        key = text(expression, "key")
        if concerns(key) and not _fits(key, text(expression, "operator"), items(expression, "values")):
            return index, expression
    return None


def _fits(key: str, operator: str, values: list[Any]) -> bool:
    if key in VARYING:
        return operator != "DoesNotExist"
    there = key in FIXED
    listed = there and FIXED[key] in values
    # Gt and Lt compare numbers, which none of these labels is.
    return {"In": listed, "NotIn": not listed, "Exists": there, "DoesNotExist": not there}.get(operator, False)


def _said(expression: Mapping[str, Any]) -> str:
    values = ", ".join(str(value) for value in items(expression, "values"))
    return f"{text(expression, 'key')} {text(expression, 'operator')}{f' [{values}]' if values else ''}"


def _in_cel(selector: str, expression: str) -> str:
    """An expression about a pod's nodeSelector `s` and about each requirement `e` of its required node affinity, as `misfits` sees them.

    :param selector: true when the selector is all right.
    :param expression: true when a requirement is.
    """
    return (
        f"[variables.selector].all(s, {selector}) && (variables.terms.size() == 0"
        f" || variables.terms.exists(t, !has(t.matchExpressions) || t.matchExpressions.all(e, {expression})))"
    )


def variables_in_cel(spec: str) -> dict[str, str]:
    """The variables that the expressions here use, by name.

    :param spec: the pod's spec.
    """
    has = " && ".join(f"has({spec}.{'.'.join(_TERMS[:length])})" for length in range(1, 4))
    return {
        "selector": f"has({spec}.nodeSelector) ? {spec}.nodeSelector : {{}}",
        "terms": f"{has} ? {spec}.{'.'.join(_TERMS)} : []",
    }


def _listed(keys: Iterable[str]) -> str:
    return "[" + ", ".join(f"'{key}'" for key in keys) + "]"


def _has_value(value: str) -> str:
    return f"(e.operator == 'In' ? '{value}' in e.values : e.operator == 'NotIn' ? !('{value}' in e.values) : e.operator == 'Exists')"


def _values_fit(keys: tuple[str, ...]) -> str:
    value = FIXED[keys[0]]
    return _in_cel(f"{_listed(keys)}.all(k, !(k in s) || s[k] == '{value}')", f"!(e.key in {_listed(keys)}) || {_has_value(value)}")


_JUDGED: Final = (*ARCHITECTURES, *SYSTEMS)
ARCHITECTURE_FITS_IN_CEL: Final = _values_fit(ARCHITECTURES)
SYSTEM_FITS_IN_CEL: Final = _values_fit(SYSTEMS)
OTHERS_FIT_IN_CEL: Final = _in_cel(
    f"s.all(k, k in {_listed((*_JUDGED, *VARYING))} || (k == '{COMPUTE_TYPE}' && s[k] == '{FIXED[COMPUTE_TYPE]}'))",
    f"e.key in {_listed(_JUDGED)} || (e.key in {_listed(VARYING)} ? e.operator != 'DoesNotExist'"
    f" : e.key == '{COMPUTE_TYPE}' ? {_has_value(FIXED[COMPUTE_TYPE])} : e.operator in ['NotIn', 'DoesNotExist'])",
)
FITS_IN_CEL: Final = f"({ARCHITECTURE_FITS_IN_CEL}) && ({SYSTEM_FITS_IN_CEL}) && ({OTHERS_FIT_IN_CEL})"
"""True unless a pod asks for a node that Fargate does not have."""
