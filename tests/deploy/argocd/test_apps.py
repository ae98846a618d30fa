"""The app of apps: its fields, its order, and that its projects allow what it installs and nothing else."""

from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from fargateclaims import __version__
from support.rendering import CHART, ROOT, from_chart, from_kustomize
from support.strict_fields import ANYTHING, DURATION, SWITCH, check, fields, items, manifest, one_of

APPS = ROOT / "deploy" / "argocd" / "apps"
SYNC_OPTIONS = one_of("CreateNamespace=true", "ServerSideApply=true", "SkipDryRunOnMissingResource=true")
WAVE, OPTIONS = "argocd.argoproj.io/sync-wave", "argocd.argoproj.io/sync-options"
CLUSTER_SCOPED = {"ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition", "FargateProfileClass", "Namespace"}
EVERYTHING = {
    "replicas": 2,
    "dashboard": {"enabled": True},
    "networkPolicy": {"enabled": True},
    "prometheusRule": {"enabled": True},
    "serviceMonitor": {"enabled": True},
}

Object = dict[str, Any]

_NUMBER = {"type": "integer"}
_NAMES = {"type": "object", "additionalProperties": {"type": "string"}}
_KINDS = items(fields(required=("group", "kind"), group={"type": "string"}))
APPLICATION = manifest(
    "argoproj.io/v1alpha1",
    "Application",
    fields(
        required=("project", "source", "destination", "syncPolicy"),
        source=fields(required=("repoURL", "targetRevision", "path"), helm=fields("releaseName", valuesObject=ANYTHING)),
        destination=fields(required=("server", "namespace")),
        syncPolicy=fields(
            required=("automated", "syncOptions", "retry"),
            automated=fields(prune=SWITCH, selfHeal=SWITCH),
            syncOptions=items(SYNC_OPTIONS),
            managedNamespaceMetadata=fields(labels=_NAMES),
            retry=fields(
                limit=_NUMBER,
                refresh=SWITCH,
                backoff=fields(required=("duration", "factor", "maxDuration"), duration=DURATION, factor=_NUMBER, maxDuration=DURATION),
            ),
        ),
    ),
)
PROJECT = manifest(
    "argoproj.io/v1alpha1",
    "AppProject",
    fields(
        required=("description", "sourceRepos", "destinations", "clusterResourceWhitelist", "namespaceResourceWhitelist"),
        sourceRepos=items({"type": "string", "pattern": "^https://git[.]example[.]com/[^*]+$"}),
        destinations=items(fields(required=("server", "namespace"), namespace={"type": "string", "pattern": "^[^*]+$"})),
        clusterResourceWhitelist=_KINDS,
        namespaceResourceWhitelist=_KINDS,
        roles=items(fields(required=("name", "description", "policies"), policies=items({"type": "string", "pattern": "^p, proj:"}))),
    ),
)


def documents(path: Path) -> list[Object]:
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


PROJECTS = {each["metadata"]["name"]: each for each in documents(APPS / "projects.yaml")}
CHILDREN = {each["metadata"]["name"]: each for path in sorted((APPS / "children").glob("*.yaml")) for each in documents(path)}
APPLICATIONS = {**CHILDREN, "fargateclaims-root": documents(APPS / "root.yaml")[0]}


@cache
def rendered(name: str) -> list[Object]:
    """What Argo CD would apply for an Application."""
    source = APPLICATIONS[name]["spec"]["source"]
    folder = ROOT / source["path"]
    if name == "fargateclaims-root":
        return list(CHILDREN.values())
    return from_chart({**EVERYTHING, **source["helm"]["valuesObject"]}) if folder == CHART else from_kustomize(folder)


def wave(obj: Object) -> int:
    return int(obj["metadata"].get("annotations", {}).get(WAVE, "0"))


@pytest.mark.parametrize("name", APPLICATIONS)
def test_an_application_has_only_fields_that_argo_cd_knows(name: str) -> None:
    check(APPLICATIONS[name], APPLICATION)


@pytest.mark.parametrize("name", PROJECTS)
def test_a_project_has_only_fields_that_argo_cd_knows_and_no_wildcards(name: str) -> None:
    check(PROJECTS[name], PROJECT)


def test_the_check_finds_what_is_misspelt() -> None:
    wrong = {**CHILDREN["shop"], "spec": {**CHILDREN["shop"]["spec"], "syncpolicy": {}}}
    with pytest.raises(AssertionError, match="syncpolicy"):
        check(wrong, APPLICATION)


