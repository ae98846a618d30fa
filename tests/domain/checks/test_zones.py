import pytest
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend

from fargateclaims.domain.checks.zones import unlisted
from fargateclaims.domain.network import Subnet
from fargateclaims.simulator.eks.simulation import ZONES_WITHOUT_FARGATE


def why(zone_id: str, zone: str = "some-zone-1x") -> str | None:
    return unlisted(Subnet("subnet-1", "vpc-1", zone, zone_id=zone_id))


@pytest.mark.parametrize("zone_id", ["usw1-az1", "usw1-az3", "apne1-az4", "cac1-az2", "cnn1-az1", "euw1-az3", "apne12-az3", "mars1", ""])
def test_nothing_speaks_against_a_zone_that_is_listed_or_in_a_region_without_a_list(zone_id: str) -> None:
    assert why(zone_id) is None


@pytest.mark.parametrize("zone_id", ["usw1-az2", "apne1-az3", "cac1-az4", "cnn1-az4"])
def test_a_zone_that_the_list_of_its_region_has_not(zone_id: str) -> None:
    assert why(zone_id) == f"is in some-zone-1x ({zone_id}), where by AWS's list of 2023-06-15 there is no Fargate"


def test_the_simulated_eks_refuses_the_same_zones() -> None:
    zones = [zone for region in RegionsAndZonesBackend.zones.values() for zone in region]
    assert {zone.name for zone in zones if why(zone.zone_id)} == ZONES_WITHOUT_FARGATE
