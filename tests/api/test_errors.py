import pytest

from fargateclaims.api.claim import FargateProfileClaim
from fargateclaims.api.errors import MalformedObject, Problem, field_path
from fargateclaims.api.fargateclass import FargateProfileClass
from support.manifests import claim_manifest, class_manifest


def test_the_message_names_the_object_and_every_field_that_is_wrong() -> None:
    manifest = claim_manifest(className=None, selectors=[{"namespace": "A b"}], replacement="Sometimes")
    with pytest.raises(MalformedObject) as refusal:
        FargateProfileClaim.from_object(manifest)
    assert str(refusal.value) == (
        "FargateProfileClaim shop/checkout is malformed: spec.className: is required; "
        "spec.selectors[0].namespace: must match ^[a-z0-9*?]([a-z0-9*?-]*[a-z0-9*?])?$; "
        "spec.replacement: must be 'CreateFirst', 'DeleteFirst' or 'Never'"
    )


def test_values_stay_out_of_the_message() -> None:
    manifest = class_manifest(externalID="se cret", assumeRoleARN="arn:aws:iam::111122223333:role/a")
    with pytest.raises(MalformedObject, match=r"spec\.externalID") as refusal:
        FargateProfileClass.from_object(manifest)
    assert "cret" not in str(refusal.value)


@pytest.mark.parametrize(
    ("raw", "identity"),
    [
        ({}, "without metadata"),
        ({"metadata": 5}, "without metadata"),
        ({"metadata": {}}, "without a name"),
        ({"metadata": {"name": "a"}}, "a"),
        ({"metadata": {"name": "a", "namespace": "b"}}, "b/a"),
    ],
)
def test_an_object_without_anything_is_refused_in_a_sentence(raw: dict[str, object], identity: str) -> None:
    with pytest.raises(MalformedObject) as refusal:
        FargateProfileClaim.from_object(raw)
    assert refusal.value.identity == identity
    assert Problem("spec", "is required") in refusal.value.problems


def test_lists_that_are_too_short_say_so() -> None:
    with pytest.raises(MalformedObject) as refusal:
        FargateProfileClaim.from_object(claim_manifest(selectors=[]))
    (problem,) = refusal.value.problems
    assert str(problem) == "spec.selectors: must have at least 1 item after validation, not 0"


def test_a_path_is_written_as_kubectl_writes_it() -> None:
    assert field_path(("spec", "selectors", 0, "labels", "app", "[key]")) == "spec.selectors[0].labels.app"
    assert field_path(()) == ""
