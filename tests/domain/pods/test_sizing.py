"""What a pod asks for and what EKS provisions: every row of AWS's table, its limits and their neighbours."""

from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fargateclaims.domain.pods.combinations import COMBINATIONS, GIB, combination_for, read_capacity
from fargateclaims.domain.pods.demands import Demand, Requests, ResourcesError, pod_requests
from fargateclaims.domain.pods.sizing import RESERVED_MEMORY, STORAGE_MOST, Size, TooLargeError, size_of, size_of_requests

MIB = 2**20
# AWS's table, as its page has it: vCPU, and memory in GB.
TABLE = {
    "0.25": ["0.5", "1", "2"],
    "0.5": ["1", "2", "3", "4"],
    "1": ["2", "3", "4", "5", "6", "7", "8"],
    "2": [str(size) for size in range(4, 17)],
    "4": [str(size) for size in range(8, 31)],
    "8": ["16", "20", "24", "28", "32", "36", "40", "44", "48", "52", "56", "60"],
    "16": ["32", "40", "48", "56", "64", "72", "80", "88", "96", "104", "112", "120"],
}
ROWS = [(Fraction(vcpu), Fraction(size)) for vcpu, sizes in TABLE.items() for size in sizes]


def size(cpu: Fraction | str, memory: Fraction | int, storage: int = 0) -> Size:
    """The size of a pod that asks for so much vCPU and so many bytes."""
    return size_of_requests(Requests(Demand(Fraction(cpu)), Demand(Fraction(memory)), Demand(Fraction(storage))))


def container(name: str = "app", *, sidecar: bool = False, limits: dict[str, Any] | None = None, **requests: Any) -> dict[str, Any]:
    """A container that asks for so much."""
    extra = {"restartPolicy": "Always"} if sidecar else {}
    return {"name": name, "resources": {"requests": requests, "limits": limits or {}}, **extra}


def test_the_table_is_aws_s() -> None:
    assert [(one.vcpu, one.memory) for one in COMBINATIONS] == ROWS


@pytest.mark.parametrize(("vcpu", "memory"), ROWS)
def test_what_fills_a_combination_exactly_gets_it(vcpu: Fraction, memory: Fraction) -> None:
    got = size(vcpu, memory * GIB - RESERVED_MEMORY)
    assert (got.combination.vcpu, got.combination.memory) == (vcpu, memory)
    assert got.cpu_to_spare == got.memory_to_spare == 0


@pytest.mark.parametrize(("vcpu", "memory"), ROWS)
def test_one_byte_more_goes_to_the_next(vcpu: Fraction, memory: Fraction) -> None:
    larger = [one for one in ROWS if one[0] >= vcpu and one[1] > memory]
    if larger:
        got = size(vcpu, memory * GIB - RESERVED_MEMORY + 1).combination
        assert (got.vcpu, got.memory) == larger[0]
    else:
        with pytest.raises(TooLargeError):
            size(vcpu, memory * GIB - RESERVED_MEMORY + 1)


@pytest.mark.parametrize(("vcpu", "memory"), ROWS)
def test_one_billionth_of_a_cpu_more_goes_to_the_next_row(vcpu: Fraction, memory: Fraction) -> None:
    larger = [one for one in ROWS if one[0] > vcpu and one[1] >= memory]
    if larger:
        got = size(vcpu + Fraction(1, 10**9), memory * GIB - RESERVED_MEMORY).combination
        assert (got.vcpu, got.memory) == larger[0]
    else:
        with pytest.raises(TooLargeError):
            size(vcpu + Fraction(1, 10**9), memory * GIB - RESERVED_MEMORY)


@pytest.mark.parametrize(("vcpu", "memory"), ROWS)
def test_one_byte_less_than_fills_a_combination_still_gets_it(vcpu: Fraction, memory: Fraction) -> None:
    got = size(vcpu, memory * GIB - RESERVED_MEMORY - 1).combination
    assert (got.vcpu, got.memory) == (vcpu, memory)


