"""What happens in the demo: who does what, and when. Each act waits for what it builds on, not for a time."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Final

from fargateclaims.api.conditions import ConditionType
from fargateclaims.api.reasons import Reason
from fargateclaims.cli.demonstration import manifests
from fargateclaims.cli.demonstration.claims import Claims, Key
from fargateclaims.cli.demonstration.errors import DemoError, steering, ungrouped
from fargateclaims.cli.demonstration.kubernetes_api import KubernetesAPI
from fargateclaims.cli.demonstration.pods import Pods
from fargateclaims.cli.demonstration.programs import kubectl_fargate
from fargateclaims.cli.demonstration.stage import PROD, PROD_ACCOUNT, PROD_REGION, Stage
from fargateclaims.simulator.eks.client import SimulatedEKS
from fargateclaims.simulator.eks.errors import EKSError

EDITED: Final = Key("shop", "search")
REFUSED: Final = Key("data", "adhoc")
DELETED: Final = (Key("shop", "reports"), Key("shop", "preview"))
KEPT: Final = (Key("shop", "checkout"), EDITED, Key("data", "etl"), Key("data", "ingest"))
FOREIGN_PROFILE: Final = "tf-batch"
WORKLOAD: Final = EDITED
"""Namespace and name of the Deployment whose pods the profile takes, and of their disruption budget."""
WORKLOAD_LABELS: Final = "app=search"
REPLICAS: Final = 6

# A machine with much else to do may need far longer than is usual, whatever EKS takes.
_SPARE_SECONDS: Final = 150.0
# Of EKS's operations on the cluster where most happens, the one of someone else included.
_OPERATIONS_IN_A_ROW: Final = 10
_OPERATOR_LIMIT: Final = 60.0
# So much longer than others does the profile of someone else take, at least: time for two teams to run into it.
_FOREIGN_EXTRA_SECONDS: Final = 1.0
# A new claim's place in the queue is by its creationTimestamp, which has whole seconds.
_OF_A_TIMESTAMP: Final = 1.0
# How long one request may wait; a client gives up after two minutes.
_FOREIGN_WAIT_SECONDS: Final = 30.0
_LOOK_AGAIN: Final = 0.1
_NEW_SELECTORS: Final = [{"labels": {"app": "search"}}, {"labels": {"app": "search-api"}}]


def story_limit(seconds: float) -> float:
    """How many seconds the story may last if EKS takes so many for an operation: twice what these alone need, and some to spare."""
    return _SPARE_SECONDS + 2 * _OPERATIONS_IN_A_ROW * seconds


def foreign_patience(seconds: float) -> float:
    """How many seconds someone else tries to get the slot: several operations long, within the limit of the story."""
    return story_limit(seconds) / 2


class Story:
    """The acts of the demo.

    :param tell: shows one line about what somebody does.
    """

    def __init__(self, stage: Stage, api: KubernetesAPI, claims: Claims, pods: Pods, tell: Callable[[str], None]) -> None:
        self._stage = stage
        self._api = api
        self._claims = claims
        self._pods = pods
        self._tell = tell
        self._edited = asyncio.Event()

    async def play(self) -> None:
        """All acts, until all claims have come to rest. DemoError if they do not."""
        await self._platform_prepares()
        limit = story_limit(self._stage.seconds)
        try:
            async with asyncio.timeout(limit):
                with ungrouped():
                    async with asyncio.TaskGroup() as acts:
                        for act in (self._shop_claims, self._terraform_interferes, self._preview_is_over, self._reports_are_over):
                            acts.create_task(act())
                await self._claims.until(self._at_rest)
                await self._pods.until(lambda: self._pods.all_ready(self._claims.present[EDITED].profile))
        except TimeoutError:
            left = "\n".join(filter(None, (self._claims.describe(), self._pods.describe())))
            raise DemoError(f"claims and pods have not come to rest within {limit:.0f} s:\n{left}") from None

    async def _platform_prepares(self) -> None:
        self._tell("the platform team: kubectl apply -f 00-namespaces.yaml -f 10-classes.yaml")
        await self._apply("00-namespaces.yaml", "10-classes.yaml")
        try:
            async with asyncio.timeout(_OPERATOR_LIMIT):
                while not _ready(await self._api.get_class("standard")):  # noqa: ASYNC110 - what is waited for is in another process
                    await asyncio.sleep(_LOOK_AGAIN)
        except TimeoutError:
            raise DemoError(f"the operator did not make class standard Ready within {_OPERATOR_LIMIT:.0f} s") from None

    async def _shop_claims(self) -> None:
        """A workload that is there before its profile: EKS looks for one when a pod is made, and never again."""
        self._tell("team shop: kubectl apply -f 30-deployment-shop.yaml, too early: no profile takes its pods")
        await self._apply("30-deployment-shop.yaml")
        await self._pods.until(self._pods.all_refused)
        self._tell("team shop: kubectl apply -f 20-claims-shop.yaml")
        await self._apply("20-claims-shop.yaml")

    async def _terraform_interferes(self) -> None:
        """While someone else holds the slot, a second team comes along, and the first one edits: all of them say whom they wait for.

        Meanwhile a subnet is opened to the internet that the operator has seen private: EKS refuses the claim whose class names it.
        """
        # Not as soon as the claim says Creating: that is written before EKS is asked, and the slot could be taken in between.
        await self._claims.until(lambda: self._claims.has_profile(EDITED))
        await asyncio.to_thread(_create_foreign_profile, self._stage)
        soonest = time.monotonic() + self._stage.seconds + _FOREIGN_EXTRA_SECONDS
        self._tell(f"terraform apply, knowing nothing of any queue: profile {FOREIGN_PROFILE} on cluster {PROD}")
        await asyncio.to_thread(_open_subnet, self._stage)
        self._tell(f"the network team, by mistake: {self._stage.spare_subnet} gets a route to the internet")
        await self._claims.until(lambda: self._claims.active(EDITED))
        await self._reschedule()
        self._tell(f"team shop: kubectl edit fpc {EDITED.name}, other labels while pods run on the profile")
        await self._api.patch_claim(*EDITED, {"spec": {"selectors": _NEW_SELECTORS}})
        # Who comes a second after it has its place has a later one: while its pods move, the others' profiles are made.
        await self._claims.until(lambda: self._claims.is_queued(EDITED))
        await asyncio.sleep(_OF_A_TIMESTAMP)
        self._edited.set()
        self._tell("team data: kubectl apply -f 21-claims-data.yaml")
        await self._apply("21-claims-data.yaml")
        await self._terraform_is_done(soonest)

    async def _reschedule(self) -> None:
        """The pods that were too early are made again, and run: from here on, their budget holds."""
        command = ("reschedule", EDITED.name, "-n", EDITED.namespace, "--yes")
        self._tell(f"team shop: kubectl fargate {' '.join(command)}")
        await kubectl_fargate(*command, kubeconfig=self._stage.kubeconfig)
        await self._pods.until(lambda: self._pods.all_ready(self._claims.present[EDITED].profile))

    async def _terraform_is_done(self, soonest: float) -> None:
        """Let the profile of someone else become ACTIVE, not before a claim has said that it waits for it: an operator may be slow."""
        await self._claims.until(lambda: FOREIGN_PROFILE in self._claims.waited_for)
        await asyncio.sleep(soonest - time.monotonic())
        await asyncio.to_thread(_finish_foreign_profile, self._stage)

    async def _preview_is_over(self) -> None:
        await self._delete_when_active(Key("shop", "preview"))

    async def _reports_are_over(self) -> None:
        await self._edited.wait()
        await self._delete_when_active(Key("shop", "reports"))

    async def _delete_when_active(self, key: Key) -> None:
        await self._claims.until(lambda: self._claims.active(key))
        self._tell(f"team {key.namespace}: kubectl delete fpc {key.name}")
        await self._api.delete_claim(*key)

    async def _apply(self, *files: str) -> None:
        for file in files:
            for obj in manifests.read(manifests.samples() / file, self._stage.replacements):
                await self._api.create(obj)

    def _at_rest(self) -> bool:
        left = any(key in self._claims.present for key in DELETED)
        return self._claims.active(*KEPT) and self._claims.reason(REFUSED) == Reason.INVALID and not left


def _create_foreign_profile(stage: Stage) -> None:
    deadline = time.monotonic() + foreign_patience(stage.seconds)
    with steering("the profile of someone else could not be created"), SimulatedEKS(stage.eks_url) as eks:
        while not _foreign_create(eks, last=time.monotonic() >= deadline):
            pass


def _foreign_create(eks: SimulatedEKS, *, last: bool) -> bool:
    """Returns whether EKS took it; False if the cluster was busy all the time. Raises EKSError, for that only the last time."""
    try:
        eks.foreign_create(
            PROD, FOREIGN_PROFILE, account=PROD_ACCOUNT, region=PROD_REGION, never_ends=True, wait_seconds=_FOREIGN_WAIT_SECONDS
        )
    except EKSError as error:
        if last or error.code != "ResourceInUseException":
            raise
        return False
    return True


def _finish_foreign_profile(stage: Stage) -> None:
    with steering("the profile of someone else could not be finished"), SimulatedEKS(stage.eks_url) as eks:
        eks.finish(account=PROD_ACCOUNT, region=PROD_REGION, cluster=PROD)


def _open_subnet(stage: Stage) -> None:
    with steering("the subnet could not be opened to the internet"), SimulatedEKS(stage.eks_url) as eks:
        eks.open_to_internet(stage.spare_subnet, account=PROD_ACCOUNT, region=PROD_REGION)


def _ready(obj: dict[str, Any]) -> bool:
    conditions = obj.get("status", {}).get("conditions", ())
    return any(each["type"] == ConditionType.READY and each["status"] == "True" for each in conditions)
