"""What can be set: `FARGATECLAIMS_*` variables and flags of the same names. docs/settings.md is written from here."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, SettingsConfigDict

from fargateclaims.domain.labels import LabelMatcher, parse
from fargateclaims.timing import MUTATION_LIMIT

ENV_PREFIX: Final = "FARGATECLAIMS_"
NAMESPACE_FILE: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
DEFAULT_NAMESPACE: Final = "default"

# Kubernetes puts variables like FARGATECLAIMS_PORT_8080_TCP_ADDR into each pod of a namespace that has a Service named
# fargateclaims (or fargateclaims-…): they are nobody's typing errors.
# https://kubernetes.io/docs/tutorials/services/connect-applications-service/#environment-variables
_SERVICE_LINK: Final = re.compile(
    r"FARGATECLAIMS(_\w+)?_(SERVICE_HOST=.*|SERVICE_PORT(_\w+)?=[0-9]+|PORT=\w+://.*|PORT_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?=.*)"
)
_SIMILAR: Final = 0.7
_PORT_MAX: Final = 65535
_DNS_LABEL: Final = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_DNS_SUBDOMAIN: Final = rf"{_DNS_LABEL}(\.{_DNS_LABEL})*"


class SettingsError(ValueError):
    """Some settings cannot be used; `errors` has one line for each of them."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__("\n".join(errors))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Allowed:
    """What values a setting takes, for the docs and for the message that refuses one."""

    text: str


Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False), Allowed("a number of seconds above 0")]


def variable(name: str) -> str:
    """Return the environment variable of the setting `name`."""
    return ENV_PREFIX + name.upper()


def flag(name: str) -> str:
    """Return the command-line flag of the setting `name`."""
    return "--" + name.replace("_", "-")


def allowed(info: FieldInfo) -> str:
    """Return what a setting takes, in words."""
    # The last one is the setting's own, where the type that it is made from has one too.
    return [entry.text for entry in info.metadata if isinstance(entry, Allowed)][-1]


def _own_namespace() -> str:
    try:
        return NAMESPACE_FILE.read_text(encoding="utf-8").strip() or DEFAULT_NAMESPACE
    except OSError:
        return DEFAULT_NAMESPACE