def test_the_waves_bring_everything_before_what_needs_it() -> None:
    waves = {name: wave(child) for name, child in CHILDREN.items()}
    assert waves == {"fargateclaims-crds": -3, "fargateclaims": -2, "fargateclaims-platform": -1, "shop": 0}
    for name in ("fargateclaims-crds", "fargateclaims-platform"):
        assert {wave(obj) for obj in rendered(name)} == {waves[name]}
    assert [(obj["kind"], wave(obj)) for obj in sorted(rendered("shop"), key=wave)] == [("FargateProfileClaim", 0), ("Deployment", 1)]


def test_crds_and_operator_change_by_their_applications_and_so_in_order() -> None:
    # What follows a branch is synced by its own Application, whenever that sees a commit: the waves of the root say nothing about it.
    revisions = {name: CHILDREN[name]["spec"]["source"]["targetRevision"] for name in ("fargateclaims-crds", "fargateclaims")}
    assert set(revisions.values()) == {f"v{__version__}"}


def test_what_takes_others_with_it_is_never_deleted() -> None:
    lasting = [obj for name in CHILDREN for obj in rendered(name) if obj["kind"] in ("CustomResourceDefinition", "Namespace")]
    assert len(lasting) == 3
    assert {obj["metadata"]["annotations"][OPTIONS] for obj in lasting} == {"Prune=false,Delete=false"}


def test_what_comes_with_the_crds_skips_the_dry_run() -> None:
    ours = [(name, obj) for name in CHILDREN for obj in rendered(name) if obj["apiVersion"].startswith("fargateclaims.dev/")]
    assert len(ours) == 2
    for name, obj in ours:
        by_object = obj["metadata"]["annotations"].get(OPTIONS, "")
        assert "SkipDryRunOnMissingResource=true" in (by_object, *CHILDREN[name]["spec"]["syncPolicy"]["syncOptions"])


@pytest.mark.parametrize("name", APPLICATIONS)
def test_the_project_allows_what_the_application_installs(name: str) -> None:
    application = APPLICATIONS[name]["spec"]
    project = PROJECTS[application["project"]]["spec"]
    assert application["source"]["repoURL"] in project["sourceRepos"]
    for obj in rendered(name):
        kind = {"group": obj["apiVersion"].rpartition("/")[0], "kind": obj["kind"]}
        if obj["kind"] in CLUSTER_SCOPED:
            assert kind in project["clusterResourceWhitelist"]
        else:
            namespace = obj["metadata"].get("namespace", application["destination"]["namespace"])
            assert kind in project["namespaceResourceWhitelist"]
            assert {"server": application["destination"]["server"], "namespace": namespace} in project["destinations"]


def test_a_team_may_not_decide_who_may_claim() -> None:
    project = PROJECTS["shop"]["spec"]
    assert project["clusterResourceWhitelist"] == []
    assert {kind["kind"] for kind in project["namespaceResourceWhitelist"]} == {"Deployment", "FargateProfileClaim"}
    policies = "\n".join(policy for role in project["roles"] for policy in role["policies"])
    assert "action/fargateclaims.dev/FargateProfileClaim/*" in policies
    assert "FargateProfileClass" not in policies


def test_deleting_an_application_by_mistake_deletes_no_profile() -> None:
    assert not any("finalizers" in each["metadata"] for each in APPLICATIONS.values())
    assert APPLICATIONS["fargateclaims-root"]["spec"]["syncPolicy"]["automated"]["prune"] is False


def test_a_failed_sync_is_tried_again_with_the_newest_commit() -> None:
    retries = [each["spec"]["syncPolicy"]["retry"] for each in APPLICATIONS.values()]
    assert all(one == other for one, other in pairwise(retries))
    assert retries[0]["refresh"] is True


def test_the_deployment_s_pods_are_those_that_the_claim_selects() -> None:
    claim, deployment = sorted(rendered("shop"), key=wave)
    (selector,) = claim["spec"]["selectors"]
    assert selector["labels"].items() <= deployment["spec"]["template"]["metadata"]["labels"].items()
    assert claim["metadata"]["namespace"] == deployment["metadata"]["namespace"] == CHILDREN["shop"]["spec"]["destination"]["namespace"]
