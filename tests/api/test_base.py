import pytest
from pydantic import ValidationError

from fargateclaims.api.base import wire_name
from fargateclaims.api.claim import Selector
from fargateclaims.api.claim_status import ClaimStatus, ResolvedClass
from fargateclaims.api.fargateclass import Repairs, SubnetsFrom, SubnetSource


@pytest.mark.parametrize(
    ("attribute", "name"),
    [
        ("class_name", "className"),
        ("cluster_arn", "clusterARN"),
        ("assume_role_arn", "assumeRoleARN"),
        ("external_id", "externalID"),
        ("pod_execution_role_arn", "podExecutionRoleARN"),
        ("subnet_ids", "subnetIDs"),
        ("resource_ids", "resourceIDs"),
        ("vpc_id", "vpcID"),
        ("core_dns", "coreDNS"),
        ("arn", "arn"),
        ("uid", "uid"),
        ("from_", "from"),
    ],
)
def test_a_wire_name_is_camel_case_with_kubernetes_acronyms(attribute: str, name: str) -> None:
    assert wire_name(attribute) == name


def test_models_take_attributes_and_wire_names_alike() -> None:
    assert SubnetSource(from_=SubnetsFrom.CLUSTER) == SubnetSource.model_validate({"from": "Cluster"})
    assert ResolvedClass(class_name="a") == ResolvedClass.model_validate({"className": "a"})


def test_models_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Selector(namespace="shop").namespace = "data"  # type: ignore[misc]


def test_unknown_fields_are_ignored() -> None:
    assert Selector.model_validate({"namespace": "shop", "sinceNextVersion": 1}) == Selector(namespace="shop")


def test_plain_data_leaves_out_what_equals_its_default() -> None:
    assert ClaimStatus().to_dict() == {}
    assert Selector(namespace="shop").to_dict() == {"namespace": "shop"}
    assert Repairs.model_validate({"coreDNS": "Patch", "roleMapping": "Never"}).to_dict() == {"coreDNS": "Patch"}
    assert ClaimStatus(failed_attempts=0).to_dict() == {"failedAttempts": 0}
