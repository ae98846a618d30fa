"""Addresses: each pod has one of its own, in one of its profile's subnets."""

from ipaddress import IPv4Address, IPv4Network

from hypothesis import given
from hypothesis import strategies as st

from fargateclaims.simulator.fargate.addresses import Subnet, address_in, free_place, host_name
from fargateclaims.simulator.fargate.nodes import node_name


def subnet(name: str, network: str) -> Subnet:
    return Subnet(name, "eu-west-1a", IPv4Network(network))


A, B = subnet("a", "10.0.1.0/28"), subnet("b", "10.0.2.0/28")


@given(st.sets(st.integers(0, 15)), st.sets(st.integers(0, 15)))
def test_a_place_is_free_usable_and_in_the_emptier_subnet(in_a: set[int], in_b: set[int]) -> None:
    taken = {A.network[number] for number in in_a} | {B.network[number] for number in in_b}
    usable = {subnet.network[number] for subnet in (A, B) for number in range(4, 15)} - taken
    place = free_place([A, B], taken)
    if place is None:
        assert not usable
        return
    assert place.address in usable
    assert place.address in place.subnet.network
    other = B if place.subnet is A else A
    usable_in_the_other = any(address in other.network for address in usable)
    assert not usable_in_the_other or len(taken & set(place.subnet.network)) <= len(taken & set(other.network))


def test_without_subnets_there_is_no_place() -> None:
    assert free_place([], set()) is None


def test_a_node_is_named_as_ec2_names_hosts() -> None:
    address = IPv4Address("10.0.1.7")
    assert host_name(address, "us-east-1") == "ip-10-0-1-7.ec2.internal"
    assert node_name(address, "eu-west-1") == "fargate-ip-10-0-1-7.eu-west-1.compute.internal"
    assert address_in(node_name(address, "eu-west-1")) == "10.0.1.7"
