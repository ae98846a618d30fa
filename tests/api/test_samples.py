"""What a newcomer applies first must be right."""

from pathlib import Path
from typing import Any

import yaml

from fargateclaims.api.claim import FargateProfileClaim
from fargateclaims.api.fargateclass import FargateProfileClass
from support.manifests import metadata

_FOLDER = Path(__file__).parents[2] / "deploy" / "samples"
_FILES = sorted(_FOLDER.glob("*.yaml"))
_OBJECTS: list[dict[str, Any]] = [each for file in _FILES for each in yaml.safe_load_all(file.read_text(encoding="utf-8"))]


def _of_kind(kind: str) -> list[dict[str, Any]]:
    """The objects of a kind with the metadata that the API server would add."""
    found = [each for each in _OBJECTS if each["kind"] == kind]
    return [{**each, "metadata": {**metadata(each["metadata"]["name"]), **each["metadata"]}} for each in found]


def _claims() -> list[FargateProfileClaim]:
    return [FargateProfileClaim.from_object(each) for each in _of_kind("FargateProfileClaim")]


def _classes() -> dict[str, FargateProfileClass]:
    return {each["metadata"]["name"]: FargateProfileClass.from_object(each) for each in _of_kind("FargateProfileClass")}


def test_files_apply_in_the_order_of_their_names() -> None:
    kinds = [each["kind"] for each in _OBJECTS]
    assert kinds == sorted(
        kinds, key=["Namespace", "FargateProfileClass", "FargateProfileClaim", "Deployment", "PodDisruptionBudget"].index
    )


def test_six_claims_of_two_namespaces_share_one_cluster_and_one_has_another() -> None:
    classes = _classes()
    clusters = [classes[claim.spec.class_name].spec.cluster_arn.name for claim in _claims()]
    assert sorted(clusters) == ["prod"] * 6 + ["staging"]
    assert {claim.metadata.namespace for claim in _claims()} == {"shop", "data"}
    assert {each["metadata"]["name"] for each in _of_kind("Namespace")} == {"shop", "data"}


def test_one_claim_is_of_the_class_whose_subnet_the_demo_opens() -> None:
    own = {name for name, each in _classes().items() if each.spec.subnets.ids == ("subnet-00000000000000000",)}
    assert [claim.metadata.name for claim in _claims() if claim.spec.class_name in own] == ["adhoc"]


def test_the_budget_is_for_the_pods_of_a_claim_that_lets_one_go_at_a_time() -> None:
    (deployment,), (budget,) = _of_kind("Deployment"), _of_kind("PodDisruptionBudget")
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert budget["spec"] == {"maxUnavailable": 1, "selector": {"matchLabels": labels}}
    (claim,) = [claim for claim in _claims() if claim.metadata.name == deployment["metadata"]["name"]]
    assert labels in [selector.labels for selector in claim.spec.selectors]


def test_the_samples_say_nothing_that_the_models_do_not_know() -> None:
    for each in [*_claims(), *_classes().values()]:
        (raw,) = (raw for raw in _OBJECTS if raw["kind"] == each.KIND and raw["metadata"]["name"] == each.metadata.name)
        assert each.to_dict()["spec"] == raw["spec"]
