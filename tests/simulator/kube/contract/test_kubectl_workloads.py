"""kubectl with workloads: what people type."""

import secrets

from support.kube_contract import Api
from support.kubectl import Kubectl
from support.workloads import NODES, Workloads, deployment, node


async def test_kubectl_works_with_workloads(kubectl: Kubectl, workloads: Workloads, namespace: str) -> None:
    kubectl("create", "deployment", "web", "-n", namespace, "--image=example.test/web:1", "--port=80", "--replicas=0")
    await workloads.until(f"{workloads.deployments}/web", replicas=0)
    kubectl("scale", "-n", namespace, "deployment/web", "--replicas=2")
    await workloads.run_all(2)
    kubectl("rollout", "status", "-n", namespace, "deployment/web", "--timeout=100s")
    described = kubectl("describe", "deployment", "web", "-n", namespace).stdout
    assert "2 desired | 2 updated | 2 total | 2 available | 0 unavailable" in described
    kubectl("rollout", "restart", "-n", namespace, "deployment/web")
    await workloads.until(f"{workloads.deployments}/web", updatedReplicas=1)
    kubectl("rollout", "undo", "-n", namespace, "deployment/web")
    kubectl("delete", "deployment", "web", "-n", namespace, "--cascade=foreground", "--wait=false")
    await workloads.staying(0)


async def test_kubectl_drains_a_node(kubectl: Kubectl, api: Api, workloads: Workloads, namespace: str) -> None:
    name = f"fargate-{secrets.token_hex(4)}"
    (await api.create(NODES, node(name))).ok()
    (await api.create(workloads.deployments, deployment("web", 1))).ok()
    (found,) = await workloads.staying(1)
    (await workloads.bind(found["metadata"]["name"], name)).ok()
    kubectl("drain", name, "--grace-period=0", "--force", "--timeout=100s")
    assert "SchedulingDisabled" in kubectl("get", "node", name).stdout
    assert (await api.get(f"{workloads.pods}/{found['metadata']['name']}")).code == 404
    (await api.delete(f"{NODES}/{name}")).ok()


async def test_kubectl_makes_budgets_and_jobs(kubectl: Kubectl, workloads: Workloads, namespace: str) -> None:
    kubectl("create", "poddisruptionbudget", "share", "-n", namespace, "--selector=app=web", "--min-available=50%")
    kubectl("create", "poddisruptionbudget", "number", "-n", namespace, "--selector=app=web", "--max-unavailable=1")
    kubectl("create", "job", "once", "-n", namespace, "--image=example.test/once:1", "--", "run", "it")
    for name, spec in (("share", {"minAvailable": "50%"}), ("number", {"maxUnavailable": 1})):
        found = await workloads.get(f"{workloads.budgets}/{name}")
        assert found["spec"] == {"selector": {"matchLabels": {"app": "web"}}, **spec}
    shown = kubectl("get", "job", "once", "-n", namespace, "-o", "jsonpath={.spec.template.spec.containers[0].command}").stdout
    assert shown == '["run","it"]'
    assert kubectl("get", "job", "once", "-n", namespace, "-o", "jsonpath={.spec.template.spec.restartPolicy}").stdout == "Never"
