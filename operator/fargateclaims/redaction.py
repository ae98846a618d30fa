"""Keeps secrets out of whatever people can read: logs, events, status."""

import re
from typing import Final

REDACTED: Final = "[redacted]"

# The whole value goes, the name before it stays: it says what was there.
_NAMED: Final = re.compile(
    r"""(?ix)
    (
      \b(?:aws_?)?(?:secret_?access_?key|session_?token|security_?token)
      | \bx-amz-(?:signature|security-token|credential)
      | \b(?:signature|client[_-]?secret|client-key-data|id[_-]token|refresh[_-]token|access[_-]token|password|passwd)
    )
    (["']?\s*(?:[=:]|%3D)\s*["']?)
    [^\s"'&,;}\])]+
    """,
)
_AUTHORIZATION: Final = re.compile(
    r"""(?i)(\bauthorization["']?\s*[=:]\s*["']?)(?:(?:aws4-hmac-sha256|bearer|basic|negotiate)\s+)?[^\s"',}]+"""
)
_SCHEME: Final = re.compile(r"(?i)\b(bearer|basic)(\s+)[A-Za-z0-9._~+/=-]{16,}")
_URL_PASSWORD: Final = re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://[^\s/:@]+):[^\s/@]+@")
_BARE: Final = re.compile(
    r"""(?x)
    \b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{12,}\b                          # an AWS access key's id
    | \beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?  # a JSON web token, such as a ServiceAccount's
    | \bk8s-aws-v1\.[A-Za-z0-9_=-]+                                   # a token of `aws eks get-token`: a signed URL
    | -----BEGIN[ ][A-Z ]*PRIVATE[ ]KEY-----.*?(?:-----END[ ][A-Z ]*PRIVATE[ ]KEY-----|\Z)
    """,
    re.DOTALL,
)


def redact(text: str) -> str:
    """Return `text` without AWS keys, signatures, tokens and passwords; the rest stays as it is."""
    text = _AUTHORIZATION.sub(rf"\1{REDACTED}", text)
    text = _NAMED.sub(rf"\1\2{REDACTED}", text)
    text = _SCHEME.sub(rf"\1\2{REDACTED}", text)
    text = _URL_PASSWORD.sub(rf"\1:{REDACTED}@", text)
    return _BARE.sub(REDACTED, text)
