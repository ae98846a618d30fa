"""What `deploy/` has, taken by a real API server: schemas, admission, rights, and a release's life."""

import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import helm_python as helm
import pytest
import yaml

from fargateclaims.api.group import CLAIM_PLURAL, CLASS_PLURAL, GROUP
from support.chart_values import everything
from support.control_plane import ControlPlane, control_plane
from support.kubectl import Kubectl, kubectl_with
from support.manifests import claim_manifest, class_manifest
from support.rendering import KUSTOMIZE, NAME, from_chart
from support.waiting import until

BASE = KUSTOMIZE / "base"
OVERLAYS = sorted(folder.name for folder in (KUSTOMIZE / "overlays").iterdir())
CLAIMS, CLASSES = f"{CLAIM_PLURAL}.{GROUP}", f"{CLASS_PLURAL}.{GROUP}"
CRDS = (CLAIMS, CLASSES)
READ = ("get", "list", "watch")
WRITE = ("create", "update", "patch", "delete", "deletecollection")
TRY = ("apply", "--server-side", "--dry-run=server", "--force-conflicts")


@pytest.fixture(scope="module")
def installed(kubectl: Kubectl) -> Kubectl:
    kubectl("apply", "--server-side", "--force-conflicts", "-k", str(BASE))
    kubectl("wait", "--for=condition=Established", "crd", *CRDS, "--timeout=60s")
    return kubectl


@pytest.fixture(scope="module")
def team(installed: Kubectl) -> Iterator[str]:
    """A namespace where the users `view`, `edit` and `admin` have Kubernetes' role of that name."""
    name = f"deploy-{secrets.token_hex(3)}"
    installed("create", "namespace", name)
    for role in ("view", "edit", "admin"):
        installed("create", "rolebinding", role, "--clusterrole", role, "--user", role, "--namespace", name)
    yield name
    installed("delete", "namespace", name, "--wait=false")


def may(kubectl: Kubectl, user: str, resource: str, namespace: str = "default") -> set[str]:
    """The verbs that a user's rules in a namespace have, those for the whole cluster included."""
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview", "spec": {"namespace": namespace}}
    status = json.loads(kubectl("create", f"--as={user}", "--validate=false", "-o", "json", "-f", "-", stdin=review).stdout)["status"]
    assert not status["incomplete"]
    rules = (rule for rule in status["resourceRules"] if {GROUP, "*"} & set(rule["apiGroups"]) and {resource, "*"} & set(rule["resources"]))
    return {verb for rule in rules for verb in rule["verbs"]}


@pytest.mark.parametrize("folder", ["base", *(f"overlays/{name}" for name in OVERLAYS)])
def test_the_api_server_takes_what_kustomize_makes(installed: Kubectl, folder: str) -> None:
    done = installed(*TRY, "--validate=strict", "-k", str(KUSTOMIZE / folder))
    assert f"deployment.apps/{NAME} serverside-applied" in done.stdout
    assert "Warning" not in done.stderr


@pytest.mark.parametrize("values", [{}, {"replicas": 2, "networkPolicy": {"enabled": True}, "dashboard": {"enabled": True}}, everything()])
def test_the_api_server_takes_what_the_chart_renders(installed: Kubectl, values: dict[str, Any]) -> None:
    # The Prometheus operator's kinds are not installed here; the namespace of the Lease is the user's to make.
    made = [obj for obj in from_chart(values) if obj["apiVersion"] != "monitoring.coreos.com/v1"]
    made = [obj for obj in made if obj["metadata"].get("namespace") != "leases"]
    done = installed(*TRY, "--validate=strict", "-f", "-", stdin=yaml.safe_dump_all(made))
    assert done.stdout.count("serverside-applied") == len(made)
    assert "Warning" not in done.stderr


async def test_the_restricted_namespace_admits_the_operators_pod(installed: Kubectl) -> None:
    def pods() -> list[dict[str, Any]]:
        listed = installed("get", "pods", "-n", NAME, "-l", "app.kubernetes.io/component=operator", "-o", "json")
        found: list[dict[str, Any]] = json.loads(listed.stdout)["items"]
        return found

    await until(pods)
    assert pods()[0]["metadata"]["ownerReferences"][0]["kind"] == "ReplicaSet"


@pytest.mark.parametrize("values", [everything(), {"podSecurityContext": None}], ids=["everything", "no numbers"])
def test_the_restricted_namespace_admits_what_the_values_make_of_the_pod(installed: Kubectl, values: dict[str, Any]) -> None:
    template = next(obj for obj in from_chart(values) if obj["kind"] == "Deployment")["spec"]["template"]
    # The values name another ServiceAccount, which is not there.
    spec = {**template["spec"], "serviceAccountName": NAME}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "tried", "namespace": NAME}, "spec": spec}
    installed(*TRY, "-f", "-", stdin=pod)


def test_the_restricted_namespace_refuses_what_is_not_restricted(installed: Kubectl) -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "tried", "namespace": NAME},
        # The default ServiceAccount comes only when a controller has made it.
        "spec": {"serviceAccountName": NAME, "containers": [{"name": "c", "image": "i"}]},
    }
    refused = installed(*TRY, "-f", "-", stdin=pod, code=1)
    assert 'violates PodSecurity "restricted' in refused.stderr


