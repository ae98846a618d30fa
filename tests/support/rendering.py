"""The operator's manifests as Helm and Kustomize render them.

Run as a program (`make manifests`) it writes what is made from something else: the chart's schema of the settings, what Kustomize
needs of the chart, and the policies that tell lint's rules.
"""

import json
import re
import subprocess
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import helm_python as helm
import yaml

from fargateclaims.domain.lint import admission
from fargateclaims.settings import Settings
from support.kubectl import KUBECTL

ROOT: Final = Path(__file__).parents[2]
CHART: Final = ROOT / "deploy/helm/fargateclaims"
KUSTOMIZE: Final = ROOT / "deploy/kustomize"
ADMISSION: Final = ROOT / "deploy/admission"
EKS_CLUSTER: Final = ROOT / "deploy/eks-cluster"
"""What is applied in each EKS cluster."""
REPAIRS: Final = {"coreDNS": "core-dns", "roleMapping": "role-mapping", "pendingPods": "pending-pods"}
"""By its name in a class, the component of EKS_CLUSTER that has the rights for it."""
NAME: Final = "fargateclaims"
"""Of the release and its namespace."""
NOTES: Final = "NOTES.txt"

Object = dict[str, Any]

_SCHEMA: Final = CHART / "values.schema.json"
_HEADER: Final = "# Generated from deploy/helm/fargateclaims by `make manifests`; changes belong there.\n---\n"
_LINT_HEADER: Final = "# Generated from operator/fargateclaims/domain/lint by `make manifests`; changes belong there.\n---\n"
_LONG: Final = 110
_HELMS_OWN: Final = re.compile(r"^ +(helm\.sh/chart|app\.kubernetes\.io/managed-by): .*\n", re.MULTILINE)
# The Service, the probes and the container's port follow the port, so any is fine; another address than all would hide them.
_ADDRESS: Final = "^:[1-9][0-9]{0,4}$"


@cache
def chart() -> helm.Chart:
    """The chart, loaded once."""
    return helm.Chart.load(CHART)


def rendered(values: Object | None = None, **release: Any) -> dict[str, str]:
    """Each template's text, by its file name. Raises HelmError, for values that the schema or a template refuses."""
    texts = chart().render(values or {}, **{"name": NAME, "namespace": NAME, **release})
    return {Path(path).name: text for path, text in texts.items() if text.strip()}


def from_chart(values: Object | None = None, **release: Any) -> list[Object]:
    """All objects of the chart, with these values in place of the defaults."""
    return objects(text for name, text in rendered(values, **release).items() if name != NOTES)


def workloads(*repairs: str) -> list[Object]:
    """What the operator may do in an EKS cluster, these repairs included."""
    return objects([_workloads(*repairs)])


def _workloads(*repairs: str) -> str:
    values = {"rbac": {"workloads": {"create": True, "repairs": dict.fromkeys(repairs, True)}}}
    return rendered(values)["rbac-workloads.yaml"]


def from_kustomize(folder: Path) -> list[Object]:
    """All objects that `kubectl kustomize` makes of a folder."""
    done = subprocess.run([KUBECTL, "kustomize", folder], capture_output=True, text=True, check=False)
    if done.returncode:
        raise ValueError(done.stderr)
    return objects([done.stdout])


def objects(texts: Iterable[str]) -> list[Object]:
    """The objects in some streams of YAML documents."""
    return [document for text in texts for document in yaml.load_all(text, yaml.CSafeLoader) if document]


def named(found: list[Object], kind: str, name: str = NAME) -> Object:
    """The one object of this kind and name."""
    (obj,) = (obj for obj in found if (obj["kind"], obj["metadata"]["name"]) == (kind, name))
    return obj


def identity(obj: Object) -> tuple[str, str, str]:
    """What tells an object from all others: kind, namespace, name."""
    return obj["kind"], obj["metadata"].get("namespace", ""), obj["metadata"]["name"]


def camel_case(setting: str) -> str:
    """The name of a setting among the chart's values: resyncSeconds for resync_seconds."""
    first, *rest = setting.split("_")
    return first + "".join(word.capitalize() for word in rest)


def generated() -> dict[Path, str]:
    """What each generated file has to be."""
    operator = rendered({"crds": {"install": False}})
    # The Deployment comes last in this order, after all that it needs.
    parts = [operator[name].strip() for name in sorted(operator, reverse=True) if name != NOTES]
    budget = rendered({"replicas": 2})["poddisruptionbudget.yaml"].strip()
    return {
        _SCHEMA: _schema(),
        KUSTOMIZE / "base/operator.yaml": _for_kustomize("\n---\n".join(parts)),
        KUSTOMIZE / "components/two-replicas/poddisruptionbudget.yaml": _for_kustomize(budget),
        ADMISSION / "lint.yaml": _LINT_HEADER + _dumped(admission.manifests()),
        EKS_CLUSTER / "workloads.yaml": _for_kustomize(_workloads().strip()),
        **{EKS_CLUSTER / "repairs" / folder / "kustomization.yaml": _repair(name) for name, folder in REPAIRS.items()},
    }


def _repair(name: str) -> str:
    """A component that adds the rules for a repair to the roles that have any."""
    patches = []
    for plain, more in zip(workloads(), workloads(name), strict=True):
        added = [rule for rule in more.get("rules", ()) if rule not in plain["rules"]]
        if added:
            patch = _dumped([[{"op": "add", "path": "/rules/-", "value": rule} for rule in added]])
            patches.append({"target": {"kind": more["kind"], "name": more["metadata"]["name"]}, "patch": patch})
    return _HEADER + _dumped([{"apiVersion": "kustomize.config.k8s.io/v1alpha1", "kind": "Component", "patches": patches}])


def _for_kustomize(text: str) -> str:
    return _HEADER + _HELMS_OWN.sub("", text) + "\n"


class _Dumper(yaml.SafeDumper):
    """Indents lists, and folds long texts of one line: they are CEL, which may be broken at any space."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - PyYAML's signature
        super().increase_indent(flow, indentless=False)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else ">" if len(text) > _LONG else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def _dumped(objects: Sequence[object]) -> str:
    return yaml.dump_all(objects, Dumper=_Dumper, sort_keys=False, width=_LONG)


def _schema() -> str:
    """The chart's schema as it is, with the settings as the operator takes them."""
    schema = json.loads(_SCHEMA.read_text(encoding="utf-8"))
    model = Settings.model_json_schema()["properties"]
    properties = {camel_case(name): _property(each) for name, each in model.items()}
    properties["httpAddress"]["pattern"] = _ADDRESS
    schema["properties"]["settings"] = {"type": "object", "additionalProperties": False, "properties": properties}
    return json.dumps(schema, indent=2) + "\n"


def _property(model: Object) -> Object:
    kept = {key: value for key, value in model.items() if key not in {"title", "default_text"}}
    return {**kept, "description": " ".join(model["description"].split())}


if __name__ == "__main__":
    for path, text in generated().items():
        path.write_text(text, encoding="utf-8")
