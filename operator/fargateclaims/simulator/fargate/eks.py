"""The simulated EKS as the data plane sees it.

Profiles, which are looked at again and again, come from its admin API: its ledger is for what customers ask. All else comes from AWS's.
"""

import asyncio
import json
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Network
from typing import Any, Final
from urllib.parse import quote, urlencode
from xml.etree import ElementTree as ET

import aiohttp

from fargateclaims.api.arn import ClusterARN
from fargateclaims.domain.profile import Profile, ProfileSelector, ProfileState
from fargateclaims.simulator.fargate.addresses import Subnet

CONFIG_MAP: Final = "CONFIG_MAP"
API: Final = "API"
FARGATE_LINUX: Final = "FARGATE_LINUX"
AT_ONCE: Final = 16
"""Requests under way at a time."""
_TIMEOUT: Final = aiohttp.ClientTimeout(total=30)
_EC2_VERSION: Final = "2016-11-15"


class EKSUnavailableError(Exception):
    """The simulated EKS did not answer, or not as expected; the message says to what."""


class EKS:
    """What EKS knows of one cluster.

    :param url: of the simulator.
    :param access_key_id: one of the cluster's account. Signatures are not verified by the simulator, so there is no secret.
    :param session: stays the caller's.
    """

    def __init__(self, url: str, cluster: ClusterARN, access_key_id: str, session: aiohttp.ClientSession) -> None:
        self._url = url.rstrip("/")
        self._cluster = cluster
        self._access_key_id = access_key_id
        self._session = session
        self._subnets: dict[str, Subnet] = {}
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def profiles(self) -> Mapping[str, Profile] | None:
        """The profiles by ARN; None if EKS has no such cluster. Raises EKSUnavailableError, as all methods do."""
        clusters = (await self._json("GET", "/_sim/clusters", {}))["clusters"]
        mine = next((cluster for cluster in clusters if cluster["arn"] == str(self._cluster)), None)
        return None if mine is None else {document["fargateProfileArn"]: _profile(document) for document in mine["profiles"]}

    async def authentication_mode(self) -> str:
        """Of the cluster: API, CONFIG_MAP or API_AND_CONFIG_MAP."""
        cluster = (await self._json("GET", f"/clusters/{self._cluster.name}", self._signed("eks")))["cluster"]
        return str(cluster["accessConfig"]["authenticationMode"])

    async def has_fargate_entry(self, role: str) -> bool:
        """Whether a role has an access entry for Fargate. To be asked only of a cluster whose mode includes the API."""
        path = f"/clusters/{self._cluster.name}/access-entries/{quote(role, safe='')}"
        answer = await self._json("GET", path, self._signed("eks"), missing={})
        return bool(answer) and answer["accessEntry"]["type"] == FARGATE_LINUX

    async def subnets(self, ids: Iterable[str]) -> list[Subnet]:
        """Subnets by id; they never change, so each is asked for once."""
        wanted = list(ids)
        unknown = [subnet_id for subnet_id in wanted if subnet_id not in self._subnets]
        if unknown:
            body = {"Action": "DescribeSubnets", "Version": _EC2_VERSION}
            body |= {f"SubnetId.{number}": subnet_id for number, subnet_id in enumerate(unknown, 1)}
            headers = {**self._signed("ec2"), "Content-Type": "application/x-www-form-urlencoded"}
            for subnet in _subnets(await self._answer("POST", "/", headers, urlencode(body))):
                self._subnets[subnet.id] = subnet
        return [self._subnets[subnet_id] for subnet_id in wanted if subnet_id in self._subnets]

    def _signed(self, service: str) -> dict[str, str]:
        scope = f"{self._access_key_id}/20260101/{self._cluster.region}/{service}/aws4_request"
        return {
            "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=unsigned",
            "User-Agent": "fargate-data-plane",
        }

    async def _json(self, method: str, path: str, headers: Mapping[str, str], *, missing: dict[str, Any] | None = None) -> dict[str, Any]:
        content = await self._answer(method, path, headers, allow_missing=missing is not None)
        try:
            answer = missing if content is None else json.loads(content)
        except ValueError as error:
            raise EKSUnavailableError(f"{method} {path}: the answer is no JSON") from error
        if not isinstance(answer, dict):
            raise EKSUnavailableError(f"{method} {path}: the answer is no object")
        return answer

    async def _answer(
        self, method: str, path: str, headers: Mapping[str, str], body: str | None = None, *, allow_missing: bool = False
    ) -> bytes | None:
        try:
            async with (
                self._turns,
                self._session.request(method, self._url + path, data=body, headers=headers, timeout=_TIMEOUT) as response,
            ):
                content = await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise EKSUnavailableError(f"{method} {path}: {error or type(error).__name__}") from error
        if allow_missing and response.status == 404:
            return None
        if response.status >= 400:
            raise EKSUnavailableError(f"{method} {path}: {response.status}: {content[:300].decode(errors='replace')}")
        return content


class Profiles:
    """The latest reading of a cluster's profiles, shared by all who ask at a time."""

    def __init__(self, eks: EKS) -> None:
        self._eks = eks
        self._latest: Mapping[str, Profile] | None = None
        self._under_way: asyncio.Task[None] | None = None
        self._next: asyncio.Task[None] | None = None
        self.changed = asyncio.Event()
        """Set when a reading differs from the one before."""

    @property
    def latest(self) -> Mapping[str, Profile] | None:
        """By ARN; None while EKS does not know the cluster."""
        return self._latest

    async def close(self) -> None:
        """Give up what is being read."""
        for task in filter(None, (self._under_way, self._next)):
            task.cancel()
            await asyncio.wait([task])

    async def read(self) -> Mapping[str, Profile] | None:
        """A reading that was begun after this was called: what became ACTIVE before, is in it. Raises EKSUnavailableError."""
        if self._next is None:
            self._next = asyncio.create_task(self._read_after(self._under_way), name="profiles")
            # Also when all who wait for it have been cancelled.
            self._next.add_done_callback(_retrieve)
        await asyncio.shield(self._next)
        return self._latest

    async def _read_after(self, other: asyncio.Task[None] | None) -> None:
        if other is not None:
            await asyncio.wait([other])
        self._under_way, self._next = self._next, None
        before, self._latest = self._latest, await self._eks.profiles()
        if before != self._latest:
            self.changed.set()


def _retrieve(task: asyncio.Task[None]) -> None:
    if not task.cancelled():
        task.exception()


def _profile(document: Mapping[str, Any]) -> Profile:
    selectors = tuple(ProfileSelector(selector["namespace"], selector.get("labels") or {}) for selector in document["selectors"])
    return Profile(
        name=document["fargateProfileName"],
        arn=document["fargateProfileArn"],
        state=ProfileState(document["status"]),
        pod_execution_role_arn=document["podExecutionRoleArn"],
        selectors=selectors,
        subnet_ids=tuple(document["subnets"]),
    )


def _subnets(content: bytes | None) -> Iterable[Subnet]:
    try:
        root = ET.fromstring(content or b"")  # noqa: S314  (of our own simulator)
    except ET.ParseError as error:
        raise EKSUnavailableError("DescribeSubnets: the answer is no XML") from error
    for item in root.iterfind("{*}subnetSet/{*}item"):
        fields = {child.tag.rpartition("}")[2]: child.text or "" for child in item}
        yield Subnet(fields["subnetId"], fields["availabilityZone"], IPv4Network(fields["cidrBlock"]))