async def test_roles_in_a_namespace_reach_its_claims_and_no_class(installed: Kubectl, team: str) -> None:
    # A controller adds the rules to Kubernetes' own roles, one after the other.
    await until(lambda: all(WRITE[0] in may(installed, user, CLAIM_PLURAL, team) for user in ("edit", "admin")))
    everybody = [(user, kind) for user in ("view", "edit", "admin") for kind in (CLAIM_PLURAL, CLASS_PLURAL)]
    await until(lambda: all(READ[0] in may(installed, user, kind, team) for user, kind in everybody))
    assert may(installed, "view", CLAIM_PLURAL, team) == set(READ)
    assert may(installed, "edit", CLAIM_PLURAL, team) == {*READ, *WRITE}
    assert may(installed, "admin", CLAIM_PLURAL, team) == {*READ, *WRITE}
    for user in ("view", "edit", "admin"):
        # A rule about what is in no namespace has no effect there.
        assert may(installed, user, CLASS_PLURAL, team) == set(READ)
        assert "forbidden" in installed("get", CLASSES, f"--as={user}", code=1).stderr.lower()
        assert may(installed, user, CLAIM_PLURAL) == set()
        assert may(installed, user, f"{CLAIM_PLURAL}/status", team) == set()


async def test_edit_and_admin_in_the_whole_cluster_write_no_class_either(installed: Kubectl) -> None:
    for role in ("view", "edit", "admin"):
        installed(*("create", "clusterrolebinding", f"deploy-{role}"), "--clusterrole", role, "--user", f"cluster-{role}")
    try:
        users = [f"cluster-{role}" for role in ("view", "edit", "admin")]
        await until(lambda: all(may(installed, user, CLASS_PLURAL) for user in users))
        for user in users:
            assert may(installed, user, CLASS_PLURAL) == set(READ)
    finally:
        installed("delete", "clusterrolebinding", "deploy-view", "deploy-edit", "deploy-admin")


async def test_the_platform_role_writes_classes_once_it_is_given(installed: Kubectl) -> None:
    assert may(installed, "planner", CLASS_PLURAL) == set()
    installed("create", "clusterrolebinding", "deploy-planner", "--clusterrole", f"{NAME}-platform", "--user", "planner")
    try:
        await until(lambda: may(installed, "planner", CLASS_PLURAL))
        assert may(installed, "planner", CLASS_PLURAL) == {*READ, *WRITE}
        assert may(installed, "planner", CLAIM_PLURAL) == set(READ)
    finally:
        installed("delete", "clusterrolebinding", "deploy-planner")


async def test_a_team_applies_claims_and_is_refused_classes(installed: Kubectl, team: str) -> None:
    await until(lambda: "create" in may(installed, "edit", CLAIM_PLURAL, team))
    claim, cls = claim_manifest(), class_manifest()
    claim["metadata"], cls["metadata"] = {"name": "checkout", "namespace": team}, {"name": "own"}
    installed(*TRY, "--as=edit", "-f", "-", stdin=claim)
    refused = installed(*TRY, "--as=edit", "-f", "-", stdin=cls, code=1)
    assert f'User "edit" cannot patch resource "{CLASS_PLURAL}"' in refused.stderr


@pytest.fixture(scope="module")
def empty(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A cluster where nothing is installed."""
    with control_plane(pytestconfig.getoption("control_plane"), tmp_path_factory.mktemp("empty")) as running:
        yield running


def test_a_release_is_installed_upgraded_and_uninstalled_and_leaves_the_crds(empty: ControlPlane, tmp_path: Path) -> None:
    kubectl = kubectl_with(empty.kubeconfig, tmp_path)
    with (
        helm.Config(kubeconfig_path=empty.kubeconfig, namespace=NAME) as cluster,
        helm.Chart.load(KUSTOMIZE.parent / "helm" / NAME) as chart,
    ):
        cluster.install(chart, NAME, namespace=NAME, create_namespace=True)
        kubectl("wait", "--for=condition=Established", "crd", *CRDS, "--timeout=60s")
        kubectl("create", "namespace", "shop")
        claim = claim_manifest()
        claim["metadata"] = {"name": "checkout", "namespace": "shop"}
        kubectl("apply", "--server-side", "-f", "-", stdin=claim)
        cluster.upgrade(chart, NAME, {"replicas": 2}, namespace=NAME)
        assert kubectl("get", "pdb,deploy", "-n", NAME, "-o", "name").stdout.count(NAME) == 2
        cluster.uninstall(NAME)
    kubectl("wait", "--for=create", "serviceaccount/default", "-n", NAME, "--timeout=100s")
    assert kubectl("get", "deploy,sa,svc,role,rolebinding", "-n", NAME, "-o", "name").stdout.split() == ["serviceaccount/default"]
    assert NAME not in kubectl("get", "clusterrole,clusterrolebinding", "-o", "name").stdout
    assert kubectl("get", CLAIMS, "-n", "shop", "-o", "name").stdout.split() == [f"{CLAIM_PLURAL[:-1]}.{GROUP}/checkout"]
    with helm.Config(kubeconfig_path=empty.kubeconfig, namespace=NAME) as cluster:
        # The release takes back the CRDs that it has left.
        cluster.install(KUSTOMIZE.parent / "helm" / NAME, NAME, namespace=NAME)
