"""The API server refuses for a while what it is asked for."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import pairwise

import pytest

from fargateclaims.api.group import CLAIM_PLURAL, GROUP, VERSION
from support.api_proxy import APIProxy, Exchange
from support.fault_world import CREATE, DELETE, Object
from support.installation import NAME, Installation
from support.scenarios import CleanRun, Worlds, one_claim
from support.waiting import until

LEVEL = "e2e-nothing-gets-through"


@pytest.fixture
def squeeze(installation: Installation) -> Iterator[Callable[[str | None], None]]:
    """Makes the API server answer 429, by its priority and fairness, to the operator's status writes in a namespace; None ends that."""
    kubectl = installation.kubectl
    with ExitStack() as stack:

        def set_to(namespace: str | None) -> None:
            if namespace is None:
                kubectl("delete", "flowschema,prioritylevelconfiguration", LEVEL, "--ignore-not-found")
                stack.close()
                return
            kubectl("create", "serviceaccount", LEVEL, "--namespace", namespace)
            account = f"--serviceaccount={namespace}:{LEVEL}"
            kubectl("create", "rolebinding", LEVEL, "--namespace", namespace, f"--clusterrole={NAME}", account)
            kubectl("apply", "--server-side", "-f", "-", stdin=_level())
            kubectl("apply", "--server-side", "-f", "-", stdin=_flow(installation, namespace))
            kubectl("wait", "--for=condition=Dangling=False", "flowschema", LEVEL)
            stack.enter_context(_unfinished_write(installation, namespace))

        yield set_to
        set_to(None)


def _level() -> Object:
    nothing = {"nominalConcurrencyShares": 0, "lendablePercent": 0, "borrowingLimitPercent": 0, "limitResponse": {"type": "Reject"}}
    return _flow_control("PriorityLevelConfiguration", {"type": "Limited", "limited": nothing})


def _flow(installation: Installation, namespace: str) -> Object:
    operator = {"name": installation.service_account, "namespace": installation.namespace}
    writer = {"name": LEVEL, "namespace": namespace}
    rule = {
        "subjects": [{"kind": "ServiceAccount", "serviceAccount": each} for each in (operator, writer)],
        "resourceRules": [{"verbs": ["update"], "apiGroups": [GROUP], "resources": [f"{CLAIM_PLURAL}/status"], "namespaces": [namespace]}],
    }
    return _flow_control("FlowSchema", {"priorityLevelConfiguration": {"name": LEVEL}, "matchingPrecedence": 50, "rules": [rule]})


def _flow_control(kind: str, spec: Object) -> Object:
    return {"apiVersion": "flowcontrol.apiserver.k8s.io/v1", "kind": kind, "metadata": {"name": LEVEL}, "spec": spec}


@contextmanager
def _unfinished_write(installation: Installation, namespace: str) -> Iterator[None]:
    """Where no request may be under way, the API server takes one all the same: this one, whose body never comes.

    A ServiceAccount of its own makes it: the audit log tells what the operator itself has asked for.
    """
    plane = installation.plane
    token = installation.kubectl("create", "token", LEVEL, "--namespace", namespace).stdout.strip()
    host, _, port = plane.url.removeprefix("https://").partition(":")
    head = (
        f"PUT /apis/{GROUP}/{VERSION}/namespaces/{namespace}/{CLAIM_PLURAL}/none/status HTTP/1.1",
        f"Host: {host}",
        f"Authorization: Bearer {token}",
        "Content-Type: application/json",
        "Content-Length: 1000",
    )
    context = ssl.create_default_context(cafile=plane.certificate)
    with socket.create_connection((host, int(port))) as plain, context.wrap_socket(plain, server_hostname=host) as connection:
        connection.sendall("\r\n".join([*head, "", ""]).encode())
        yield


async def test_fault_14_too_many_requests(
    installation: Installation, api_proxy: APIProxy, worlds: Worlds, squeeze: Callable[[str | None], None], clean: CleanRun
) -> None:
    """Each Retry-After is obeyed, also when the claim changes meanwhile; another cluster's claims are served all the time."""
    expected = await clean(one_claim)
    slow, free = await worlds("slow"), await worlds("free")
    both = f"world in ({slow.name},{free.name})"

    def writes(one: Exchange) -> bool:
        return one.method == "PUT" and one.path == f"{slow.path()}/web/status"

    def refused() -> list[Exchange]:
        return api_proxy.asked(lambda one: writes(one) and one.status == 429)

    squeeze(slow.name)
    with installation.operator(kubeconfig=installation.kubeconfig(server=api_proxy.url), class_selector=both) as operator:
        await slow.claim()
        await until(refused)
        await slow.annotate(note="a reason to look again at once")
        await one_claim(free, operator)
        await until(lambda: len(refused()) >= 3)
        assert not slow.calls(CREATE)
        squeeze(None)
        await slow.until_active()
        for world in (slow, free):
            await world.check_same(expected)
            await world.check_at_rest(operator.turns)
            await world.check_always()
        await operator.stop()
    for one, following in pairwise(api_proxy.asked(writes)):
        if one.status == 429:
            assert following.at - one.at >= float(one.headers["Retry-After"]), "too soon"
    assert [(world.begun(CREATE), world.begun(DELETE)) for world in (slow, free)] == [(1, 0), (1, 0)]
