"""All rules, by id and by the kinds that they look at."""

from collections.abc import Mapping
from typing import Final

from fargateclaims.domain.lint.rule import Rule
from fargateclaims.domain.lint.rules import (
    autoscaling,
    availability,
    identity,
    isolation,
    jobs,
    logging,
    marks,
    network,
    nodes,
    reading,
    sizes,
    volumes,
)
from fargateclaims.domain.pods.templates import KINDS

_MODULES: Final = (reading, isolation, nodes, volumes, sizes, marks, availability, jobs, autoscaling, identity, network, logging)

RULES: Final = tuple(sorted((rule for module in _MODULES for rule in module.RULES), key=lambda rule: rule.id))
"""All of them, by id."""

BY_ID: Final[Mapping[str, Rule]] = {rule.id: rule for rule in RULES}

# No pod of a DaemonSet runs on Fargate, so what it asks for is no matter.
_MAKERS: Final = KINDS - {"DaemonSet"}


def _by_kind() -> Mapping[str, tuple[Rule, ...]]:
    kinds = _MAKERS.union(*(rule.kinds for rule in RULES))
    checked = [rule for rule in RULES if rule.check is not None]
    return {kind: tuple(rule for rule in checked if kind in (rule.kinds or _MAKERS)) for kind in sorted(kinds)}


BY_KIND: Final = _by_kind()
"""The rules that look at an object of a kind."""
