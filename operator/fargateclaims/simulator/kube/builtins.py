"""The built-in kinds."""

import base64
from collections.abc import Mapping
from typing import Any, Final

from fargateclaims.simulator.kube import columns, crds, events, schemas
from fargateclaims.simulator.kube.field_errors import Cause, FieldError
from fargateclaims.simulator.kube.objects import Obj
from fargateclaims.simulator.kube.resources import METADATA_FIELDS, ResourceType
from fargateclaims.simulator.kube.schema import compile_root
from fargateclaims.simulator.kube.workloads import columns as workload_columns
from fargateclaims.simulator.kube.workloads import pods, rules

NAMESPACES: Final = "namespaces"
CRDS: Final = "customresourcedefinitions.apiextensions.k8s.io"
FIRST_NAMESPACES: Final = ("default", "kube-node-lease", "kube-public", "kube-system")
FOREVER: Final = ("default", "kube-public", "kube-system")
NAMESPACE_FINALIZER: Final = "kubernetes"
_POD_FIELDS: Final = (
    *("spec.hostNetwork", "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName"),
    *("status.nominatedNodeName", "status.phase", "status.podIP"),
)
_COLUMNS: Final = columns.BUILT_IN | workload_columns.BUILT_IN
_NAME_LABEL: Final = "kubernetes.io/metadata.name"


def _prepare_namespace(namespace: Obj, old: Obj | None) -> Obj:
    meta = namespace["metadata"]
    labels = {**(meta.get("labels") or {}), _NAME_LABEL: meta["name"]}
    result = {**namespace, "metadata": {**meta, "labels": labels}}
    if old is None:
        result |= {"spec": {"finalizers": [NAMESPACE_FINALIZER]}, "status": {"phase": "Active"}}
    return result


def _prepare_secret(secret: Obj, _: Obj | None) -> Obj:
    plain = secret.get("stringData") or {}
    encoded = {name: base64.b64encode(text.encode()).decode() for name, text in plain.items()}
    result = {name: value for name, value in secret.items() if name != "stringData"}
    if encoded:
        result["data"] = {**(secret.get("data") or {}), **encoded}
    return {"type": "Opaque"} | result


def _check_lease(lease: Obj, _: Obj | None) -> list[FieldError]:
    """``pkg/apis/coordination/validation``."""
    spec = lease.get("spec") or {}
    errors = []
    for field, least in (("leaseDurationSeconds", 1), ("leaseTransitions", 0)):
        value = spec.get(field)
        if value is not None and value < least:
            detail = "must be greater than 0" if least else "must be greater than or equal to 0"
            errors.append(FieldError(Cause.INVALID, f"spec.{field}", detail, value))
    return errors


def _check_immutable(obj: Obj, old: Obj | None) -> list[FieldError]:
    if old is None or not old.get("immutable"):
        return []
    changed = [name for name in ("data", "binaryData") if obj.get(name) != old.get(name)]
    return [FieldError(Cause.FORBIDDEN, name, "field is immutable when `immutable` is set") for name in changed]


def _built_in(group: str, version: str, kind: str, openapi: Obj, **options: object) -> ResourceType:
    plural = f"{kind.lower()}s"
    collection = f"{plural}.{group}" if group else plural
    api_version = f"{group}/{version}" if group else version
    settings = {"namespaced": True, "collection": collection, "storage_version": api_version, **options}
    return ResourceType(
        group=group,
        version=version,
        kind=kind,
        plural=plural,
        singular=kind.lower(),
        openapi=openapi,
        schema=compile_root(openapi),
        columns=_COLUMNS[kind],
        **settings,  # type: ignore[arg-type]
    )


