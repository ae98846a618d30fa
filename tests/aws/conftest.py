from collections.abc import Callable, Iterator

import pytest
from botocore.config import Config

from fargateclaims.aws import sessions
from fargateclaims.aws.cloud import AWSCloud
from fargateclaims.clock import Clock
from support.canned_aws import CannedAWS, Told, canned_aws
from support.virtual_clock import VirtualClock
from support.waiting import NEVER


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow machine is no fault: botocore gives no call up, and our own limits are of a clock that stands still unless a test moves it."""
    monkeypatch.setattr(sessions, "_CLIENT_CONFIG", sessions._CLIENT_CONFIG.merge(Config(connect_timeout=NEVER, read_timeout=NEVER)))


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CannedAWS]:
    """All of AWS on loopback, with credentials that are valid there."""
    nowhere = tmp_path_factory.mktemp("aws") / "nothing"
    with canned_aws() as server:
        for name, value in {
            "AWS_ENDPOINT_URL": server.url,
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "AWS_CONFIG_FILE": str(nowhere),
            "AWS_SHARED_CREDENTIALS_FILE": str(nowhere),
            "AWS_EC2_METADATA_DISABLED": "true",
        }.items():
            monkeypatch.setenv(name, value)
        for name in ("AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
            monkeypatch.delenv(name, raising=False)
        yield server


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def clouds(aws: CannedAWS, told: Told) -> Iterator[Callable[..., AWSCloud]]:
    """Make AWSClouds that are closed after the test."""
    made: list[AWSCloud] = []

    def make(clock: Clock | None = None, calls_per_second: float = 1000) -> AWSCloud:
        made.append(AWSCloud(clock or VirtualClock(), calls_per_second, "test/inst", told))
        return made[-1]

    yield make
    aws.released.set()
    for cloud in made:
        cloud.close()


@pytest.fixture
def cloud(clouds: Callable[..., AWSCloud]) -> AWSCloud:
    return clouds()
