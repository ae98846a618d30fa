"""The admin API: what a test, a demo or a benchmark does to the simulated AWS while it runs. JSON over HTTP, under ``/_sim``.

======  ====================  ==========================================================================
GET     /_sim/health          that it runs; its simulated time
POST    /_sim/reset           everything as after the start, but for the clock
POST    /_sim/seed            network, roles, credentials and clusters in an account and region (``Seed``)
GET     /_sim/clusters        every cluster with its profiles
POST    /_sim/clusters        status, versions, Outposts, hidden update, lags (``ClusterChange``)
POST    /_sim/timings         how long operations take (``TimingChange``)
POST    /_sim/outcomes        how the next operations go: seconds, never ending, failing (``Outcomes``)
POST    /_sim/finish          end what is in flight now (``Finish``)
POST    /_sim/place           profiles that have long been there (``Place``)
POST    /_sim/health-issues   issues that a profile shows (``Health``)
POST    /_sim/foreign/create  one create by someone else (``Foreign``)
POST    /_sim/foreign/delete  one delete by someone else (``Foreign``)
POST    /_sim/foreign/actors  someone else at work at random (``Actor``); DELETE sends them all away
POST    /_sim/quotas          the three quotas of an account in a region (``QuotaChange``)
POST    /_sim/routes          a route to the internet for a private subnet (``InternetRoute``)
POST    /_sim/subnets         zone, Outpost and free addresses of a subnet (``SubnetChange``)
POST    /_sim/kubernetes      where a cluster's Kubernetes API is (``Kubernetes``)
POST    /_sim/zones           zones without Fargate (``Zones``)
POST    /_sim/updates         how long updates last (``Updates``)
GET     /_sim/faults          those in force; POST adds one (``FaultBody``)
DELETE  /_sim/faults          all of them, or ``/_sim/faults/{id}``
GET     /_sim/ledger          entries by time; filters: account, region, cluster, service, operation, caller, kind, since
DELETE  /_sim/ledger          forget them
POST    /_sim/clock           put the clock forward (``Advance``)
======  ====================  ==========================================================================

A refusal is ``{"error": CODE, "message": TEXT}``: 400 for a body that is wrong, else EKS's own code and status.
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any, Final

from aiohttp import web
from pydantic import ValidationError

from fargateclaims.simulator.eks import admin_model as body
from fargateclaims.simulator.eks.admin_clusters import ClusterSteering
from fargateclaims.simulator.eks.admin_foreign import ForeignSteering
from fargateclaims.simulator.eks.admin_network import change_subnet
from fargateclaims.simulator.eks.backend import all_clusters, install
from fargateclaims.simulator.eks.errors import EKSError
from fargateclaims.simulator.eks.faults import Fault
from fargateclaims.simulator.eks.identity import Principals
from fargateclaims.simulator.eks.ledger import Filter, to_json
from fargateclaims.simulator.eks.seed import open_to_internet, seed_account, seed_clusters
from fargateclaims.simulator.eks.simulation import Simulation

PREFIX: Final = "/_sim/"

Answered = dict[str, Any]
Route = Callable[[bytes, web.BaseRequest], Answered | Awaitable[Answered]]


class AdminApi:
    """Answers the requests under ``/_sim``."""

    def __init__(self, simulation: Simulation, principals: Principals) -> None:
        self._simulation = simulation
        self._principals = principals
        self._foreign = ForeignSteering(simulation)
        steering = ClusterSteering(simulation)
        self._routes: dict[tuple[str, str], Route] = {
            ("GET", "health"): lambda _raw, _request: {"ready": True, "now": simulation.clock()},
            ("POST", "reset"): self._reset,
            ("POST", "seed"): self._seed,
            ("GET", "clusters"): lambda _raw, _request: {"clusters": steering.everything()},
            ("POST", "clusters"): lambda raw, _request: steering.change(body.ClusterChange.model_validate_json(raw)),
            ("POST", "timings"): lambda raw, _request: steering.time(body.TimingChange.model_validate_json(raw)),
            ("POST", "outcomes"): lambda raw, _request: steering.script(body.Outcomes.model_validate_json(raw)),
            ("POST", "finish"): lambda raw, _request: steering.finish(body.Finish.model_validate_json(raw)),
            ("POST", "place"): lambda raw, _request: steering.place(body.Place.model_validate_json(raw)),
            ("POST", "health-issues"): lambda raw, _request: steering.report(body.Health.model_validate_json(raw)),
            ("POST", "foreign/create"): lambda raw, _request: self._foreign.create(body.Foreign.model_validate_json(raw)),
            ("POST", "foreign/delete"): lambda raw, _request: self._foreign.delete(body.Foreign.model_validate_json(raw)),
            ("POST", "foreign/actors"): lambda raw, _request: self._foreign.hire(body.Actor.model_validate_json(raw)),
            ("DELETE", "foreign/actors"): lambda _raw, _request: self._foreign.dismiss(),
            ("POST", "quotas"): self._quotas,
            ("POST", "routes"): self._route,
            ("POST", "subnets"): self._subnet,
            ("POST", "kubernetes"): lambda raw, _request: steering.point(body.Kubernetes.model_validate_json(raw)),
            ("POST", "zones"): self._zones,
            ("POST", "updates"): self._updates,
            ("GET", "faults"): self._faults,
            ("POST", "faults"): self._add_fault,
            ("DELETE", "faults"): self._remove_faults,
            ("GET", "ledger"): self._ledger,
            ("DELETE", "ledger"): self._forget,
            ("POST", "clock"): self._advance,
        }

    def close(self) -> None:
        """Send the foreign actors away."""
        self._foreign.dismiss()

    async def answer(self, request: web.BaseRequest) -> web.Response:
        """Answer one admin request."""
        name = request.path.removeprefix(PREFIX)
        head, _, tail = name.partition("/")
        key = (request.method, head if head == "faults" and tail else name)
        if key not in self._routes:
            return _json({"error": "NotFound", "message": f"there is no {request.method} {request.path}; see the admin API's table"}, 404)
        try:
            answered = self._routes[key](await request.read() or b"{}", request)
            return _json(await answered if isinstance(answered, Awaitable) else answered)
        except ValidationError as problem:
            text = "; ".join(f"{'.'.join(map(str, error['loc'])) or 'body'}: {error['msg']}" for error in problem.errors())
            return _json({"error": "BadRequest", "message": text}, 400)
        except ValueError as problem:
            return _json({"error": "BadRequest", "message": str(problem)}, 400)
        except EKSError as refusal:
            return _json({"error": refusal.code, "message": refusal.message}, refusal.http_status)

    def _reset(self, _raw: bytes, _request: web.BaseRequest) -> Answered:
        self._foreign.dismiss()
        with self._simulation.moto_lock:
            self._simulation.reset()
            self._principals.clear()
            install(self._simulation)
        return {}

    def _seed(self, raw: bytes, _request: web.BaseRequest) -> Answered:
        wanted = body.Seed.model_validate_json(raw)
        names = [*wanted.clusters, *(f"{wanted.prefix}-{number}" for number in range(1, wanted.count + 1))]
        with self._simulation.moto_lock:
            account = seed_account(wanted.account, wanted.region)
            arns = seed_clusters(account, names, wanted.authentication_mode)
        return {**asdict(account), "clusters": arns}

    def _quotas(self, raw: bytes, _request: web.BaseRequest) -> Answered:
        change = body.QuotaChange.model_validate_json(raw)
        quotas = self._simulation.quotas(change.account, change.region)
        for name in ("profiles", "selectors", "labels"):
            value = getattr(change, name)
            if value is not None:
                setattr(quotas, name, value)
        return asdict(quotas)

    def _route(self, raw: bytes, _request: web.BaseRequest) -> Answered:
        wanted = body.InternetRoute.model_validate_json(raw)
        with self._simulation.moto_lock:
            open_to_internet(wanted.subnet, wanted.account, wanted.region)
        return {}

    def _subnet(self, raw: bytes, _request: web.BaseRequest) -> Answered:
        with self._simulation.moto_lock:
            return change_subnet(body.SubnetChange.model_validate_json(raw))

    def _zones(self, raw: bytes, _request: web.BaseRequest) -> Answered:
        self._simulation.zones_without_fargate = frozenset(body.Zones.model_validate_json(raw).without_fargate)
        return {}

    def _updates(self, raw: bytes, _request: web.BaseRequest) -> Answered:
        self._simulation.update_seconds = body.Updates.model_validate_json(raw).seconds
        return {}

    def _faults(self, _raw: bytes, _request: web.BaseRequest) -> Answered:
        return {"faults": [asdict(fault) for fault in self._simulation.faults.in_force()]}

    def _add_fault(self, raw: bytes, _request: web.BaseRequest) -> Answered:
        wanted = body.FaultBody.model_validate_json(raw)
        until = None if wanted.for_seconds is None else self._simulation.clock() + wanted.for_seconds
        return asdict(self._simulation.faults.add(Fault(until=until, **wanted.model_dump(exclude={"for_seconds"}))))

    def _remove_faults(self, _raw: bytes, request: web.BaseRequest) -> Answered:
        wanted = request.path.removeprefix(PREFIX).partition("/")[2]
        if not wanted:
            self._simulation.faults.clear()
        elif not wanted.isdigit() or not self._simulation.faults.remove(int(wanted)):
            raise EKSError("NotFound", f"there is no fault {wanted!r} in force", 404)
        return {}

    def _ledger(self, _raw: bytes, request: web.BaseRequest) -> Answered:
        wanted = Filter.parse(request.query)
        for _, _, cluster in all_clusters():
            cluster.plane.list()  # writes what has ended since the last call into the ledger
        return {"entries": [to_json(entry) for entry in self._simulation.ledger.entries(wanted)]}

    def _forget(self, _raw: bytes, _request: web.BaseRequest) -> Answered:
        for _, _, cluster in all_clusters():
            cluster.plane.list()
        self._simulation.ledger.clear()
        return {}

    def _advance(self, raw: bytes, _request: web.BaseRequest) -> Answered:
        self._simulation.clock.advance(body.Advance.model_validate_json(raw).seconds)
        return {"now": self._simulation.clock()}


def _json(document: Answered, status: int = 200) -> web.Response:
    return web.Response(status=status, body=json.dumps(document).encode(), content_type="application/json")
