"""What a fault test plays in: one EKS cluster, one class, the claims of one team; and what the test, as a user, does to them."""

import asyncio
import difflib
import json
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, TypedDict, TypeVar

from fargateclaims.api.group import API_VERSION, CLAIM_KIND, CLAIM_PLURAL, CLASS_KIND, CLASS_PLURAL, GROUP, VERSION
from fargateclaims.domain.identity import OWNERSHIP_KEYS
from fargateclaims.simulator.eks.client import Seeded, SimulatedEKS
from fargateclaims.simulator.eks.ledger import Call
from support.kube_contract import Api
from support.waiting import LIMIT, until

Object = dict[str, Any]
T = TypeVar("T")
FOREIGN: Final = "foreign"
CREATE, DELETE = "CreateFargateProfile", "DeleteFargateProfile"
_MUTATIONS: Final = {CREATE, DELETE, "TagResource", "UntagResource"}
_HASH = re.compile(r"-[0-9a-f]{8}-(\d{4})")


class Target(TypedDict):
    """Keyword arguments that name one cluster; no other parameter can be meant by them."""

    cluster: str


@dataclass
class World:
    """One EKS cluster and one class, both called `name`, and a namespace for claims, called so, too.

    :param pause: seconds between two looks at the API server while something is waited for.
    """

    api: Api
    eks: SimulatedEKS
    seeded: Seeded
    name: str
    pause: float = 0.03
    placed: set[str] = field(default_factory=set)

    @property
    def arn(self) -> str:
        return self.seeded.clusters[self.name]

    @property
    def selector(self) -> str:
        return f"world={self.name}"

    async def open(self, **spec: Any) -> None:
        """Make the namespace and the class."""
        await self.make_namespace(self.name)
        await self.make_class(**spec)

    async def make_namespace(self, name: str) -> None:
        metadata = {"name": name, "labels": {"world": self.name}}
        (await self.api.create("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})).ok()

    async def remove(self) -> None:
        """Take away what is left in Kubernetes, without an operator: the finalizers are cut off."""
        theirs = f"/apis/{GROUP}/{VERSION}"
        left = [f"{self.path(item['metadata']['namespace'])}/{item['metadata']['name']}" for item in await self.claims()]
        classes = (await self.api.get(f"{theirs}/{CLASS_PLURAL}", labelSelector=self.selector)).ok()["items"]
        for path in [*left, *(f"{theirs}/{CLASS_PLURAL}/{item['metadata']['name']}" for item in classes)]:
            await self.api.delete(path)
            await self.api.patch(path, {"metadata": {"finalizers": None}})
        for namespace in (await self.api.get("/api/v1/namespaces", labelSelector=self.selector)).ok()["items"]:
            await self.api.delete(f"/api/v1/namespaces/{namespace['metadata']['name']}")

    async def make_class(self, name: str | None = None, **spec: Any) -> Object:
        wanted = {
            "clusterARN": self.arn,
            "podExecutionRoleARN": self.seeded.pod_execution_role_arn,
            "claims": {"namespaces": {"from": "All"}, "selectorNamespaces": {"from": "Any"}, "profileNames": "Any"},
            **spec,
        }
        metadata = {"name": name or self.name, "labels": {"world": self.name}}
        obj = {"apiVersion": API_VERSION, "kind": CLASS_KIND, "metadata": metadata, "spec": wanted}
        return (await self.api.create(f"/apis/{GROUP}/{VERSION}/{CLASS_PLURAL}", obj)).ok()

    async def claim(self, name: str = "web", app: str | None = None, *, namespace: str | None = None, **spec: Any) -> Object:
        """Make a claim for the pods of one app (by default of the claim's own name)."""
        return (await self.api.create(self.path(namespace), self.manifest(name, app or name, **spec))).ok()

    def manifest(self, name: str, app: str, **spec: Any) -> Object:
        """A claim to be made."""
        wanted = {"className": self.name, "selectors": [{"labels": {"app": app}}], **spec}
        return {"apiVersion": API_VERSION, "kind": CLAIM_KIND, "metadata": {"name": name}, "spec": wanted}

    async def edit(self, name: str = "web", app: str | None = None, **spec: Any) -> Object:
        """Change a claim's spec: the app, or any field."""
        change = {**({"selectors": [{"labels": {"app": app}}]} if app else {}), **spec}
        return (await self.api.patch(f"{self.path()}/{name}", {"spec": change})).ok()

    async def annotate(self, name: str = "web", namespace: str | None = None, **annotations: str | None) -> Object:
        """Set annotations of the claim; those of ours are `retry` and `paused`."""
        named = {f"fargateclaims.dev/{key}" if key in {"retry", "paused"} else key: value for key, value in annotations.items()}
        return (await self.api.patch(f"{self.path(namespace)}/{name}", {"metadata": {"annotations": named}})).ok()

    async def delete(self, name: str = "web", namespace: str | None = None) -> Object | None:
        """Delete a claim; what is left of it."""
        (await self.api.delete(f"{self.path(namespace)}/{name}")).ok()
        return await self.read(name, namespace)

    async def read(self, name: str = "web", namespace: str | None = None) -> Object | None:
        """A claim; None if there is none."""
        answer = await self.api.get(f"{self.path(namespace)}/{name}")
        if answer.code == 404:
            return None
        answer.ok()["metadata"].pop("managedFields", None)
        return answer.ok()

    async def read_class(self, name: str | None = None) -> Object:
        return (await self.api.get(f"/apis/{GROUP}/{VERSION}/{CLASS_PLURAL}/{name or self.name}")).ok()

    async def claims(self) -> list[Object]:
        """All claims of this world's class, by namespace and name."""
        items: list[Object] = (await self.api.get(f"/apis/{GROUP}/{VERSION}/{CLAIM_PLURAL}")).ok()["items"]
        mine = [item for item in items if item["spec"].get("className") == self.name]
        return sorted(mine, key=lambda item: (item["metadata"]["namespace"], item["metadata"]["name"]))

    async def events(self) -> list[Object]:
        return list((await self.api.get("/apis/events.k8s.io/v1/events")).ok()["items"])

    async def until(self, holds: Callable[[Object], object], name: str = "web", namespace: str | None = None) -> Object:
        """Wait until something is true of a claim, which must be there; returns it. On time-out, says what the claim was."""

        async def look() -> Object:
            found = await self.read(name, namespace)
            assert found is not None, f"the claim {name} is gone"
            return found

        return await self.wait(look, holds)

    async def until_active(self, *names: str, namespace: str | None = None) -> None:
        """Wait until claims are Ready, with nothing left to do."""
        for name in names or ("web",):
            await self.until(settled, name, namespace)

    async def until_gone(self, *names: str, namespace: str | None = None) -> None:
        """Wait until claims are gone."""
        for name in names or ("web",):
            await self.wait(partial(self.read, name, namespace), lambda found: found is None)

    async def until_class(self, holds: Callable[[Object], object]) -> Object:
        """Wait until something is true of the class; returns it."""
        return await self.wait(self.read_class, holds)

    async def until_eks(self, holds: Callable[[], object]) -> None:
        """Wait until something is true in EKS."""

        async def ask() -> object:
            return holds()

        await self.wait(ask, bool)

    async def finish(self) -> None:
        """End what EKS is at work on, once it is: for what never ends by itself, so that it can be looked at."""
        await self.until_eks(lambda: self.eks.finish(**self.target()))

    async def wait(self, read: Callable[[], Awaitable[T]], holds: Callable[[T], object]) -> T:
        """Read until what is read is right, and return it. On time-out, says what was read last."""
        found: Any = None
        try:
            async with asyncio.timeout(LIMIT):
                while not holds(found := await read()):  # noqa: ASYNC110  (what is waited for comes over sockets)
                    await asyncio.sleep(self.pause)
        except TimeoutError:
            raise TimeoutError(f"it never came to be so: {json.dumps(found, indent=1)}") from None
        result: T = found
        return result

    def profiles(self) -> dict[str, Object]:
        """EKS's profiles by name."""
        return self.eks.profiles(self.name, account=self.seeded.account, region=self.seeded.region)

    def calls(self, operation: str | None = None, *, ours: bool = True) -> list[Call]:
        """The AWS calls for the cluster, of the operator or of others, too."""
        found = self.eks.calls(cluster=self.name, **({"operation": operation} if operation else {}))
        return [call for call in found if not ours or call.caller != FOREIGN]

    def begun(self, operation: str) -> int:
        """How many creates or deletes of ours EKS has begun."""
        return sum(call.changed for call in self.calls(operation))

    def place(self, *profiles: Mapping[str, Any]) -> None:
        """Put somebody else's profiles there."""
        self.placed |= {str(profile["name"]) for profile in profiles}
        self.eks.place(self.name, [dict(profile) for profile in profiles], account=self.seeded.account, region=self.seeded.region)

    def target(self) -> Target:
        """What makes a fault or a change of behaviour meet this cluster alone."""
        return {"cluster": self.name}

    async def picture(self) -> Any:
        """What the oracle compares: final objects and profiles, without what differs from run to run."""
        claims = {f"{item['metadata']['namespace']}/{item['metadata']['name']}": _claim(item) for item in await self.claims()}
        profiles = {name: _profile(profile, self.seeded.private_subnets) for name, profile in self.profiles().items()}
        whole = {"claims": claims, "class": _class(await self.read_class()), "profiles": profiles}
        text = _HASH.sub(r"-HASH-\1", json.dumps(whole, sort_keys=True)).replace(self.name, "WORLD")
        return json.loads(text)

    async def rest(self) -> Any:
        """The picture when the class, too, says that all claims are done."""
        used = bool(await self.claims())
        await self.until_class(lambda cls: _well(cls) and ("finalizers" in cls["metadata"]) == used)
        return await self.picture()

    async def check_same(self, expected: Any) -> None:
        """The oracle: it ends as the run without the fault. What is written last, the class, may take a moment."""
        seen: list[Any] = []

        async def look() -> Any:
            seen[:] = [await self.picture()]
            return seen[0]

        with suppress(TimeoutError):
            await self.wait(look, lambda picture: picture == expected)
        assert_same(expected, seen[0])

    async def check_always(self, *, refused: int | None = 0) -> None:
        """What every run must keep, whatever befell it.

        :param refused: how many calls EKS may have refused because a profile was moving; None for any number.
        """
        verdict = self.eks.verdict(self.name)
        assert verdict.max_in_flight <= 1
        assert refused is None or verdict.refused == refused
        owners = {(item["metadata"]["namespace"], item["metadata"]["name"]) for item in await self.claims()}
        for name, profile in self.profiles().items():
            tags = profile["tags"]
            if OWNERSHIP_KEYS[0] in tags:
                assert (tags["fargateclaims.dev/namespace"], tags["fargateclaims.dev/name"]) in owners, f"{name} is an orphan"
        self._check_foreign()

    def _check_foreign(self) -> None:
        calls = self.calls(ours=False)
        foreign = self.placed | {call.profile for call in calls if call.caller == FOREIGN and call.operation == CREATE and call.changed}
        touched = {call.profile for call in calls if call.caller != FOREIGN and call.operation in _MUTATIONS and call.status == 200}
        assert not touched & foreign, "a foreign profile was changed"

    async def check_at_rest(self, turns: Callable[[], float], names: Iterable[str] = ("web",), namespace: str | None = None) -> None:
        """A change that means nothing makes the worker look again: nothing is written then, and EKS is not changed."""
        before = Counter(self.begun(operation) for operation in (CREATE, DELETE))
        for name in names:
            turn = turns()
            touched = await self.annotate(name, namespace, note=f"nothing that matters, at {turn}")
            await until(lambda turn=turn: turns() != turn)  # type: ignore[misc]
            now = await self.read(name, namespace)
            assert now is not None
            assert now["metadata"]["resourceVersion"] == touched["metadata"]["resourceVersion"], "written without a reason"
        assert Counter(self.begun(operation) for operation in (CREATE, DELETE)) == before

    async def check_class_at_rest(self, turns: Callable[[], float]) -> None:
        """The same where no claim is left: the class says what it said, and EKS is not changed."""
        await self.rest()
        before, calls, turn = await self.read_class(), [call for call in self.calls() if call.changed], turns()
        path = f"/apis/{GROUP}/{VERSION}/{CLASS_PLURAL}/{self.name}"
        (await self.api.patch(path, {"metadata": {"annotations": {"note": f"nothing that matters, at {turn}"}}})).ok()
        await until(lambda: turns() != turn)
        # Its counts follow within ten seconds; all else has been said.
        assert (await self.read_class())["status"]["conditions"] == before["status"]["conditions"], "written without a reason"
        assert [call for call in self.calls() if call.changed] == calls

    def path(self, namespace: str | None = None) -> str:
        """Where the claims of a namespace are."""
        return f"/apis/{GROUP}/{VERSION}/namespaces/{namespace or self.name}/{CLAIM_PLURAL}"


def assert_same(expected: Any, picture: Any) -> None:
    """Compare two pictures; on failure, says what is different and no more."""
    wanted, found = (json.dumps(one, indent=1, sort_keys=True).splitlines() for one in (expected, picture))
    difference = "\n".join(difflib.unified_diff(wanted, found, "without the fault", "with it", lineterm="", n=2))
    assert not difference, difference


def condition(obj: Object | None, kind: str = "Ready") -> Object:
    """A condition of an object; empty if absent."""
    found = (obj or {}).get("status", {}).get("conditions", [])
    return next((dict(one) for one in found if one["type"] == kind), {})


def stands(obj: Object | None, kind: str = "Ready") -> tuple[str, str]:
    """A condition's status and reason."""
    found = condition(obj, kind)
    return found.get("status", ""), found.get("reason", "")


def settled(obj: Object | None) -> bool:
    """Whether a claim is Ready as its spec now says, with nothing left to do."""
    if obj is None or obj["status"].get("observedGeneration") != obj["metadata"]["generation"]:
        return False
    return stands(obj) == ("True", "Active") and "operation" not in obj["status"] and "previousProfile" not in obj["status"]


def profile_of(obj: Object | None) -> str:
    """The name of a claim's profile."""
    return str((obj or {}).get("status", {}).get("profile", {}).get("name", ""))


def _conditions(obj: Object) -> dict[str, Any]:
    return {one["type"]: (one["status"], one["reason"]) for one in obj.get("status", {}).get("conditions", ())}


def _claim(obj: Object) -> Object:
    metadata, status = obj["metadata"], obj.get("status", {})
    return {
        "spec": obj["spec"],
        "finalizers": metadata.get("finalizers", []),
        "deleting": "deletionTimestamp" in metadata,
        "conditions": _conditions(obj),
        "observed": status.get("observedGeneration") == metadata["generation"],
        "profile": {key: status.get("profile", {}).get(key) for key in ("name", "status")},
        "rest": {key: status.get(key) for key in ("previousProfile", "operation", "failedAttempts", "nextAttemptTime")},
    }


_IN_THE_BACKGROUND = frozenset({"RoleMapped", "EgressAvailable", "DNSReady"})
"""When they are looked at is no part of what a fault may change."""


def _well(cls: Object) -> bool:
    inspected = all(reason != "NotObserved" for kind, (_, reason) in _conditions(cls).items() if kind not in _IN_THE_BACKGROUND)
    return inspected and stands(cls) == ("True", "Usable")


def _class(obj: Object) -> Object:
    # Its counts follow within ten seconds.
    conditions = {kind: said for kind, said in _conditions(obj).items() if kind not in _IN_THE_BACKGROUND}
    return {"finalizers": obj["metadata"].get("finalizers", []), "conditions": conditions}


def _profile(profile: Object, subnets: Sequence[str]) -> Object:
    wanted = ("status", "selectors", "podExecutionRoleArn", "tags")
    return {key: profile.get(key) for key in wanted} | {"subnets": sorted(map(subnets.index, profile["subnets"]))}
