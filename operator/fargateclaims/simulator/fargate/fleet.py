"""The nodes of a cluster, and the places of pods that are about to have one."""

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address

from fargateclaims.simulator.fargate import marks
from fargateclaims.simulator.fargate.addresses import Place, Subnet, free_place
from fargateclaims.simulator.fargate.nodes import addresses_of, is_fargate
from fargateclaims.simulator.kube.objects import Obj, metadata_of


class Fleet:
    """What is known of the nodes.

    :param nodes: by UID, as they are at each moment.
    """

    def __init__(self, nodes: Mapping[str, Obj]) -> None:
        self._nodes = nodes
        self._reserved: set[IPv4Address] = set()

    @property
    def has_other_nodes(self) -> bool:
        """Whether there are nodes that are not Fargate's."""
        return not all(map(is_fargate, self._nodes.values()))

    @property
    def fargate_nodes(self) -> list[Obj]:
        """Those of Fargate."""
        return [node for node in self._nodes.values() if is_fargate(node)]

    def profile_arn(self, name: str) -> str | None:
        """For which profile a node was made; None if there is no such node."""
        for node in self.fargate_nodes:
            if metadata_of(node)["name"] == name:
                return (metadata_of(node).get("annotations") or {}).get(marks.PROFILE_ARN)
        return None

    @property
    def size(self) -> int:
        """How many pods run on Fargate, those included that are about to."""
        return len(self._taken())

    def reserve(self, subnets: Iterable[Subnet]) -> Place | None:
        """A free place in one of the subnets, to be released; None if there is none."""
        place = free_place(subnets, self._taken())
        if place is not None:
            self._reserved.add(place.address)
        return place

    def release(self, place: Place) -> None:
        """Give a place back. While it has a node, it is taken all the same."""
        self._reserved.discard(place.address)

    def _taken(self) -> set[IPv4Address]:
        return self._reserved | addresses_of(self._nodes.values())
