"""Calls to AWS from the event loop: botocore blocks, so each call runs on a worker thread, for a limited time.

```
call ──▶ token bucket ──▶ worker thread: session, account, permit ──▶ AWS
          (account, region)    (account, region)
```
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from botocore import xform_name

from fargateclaims.aws.departure import Abandoned, Departure, NotPermitted, Permit
from fargateclaims.aws.errors import classify, is_credential_problem
from fargateclaims.aws.operations import Operation
from fargateclaims.aws.sessions import AWSSession, Identity, Service, Sessions
from fargateclaims.aws.threads import DaemonThreads
from fargateclaims.aws.throttle import Grant, Lane, TokenBucket
from fargateclaims.clock import Clock
from fargateclaims.domain.failure import AWSError, Failure, FailureClass
from fargateclaims.timing import AWS_READ_LIMIT, MUTATION_LIMIT

_EKS: Final = "eks"

T = TypeVar("T")
Observe = Callable[[str, str, float], None]
"""Told of each call that was made: API operation, outcome (`ok` or a FailureClass), seconds."""


@dataclass(frozen=True, slots=True)
class Request:
    """One call: botocore's name of the service, the API's names of operation and parameters."""

    service: Service
    operation: Operation
    parameters: Mapping[str, object]


@dataclass(frozen=True, eq=False)
class AccountRegion:
    """All calls to one AWS account in one region: they share a token bucket and worker threads.

    With threads of their own, an account or region that hangs holds up nobody else, and IAM or EC2 that hangs does not hold up EKS.

    :param threads: for EKS.
    :param beside: for all other services.
    """

    account: str
    clock: Clock
    sessions: Sessions
    bucket: TokenBucket
    threads: DaemonThreads
    beside: DaemonThreads
    observe: Observe

    async def call(
        self, identity: Identity, request: Request, *, lane: Lane = Lane.ROUTINE, permit: Permit | None = None
    ) -> Mapping[str, Any]:
        """Make one call and return AWS's answer.

        :param permit: given for a mutation; see `Permit`.
        Raises AWSError, and NotPermitted where the permit was refused.
        """
        grant = await self.bucket.acquire(lane)
        departure = Departure(permit)
        threads = self.threads if request.service == _EKS else self.beside
        begun = self.clock.monotonic()
        try:
            answer = await self._on_thread(threads, lambda: self._perform(identity, request, departure), departure, request.operation)
        except AWSError as error:
            self._note(grant, request.operation, error.failure.kind, begun)
            raise
        self._note(grant, request.operation, None, begun)
        return answer

    async def with_session(self, identity: Identity, operation: str, work: Callable[[AWSSession], T]) -> T:
        """Let `work` use a session, its account verified, on a worker thread and for as long as a read may take.

        For what asks AWS for nothing itself, such as a signature: the credentials may have to be fetched all the same.

        :param operation: what the failure names, if there is one.
        Raises AWSError.
        """
        departure = Departure()
        return await self._on_thread(self.threads, lambda: self._verified(identity, operation, departure, work), departure, operation)

    def close(self) -> None:
        """Begin no further call; those under way are left to themselves."""
        self.bucket.close()
        self.threads.close()
        self.beside.close()

    def _perform(self, identity: Identity, request: Request, departure: Departure) -> Mapping[str, Any]:
        def send(session: AWSSession) -> Mapping[str, Any]:
            method = getattr(session.client(request.service), xform_name(request.operation))
            with departure.on_this_thread():
                answer: Mapping[str, Any] = method(**request.parameters)
            return answer

        return self._verified(identity, request.operation, departure, send)

    def _verified(self, identity: Identity, operation: str, departure: Departure, work: Callable[[AWSSession], T]) -> T:
        session: AWSSession | None = None
        try:
            session = self.sessions.get(identity)
            session.verify(self.account, self.clock)
            return work(session)
        except (AWSError, NotPermitted, Abandoned):
            raise
        except Exception as exc:  # noqa: BLE001 - on an answer that makes no sense, botocore's parsers raise whatever comes
            failure = classify(exc, operation, session.secrets() if session else ())
            if session is not None and is_credential_problem(failure):
                self.sessions.forget(session)
            # Without the cause: botocore's texts may hold what `classify` has taken out.
            raise AWSError(replace(failure, outcome_unknown=failure.outcome_unknown and departure.left)) from None

    async def _on_thread(self, threads: DaemonThreads, work: Callable[[], T], departure: Departure, operation: str) -> T:
        """Run `work` on one of these threads; after its limit, or when the caller is cancelled, it is abandoned."""
        limit = MUTATION_LIMIT if departure.mutation else AWS_READ_LIMIT
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()

        def deliver(result: T | None, error: BaseException | None) -> None:
            if done.done():
                return
            if error is None:
                done.set_result(result)  # type: ignore[arg-type]
            else:
                done.set_exception(error)

        def job() -> None:
            result, error = None, None
            try:
                result = work()
            except BaseException as exc:  # noqa: BLE001 - it is raised again where the call was made
                error = exc
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(deliver, result, error)

        threads.submit(job)
        timer = asyncio.ensure_future(self.clock.sleep(limit))
        try:
            waiters: set[asyncio.Future[Any]] = {done, timer}
            await asyncio.wait(waiters, return_when=asyncio.FIRST_COMPLETED)
            if done.done():
                return done.result()
        finally:
            left = departure.abandon()
            timer.cancel()
            if not done.cancel():
                done.exception()  # seen, even if the caller was cancelled in the same moment
        message = f"no answer within {limit:g} s" if left else f"could not be sent within {limit:g} s"
        raise AWSError(Failure(FailureClass.UNAVAILABLE, "Timeout", message, operation, outcome_unknown=left and departure.mutation))

    def _note(self, grant: Grant, operation: str, kind: FailureClass | None, begun: float) -> None:
        if kind is FailureClass.THROTTLED:
            self.bucket.throttled(grant)
        elif kind is None:
            self.bucket.succeeded(grant)
        self.observe(operation, "ok" if kind is None else kind.value, self.clock.monotonic() - begun)


class Caller:
    """Calls as one identity in one account and region.

    :param lane: of reads that are not urgent.
    """

    def __init__(self, account_region: AccountRegion, identity: Identity, lane: Lane = Lane.ROUTINE) -> None:
        self.account_region = account_region
        self.identity = identity
        self._lane = lane

    def in_background(self) -> "Caller":
        """Return the same for reads that let all others go first."""
        return Caller(self.account_region, self.identity, Lane.BACKGROUND)

    async def read(
        self, service: Service, operation: Operation, parameters: Mapping[str, object], *, urgent: bool = False
    ) -> Mapping[str, Any]:
        """Ask for something. Raises AWSError."""
        lane = Lane.URGENT if urgent else self._lane
        return await self.account_region.call(self.identity, Request(service, operation, parameters), lane=lane)

    async def mutate(self, permit: Permit, service: Service, operation: Operation, parameters: Mapping[str, object]) -> Mapping[str, Any]:
        """Change something. Raises AWSError, and NotPermitted where the permit was refused and so nothing was sent."""
        request = Request(service, operation, parameters)
        return await self.account_region.call(self.identity, request, lane=Lane.URGENT, permit=permit)
