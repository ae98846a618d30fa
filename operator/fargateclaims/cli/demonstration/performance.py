"""The whole demo: set up, play, judge, clean up."""

import asyncio
import contextlib
import shlex
import signal
import textwrap
from collections.abc import Coroutine
from typing import Any, Final

from rich.console import Console

from fargateclaims.cli.demonstration.claims import Claims
from fargateclaims.cli.demonstration.display import WIDTH, display, show
from fargateclaims.cli.demonstration.errors import DemoError, in_one_line, steering
from fargateclaims.cli.demonstration.judgement import Evidence, Expected, Findings, judge
from fargateclaims.cli.demonstration.kubernetes_api import KubernetesAPI
from fargateclaims.cli.demonstration.moves import Move
from fargateclaims.cli.demonstration.pods import Pods
from fargateclaims.cli.demonstration.stage import Stage, stage
from fargateclaims.cli.demonstration.story import (
    DELETED,
    EDITED,
    FOREIGN_PROFILE,
    KEPT,
    REFUSED,
    REPLICAS,
    WORKLOAD,
    WORKLOAD_LABELS,
    Story,
)
from fargateclaims.simulator.eks.client import SimulatedEKS

EXIT_HELD: Final = 0
EXIT_BROKEN: Final = 1
# As a shell reports a program that Ctrl-C ended.
EXIT_INTERRUPTED: Final = 130
_EXPECTED: Final = Expected(active=KEPT, deleted=DELETED, refused=REFUSED, edited=EDITED, foreign_profile=FOREIGN_PROFILE)


async def perform(console: Console, *, seconds: float, keep: bool) -> int:
    """Show the demo and return the exit code: 0 only if all that it shows was so by EKS's own ledger.

    :param seconds: how long EKS takes for each create and delete.
    :param keep: leave everything running afterwards until a signal comes.
    """
    performing = asyncio.ensure_future(_perform(console, seconds=seconds, keep=keep))
    loop = asyncio.get_running_loop()
    asked = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, _stop_once, performing, asked)
    code, last_words = EXIT_BROKEN, ""
    try:
        return await performing
    except asyncio.CancelledError:
        code, last_words = EXIT_INTERRUPTED, "stopped; nothing is left running"
    except DemoError as error:
        last_words = f"the demo failed: {error}"
    except Exception as error:  # noqa: BLE001 - whoever watches a demo has no use for a traceback
        last_words = f"the demo failed, for a reason that it did not foresee: {in_one_line(error)}"
    with contextlib.suppress(DemoError):
        show(console, f"\n{last_words}")
    return code


def _stop_once(performing: asyncio.Future[int], asked: asyncio.Event) -> None:
    """Cancel, but once: an impatient second Ctrl-C must not interrupt the cleaning up, which has time limits of its own."""
    if not asked.is_set():
        asked.set()
        performing.cancel()


async def _perform(console: Console, *, seconds: float, keep: bool) -> int:
    show(console, "starting a Kubernetes API, an EKS with Fargate and two clusters, and the operator, on this machine")
    async with stage(seconds) as where, KubernetesAPI(where.kubernetes_url) as api:
        findings = await _unless_broken(where, play(console, where, api))
        for line in ("", *findings.lines, *(f"NOT AS IT SHOULD BE: {problem}" for problem in findings.problems)):
            show(console, textwrap.fill(line, WIDTH, subsequent_indent="  ", break_on_hyphens=False))
        if keep:
            show(console, _how_to_go_on(where))
            # Ctrl-C is the planned end here: the exit code is the verdict's.
            with contextlib.suppress(asyncio.CancelledError):
                await where.broken()
        return EXIT_BROKEN if findings.problems else EXIT_HELD


async def play(console: Console, where: Stage, api: KubernetesAPI) -> Findings:
    """Play the story and judge it. Raises DemoError if it does not come to rest."""
    claims, pods = Claims(), Pods(f"deploy/{WORKLOAD.name}", REPLICAS)
    with display(console, lambda: claims.present) as shown:
        tasks = (
            asyncio.ensure_future(claims.follow(api, shown.changed)),
            asyncio.ensure_future(pods.follow(api, WORKLOAD.namespace, WORKLOAD_LABELS, shown.moved)),
            asyncio.ensure_future(Story(where, api, claims, pods, shown.tell).play()),
        )
        try:
            await _first_of(*tasks)
        finally:
            await _cancelled(*tasks)
    budget = int((await api.get_budget(*WORKLOAD))["status"]["desiredHealthy"])
    move = Move(pods.what, REPLICAS, budget, pods.timeline, pods.gone, pods.complete)
    with steering("EKS's ledger cannot be read"), SimulatedEKS(where.eks_url) as eks:
        entries = eks.ledger()
    return judge(Evidence(entries, claims.present, claims.profiles, claims.waited_for, where.spare_subnet, move), _EXPECTED)


async def _unless_broken(where: Stage, work: Coroutine[Any, Any, Findings]) -> Findings:
    """Do the work; DemoError if a program of the demo ends meanwhile: that says more than whatever fails because of it."""
    working, breaking = asyncio.ensure_future(work), asyncio.ensure_future(where.broken())
    try:
        await _first_of(working, breaking)
        return working.result()
    except DemoError:
        for program in where.programs:
            program.check()
        raise
    finally:
        await _cancelled(working, breaking)


async def _first_of(*tasks: asyncio.Future[Any]) -> None:
    """Return when one has ended; raises what it raised."""
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()


async def _cancelled(*tasks: asyncio.Future[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _how_to_go_on(where: Stage) -> str:
    aws = " ".join(f"{name}={shlex.quote(value)}" for name, value in sorted(where.aws.items()))
    return f"""
All is left running until Ctrl-C. In another terminal:
  export KUBECONFIG={shlex.quote(str(where.kubeconfig))}
  kubectl get fargateprofileclaims -A -o wide
  kubectl get pods -n {WORKLOAD.namespace} -o wide
  kubectl describe fpc {EDITED.name} -n {EDITED.namespace}
  kubectl delete fpc {EDITED.name} -n {EDITED.namespace}
and as someone else, with these made-up credentials:
  export {aws}
  aws eks list-fargate-profiles --cluster-name prod"""
