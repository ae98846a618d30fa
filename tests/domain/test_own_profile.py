"""The profile that the operator runs on."""

import base64
from dataclasses import replace

import pytest

from fargateclaims.domain.own_profile import OwnProfile, runs_operator
from support.builders import CLUSTER


def pem(*bodies: str) -> str:
    return "".join(f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n" for body in bodies)


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("own", "authority", "runs"),
    [
        (None, encoded(pem("AAAA")), False),
        (OwnProfile("platform", pem("AAAA")), encoded(pem("AAAA")), True),
        (OwnProfile("platform", pem("BBBB")), encoded(pem("AAAA")), False),
        (OwnProfile("other", pem("AAAA")), encoded(pem("AAAA")), False),
        # While a CA is being replaced, a pod sees both.
        (OwnProfile("platform", pem("BBBB", "AA\nAA")), encoded(pem("AAAA")), True),
        # What cannot be told apart is spared.
        (OwnProfile("platform"), encoded(pem("AAAA")), True),
        (OwnProfile("platform", pem("AAAA")), "", True),
        (OwnProfile("platform", pem("AAAA")), "no base64!", True),
        (OwnProfile("platform", pem("AAAA")), encoded("no certificate"), True),
    ],
)
def test_it_is_known_by_its_name_and_its_clusters_ca(own: OwnProfile | None, authority: str, runs: bool) -> None:  # noqa: FBT001
    assert runs_operator(own, replace(CLUSTER, certificate_authority=authority), "platform") is runs


def test_of_a_cluster_that_was_not_read_the_name_is_enough() -> None:
    assert runs_operator(OwnProfile("platform", pem("AAAA")), None, "platform")
