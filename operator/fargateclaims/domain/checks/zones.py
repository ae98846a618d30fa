"""In which Availability Zones there is Fargate, for the regions where that is not all of them.

Neither EKS's guide nor a call of its API says so before a create is refused: this is what AWS lists for ECS, whose Fargate it is.
Source: Amazon ECS developer guide, "Supported Regions for Amazon ECS on AWS Fargate", as of LISTED_ON:
https://github.com/awsdocs/amazon-ecs-developer-guide/blob/49232cf/doc_source/AWS_Fargate-Regions.md
"""

from collections.abc import Mapping
from datetime import date
from typing import Final

from fargateclaims.domain.network import Subnet

LISTED_ON: Final = date(2023, 6, 15)
_WITH_FARGATE: Final[Mapping[str, frozenset[str]]] = {
    "apne1": frozenset({"apne1-az1", "apne1-az2", "apne1-az4"}),
    "cac1": frozenset({"cac1-az1", "cac1-az2"}),
    "cnn1": frozenset({"cnn1-az1", "cnn1-az2"}),
    "usw1": frozenset({"usw1-az1", "usw1-az3"}),
}
"""By what the zone ids of a region begin with. The names of zones mean others in other accounts."""


def unlisted(subnet: Subnet) -> str | None:
    """Why there may be no Fargate where a subnet is, as a phrase about it; None if nothing speaks against it, or its zone is not known."""
    listed = _WITH_FARGATE.get(subnet.zone_id.partition("-")[0])
    if listed is None or subnet.zone_id in listed:
        return None
    return f"is in {subnet.zone} ({subnet.zone_id}), where by AWS's list of {LISTED_ON:%Y-%m-%d} there is no Fargate"
