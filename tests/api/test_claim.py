from typing import Any

import pytest

from fargateclaims.api.claim import ClaimSpec, ExistingProfilePolicy, FargateProfileClaim, ReplacementPolicy, Selector
from fargateclaims.api.claim_status import ClaimStatus
from fargateclaims.api.errors import MalformedObject
from support.manifests import claim_manifest

_FULL: dict[str, Any] = {
    "className": "standard",
    "selectors": [{"namespace": "shop-*", "labels": {"app": "check?ut", "example.com/tier": ""}}, {}],
    "profileName": "shop-checkout",
    "tags": {"cost-center": "42"},
    "replacement": "DeleteFirst",
    "existingProfile": "AdoptIfIdentical",
}


def test_every_field_is_read() -> None:
    claim = FargateProfileClaim.from_object(claim_manifest(**_FULL))
    assert claim.spec == ClaimSpec(
        class_name="standard",
        selectors=(Selector(namespace="shop-*", labels={"app": "check?ut", "example.com/tier": ""}), Selector()),
        profile_name="shop-checkout",
        tags={"cost-center": "42"},
        replacement=ReplacementPolicy.DELETE_FIRST,
        existing_profile=ExistingProfilePolicy.ADOPT_IF_IDENTICAL,
    )
    assert (claim.metadata.namespace, claim.metadata.name, claim.metadata.generation) == ("shop", "checkout", 1)
    assert claim.status == ClaimStatus()


def test_an_object_survives_the_round_trip() -> None:
    manifest = claim_manifest({"observedGeneration": 1, "lastHandledRetry": "a"}, **_FULL)
    assert FargateProfileClaim.from_object(manifest).to_dict() == manifest


def test_absent_fields_are_absent_in_the_model() -> None:
    spec = FargateProfileClaim.from_object(claim_manifest()).spec
    assert (spec.profile_name, spec.replacement, spec.existing_profile, spec.tags) == (None, None, None, {})


@pytest.mark.parametrize(
    "spec",
    [
        {"className": "a.b-c.d"},
        {"selectors": [{}]},
        {"selectors": [{}] * 100},
        {"selectors": [{"namespace": "*"}]},
        {"selectors": [{"namespace": "?" * 63}]},
        {"selectors": [{"labels": {f"k{n}": "v" for n in range(50)}}]},
        {"selectors": [{"labels": {"k" * 317: "v" * 63}}]},
        {"selectors": [{"labels": {"app": "A_b.c-*"}}]},
        {"profileName": "9" * 100},
        {"profileName": "Shop_Checkout-1"},
        {"tags": {f"k{n}": "" for n in range(20)}},
        {"tags": {"k" * 128: "v" * 256}},
        {"tags": {"awsome": "x", "fargateclaims.dev": "x"}},
        {"replacement": "CreateFirst"},
        {"replacement": "Never", "profileName": "a"},
        {"existingProfile": "Reject", "profileName": "a"},
    ],
)
def test_accepts(spec: dict[str, Any]) -> None:
    FargateProfileClaim.from_object(claim_manifest(**spec))


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ({"className": None}, "spec.className"),
        ({"className": None, "class_name": "standard"}, "spec.className"),
        ({"className": ""}, "spec.className"),
        ({"className": "Standard"}, "spec.className"),
        ({"className": "a" * 254}, "spec.className"),
        ({"className": 5}, "spec.className"),
        ({"selectors": None}, "spec.selectors"),
        ({"selectors": []}, "spec.selectors"),
        ({"selectors": [{}] * 101}, "spec.selectors"),
        ({"selectors": "shop"}, "spec.selectors"),
        ({"selectors": [{}, 5]}, "spec.selectors[1]"),
        ({"selectors": [{"namespace": ""}]}, "spec.selectors[0].namespace"),
        ({"selectors": [{"namespace": "Shop"}]}, "spec.selectors[0].namespace"),
        ({"selectors": [{"namespace": "-shop"}]}, "spec.selectors[0].namespace"),
        ({"selectors": [{"namespace": "a" * 64}]}, "spec.selectors[0].namespace"),
        ({"selectors": [{"labels": {f"k{n}": "v" for n in range(51)}}]}, "spec.selectors[0].labels"),
        ({"selectors": [{"labels": {"app": "v" * 64}}]}, "spec.selectors[0].labels.app"),
        ({"selectors": [{"labels": {"app": "a b"}}]}, "spec.selectors[0].labels.app"),
        ({"selectors": [{"labels": {"": "v"}}]}, "spec.selectors[0].labels."),
        ({"selectors": [{"labels": {"k" * 318: "v"}}]}, "spec.selectors[0].labels." + "k" * 318),
        ({"profileName": ""}, "spec.profileName"),
        ({"profileName": "a" * 101}, "spec.profileName"),
        ({"profileName": "-a"}, "spec.profileName"),
        ({"profileName": "a.b"}, "spec.profileName"),
        ({"profileName": "eks-a"}, "spec.profileName"),
        ({"tags": {f"k{n}": "" for n in range(21)}}, "spec.tags"),
        ({"tags": {"k": "v" * 257}}, "spec.tags.k"),
        ({"tags": {"k" * 129: "v"}}, "spec.tags." + "k" * 129),
        ({"tags": {"": "v"}}, "spec.tags."),
        ({"tags": {"aws:x": "v"}}, "spec.tags"),
        ({"tags": {"AwS:x": "v"}}, "spec.tags"),
        ({"tags": {"fargateclaims.dev/name": "v"}}, "spec.tags"),
        ({"replacement": "Sometimes"}, "spec.replacement"),
        ({"replacement": "CreateFirst", "profileName": "a"}, "spec"),
        ({"existingProfile": "Steal", "profileName": "a"}, "spec.existingProfile"),
        ({"existingProfile": "AdoptIfIdentical"}, "spec"),
    ],
)
def test_refuses_and_says_where(spec: dict[str, Any], path: str) -> None:
    with pytest.raises(MalformedObject) as refusal:
        FargateProfileClaim.from_object(claim_manifest(**spec))
    assert [problem.path for problem in refusal.value.problems] == [path]


def test_a_name_that_fits_no_label_is_refused() -> None:
    manifest = claim_manifest()
    manifest["metadata"]["name"] = "a" * 63
    assert FargateProfileClaim.from_object(manifest).metadata.name == "a" * 63
    manifest["metadata"]["name"] = "a" * 64
    with pytest.raises(MalformedObject, match="metadata: the name of a claim has at most 63 characters"):
        FargateProfileClaim.from_object(manifest)
