"""The project's own definitions, in a group of their own: each rule with its message, the defaults, the columns."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.kube_contract import Api, eventually
from support.kubectl import Kubectl
from support.manifests import claim_manifest, class_manifest

CRDS = Path(__file__).parents[4] / "crds"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
LABEL_KEY = "a label key has 1 to 317 characters: correct the key"
TAG_KEY = "a tag key has 1 to 128 characters: rename the key"
TAG_OWNERS = "tag keys that begin with 'aws:' belong to AWS and 'fargateclaims.dev/' to the operator: rename the key"
SELECTOR = "set selector exactly when from is Selector; All takes none"
VALUES = "set values exactly when operator is In or NotIn; Exists and DoesNotExist take none"
PROFILE_NAME = (
    "profileName cannot be added, removed or changed once the profile exists: make a new claim with the other name, then delete this one"
)
SUBNETS = "set ids exactly when from is IDs, and tags exactly when from is Tags; Cluster takes neither"


@dataclass(frozen=True)
class Project:
    """The group in which both kinds are served."""

    group: str

    def path(self, kind: str, namespace: str, *rest: str) -> str:
        place = f"namespaces/{namespace}/fargateprofileclaims" if kind == "FargateProfileClaim" else "fargateprofileclasses"
        return "/".join([f"/apis/{self.group}/v1alpha1/{place}", *rest])

    def object(self, manifest: dict[str, Any], name: str) -> dict[str, Any]:
        return {**manifest, "apiVersion": f"{self.group}/v1alpha1", "metadata": {"name": name}}


@pytest.fixture(scope="module")
def project(kubectl: Kubectl) -> Iterator[Project]:
    made = Project(f"p{secrets.token_hex(4)}.contract.test")
    names = []
    for file in sorted(CRDS.glob("*.yaml")):
        crd = yaml.safe_load(file.read_text(encoding="utf-8"))
        names.append(f"{crd['spec']['names']['plural']}.{made.group}")
        crd["metadata"]["name"], crd["spec"]["group"] = names[-1], made.group
        # The real ones may be there too, and they have these names.
        crd["spec"]["names"] = {key: value for key, value in crd["spec"]["names"].items() if key not in ("shortNames", "categories")}
        kubectl("create", "-f", "-", stdin=crd)
    kubectl("wait", "--for=condition=Established", *(f"crd/{name}" for name in names), "--timeout=100s")
    yield made
    kubectl("delete", "crd", *names, "--wait=false")


async def created(api: Api, project: Project, namespace: str, manifest: dict[str, Any], name: str) -> dict[str, Any]:
    """The object, as soon as the new kind takes objects."""

    async def taken() -> Any:
        answer = await api.create(project.path(manifest["kind"], namespace), project.object(manifest, name))
        return answer.ok() if answer.code != 404 else None

    made: dict[str, Any] = await eventually(taken)
    return made


def claims_from(**namespaces: Any) -> dict[str, Any]:
    return class_manifest(claims={"namespaces": namespaces})


def expression(**fields: Any) -> dict[str, Any]:
    return claims_from(**{"from": "Selector"}, selector={"matchExpressions": [{"key": "a", **fields}]})


@pytest.mark.parametrize(
    ("manifest", "field", "message"),
    [
        (
            claim_manifest(replacement="CreateFirst", profileName="fixed"),
            "spec.replacement",
            "CreateFirst needs a second name for the successor: remove profileName, or set replacement to DeleteFirst or Never",
        ),
        (
            claim_manifest(existingProfile="AdoptIfIdentical"),
            "spec.existingProfile",
            "existingProfile says what to do with the profile named by profileName: set profileName too, or remove existingProfile",
        ),
        (
            claim_manifest(profileName="eks-mine"),
            "spec.profileName",
            "\"eks-mine\": EKS reserves names that begin with 'eks-': choose another name",
        ),
        (claim_manifest(selectors=[{"labels": {"k" * 318: "x"}}]), "spec.selectors[0].labels", LABEL_KEY),
        (claim_manifest(selectors=[{}, {"labels": {"": "x"}}]), "spec.selectors[1].labels", LABEL_KEY),
        (claim_manifest(tags={"k" * 129: "x"}), "spec.tags", TAG_KEY),
        (claim_manifest(tags={"fargateclaims.dev/x": "1"}), "spec.tags", TAG_OWNERS),
        (claim_manifest(tags={"aWs:x": "1"}), "spec.tags", TAG_OWNERS),
        (
            class_manifest(externalID="xx"),
            "spec.externalID",
            "externalID is only sent when a role is assumed: set assumeRoleARN too, or remove externalID",
        ),
        (claims_from(**{"from": "Selector"}), "spec.claims.namespaces", SELECTOR),
        (claims_from(**{"from": "All"}, selector={}), "spec.claims.namespaces", SELECTOR),
        (expression(operator="In"), "spec.claims.namespaces.selector.matchExpressions[0]", VALUES),
        (expression(operator="Exists", values=["x"]), "spec.claims.namespaces.selector.matchExpressions[0]", VALUES),
        (
            claims_from(**{"from": "Selector"}, selector={"matchLabels": {"k" * 318: "x"}}),
            "spec.claims.namespaces.selector.matchLabels",
            LABEL_KEY,
        ),
        (
            class_manifest(claims={"namespaces": {"from": "All"}, "selectorNamespaces": {"from": "Listed"}}),
            "spec.claims.selectorNamespaces",
            "set patterns exactly when from is Listed; Own and Any take none",
        ),
        (class_manifest(subnets={"from": "IDs"}), "spec.subnets", SUBNETS),
        (class_manifest(subnets={"from": "Cluster", "tags": {"a": "b"}}), "spec.subnets", SUBNETS),
        (class_manifest(subnets={"from": "Tags", "tags": {"k" * 129: "b"}}), "spec.subnets.tags", TAG_KEY),
        (class_manifest(tags={"k" * 129: "x"}), "spec.tags", TAG_KEY),
        (class_manifest(tags={"AWS:x": "1"}), "spec.tags", TAG_OWNERS),
    ],
)
async def test_rules(api: Api, project: Project, namespace: str, *, manifest: dict[str, Any], field: str, message: str) -> None:
    async def refused() -> Any:
        answer = await api.create(project.path(manifest["kind"], namespace), project.object(manifest, "bad"))
        return answer.refused(422, "Invalid") if answer.code != 404 else None

    status = await eventually(refused)
    cause = {"reason": "FieldValueInvalid", "message": f"Invalid value: {message}", "field": field}
    assert status["details"]["causes"] == [cause]
    assert status["message"] == f'{manifest["kind"]}.{project.group} "bad" is invalid: {field}: Invalid value: {message}'


async def test_the_name_of_a_claim_is_short(api: Api, project: Project, namespace: str) -> None:
    await created(api, project, namespace, claim_manifest(), "n" * 63)
    claim = project.object(claim_manifest(), "n" * 64)
    status = (await api.create(project.path(claim["kind"], namespace), claim)).refused(422, "Invalid")
    message = "Invalid value: the name of a claim has at most 63 characters: choose a shorter one"
    assert status["details"]["causes"] == [{"reason": "FieldValueInvalid", "message": message, "field": "<nil>"}]


async def test_what_is_wrong_with_the_shape_hides_the_rules(api: Api, project: Project, namespace: str) -> None:
    await created(api, project, namespace, claim_manifest(), "a")
    claim = project.object(claim_manifest(replacement="Maybe", profileName="eks-x", className=""), "bad")
    status = (await api.create(project.path(claim["kind"], namespace), claim)).refused(422, "Invalid")
    assert {(cause["reason"], cause["field"]) for cause in status["details"]["causes"]} == {
        ("FieldValueInvalid", "spec.className"),
        ("FieldValueNotSupported", "spec.replacement"),
        ("FieldValueInvalid", "<nil>"),
    }


async def test_what_is_fixed_once_there_is_a_profile(api: Api, project: Project, namespace: str) -> None:
    claim = await created(api, project, namespace, claim_manifest(profileName="mine"), "a")
    path = project.path(claim["kind"], namespace, "a")
    (await api.patch(path, {"spec": {"className": "other", "profileName": None}})).ok()
    (await api.patch(path, {"spec": {"className": "standard", "profileName": "mine"}})).ok()
    status = {"resolved": {"className": "standard"}, "profile": {"name": "mine", "arn": "arn", "status": "ACTIVE"}}
    (await api.patch(f"{path}/status", {"status": status})).ok()
    for change, field, message in (
        (
            {"className": "other"},
            "spec.className",
            "className cannot change once the class has been resolved: make a new claim with the other class, then delete this one",
        ),
        *(
            (
                {"profileName": name},
                "spec",
                PROFILE_NAME,
            )
            for name in ("other", None)
        ),
    ):
        refused = (await api.patch(path, {"spec": change})).refused(422, "Invalid")
        cause = {"reason": "FieldValueInvalid", "message": f"Invalid value: {message}", "field": field}
        assert refused["details"]["causes"] == [cause]


async def test_the_cluster_of_a_class_is_fixed(api: Api, project: Project, namespace: str) -> None:
    await created(api, project, namespace, class_manifest(), "fixed")
    path = project.path("FargateProfileClass", namespace, "fixed")
    arn = "arn:aws:eks:eu-west-1:111122223333:cluster/other"
    status = (await api.patch(path, {"spec": {"clusterARN": arn}})).refused(422, "Invalid")
    message = "clusterARN cannot change, because the profiles stay where they are: make a new class for the other cluster"
    cause = {"reason": "FieldValueInvalid", "message": f'Invalid value: "{arn}": {message}', "field": "spec.clusterARN"}
    assert status["details"]["causes"] == [cause]
    (await api.patch(path, {"spec": {"tags": {"a": "b"}}})).ok()


@pytest.mark.parametrize("manifest", [claim_manifest(), class_manifest()], ids=["claim", "class"])
async def test_a_new_object_is_pending(api: Api, project: Project, namespace: str, manifest: dict[str, Any]) -> None:
    made = await created(api, project, namespace, manifest, "new")
    conditions = {condition["type"]: (condition["status"], condition["reason"]) for condition in made["status"]["conditions"]}
    assert ("Unknown", "Pending") in conditions.values()
    assert "observedGeneration" not in made["status"]
    path = project.path(manifest["kind"], namespace)
    table = (await api.get(path, accept=TABLE, fieldSelector="metadata.name=new")).ok()
    (row,) = table["rows"]
    assert row["cells"][0] == "new"
    assert len(row["cells"]) == len(table["columnDefinitions"])