_STATUS: Final[Mapping[str, Any]] = {"subresources": frozenset({"status"})}
_WORKLOAD: Final[Mapping[str, Any]] = {**_STATUS, "categories": ("all",), "has_generation": True, "check": rules.check_workload}
_SCALABLE: Final[Mapping[str, Any]] = {**_WORKLOAD, "subresources": frozenset({"scale", "status"})}
BUILT_IN_KINDS: Final = (
    _built_in("", "v1", "ConfigMap", schemas.CONFIG_MAP, short_names=("cm",), check=_check_immutable),
    _built_in(
        "",
        "v1",
        "Event",
        schemas.EVENT,
        short_names=("ev",),
        selectable=METADATA_FIELDS | events.CORE_FIELDS,
        create_on_update=True,
        check=events.check_core,
    ),
    _built_in(
        "",
        "v1",
        "Namespace",
        schemas.NAMESPACE,
        namespaced=False,
        short_names=("ns",),
        subresources=frozenset({"status", "finalize"}),
        selectable=METADATA_FIELDS | {"name": "metadata.name", "status.phase": "status.phase"},
        verbs=("create", "delete", "get", "list", "patch", "update", "watch"),
        prepare=_prepare_namespace,
    ),
    _built_in(
        "",
        "v1",
        "Pod",
        schemas.POD,
        short_names=("po",),
        categories=("all",),
        subresources=frozenset({"binding", "eviction", "status"}),
        selectable=METADATA_FIELDS | {path: path for path in _POD_FIELDS},
        has_generation=True,
        returns_deleted=True,
        prepare=pods.prepare,
        check=pods.check,
        grace=pods.grace,
    ),
    _built_in(
        "",
        "v1",
        "Secret",
        schemas.SECRET,
        selectable=METADATA_FIELDS | {"type": "type"},
        prepare=_prepare_secret,
        check=_check_immutable,
    ),
    _built_in("", "v1", "ServiceAccount", schemas.SERVICE_ACCOUNT, short_names=("sa",), returns_deleted=True),
    _built_in(
        "",
        "v1",
        "Node",
        schemas.NODE,
        namespaced=False,
        short_names=("no",),
        subresources=frozenset({"status"}),
        selectable=METADATA_FIELDS | {"spec.unschedulable": "spec.unschedulable"},
        status_from_start=True,
    ),
    _built_in("", "v1", "PersistentVolumeClaim", schemas.PERSISTENT_VOLUME_CLAIM, **_STATUS, short_names=("pvc",), returns_deleted=True),
    _built_in("apps", "v1", "DaemonSet", schemas.DAEMON_SET, **_WORKLOAD, short_names=("ds",)),
    _built_in("apps", "v1", "Deployment", schemas.DEPLOYMENT, **_SCALABLE, short_names=("deploy",), prepare=rules.prepare_deployment),
    _built_in("apps", "v1", "ReplicaSet", schemas.REPLICA_SET, **_SCALABLE, short_names=("rs",)),
    _built_in("apps", "v1", "StatefulSet", schemas.STATEFUL_SET, **_SCALABLE, short_names=("sts",)),
    _built_in("batch", "v1", "CronJob", schemas.CRON_JOB, **_STATUS, short_names=("cj",), categories=("all",), has_generation=True),
    _built_in("batch", "v1", "Job", schemas.JOB, **_STATUS, categories=("all",), has_generation=True),
    _built_in(
        "policy",
        "v1",
        "PodDisruptionBudget",
        schemas.POD_DISRUPTION_BUDGET,
        **_STATUS,
        short_names=("pdb",),
        has_generation=True,
        check=rules.check_budget,
    ),
    _built_in("coordination.k8s.io", "v1", "Lease", schemas.LEASE, unconditional_update=False, create_on_update=True, check=_check_lease),
    _built_in(
        events.GROUP,
        "v1",
        "Event",
        schemas.NEW_EVENT,
        short_names=("ev",),
        collection="events",
        storage_version="v1",
        selectable=METADATA_FIELDS | events.NEW_FIELDS,
        create_on_update=True,
        check=events.check_new,
    ),
    _built_in(
        "apiextensions.k8s.io",
        "v1",
        "CustomResourceDefinition",
        schemas.CRD,
        namespaced=False,
        categories=("api-extensions",),
        short_names=("crd", "crds"),
        subresources=frozenset({"status"}),
        has_generation=True,
        unconditional_update=False,
        prepare=crds.prepare,
        check=crds.check,
    ),
)
