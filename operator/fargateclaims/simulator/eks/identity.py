"""Who makes an AWS call: account and principal of an access key, by moto's IAM and STS."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from moto.iam.models import get_account_id_from
from moto.sts.models import sts_backends
from moto.utilities.utils import get_partition

# The credential scope of an AWS Signature Version 4: key, date, region, service.
CREDENTIAL: Final = re.compile(r"Credential=([^/,\s]+)/[^/]+/([^/]+)/([^/]+)/aws4_request")
MAX_REMEMBERED: Final = 10_000


@dataclass(frozen=True, slots=True)
class Scope:
    """What the signature of a request says: the key, and for which region and service it was made."""

    access_key: str
    region: str
    service: str


@dataclass(frozen=True, slots=True)
class Principal:
    """The account that a key belongs to and the ARN of its user or assumed role."""

    account: str
    arn: str


def scope_of(headers: Mapping[str, str]) -> Scope | None:
    """Return the scope of a signed request; None without a signature. Signatures are not verified, as in moto."""
    match = CREDENTIAL.search(headers.get("Authorization", ""))
    return Scope(match[1], match[2], match[3].lower()) if match else None


class Principals:
    """Resolves access keys. An unknown key belongs to moto's default account, and is asked for again each time."""

    def __init__(self) -> None:
        self._known: dict[str, Principal] = {}

    def clear(self) -> None:
        """Forget every key."""
        self._known.clear()

    def of(self, scope: Scope) -> Principal:
        """Return the principal of a key."""
        known = self._known.get(scope.access_key)
        if known:
            return known
        account = get_account_id_from(scope.access_key)
        _, arn, _ = sts_backends[account][get_partition(scope.region)].get_caller_identity(scope.access_key, scope.region)
        principal = Principal(account, arn)
        if not arn.endswith(":user/moto") and len(self._known) < MAX_REMEMBERED:
            self._known[scope.access_key] = principal
        return principal
