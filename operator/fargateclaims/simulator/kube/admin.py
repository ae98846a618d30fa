"""The admin API, under ``/_sim``: faults, watches, the ledger, bulk loading. `client` speaks it.

==========================  ==================================================================================================
GET    /_sim/state          ``{"revision", "objects": {collection: count}, "watches": [...]}``
POST   /_sim/reset          forget all objects, faults and the ledger; CRDs given at the start are applied again
POST   /_sim/load           ``{"objects": [...]}``: create them, with their status; answers ``{"created": n}``
POST   /_sim/compact        ``{"resource": plural or absent}``: forget the history, so that old watches and pages get 410
GET    /_sim/faults         the faults that are on, with their hits
POST   /_sim/faults         switch one on (fields of `faults.Fault`: verb, resource, subresource, namespace, name, userAgent; code,
                            message, retryAfter, delay, drop, when, asOf; times); answers with its id
DELETE /_sim/faults[/id]    switch one off, or all
POST   /_sim/watches        ``{"action": one of watch.Trouble, "resource": plural or "*"}``; answers ``{"affected": n}``
GET    /_sim/ledger         entries; each query parameter is a field that must be equal (verb, resource, code …)
GET    /_sim/ledger/counts  totals by verb, resource, subresource and code
DELETE /_sim/ledger         start counting afresh
==========================  ==================================================================================================

None of these requests is subject to faults or enters the ledger.
"""

import json
from collections.abc import Callable

from aiohttp import web

from fargateclaims.simulator.kube.cluster import Cluster
from fargateclaims.simulator.kube.errors import bad_request, no_such_path
from fargateclaims.simulator.kube.faults import Faults
from fargateclaims.simulator.kube.ledger import Ledger
from fargateclaims.simulator.kube.objects import Obj, Value
from fargateclaims.simulator.kube.watch import ALL, Trouble, Watches

PREFIX = "/_sim/"


class Admin:
    """Answers the admin API. `cluster` gives the present cluster, `reset` makes a new one."""

    def __init__(self, cluster: Callable[[], Cluster], watches: Watches, faults: Faults, ledger: Ledger, reset: Callable[[], None]) -> None:
        self._cluster = cluster
        self._watches = watches
        self._faults = faults
        self._ledger = ledger
        self._reset = reset

    async def answer(self, request: web.Request) -> Value:
        """The JSON to answer with; ApiError if there is no such call or its body is wrong."""
        path = request.path.removeprefix(PREFIX).strip("/")
        call = f"{request.method} {path.split('/')[0]}"
        match call:
            case "GET state":
                return self._state()
            case "POST reset":
                self._reset()
                return {}
            case "POST load":
                return {"created": self._cluster().load((await _body(request)).get("objects") or ())}
            case "POST compact":
                self._cluster().store.compact(self._collection(await _body(request)))
                return {}
            case "POST watches":
                return self._trouble(await _body(request))
            case _ if call.endswith(" faults"):
                return await self._answer_faults(request, path)
            case _ if call.endswith(" ledger"):
                return self._answer_ledger(request, path)
        raise no_such_path()

    def _state(self) -> Obj:
        store = self._cluster().store
        counts = {collection.name: len(collection.objects) for collection in store.collections() if collection.objects}
        return {"revision": store.revision, "objects": counts, "watches": self._watches.describe()}

    def _collection(self, body: Obj) -> str | None:
        plural = body.get("resource")
        if plural is None:
            return None
        found = next((resource.collection for resource in self._cluster().kinds if resource.plural == plural), None)
        if found is None:
            raise bad_request(f"no resource is called {plural!r}")
        return found

    def _trouble(self, body: Obj) -> Obj:
        action = body.get("action")
        if action not in list(Trouble):
            raise bad_request(f"unknown action {action!r}; known are {', '.join(Trouble)}")
        return {"affected": self._watches.trouble(Trouble(action), body.get("resource") or ALL)}

    async def _answer_faults(self, request: web.Request, path: str) -> Value:
        if request.method == "POST":
            return self._faults.add(await _body(request)).describe()
        if request.method == "DELETE":
            _, _, fault_id = path.partition("/")
            self._faults.remove(int(fault_id) if fault_id else None)
            return {}
        return self._faults.describe()

    def _answer_ledger(self, request: web.Request, path: str) -> Value:
        if request.method == "DELETE":
            self._ledger.clear()
            return {}
        if path == "ledger/counts":
            return self._ledger.counts()
        return self._ledger.entries(dict(request.query))


async def _body(request: web.Request) -> Obj:
    try:
        body = json.loads(await request.read() or b"{}")
    except ValueError as error:
        raise bad_request(f"the body is no JSON: {error}") from error
    if not isinstance(body, dict):
        raise bad_request("the body must be an object")
    return body
