"""The configuration of the managed add-on coredns: whether it says that CoreDNS runs on Fargate, and how it would.

Source: the EKS user guide, "Get started with AWS Fargate for your cluster": computeType in configurationValues, which is JSON or YAML.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

import yaml

from fargateclaims.domain.checks.hostile_yaml import refuse_hostile

_COMPUTE_TYPE: Final = "computeType"
_FARGATE: Final = "Fargate"


def says_fargate(configuration: str) -> bool:
    """Whether the add-on is to run on Fargate."""
    return str((_read(configuration) or {}).get(_COMPUTE_TYPE)).lower() == _FARGATE.lower()


def with_fargate(configuration: str) -> str | None:
    """The whole configuration, changed so that the add-on runs on Fargate, as JSON; None if it cannot be read."""
    present = _read(configuration)
    if present is None:
        return None
    try:
        return json.dumps({**present, _COMPUTE_TYPE: _FARGATE}, separators=(",", ":"))
    except (TypeError, ValueError):
        # YAML has kinds of values that JSON has not, such as dates.
        return None


def _read(configuration: str) -> Mapping[str, Any] | None:
    if not configuration.strip():
        return {}
    with suppress(ValueError, RecursionError):
        found = json.loads(configuration)
        return found if isinstance(found, dict) else None
    try:
        refuse_hostile(configuration, aliases=False)
        found = yaml.safe_load(configuration)
    except (yaml.YAMLError, ValueError, TypeError, KeyError, AttributeError):
        # What SafeLoader's constructors raise for values that are not of the kind that their tag says.
        return None
    return found if isinstance(found, dict) else None
