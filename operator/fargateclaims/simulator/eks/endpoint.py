"""The AWS side of the server: puts faults in a call's way, has it answered, and writes it into the ledger."""

import asyncio
import re
import time
from collections.abc import Sequence
from html import unescape
from typing import Final
from urllib.parse import parse_qs

from aiohttp import web

from fargateclaims.simulator.eks import operations, service_quotas
from fargateclaims.simulator.eks.arrival import Arrival, arrival_of
from fargateclaims.simulator.eks.backend import backend_of
from fargateclaims.simulator.eks.errors import EKSError
from fargateclaims.simulator.eks.faults import ERRORS, Fault, FaultKind, error_of
from fargateclaims.simulator.eks.identity import Principals
from fargateclaims.simulator.eks.ledger import Call
from fargateclaims.simulator.eks.moto_app import MotoApplication
from fargateclaims.simulator.eks.operations.call import EKSCall, parse_body
from fargateclaims.simulator.eks.simulation import Simulation
from fargateclaims.simulator.eks.verdict import MUTATIONS
from fargateclaims.simulator.eks.wire import Answer, error_answer, json_answer

XML_ERROR: Final = re.compile(rb"<Code>([^<]+)</Code>\s*<Message>([^<]*)</Message>")
# Often enough that a client with a read time-out of a second or more never runs into it.
DRIBBLE_PAUSE_S: Final = 0.2
# Between two looks whether the fault that holds a call was removed.
HELD_PAUSE_S: Final = 0.02


class AwsEndpoint:
    """Answers AWS calls on the event loop; only what is moto's leaves it."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._moto = MotoApplication(simulation.moto_lock)
        self.principals = Principals()

    def close(self) -> None:
        """Let go of the worker thread."""
        self._moto.close()

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one call, or close its connection if a fault wants that."""
        call = await arrival_of(request, self.principals, self._simulation.clock())
        met = self._simulation.faults.meet(call.subject())
        before = [fault for fault in met if fault.when == "before"]
        after = [fault for fault in met if fault.when == "after"]
        await _held(_delays(before))
        changed = False
        cut, answer = _cut(before), _error(call, before)
        if cut is None and answer is None:
            answer = await self._carried_out(call)
            changed = answer.status == 200 and call.operation in MUTATIONS
            cut, answer = _cut(after), _error(call, after) or answer
        # Written before the answer is held back: a change that was made shows at once.
        self._record(call, None if cut else answer, met, changed=changed, still=_seconds([cut] if cut else _delays(after)))
        if cut or answer is None:
            await _held([cut] if cut else [])
            return _closed(request)
        await _held(_delays(after))
        dribble = max((fault.seconds for fault in met if fault.kind is FaultKind.DRIBBLE), default=0.0)
        if dribble:
            return await _dribbled(request, answer, dribble)
        return web.Response(status=answer.status, body=answer.body, headers=answer.headers)

    async def _carried_out(self, call: Arrival) -> Answer:
        """Have the call answered by whoever knows its operation."""
        service = call.scope.service
        if call.for_moto:
            return _with_error(await self._moto.answer(call.request, call.body))
        try:
            if service == service_quotas.SERVICE:
                quotas = self._simulation.quotas(call.principal.account, call.scope.region)
                body = parse_body(call.body)
                document = service_quotas.answer(call.operation, body, quotas, call.principal.account, call.scope.region)
                return json_answer(document, "application/x-amz-json-1.1")
            return json_answer(self._eks(call))
        except EKSError as refusal:
            return error_answer(service, refusal)

    def _eks(self, call: Arrival) -> dict[str, object]:
        request = EKSCall(
            backend=backend_of(call.principal.account, call.scope.region),
            path=call.path,
            query=parse_qs(call.request.query_string, keep_blank_values=True),
            body=parse_body(call.body),
            caller=call.principal.arn,
            denied=lambda service, action: self._simulation.faults.denies(call.subject(service, action)),
        )
        with self._simulation.acting_as(call.principal.arn):
            return operations.run(call.operation, request)

    def _record(self, call: Arrival, answer: Answer | None, met: Sequence[Fault], *, changed: bool, still: float) -> None:
        self._simulation.ledger.add(
            Call(
                at=call.at,
                monotonic=call.monotonic,
                seconds=time.monotonic() - call.monotonic + still,
                account=call.principal.account,
                region=call.scope.region,
                service=call.scope.service,
                operation=call.operation,
                cluster=call.cluster,
                profile=call.profile,
                caller=call.principal.arn,
                access_key=call.scope.access_key,
                user_agent=call.request.headers.get("User-Agent", ""),
                status=answer.status if answer else 0,
                error=answer.error if answer else None,
                message=answer.message if answer else None,
                changed=changed,
                fault=",".join(fault.kind for fault in met) or None,
            )
        )


def _delays(faults: Sequence[Fault]) -> list[Fault]:
    return [fault for fault in faults if fault.kind is FaultKind.DELAY]


def _seconds(faults: Sequence[Fault]) -> float:
    return sum(fault.seconds for fault in faults)


async def _held(faults: Sequence[Fault]) -> None:
    """Wait for as long as all of them want, one after the other; no longer for one that is removed meanwhile."""
    for fault in faults:
        ends = time.monotonic() + fault.seconds
        while not fault.removed and (left := ends - time.monotonic()) > 0:  # noqa: ASYNC110  (faults are pure)
            await asyncio.sleep(min(left, HELD_PAUSE_S))


def _cut(faults: Sequence[Fault]) -> Fault | None:
    return next((fault for fault in faults if fault.kind in {FaultKind.HANG, FaultKind.DISCONNECT}), None)


def _error(call: Arrival, faults: Sequence[Fault]) -> Answer | None:
    for fault in faults:
        if fault.kind in ERRORS:
            return error_answer(call.scope.service, error_of(fault, call.subject()))
    return None


def _with_error(answer: Answer) -> Answer:
    """Return moto's answer with the error in it named for the ledger."""
    found = XML_ERROR.search(answer.body) if answer.status >= 400 else None
    if not found:
        return answer
    return Answer(answer.status, answer.body, answer.headers, found[1].decode(), unescape(found[2].decode()))


def _closed(request: web.BaseRequest) -> web.StreamResponse:
    """Close the client's connection without an answer."""
    if request.transport:
        request.transport.abort()
    return web.Response()


async def _dribbled(request: web.BaseRequest, answer: Answer, seconds: float) -> web.StreamResponse:
    """Send an answer a byte at a time over ``seconds``, the rest at the end."""
    response = web.StreamResponse(status=answer.status, headers=answer.headers)
    await response.prepare(request)
    steps = min(len(answer.body), max(1, int(seconds / DRIBBLE_PAUSE_S)))
    for index in range(steps):
        await response.write(answer.body[index : index + 1])
        await asyncio.sleep(seconds / steps)
    await response.write(answer.body[steps:])
    await response.write_eof()
    return response
