import string

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from fargateclaims.aws.errors import classify
from fargateclaims.aws.limits import MESSAGE_LENGTH
from fargateclaims.aws.messages import clean

BASE64 = string.ascii_letters + string.digits + "+/"
access_keys = st.builds(
    str.__add__, st.sampled_from(["AKIA", "ASIA"]), st.text(string.ascii_uppercase + "234567", min_size=16, max_size=16)
)
session_tokens = st.builds(str.__add__, st.sampled_from(["IQoJb3JpZ2lu", "FwoGZXIvYXdz"]), st.text(BASE64, min_size=300, max_size=600))
signatures = st.text("0123456789abcdef", min_size=64, max_size=64)
secret_keys = st.text(BASE64, min_size=40, max_size=40)
words = st.text(string.ascii_letters + string.digits + " .,:'\"()\n", max_size=60)
ARN = "arn:aws:eks:eu-west-1:111122223333:fargateprofile/" + "c" * 100 + "/" + "p" * 100 + "/4ec5a9c3-0000-1111-2222-333344445555"


def error(message: str) -> ClientError:
    return ClientError({"Error": {"Code": "SignatureDoesNotMatch", "Message": message}, "ResponseMetadata": {"HTTPStatusCode": 403}}, "X")  # type: ignore[typeddict-item]


@given(words, access_keys, session_tokens, words)
def test_access_keys_and_session_tokens_never_get_through(before: str, key: str, token: str, after: str) -> None:
    shown = classify(error(f"{before} {key} {token} {after}"), "DescribeCluster").message
    assert key not in shown
    assert token[:100] not in shown
    assert token[-100:] not in shown


@given(access_keys, signatures, session_tokens)
def test_what_was_signed_never_gets_through(key: str, signature: str, token: str) -> None:
    for message in (
        f"Authorization=AWS4-HMAC-SHA256 Credential={key}/20261121/eu-west-1/eks/aws4_request, SignedHeaders=host, Signature={signature}",
        f"The Canonical String for this request should have been\n'GET\n/clusters\nx-amz-security-token:{token}\n{signature}'",
        f"https://sts.amazonaws.com/?X-Amz-Credential={key}%2F1&X-Amz-Security-Token={token}&X-Amz-Signature={signature}",
    ):
        shown = clean(message)
        assert key not in shown
        assert signature not in shown
        assert token[:50] not in shown


@given(words, secret_keys, words)
def test_a_known_secret_goes_wherever_it_stands(before: str, secret: str, after: str) -> None:
    assert secret not in clean(before + secret + after, [secret, ""])


@given(st.text(max_size=5000))
def test_a_message_is_one_short_line(text: str) -> None:
    shown = clean(text)
    assert len(shown) <= MESSAGE_LENGTH
    assert shown == " ".join(shown.split())
    assert clean(shown) == shown or shown.endswith("…")


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("No cluster (Service: Eks, Status Code: 404, Request ID: 0a1b-2c, Extended Request ID: null)", "No cluster"),
        ("We failed; request id: 0a1b2c3d-1111. Try again", "We failed. Try again"),
        ("RequestId: 0a1b2c3d-1111 failed", "failed"),
        ("You may not. Encoded authorization failure message: Ab3_x-9", "You may not."),
        ('Could not connect to "https://user:pass@proxy:1/x"', 'Could not connect to "https://user:[redacted]@proxy:1/x"'),
        (f"profile {ARN} is busy", f"profile {ARN} is busy"),
        ("The security token included in the request is expired", "The security token included in the request is expired"),
        (
            "Subnet subnet-x provided in Fargate Profile is not a private subnet",
            "Subnet subnet-x provided in Fargate Profile is not a private subnet",
        ),
        ("first line\r\n\tsecond\x00line", "first line second line"),
    ],
)
def test_words_that_help_stay(message: str, shown: str) -> None:
    assert clean(message) == shown
