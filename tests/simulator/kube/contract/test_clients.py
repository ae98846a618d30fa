"""The clients that the operator is made of: kubernetes.aio and kopf."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from kubernetes.aio import client, config

from support.kopf_events import kopf_events
from support.kube_contract import Api
from support.ticket_kind import Kind
from support.waiting import until

MICRO = "2026-01-01T00:00:00.123456Z"


@pytest.fixture
async def aio(kubeconfig: Path) -> AsyncIterator[client.ApiClient]:
    settings = client.Configuration()
    await config.load_kube_config(str(kubeconfig), client_configuration=settings)  # type: ignore[no-untyped-call]
    async with client.ApiClient(settings) as opened:
        yield opened


async def test_custom_objects_in_pages(aio: client.ApiClient, kind: Kind, namespace: str) -> None:
    objects = client.CustomObjectsApi(aio)
    place = (kind.group, "v1", namespace, "tickets")
    for number in range(5):
        await objects.create_namespaced_custom_object(*place, kind.ticket(f"t{number}"))
    names: list[str] = []
    token = None
    while True:
        page: Any = await objects.list_namespaced_custom_object(*place, limit=2, _continue=token)
        names += [item["metadata"]["name"] for item in page["items"]]
        token = page["metadata"].get("continue")
        if not token:
            break
    assert names == [f"t{number}" for number in range(5)]


async def test_the_status_is_replaced_under_its_version(aio: client.ApiClient, kind: Kind, namespace: str) -> None:
    objects = client.CustomObjectsApi(aio)
    place = (kind.group, "v1", namespace, "tickets")
    made: Any = await objects.create_namespaced_custom_object(*place, kind.ticket("a"))
    after: Any = await objects.replace_namespaced_custom_object_status(*place, "a", {**made, "status": {"queue": 1}})
    assert after["status"] == {"queue": 1}
    with pytest.raises(client.ApiException) as refused:
        await objects.replace_namespaced_custom_object_status(*place, "a", {**made, "status": {"queue": 2}})
    assert refused.value.status == 409


async def test_a_lease(aio: client.ApiClient, namespace: str) -> None:
    leases = client.CoordinationV1Api(aio)
    spec = {"holderIdentity": "me", "leaseDurationSeconds": 15, "acquireTime": MICRO, "renewTime": MICRO, "leaseTransitions": 0}
    wanted = client.V1Lease.model_validate({"metadata": {"name": "l"}, "spec": spec})
    made = await leases.create_namespaced_lease(namespace, wanted)
    assert made.spec is not None
    assert made.spec.renew_time is not None
    assert made.spec.renew_time.microsecond == 123456
    made.spec.holder_identity = "you"
    after = await leases.replace_namespaced_lease("l", namespace, made)
    assert after.spec is not None
    assert after.spec.holder_identity == "you"
    with pytest.raises(client.ApiException) as refused:
        await leases.replace_namespaced_lease("l", namespace, made)
    assert refused.value.status == 409


async def test_typed_lists(aio: client.ApiClient, namespace: str) -> None:
    core = client.CoreV1Api(aio)
    wanted = client.V1ConfigMap.model_validate({"metadata": {"name": "c"}, "data": {"a": "b"}})
    await core.create_namespaced_config_map(namespace, wanted)
    found = await core.list_namespaced_config_map(namespace, field_selector="metadata.name=c")
    assert [item.data for item in found.items] == [{"a": "b"}]
    listed = await core.list_namespace(label_selector=f"kubernetes.io/metadata.name={namespace}")
    assert [item.metadata and item.metadata.name for item in listed.items] == [namespace]


async def test_kopf_sees_every_change(api: Api, kubeconfig: Path, kind: Kind, namespace: str) -> None:
    (await api.create(kind.path(namespace), kind.ticket("before"))).ok()
    with kopf_events(kubeconfig, kind.group, "tickets", namespace) as noted:
        await until(lambda: "before" in [name for _, name in noted.events])
        (await api.create(kind.path(namespace), kind.ticket("after"))).ok()
        await until(lambda: ("ADDED", "after") in noted.events)
        (await api.patch(kind.path(namespace, "after"), {"spec": {"tags": {"t": "1"}}})).ok()
        await until(lambda: ("MODIFIED", "after") in noted.events)
        (await api.delete(kind.path(namespace, "after"))).ok()
        await until(lambda: ("DELETED", "after") in noted.events)
