"""What lint looks at in a cluster, with a person's own rights."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from fargateclaims.cli.plugin.errors import PluginError
from fargateclaims.cli.plugin.options import Place
from fargateclaims.cli.plugin.session import Session, on_cluster
from fargateclaims.domain.lint.linter import Linter
from fargateclaims.domain.lint.rules.logging import CONFIG, NAMESPACE
from fargateclaims.kube.errors import Missing
from fargateclaims.kube.viewer import MissingRightError


@dataclass(frozen=True, slots=True)
class _Kind:
    """One list to read.

    :param version: its apiVersion.
    :param query: what to ask for; all, if empty.
    """

    version: str
    plural: str
    namespaced: bool = True
    query: Sequence[tuple[str, str]] = ()


_KINDS: Final = (
    *(_Kind("v1", plural) for plural in ("pods", "replicationcontrollers", "services", "serviceaccounts", "persistentvolumeclaims")),
    *(_Kind("apps/v1", plural) for plural in ("deployments", "statefulsets", "daemonsets", "replicasets")),
    *(_Kind("batch/v1", plural) for plural in ("jobs", "cronjobs")),
    _Kind("policy/v1", "poddisruptionbudgets"),
    _Kind("autoscaling/v2", "horizontalpodautoscalers"),
    _Kind("autoscaling.k8s.io/v1", "verticalpodautoscalers"),
    _Kind("keda.sh/v1alpha1", "scaledobjects"),
    *(_Kind("networking.k8s.io/v1", plural) for plural in ("ingresses", "networkpolicies")),
    _Kind("elbv2.k8s.aws/v1beta1", "targetgroupbindings"),
    # Other ConfigMaps are nobody's business here.
    _Kind("v1", "configmaps", query=(("fieldSelector", f"metadata.name={CONFIG}"),)),
    _Kind("v1", "namespaces", namespaced=False, query=(("fieldSelector", f"metadata.name={NAMESPACE}"),)),
    _Kind("v1", "persistentvolumes", namespaced=False),
    _Kind("storage.k8s.io/v1", "storageclasses", namespaced=False),
    _Kind("networking.k8s.io/v1", "ingressclasses", namespaced=False),
    _Kind("elbv2.k8s.aws/v1beta1", "ingressclassparams", namespaced=False),
)

_Found: TypeAlias = tuple[_Kind, list[dict[str, Any]]]


def add_cluster(linter: Linter, place: Place, problems: list[str], *, everywhere: bool) -> None:
    """Add what is in a namespace, with the cluster-wide objects that it may refer to; or all that there is.

    :param problems: gets a sentence for each kind that the person may not list, or one for a cluster that does not answer.
    """

    async def read(session: Session) -> list[_Found]:
        return await _read(session, None if everywhere else session.namespace, problems)

    try:
        found = on_cluster(place, read)
    except PluginError as error:
        problems.append(str(error))
        return
    for kind, objects in found:
        for one in objects:
            linter.add_object(one, is_context=not (kind.namespaced or everywhere))


async def _read(session: Session, namespace: str | None, problems: list[str]) -> list[_Found]:
    found: list[_Found] = []
    for kind in _KINDS:
        try:
            objects = await session.viewer.objects(kind.version, kind.plural, namespace if kind.namespaced else None, kind.query)
            found.append((kind, objects))
        except Missing:
            continue  # such as the kinds of a controller that is not installed
        except MissingRightError as error:
            problems.append(str(error))
    return found