@pytest.mark.parametrize(
    "rows", [pytest.param(pair, id=f"{pair[0][0]}/{pair[0][1]}") for pair in pairwise(ROWS) if pair[0][0] == pair[1][0]]
)
def test_between_two_of_a_row_it_is_the_larger(rows: tuple[tuple[Fraction, Fraction], tuple[Fraction, Fraction]]) -> None:
    (vcpu, low), (_, high) = rows
    got = size(vcpu, (low + high) / 2 * GIB - RESERVED_MEMORY).combination
    assert (got.vcpu, got.memory) == (vcpu, high)


def test_aws_s_own_example() -> None:
    got = size_of({"containers": [container(cpu=1, memory="8Gi")]})
    assert str(got.combination) == "2vCPU 9GB"
    (step,) = got.smaller
    assert str(step.combination) == "1vCPU 8GB"
    assert step.cpu_less == 0
    assert step.memory_less == 256 * MIB


def test_a_pod_that_asks_for_nothing_gets_the_smallest() -> None:
    got = size_of({"containers": [{"name": "app"}]})
    assert str(got.combination) == "0.25vCPU 0.5GB"
    assert got.smaller == ()
    assert got.requests.cpu == Demand(Fraction(0))


@pytest.mark.parametrize(
    ("spec", "vcpu", "mebibytes"),
    [
        pytest.param(
            {"containers": [container(cpu="1", memory="1Gi"), container(cpu="500m", memory="1Gi")]}, "1.5", 2048, id="containers add up"
        ),
        pytest.param(
            {
                "containers": [container(cpu="1", memory="1Gi")],
                "initContainers": [container(cpu="2", memory="64Mi"), container(cpu="1", memory="3Gi")],
            },
            "2",
            3072,
            id="largest init container, for each resource by itself",
        ),
        pytest.param(
            {"containers": [container(cpu="1", memory="1Gi")], "initContainers": [container(sidecar=True, cpu="1", memory="1Gi")]},
            "2",
            2048,
            id="a sidecar runs beside the containers",
        ),
        pytest.param(
            {
                "containers": [container(cpu="1", memory="1Gi")],
                "initContainers": [container(sidecar=True, cpu="1", memory="1Gi"), container(cpu="2", memory="512Mi")],
            },
            "3",
            2048,
            id="an init container after a sidecar runs beside it",
        ),
        pytest.param(
            {
                "containers": [container(cpu="1", memory="1Gi")],
                "initContainers": [container(cpu="2", memory="512Mi"), container(sidecar=True, cpu="1", memory="1Gi")],
            },
            "2",
            2048,
            id="one before it does not",
        ),
        pytest.param({"containers": [container(limits={"cpu": "2", "memory": "1Gi"})]}, "2", 1024, id="a limit alone is the request"),
        pytest.param({"containers": [container(limits={"cpu": "2"}, cpu="1")]}, "1", 0, id="a request beside a limit counts"),
        pytest.param(
            {"containers": [container(cpu="1", memory="1Gi")], "resources": {"requests": {"cpu": "4", "memory": "8Gi"}}},
            "4",
            8192,
            id="of the pod as a whole",
        ),
        pytest.param(
            {"containers": [container(cpu="1")], "resources": {"limits": {"cpu": "4", "memory": "8Gi"}}},
            "1",
            8192,
            id="a limit of the whole pod counts where no container asks",
        ),
        pytest.param({"containers": [container(cpu="1")], "overhead": {"cpu": "250m", "memory": "64Mi"}}, "1.25", 64, id="overhead on top"),
    ],
)
def test_what_a_pod_asks_for(spec: dict[str, Any], vcpu: str, mebibytes: int) -> None:
    asked = pod_requests(spec)
    assert asked.cpu.amount == Fraction(vcpu)
    assert asked.memory.amount == mebibytes * MIB


