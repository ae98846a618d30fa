"""Workloads that are stored and checked. On a server without their controllers nothing else comes of them."""

from typing import Any

import pytest

from support.kube_contract import MERGE, Api
from support.workloads import LABELS, TEMPLATE

_ENDS = {"spec": {**TEMPLATE["spec"], "restartPolicy": "Never"}}
_SELECTED = {"selector": {"matchLabels": LABELS}, "template": TEMPLATE}
_CLAIM = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}


@pytest.mark.parametrize(
    ("place", "spec", "change"),
    [
        ("/apis/apps/v1 statefulsets", {**_SELECTED, "serviceName": "s", "replicas": 0}, {"replicas": 0}),
        ("/apis/apps/v1 daemonsets", _SELECTED, {"minReadySeconds": 5}),
        ("/apis/batch/v1 jobs", {"template": _ENDS, "suspend": True}, {"parallelism": 2}),
        ("/apis/batch/v1 cronjobs", {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": {"template": _ENDS}}}, {"suspend": True}),
        ("/api/v1 persistentvolumeclaims", _CLAIM, {"volumeName": "v"}),
    ],
)
async def test_they_come_change_and_go(api: Api, namespace: str, place: str, spec: dict[str, Any], change: dict[str, Any]) -> None:
    root, plural = place.split()
    path = f"{root}/namespaces/{namespace}/{plural}"
    (await api.create(path, {"metadata": {"name": "x"}, "spec": spec})).ok()
    changed = (await api.patch(f"{path}/x", {"spec": change}, MERGE)).ok()
    assert {name: changed["spec"][name] for name in change} == change
    (await api.get(f"{path}/x/status")).ok()
    (await api.delete(f"{path}/x", {"propagationPolicy": "Background"})).ok()


@pytest.mark.parametrize("plural", ["daemonsets", "replicasets"])
async def test_they_select_what_they_make(api: Api, namespace: str, plural: str) -> None:
    spec = {"selector": {"matchLabels": {"app": "other"}}, "template": TEMPLATE}
    path = f"/apis/apps/v1/namespaces/{namespace}/{plural}"
    status = (await api.create(path, {"metadata": {"name": "x"}, "spec": spec})).refused(422, "Invalid")
    assert "spec.template.metadata.labels" in [cause["field"] for cause in status["details"]["causes"]]
