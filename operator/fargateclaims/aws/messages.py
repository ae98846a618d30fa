"""AWS's words made fit for a status, an event or a log: nothing secret, no request ids, one line, not too long.

AWS echoes more than one would think: a failed signature check prints the request as it was signed, security token included; a
refused EC2 call carries an encoded dump of the decision.
"""

import re
from collections.abc import Iterable
from typing import Final

from fargateclaims.aws.limits import MESSAGE_LENGTH
from fargateclaims.redaction import REDACTED, redact

_READ_LENGTH: Final = 20 * MESSAGE_LENGTH
"""What is looked at: enough to find all words that are kept, and no work for megabytes of a proxy's error page."""
_MIN_SECRET_LENGTH: Final = 8
"""Shorter ones are placeholders such as `test`; taking them out would maim ordinary words."""

_DROPPED: Final = (
    re.compile(r"\s*The (?:Canonical String for this request|String-to-Sign) should have been.*", re.DOTALL | re.IGNORECASE),
    # Only who may call sts:DecodeAuthorizationMessage can read it.
    re.compile(r"\s*Encoded authorization failure message:\s*\S+", re.IGNORECASE),
    re.compile(r"\s*\(Service: [^()]*Request ID: [^()]*\)", re.IGNORECASE),
    re.compile(r"[\s;,(\[]*(?:extended[ -]?)?request[ -]?id\b[\"']?\s*[:=]?\s*[\"']?[\w+/=-]*\d[\w+/=-]*[\"')\]]*", re.IGNORECASE),
)
_CREDENTIAL: Final = re.compile(r"\b(Credential)=[^,\s\"'&]+")
_LONG_WORD: Final = re.compile(r"(?<!\S)(?!\S*\barn:aws)\S*[\w+/=%.-]{200,}\S*")
"""Session tokens are hundreds of characters without a space. ARNs can be long as well, and are the point of many messages."""
_BETWEEN_WORDS: Final = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def clean(text: str, secrets: Iterable[str] = ()) -> str:
    """Take out of `text` what must not be shown; at most `MESSAGE_LENGTH` characters on one line.

    :param secrets: values known to be secret; they go wherever they stand.
    """
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _MIN_SECRET_LENGTH:
            text = text.replace(secret, REDACTED)
    text = text[:_READ_LENGTH]
    for pattern in _DROPPED:
        text = pattern.sub("", text)
    text = _CREDENTIAL.sub(rf"\1={REDACTED}", redact(text))
    text = _LONG_WORD.sub(REDACTED, text)
    text = _BETWEEN_WORDS.sub(" ", text).strip()
    return text if len(text) <= MESSAGE_LENGTH else text[: MESSAGE_LENGTH - 1] + "…"
