"""What a rule is: its words, where it comes from, and how it is checked."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from fargateclaims.domain.lint.inventory import Inventory
    from fargateclaims.domain.lint.resources import Resource


class Severity(StrEnum):
    """How bad it is."""

    ERROR = "error"
    """It cannot run on Fargate, or does not do there what it is for."""
    WARNING = "warning"
    """It runs, but costs, waits or stops when it need not."""
    INFO = "info"
    """Worth knowing; often right as it is."""

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return tuple(Severity).index(self)


Path: TypeAlias = tuple[str | int, ...]
"""Where something stands in an object: keys and indices."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One place that breaks a rule.

    :param path: from the object's root; may lead to what is missing.
    :param what: what is there, with the names that it has there.
    """

    path: Path
    what: str


Check: TypeAlias = Callable[["Resource", "Inventory"], Iterable[Hit]]
"""Finds the places in one object that break a rule. It may look at all other objects of the run, and takes any value anywhere."""


PODS: Final = "pods"
"""Pods and pod templates, in an expression: `variables.spec`, `containers`, `labels` and `annotations`."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A rule as the API server can tell it.

    :param on: the resources that it is about, by their plural: its `object` is one of them; or `PODS`.
    :param cel: true when all is well. It has to be right for what the API server has filled in, too.
    """

    on: str
    cel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. Its id is stable: people write it into their manifests.

    :param title: what is wrong, as a noun.
    :param why: one sentence on what happens on Fargate.
    :param advice: what to do, as it follows a colon.
    :param sources: rows of the AWS guides (docs/from-the-guides.md).
    :param kinds: the kinds that it looks at; empty for pods and all that makes pods, but DaemonSets.
    :param check: None for what the reading of manifests itself finds.
    :param whole: whether its expressions find all that `check` finds in the resources that they are about; they never find more.
    """

    id: str
    severity: Severity
    title: str
    why: str
    advice: str
    sources: tuple[str, ...] = ()
    kinds: frozenset[str] = field(default_factory=frozenset)
    check: Check | None = None
    expressions: tuple[Expression, ...] = ()
    whole: bool = True
