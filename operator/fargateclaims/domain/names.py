"""Names of profiles that the claim does not fix.

`{template}-{8 hex}-{4 digits}`: the hash keeps `a-b/c` and `a/b-c` apart; the digits count down, so that the newest profile sorts first
and takes the pods while its predecessor drains (EKS gives a pod to the alphanumerically first profile that matches).

A name is as short as the value of a label, by which EKS marks the pods of a profile: those of a longer name cannot be found.
"""

import hashlib
import re
from collections.abc import Iterable

from fargateclaims.api.fields import LABEL_VALUE_MAX_LENGTH
from fargateclaims.domain.identity import Identity

FIRST_SERIAL = 9999
DEFAULT_TEMPLATE = "{namespace}-{name}"

_SERIAL_DIGITS = 4
_HASH_DIGITS = 8
_RESERVED_PREFIX = "eks-"
_DASHES = "-_"
_ROOM = LABEL_VALUE_MAX_LENGTH - _HASH_DIGITS - _SERIAL_DIGITS - 2
"""For the readable part; EKS itself takes names of up to 100 characters."""


class NamesExhaustedError(Exception):
    """All 10,000 serials of a stem are in use, or below one that is."""


def stem(template: str, identity: Identity) -> str:
    """The part of a generated name before its serial.

    :param template: the class's `profileNameTemplate` with `{namespace}` and `{name}`.
    """
    readable = template.replace("{namespace}", identity.namespace).replace("{name}", identity.name)
    readable = re.sub(r"[^0-9A-Za-z_-]", "-", readable).lstrip(_DASHES) or "p"
    if f"{readable}-".lower().startswith(_RESERVED_PREFIX):
        readable = f"p-{readable}"
    key = f"{identity.installation}/{identity.namespace}/{identity.name}"
    digest = hashlib.sha256(key.encode()).hexdigest()[:_HASH_DIGITS]
    return f"{_cut(readable)}-{digest}"


def _cut(readable: str) -> str:
    """As much of it as there is room for.

    A name that was cut sorts before one of the same claim that was not, as those of earlier releases: it is the newer one. `-` sorts
    before all else, so what is cut off does not begin with it.
    """
    for length in range(_ROOM if len(readable) > _ROOM else 0, 0, -1):
        if readable[length - 1] not in _DASHES and readable[length] != "-":
            return readable[:length]
    return readable[:_ROOM].rstrip(_DASHES)


def successor(stem: str, taken: Iterable[str]) -> str:
    """The next name of a stem: below the lowest serial among the taken names, whoever owns them.

    :param taken: all profile names of the cluster.
    :raises NamesExhaustedError: if there is none below.
    """
    pattern = re.compile(rf"{re.escape(stem)}-(\d{{{_SERIAL_DIGITS}}})")
    serials = [int(match[1]) for name in taken if (match := pattern.fullmatch(name))]
    serial = min(serials, default=FIRST_SERIAL + 1) - 1
    if serial < 0:
        raise NamesExhaustedError(f"no profile name is left below {stem}-0000")
    return f"{stem}-{serial:0{_SERIAL_DIGITS}d}"