def test_it_says_what_a_demand_comes_from() -> None:
    spec = {
        "containers": [container("web", cpu="1"), container("cache", memory="1Gi")],
        "initContainers": [container("proxy", sidecar=True, memory="1Gi"), container("migrate", cpu="2")],
        "overhead": {"memory": "1Mi"},
    }
    asked = pod_requests(spec)
    assert asked.cpu.source == "init container migrate"
    assert asked.memory.source == "containers cache + proxy + overhead"
    assert asked.storage.source == ""


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"containers": [container(cpu="-1")]}, 'spec.containers[0].resources.requests.cpu: "-1" must not be negative'),
        ({"containers": [container(), container(memory="1GB")]}, "spec.containers[1].resources.requests.memory: "),
        ({"containers": [{"resources": []}]}, "spec.containers[0].resources must be a mapping, not a list"),
        ({"containers": [{"resources": {"limits": 1}}]}, "spec.containers[0].resources.limits must be a mapping, not a number"),
        ({"containers": "web"}, "spec.containers must be a list, not a text"),
        ({"initContainers": [None, 3]}, "spec.initContainers[1] must be a mapping, not a number"),
        ({"overhead": {"cpu": True}}, "spec.overhead.cpu: a quantity is a text or a number, not true or false"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_place(spec: dict[str, Any], message: str) -> None:
    with pytest.raises(ResourcesError) as caught:
        size_of(spec)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("asked", "provisioned", "billed"),
    [("0", 20, 0), ("1Gi", 20, 0), ("13Gi", 20, 0), ("20Gi", 27, 7), ("100Gi", 115, 95), ("175Gi", Fraction("197.5"), Fraction("177.5"))],
)
def test_ephemeral_storage(asked: str, provisioned: Fraction, billed: Fraction) -> None:
    got = size_of({"containers": [{"name": "app", "resources": {"requests": {"ephemeral-storage": asked}}}]})
    assert (got.storage, got.storage_billed) == (provisioned * GIB, billed * GIB)


def test_too_much_of_anything_is_said_clearly() -> None:
    with pytest.raises(TooLargeError, match=r"asks for 16001m CPU and 0 memory; on Fargate it may have at most 16 CPU and 122624Mi memory"):
        size("16.001", 0)
    with pytest.raises(TooLargeError, match=r"asks for 176Gi of ephemeral storage; on Fargate it may have at most 175Gi"):
        size("1", 0, 176 * GIB)
    assert size("1", 0, STORAGE_MOST).requests.storage.amount == STORAGE_MOST


CPUS = st.integers(0, 16_000).map(lambda thousandths: Fraction(thousandths, 1000))
SIZES = st.integers(0, 120 * GIB - RESERVED_MEMORY)


@given(CPUS, SIZES)
def test_never_smaller_than_asked_and_nothing_smaller_would_do(cpu: Fraction, memory: int) -> None:
    got = size(cpu, memory)
    assert got.cpu_to_spare >= 0
    assert got.memory_to_spare >= 0
    for one in COMBINATIONS:
        if one != got.combination and one.vcpu <= got.combination.vcpu and one.memory <= got.combination.memory:
            assert one.vcpu < cpu or one.memory_bytes < memory + RESERVED_MEMORY


@given(CPUS, SIZES, CPUS, SIZES)
def test_who_asks_for_more_gets_no_less(cpu: Fraction, memory: int, more_cpu: Fraction, more_memory: int) -> None:
    less, more = size(min(cpu, more_cpu), min(memory, more_memory)), size(max(cpu, more_cpu), max(memory, more_memory))
    assert less.combination.vcpu <= more.combination.vcpu
    assert less.combination.memory <= more.combination.memory


@given(CPUS, SIZES)
def test_the_smaller_step_is_reached_by_so_much_less_and_by_nothing_less(cpu: Fraction, memory: int) -> None:
    got = size(cpu, memory)
    assert got.smaller or got.combination == COMBINATIONS[0]
    for step in got.smaller:
        assert (step.cpu_less > 0) != (step.memory_less > 0)
        reached = size(cpu - step.cpu_less, memory - step.memory_less)
        assert reached.combination == step.combination
        nearly = size(cpu - step.cpu_less * Fraction(999, 1000), memory - step.memory_less * Fraction(999, 1000)).combination
        assert nearly == got.combination or nearly.vcpu > got.combination.vcpu or nearly.memory > got.combination.memory


def test_capacity_as_eks_writes_it() -> None:
    for one in COMBINATIONS:
        assert read_capacity(str(one)) == one
    assert read_capacity("1 vCPU") is None
    assert combination_for(Fraction(17), Fraction(0)) is None
