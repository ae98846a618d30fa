"""The simulator as a server: AWS's API and the admin API on one port, in the foreground."""

import asyncio
import contextlib
import signal
import sys
from typing import Final

from aiohttp import web

from fargateclaims.simulator.eks.admin import PREFIX, AdminApi
from fargateclaims.simulator.eks.backend import install
from fargateclaims.simulator.eks.endpoint import AwsEndpoint
from fargateclaims.simulator.eks.simulation import Simulation
from fargateclaims.simulator.eks.timings import Timings

# Answers held back by a fault are not waited for.
SHUTDOWN_S: Final = 0.5


class SimulatorServer:
    """The server, to be made, started and stopped on a running event loop. moto's state is the process's: one server a process."""

    def __init__(self, simulation: Simulation) -> None:
        install(simulation)
        self._aws = AwsEndpoint(simulation)
        self._admin = AdminApi(simulation, self._aws.principals)
        self._runner = web.ServerRunner(web.Server(self._answer, access_log=None), shutdown_timeout=SHUTDOWN_S)

    async def start(self, host: str, port: int) -> str:
        """Listen, and return the URL; ``port`` 0 takes a free one.

        Raises:
            OSError: The port is taken or the host is not this machine's.

        """
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        bound = self._runner.addresses[0]
        shown = f"[{bound[0]}]" if ":" in str(bound[0]) else bound[0]
        return f"http://{shown}:{bound[1]}"

    async def stop(self) -> None:
        """Stop listening and let go of everything."""
        self._admin.close()
        await self._runner.cleanup()
        self._aws.close()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path.startswith(PREFIX):
            return await self._admin.answer(request)
        return await self._aws.answer(request)


def serve(  # noqa: PLR0913  (the command's options)
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    create_seconds: float = 60.0,
    delete_seconds: float = 90.0,
    jitter: float = 0.0,
    seed: int = 0,
) -> None:
    """Serve in the foreground until SIGTERM or SIGINT, and print the URL in one line once it can be called.

    ``jitter`` is the fraction by which a duration may differ from its mean, either way.

    Raises:
        OSError: The port is taken or the host is not this machine's.
        ValueError: A duration is negative or the jitter not between 0 and 1.

    """
    simulation = Simulation(Timings.of(create_seconds, delete_seconds, jitter, seed))
    asyncio.run(_until_stopped(simulation, host, port))


async def _until_stopped(simulation: Simulation, host: str, port: int) -> None:
    server = SimulatorServer(simulation)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    url = await server.start(host, port)
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.write(f"EKS simulator ready at {url}\n")
        sys.stdout.flush()
    try:
        await stop.wait()
    finally:
        await server.stop()
