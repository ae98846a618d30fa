"""The part of the admin API that changes what EC2's own API cannot change of a subnet. The caller holds ``Simulation.moto_lock``."""

from typing import Any

from moto.ec2.models.availability_zones_and_regions import Zone

from fargateclaims.simulator.eks import admin_model as body
from fargateclaims.simulator.eks.cluster import outpost_arn
from fargateclaims.simulator.eks.environment import ZONE_OF_REGION, subnets_of
from fargateclaims.simulator.eks.errors import EKSError


def change_subnet(wanted: body.SubnetChange) -> dict[str, Any]:
    """Put a subnet into a zone that moto does not know, or on an Outpost, or say how many of its addresses are free.

    Raises:
        EKSError: There is no such subnet.

    """
    subnet: Any = subnets_of(wanted.account, wanted.region).get(wanted.subnet)
    if subnet is None:
        raise EKSError("NotFound", f"account {wanted.account} has no subnet {wanted.subnet} in {wanted.region}", 404)
    if wanted.zone is not None:
        kind = "availability-zone" if ZONE_OF_REGION.fullmatch(wanted.zone) else "local-zone"
        subnet._availability_zone = Zone(wanted.zone, wanted.region, f"{wanted.zone}-id", kind)  # noqa: SLF001  (moto has no other way)
    if wanted.on_outpost is not None:
        subnet.outpost_arn = outpost_arn(wanted.region, wanted.account) if wanted.on_outpost else None
    if wanted.free_addresses is not None:
        subnet._available_ip_addresses = wanted.free_addresses  # noqa: SLF001  (as above)
    return {}
