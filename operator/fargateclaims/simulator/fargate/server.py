"""The data plane as a program, in the foreground."""

import asyncio
import contextlib
import logging
import signal
import sys

from fargateclaims.simulator.fargate.plane import DataPlane, Settings


def serve(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT, and print one line once all pods, nodes and profiles have been seen.

    Raises what `DataPlane.run` raises.
    """
    logging.basicConfig(format="%(levelname)s %(message)s", level=logging.WARNING)
    asyncio.run(_until_stopped(settings))


async def _until_stopped(settings: Settings) -> None:
    plane = DataPlane(settings)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    running = asyncio.create_task(plane.run())
    announcing = asyncio.create_task(_announce(plane, settings))
    stopping = asyncio.create_task(stopped.wait())
    await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
    for task in (running, announcing, stopping):
        task.cancel()
    await asyncio.wait({running, announcing, stopping})
    if not running.cancelled():
        running.result()


async def _announce(plane: DataPlane, settings: Settings) -> None:
    await plane.ready.wait()
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.write(f"Fargate data plane ready for {settings.cluster}\n")
        sys.stdout.flush()
