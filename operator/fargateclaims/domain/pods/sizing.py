"""The size of a pod on Fargate: what it asks for, what EKS provisions and bills, and what less asking would save.

Source: the EKS user guide, "Understand Fargate Pod configuration details"; for ephemeral storage AWS's announcement "AWS Fargate adds
support for larger ephemeral volumes": EKS adds a tenth and 5 GiB to what is asked for, 20 GiB are included, 175 GiB may be asked for.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from fargateclaims.domain.pods.combinations import COMBINATIONS, GIB, LARGEST, Combination, combination_for
from fargateclaims.domain.pods.demands import Requests, ResourcesError, pod_requests
from fargateclaims.domain.pods.quantities import format_cpu, format_memory

__all__ = ["Requests", "ResourcesError", "Size", "SmallerStep", "TooLargeError", "size_of", "size_of_requests"]

RESERVED_MEMORY: Final = 256 * 2**20
"""Bytes that EKS adds to a pod's memory for the kubelet, kube-proxy and containerd."""
STORAGE_INCLUDED: Final = 20 * GIB
"""Bytes of ephemeral storage that every pod has, without a charge."""
STORAGE_MOST: Final = 175 * GIB
"""Bytes of ephemeral storage that a pod may ask for."""
_STORAGE_FOR_FILE_SYSTEMS: Final = Fraction(1, 10)
_STORAGE_FOR_THE_SYSTEM: Final = 5 * GIB

_CPUS: Final = sorted({one.vcpu for one in COMBINATIONS}, reverse=True)
_SIZES: Final = sorted({one.memory_bytes for one in COMBINATIONS}, reverse=True)


class TooLargeError(ValueError):
    """No pod on Fargate is as large as what was asked for; the message says what the limit is."""


@dataclass(frozen=True, slots=True)
class SmallerStep:
    """A smaller combination, and how much less of one resource has to be asked for to get it.

    :param cpu_less: vCPU; 0 if memory is to be reduced.
    :param memory_less: bytes; 0 if CPU is to be reduced.
    """

    combination: Combination
    cpu_less: Fraction
    memory_less: Fraction


@dataclass(frozen=True, slots=True)
class Size:
    """What a pod asks for and what EKS makes of it."""

    requests: Requests
    combination: Combination
    smaller: tuple[SmallerStep, ...]

    @property
    def memory_needed(self) -> Fraction:
        """Bytes that the combination has to have: what is asked for and what EKS adds."""
        return self.requests.memory.amount + RESERVED_MEMORY

    @property
    def cpu_to_spare(self) -> Fraction:
        """How much more vCPU the pod could ask for at no cost."""
        return self.combination.vcpu - self.requests.cpu.amount

    @property
    def memory_to_spare(self) -> Fraction:
        """How many more bytes of memory the pod could ask for at no cost."""
        return self.combination.memory_bytes - self.memory_needed

    @property
    def storage(self) -> Fraction:
        """Bytes of ephemeral storage that EKS provisions, at least."""
        asked = self.requests.storage.amount
        grown = asked * (1 + _STORAGE_FOR_FILE_SYSTEMS) + _STORAGE_FOR_THE_SYSTEM if asked else Fraction(0)
        return max(Fraction(STORAGE_INCLUDED), grown)

    @property
    def storage_billed(self) -> Fraction:
        """Bytes of ephemeral storage above what is included."""
        return self.storage - STORAGE_INCLUDED


def size_of(spec: Mapping[str, Any], path: str = "spec") -> Size:
    """The size that EKS gives to a pod with this spec.

    :param path: where the spec stands in its object, for messages.
    :raises ResourcesError: what it asks for cannot be read.
    :raises TooLargeError: Fargate has nothing so large.
    """
    return size_of_requests(pod_requests(spec, path))


def size_of_requests(requests: Requests) -> Size:
    """The size that EKS gives to a pod that asks for this much. Raises TooLargeError."""
    cpu, memory, storage = requests.cpu.amount, requests.memory.amount + RESERVED_MEMORY, requests.storage.amount
    if storage > STORAGE_MOST:
        most = format_memory(Fraction(STORAGE_MOST))
        raise TooLargeError(f"the pod asks for {format_memory(storage)} of ephemeral storage; on Fargate it may have at most {most}")
    combination = combination_for(cpu, memory)
    if combination is None:
        raise TooLargeError(_too_large(requests))
    return Size(requests, combination, tuple(_smaller(cpu, memory, combination)))


def _too_large(requests: Requests) -> str:
    most = Fraction(LARGEST.memory_bytes - RESERVED_MEMORY)
    asked = f"{format_cpu(requests.cpu.amount)} CPU and {format_memory(requests.memory.amount)} memory"
    return f"the pod asks for {asked}; on Fargate it may have at most {format_cpu(LARGEST.vcpu)} CPU and {format_memory(most)} memory"


def _smaller(cpu: Fraction, memory: Fraction, now: Combination) -> Iterator[SmallerStep]:
    """The nearest smaller combination by asking for less memory alone, and the nearest by less CPU alone.

    Every combination but the smallest has at least one of them.
    """
    for size in (size for size in _SIZES if size < memory):
        found = combination_for(cpu, Fraction(size))
        if found is not None and _is_below(found, now):
            yield SmallerStep(found, Fraction(0), memory - size)
            break
    for vcpu in (vcpu for vcpu in _CPUS if vcpu < cpu):
        found = combination_for(vcpu, memory)
        if found is not None and _is_below(found, now):
            yield SmallerStep(found, cpu - vcpu, Fraction(0))
            break


def _is_below(one: Combination, other: Combination) -> bool:
    return one != other and one.vcpu <= other.vcpu and one.memory <= other.memory
