import base64

import pytest

from fargateclaims.redaction import REDACTED, redact

# Put together here, so that no scanner for leaked keys takes this file for one.
KEY_ID = "AK" + "IA" + "IOSFODNN7EXAMPLE"
TEMPORARY_KEY_ID = "AS" + "IA" + "IOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY"
SIGNATURE = "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzeXN0ZW06c2VydmljZWFjY291bnQifQ.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("text", "secrets"),
    [
        (f"The key {KEY_ID} is not known", [KEY_ID]),
        (f"assumed with {TEMPORARY_KEY_ID}.", [TEMPORARY_KEY_ID]),
        (f"aws_secret_access_key = {SECRET}", [SECRET]),
        (f"AWS_SECRET_ACCESS_KEY={SECRET} AWS_REGION=eu-west-1", [SECRET]),
        (f"{{'SecretAccessKey': '{SECRET}', 'SessionToken': 'FwoGZXIvYXdzEBYaD'}}", [SECRET, "FwoGZXIvYXdzEBYaD"]),
        (
            f"Authorization: AWS4-HMAC-SHA256 Credential={KEY_ID}/20261121/eu-west-1/eks/aws4_request, Signature={SIGNATURE}",
            [KEY_ID, SIGNATURE],
        ),
        (
            f"https://sts.amazonaws.com/?X-Amz-Credential={KEY_ID}%2F2026&X-Amz-Signature={SIGNATURE}&X-Amz-Security-Token=IQoJb3",
            [KEY_ID, SIGNATURE, "IQoJb3"],
        ),
        (f"authorization: Bearer {JWT}", [JWT]),
        (f"'Authorization': 'Bearer {JWT}'", [JWT]),
        (f"sent Bearer {'x' * 40}", ["x" * 40]),
        (f"the token was {JWT}", [JWT]),
        ("k8s-aws-v1.aHR0cHM6Ly9zdHMuYW1hem9uYXdz", ["aHR0cHM6Ly9zdHMuYW1hem9uYXdz"]),
        ("proxy http://me:hunter2@proxy:3128 refused", ["hunter2"]),
        ("password=hunter2", ["hunter2"]),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----", ["MIIEow"]),
        ("client-key-data: " + base64.b64encode(b"-----BEGIN").decode(), [base64.b64encode(b"-----BEGIN").decode()]),
        ("Authorization: Basic dXNlcjpodW50ZXIy", ["dXNlcjpodW50ZXIy"]),
    ],
)
def test_secrets_go(text: str, secrets: list[str]) -> None:
    redacted = redact(text)
    assert REDACTED in redacted
    for secret in secrets:
        assert secret not in redacted


@pytest.mark.parametrize(
    "text",
    [
        "waiting, 2nd of 5 on cluster prod: profile shop-b (claim shop/b) is CREATING since 14:02:11Z",
        "arn:aws:eks:eu-west-1:111122223333:fargateprofile/prod/shop-checkout-1f0c9a7e-9998/2cbd9d9a-6a0e-4c9d-8f8a-1b9f3ac9d9b1",
        "User arn:aws:sts::111122223333:assumed-role/op/i-1 is not authorized to perform: eks:CreateFargateProfile",
        "the secret access key of the session has expired; see https://docs.aws.amazon.com/eks/latest/userguide",
        "Basic authentication is not offered, a bearer token is",
        "AKIA is how a key id begins",
    ],
)
def test_everything_else_stays(text: str) -> None:
    assert redact(text) == text


def test_what_stood_beside_a_secret_stays() -> None:
    assert redact(f"AWS_SECRET_ACCESS_KEY={SECRET} AWS_REGION=eu-west-1") == f"AWS_SECRET_ACCESS_KEY={REDACTED} AWS_REGION=eu-west-1"
    assert redact("http://me:hunter2@proxy:3128/x") == f"http://me:{REDACTED}@proxy:3128/x"