class Settings(BaseSettings):
    """All settings, checked. A flag wins over a variable; an empty variable counts as absent."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX,
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        validate_default=True,
    )

    poll_min_seconds: Seconds = 2
    """The shortest time between two looks at a profile that is being created or deleted."""
    poll_max_seconds: Annotated[Seconds, Allowed("a number of seconds, not below the shortest poll")] = 15
    """The longest time between two such looks once an end is likely: when that is, the durations seen in the account and region tell."""
    resync_seconds: Seconds = 600
    """How often everything is read again, from Kubernetes and from EKS, with some jitter: what was missed is found then."""
    backoff_base_seconds: Seconds = 2
    """The wait after the first failure of an operation; it doubles with each further one."""
    backoff_max_seconds: Annotated[Seconds, Allowed("a number of seconds, not below the backoff's base")] = 300
    """The longest wait after a failure."""
    busy_max_seconds: Seconds = 30
    """The longest wait while something else than our own profiles keeps the EKS cluster busy."""
    settle_seconds: Seconds = 30
    """How long a call whose outcome is unknown holds the cluster's slot, and how long a new leader waits before its first change.
    Longer than a call to AWS can last (10 s): anything shorter is for tests."""
    operation_deadline_seconds: Seconds = 1800
    """After so long in CREATING or DELETING, a profile is reported as stuck."""
    max_attempts: Annotated[int, Field(ge=1), Allowed("a whole number from 1 on")] = 5
    """How many failed creates in a row make a claim wait for a change or for a retry that somebody asks for."""
    installation: Annotated[
        str,
        Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$"),
        Allowed("up to 63 letters, digits and . _ - between letters or digits"),
    ] = "fargateclaims"
    """The name by which the tags of our profiles tell this installation from others. Each management cluster that manages the same EKS
    cluster has its own; a rebuilt one keeps it, and takes its profiles back."""
    aws_calls_per_second: Annotated[float, Field(gt=0, allow_inf_nan=False), Allowed("a number above 0")] = 10
    """How many calls to EKS are made at most, for each AWS account and region."""
    show_blocking_claim: Annotated[bool, Allowed("true or false")] = True
    """Whether a waiting claim's status names the claim that it waits for, which may be another team's."""
    http_address: Annotated[str, Allowed("HOST:PORT, [IPv6]:PORT or :PORT; port 0 takes a free one")] = ":8080"
    """Where `/healthz`, `/readyz` and `/metrics` are served; without a host, on all addresses."""
    lease_namespace: Annotated[str, Field(pattern=rf"^{_DNS_LABEL}$"), Allowed("the name of a namespace")] = Field(
        default_factory=_own_namespace, json_schema_extra={"default_text": "the operator's own, else `default`"}
    )
    """The namespace of the Lease by which replicas choose their leader."""
    lease_name: Annotated[str, Field(pattern=rf"^{_DNS_SUBDOMAIN}$", max_length=253), Allowed("a name that Kubernetes takes")] = (
        "fargateclaims"
    )
    """The name of that Lease. Several Deployments that share the work by class selector have one each."""
    own_profile: Annotated[str, Field(pattern=r"^[0-9A-Za-z]?[A-Za-z0-9_-]{0,99}$"), Allowed("the name of a Fargate profile")] = ""
    """The Fargate profile that the operator itself runs on, which it never deletes. The chart takes it from the pod's own label."""
    class_selector: Annotated[str, Allowed("a label selector, as `kubectl get --selector` takes it")] = ""
    """Only the classes with such labels, and their claims, are taken care of; without it, all are."""
    log_format: Annotated[Literal["auto", "json", "text"], Allowed("auto, json or text")] = "auto"
    """How logs are written; auto: text on a terminal, JSON elsewhere."""
    log_level: Annotated[Literal["debug", "info", "warning", "error"], Allowed("debug, info, warning or error")] = "info"
    """The least important log lines that are written."""

    @field_validator("log_format", "log_level", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator("poll_max_seconds", "backoff_max_seconds")
    @classmethod
    def _not_below(cls, value: float, info: ValidationInfo) -> float:
        lower = {"poll_max_seconds": "poll_min_seconds", "backoff_max_seconds": "backoff_base_seconds"}[str(info.field_name)]
        # Absent when it was refused itself: then there is nothing to compare with, and its own error is reported.
        if value < info.data.get(lower, value):
            raise ValueError(f"must not be below {variable(lower)}, which is {info.data[lower]:g}")
        return value

    @field_validator("http_address")
    @classmethod
    def _is_address(cls, value: str) -> str:
        split_address(value)
        return value

    @field_validator("class_selector")
    @classmethod
    def _is_selector(cls, value: str) -> str:
        parse(value)
        return value

    @cached_property
    def class_matcher(self) -> LabelMatcher:
        """The class selector, ready to be used."""
        return parse(self.class_selector)

    @property
    def cautions(self) -> list[str]:
        """What is allowed but should be known: sentences for the log."""
        if self.settle_seconds > MUTATION_LIMIT:
            return []
        caution = (
            f"{variable('settle_seconds')} is {self.settle_seconds:g}, but a call to AWS may last {MUTATION_LIMIT:g} s: "
            "after a crash, a call still under way may not be waited for. Only tests should do that."
        )
        return [caution]

    @classmethod
    def load(cls, flags: Mapping[str, object] | None = None) -> Self:
        """Read flags (by the names of the settings; None is a flag that was not given), then the environment, then defaults.

        Raises SettingsError, with everything that is wrong.
        """
        given: dict[str, Any] = {name: value for name, value in (flags or {}).items() if value is not None}
        errors = _unknown_variables(cls)
        try:
            settings = cls(**given)
        except ValidationError as error:
            raise SettingsError([*_refusals(cls, error), *errors]) from None
        if errors:
            raise SettingsError(errors)
        return settings


def split_address(address: str) -> tuple[str | None, int]:
    """Return host (None: all addresses) and port of `HOST:PORT`. Raises ValueError."""
    host, colon, port = address.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if not colon or (":" in host and not bracketed) or not (port.isascii() and port.isdigit()) or int(port) > _PORT_MAX:
        raise ValueError(f"{address!r} is no address and port")
    return (host[1:-1] if bracketed else host) or None, int(port)


def _unknown_variables(model: type[BaseSettings]) -> list[str]:
    errors = []
    for name, value in sorted(os.environ.items()):
        # pydantic-settings takes variables in any case.
        setting = name.lower().removeprefix(ENV_PREFIX.lower())
        if len(setting) == len(name) or setting in model.model_fields or _SERVICE_LINK.fullmatch(f"{name}={value}"):
            continue
        close = get_close_matches(setting, model.model_fields, n=1, cutoff=_SIMILAR)
        errors.append(f"{name}: there is no such setting" + (f"; did you mean {variable(close[0])}?" if close else ""))
    return errors


def _refusals(model: type[BaseSettings], error: ValidationError) -> list[str]:
    lines = []
    for refusal in error.errors(include_url=False):
        name = str(refusal["loc"][0])
        if name not in model.model_fields:
            lines.append(f"{flag(name)}: there is no such setting")
            continue
        why = f" ({refusal['ctx']['error']})" if refusal["type"] == "value_error" else ""
        lines.append(
            f"{variable(name)} or {flag(name)}: {refusal['input']!r} cannot be used{why}: give {allowed(model.model_fields[name])}"
        )
    return lines
