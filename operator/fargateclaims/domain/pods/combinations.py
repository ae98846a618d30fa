"""The combinations of vCPU and memory that Fargate has for a pod, and how one is chosen.

Source of the table: the EKS user guide, "Understand Fargate Pod configuration details". Its GB are GiB: 0.5 GB is 512 MiB.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Final

GIB: Final = 2**30


@dataclass(frozen=True, slots=True, order=True)
class Combination:
    """One size of a pod, as it is provisioned and billed.

    :param memory: in GiB.
    """

    vcpu: Fraction
    memory: Fraction

    @property
    def memory_bytes(self) -> int:
        """The memory in bytes."""
        return int(self.memory * GIB)

    def __str__(self) -> str:
        """As EKS writes it into the annotation CapacityProvisioned: `0.25vCPU 0.5GB`."""
        return f"{float(self.vcpu):g}vCPU {float(self.memory):g}GB"


def _row(vcpu: str, memory: Iterable[str | int]) -> list[Combination]:
    return [Combination(Fraction(vcpu), Fraction(size)) for size in memory]


COMBINATIONS: Final = (
    *_row("0.25", ["0.5", 1, 2]),
    *_row("0.5", range(1, 5)),
    *_row("1", range(2, 9)),
    *_row("2", range(4, 17)),
    *_row("4", range(8, 31)),
    *_row("8", range(16, 61, 4)),
    *_row("16", range(32, 121, 8)),
)
"""All of them, by vCPU and then by memory."""

_IN_WHOLE_NUMBERS: Final = [(int(one.vcpu * 10**9), one.memory_bytes, one) for one in COMBINATIONS]

LARGEST: Final = COMBINATIONS[-1]

_CAPACITY: Final = re.compile(r"([0-9]{1,4}(?:\.[0-9]{1,4})?)vCPU ([0-9]{1,4}(?:\.[0-9]{1,4})?)GB")


def combination_for(vcpu: Fraction, memory: Fraction) -> Combination | None:
    """The smallest combination that has both; None if there is none so large.

    :param memory: in bytes, with what Kubernetes' own parts take.
    """
    # Whole numbers: to compare fractions takes ten times as long, and a linter asks for every pod of a thousand manifests.
    billionths, whole = ceil(vcpu * 10**9), ceil(memory)
    return next((one for cpu, size, one in _IN_WHOLE_NUMBERS if cpu >= billionths and size >= whole), None)


def read_capacity(text: str) -> Combination | None:
    """What the annotation CapacityProvisioned says; None if it is not in EKS's form."""
    found = _CAPACITY.fullmatch(text.strip())
    return Combination(Fraction(found[1]), Fraction(found[2])) if found else None
