"""The rules that the API server can tell, as ValidatingAdmissionPolicies that warn and never refuse.

Each rule's expression stands beside its check (`Rule.expressions`); here they are put together, one policy for each shape of object, so
that the API server can check their types. `make manifests` writes them into deploy/admission.
Source: https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fargateclaims.api.group import GROUP
from fargateclaims.domain.lint.ignores import ANNOTATION
from fargateclaims.domain.lint.placement import variables_in_cel
from fargateclaims.domain.lint.registry import RULES
from fargateclaims.domain.lint.rule import PODS, Rule

LABEL: Final = f"{GROUP}/lint"
"""On a namespace: its pods run on Fargate, so people want to be warned there."""
WARN: Final = "warn"
MADE_BY_PEOPLE: Final = (
    "!has(object.metadata.ownerReferences) || !object.metadata.ownerReferences.exists(o, has(o.controller) && o.controller)"
)
_API_VERSION: Final = "admissionregistration.k8s.io/v1"


@dataclass(frozen=True, slots=True)
class Target:
    """What one policy looks at.

    :param resources: plurals by API group; all have version v1.
    :param on: the expressions that it has.
    :param template: where the pod template is in the object; empty if there is none.
    """

    name: str
    resources: Mapping[str, tuple[str, ...]]
    on: tuple[str, ...]
    template: str = ""

    @property
    def rules(self) -> Iterator[tuple[Rule, str]]:
        """The rules that it tells, with their expressions."""
        return ((rule, one.cel) for rule in RULES for one in rule.expressions if one.on in self.on)


_TEMPLATE: Final = "object.spec.template"
TARGETS: Final = (
    Target("pods", {"": ("pods",)}, (PODS,), "object"),
    Target("workloads", {"apps": ("deployments", "statefulsets", "replicasets"), "batch": ("jobs",)}, (PODS,), _TEMPLATE),
    Target("cronjobs", {"batch": ("cronjobs",)}, (PODS, "cronjobs"), "object.spec.jobTemplate.spec.template"),
    Target("daemonsets", {"apps": ("daemonsets",)}, ("daemonsets",), _TEMPLATE),
    Target("jobs", {"batch": ("jobs",)}, ("jobs",)),
    Target("services", {"": ("services",)}, ("services",)),
    Target("ingresses", {"networking.k8s.io": ("ingresses",)}, ("ingresses",)),
    Target("persistentvolumeclaims", {"": ("persistentvolumeclaims",)}, ("persistentvolumeclaims",)),
    Target("configmaps", {"": ("configmaps",)}, ("configmaps",)),
)


def manifests() -> list[dict[str, Any]]:
    """All policies, each followed by its binding."""
    return [manifest for target in TARGETS for manifest in (_policy(target), _binding(target))]


def _policy(target: Target) -> dict[str, Any]:
    return {
        "apiVersion": _API_VERSION,
        "kind": "ValidatingAdmissionPolicy",
        "metadata": _metadata(target),
        "spec": {
            # It only warns, so nothing may fail for it.
            "failurePolicy": "Ignore",
            "matchConstraints": {
                "resourceRules": [
                    {"apiGroups": [group], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": list(plurals)}
                    for group, plurals in target.resources.items()
                ]
            },
            # Nobody reads the warnings that controllers get.
            "matchConditions": [{"name": "made-by-people", "expression": MADE_BY_PEOPLE}],
            "variables": [{"name": name, "expression": cel} for name, cel in variables(target).items()],
            "validations": [
                {"expression": guarded(rule, cel), "message": f"{rule.id} {rule.title}: {rule.advice}"} for rule, cel in target.rules
            ],
        },
    }


def _binding(target: Target) -> dict[str, Any]:
    return {
        "apiVersion": _API_VERSION,
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": _metadata(target),
        "spec": {
            "policyName": f"fargateclaims-lint-{target.name}",
            "validationActions": ["Warn"],
            "matchResources": {"namespaceSelector": {"matchLabels": {LABEL: WARN}}},
        },
    }


def _metadata(target: Target) -> dict[str, Any]:
    return {"name": f"fargateclaims-lint-{target.name}", "labels": {"app.kubernetes.io/part-of": "fargateclaims"}}


def variables(target: Target) -> dict[str, str]:
    """The variables of a policy by name: what is ignored, and the parts of the pod template, if there is one."""
    ignored = _annotation("object")
    if not target.template:
        return {"ignored": ignored}
    if target.template != "object":
        ignored = f"{ignored} + ' ' + {_annotation(target.template)}"
    spec = f"{target.template}.spec"
    return {
        "ignored": ignored,
        "spec": spec,
        "containers": f"{spec}.containers + (has({spec}.initContainers) ? {spec}.initContainers : [])",
        "labels": _texts(target, "labels"),
        "annotations": _texts(target, "annotations"),
        **variables_in_cel(spec),
    }


def guarded(rule: Rule, cel: str) -> str:
    """A rule's expression, which people can switch off for an object."""
    return f"variables.ignored.contains('{rule.id}') || ({cel})"


def _annotation(owner: str) -> str:
    found = f"{owner}.metadata.annotations"
    has = f"has({owner}.metadata) && has({found}) && '{ANNOTATION}' in {found}"
    return f"({has} ? {found}['{ANNOTATION}'] : '')"


def _texts(target: Target, name: str) -> str:
    has = f"has({target.template}.metadata) && has({target.template}.metadata.{name})"
    return f"{has} ? {target.template}.metadata.{name} : {{}}"
