import asyncio
from collections.abc import Callable

import pytest

from fargateclaims.aws.cloud import AWSCloud
from fargateclaims.domain.observation import Quotas
from fargateclaims.timing import AWS_QUOTAS_TTL
from support.canned_aws import Answer, Call, CannedAWS, refused
from support.eks_answers import PROD
from support.virtual_clock import VirtualClock

Clouds = Callable[..., AWSCloud]
VALUES = {"L-33415657": 20.0, "L-D78D8AF8": 6.0, "L-23414FF3": 7.0}


def value(call: Call) -> Answer:
    assert call.parameters["ServiceCode"] == "eks"
    return Answer({"Quota": {"Value": VALUES[call.parameters["QuotaCode"]]}})


async def test_quotas_are_read_once_for_all_clusters_of_an_account_and_region(aws: CannedAWS, cloud: AWSCloud) -> None:
    aws.will("GetServiceQuota", value)
    found = await asyncio.gather(*(cloud.gateway(PROD).quotas() for _ in range(5)))
    assert set(found) == {Quotas(20, 6, 7)}
    assert aws.count("GetServiceQuota") == 3


async def test_a_raise_is_seen_after_a_while(aws: CannedAWS, clouds: Clouds) -> None:
    clock = VirtualClock()
    gateway = clouds(clock).gateway(PROD)
    aws.will("GetServiceQuota", value)
    await gateway.quotas()
    aws.will("GetServiceQuota", Answer({"Quota": {"Value": 30.0}}))
    await clock.advance(AWS_QUOTAS_TTL - 1)
    assert (await gateway.quotas()).profiles_per_cluster == 20
    await clock.advance(1)
    assert (await gateway.quotas()).profiles_per_cluster == 30


@pytest.mark.parametrize(
    "answer",
    [
        refused("AccessDeniedException", "no"),
        refused("NoSuchResourceException", "no"),
        refused("ServiceException", "oops", 500),
        Answer({}),
        Answer({"Quota": {"Value": "many"}}),
        Answer("<html>"),
    ],
)
async def test_what_cannot_be_read_is_none_and_not_asked_for_again_at_once(aws: CannedAWS, cloud: AWSCloud, answer: Answer) -> None:
    aws.will("GetServiceQuota", answer)
    gateway = cloud.gateway(PROD)
    assert [await gateway.quotas() for _ in range(3)] == [Quotas()] * 3
    assert aws.count("GetServiceQuota") == 3


async def test_what_was_known_stays_known_while_the_service_is_down(aws: CannedAWS, clouds: Clouds) -> None:
    clock = VirtualClock()
    gateway = clouds(clock).gateway(PROD)
    aws.will("GetServiceQuota", value)
    await gateway.quotas()
    down, denied = refused("ServiceException", "oops", 500), refused("AccessDeniedException", "no")
    for answer, expected in ((down, Quotas(20, 6, 7)), (denied, Quotas())):
        aws.will("GetServiceQuota", answer)
        await clock.advance(AWS_QUOTAS_TTL)
        assert await gateway.quotas() == expected
