"""A leader that is cut off, paused or blocked: another one takes its place, and what both do together is what one would have done."""

import signal

from fargateclaims.simulator.eks.ledger import Call
from support.api_proxy import APIProxy, Exchange
from support.fault_world import CREATE, DELETE, World, profile_of, stands
from support.installation import NAME, Installation
from support.operator_process import OperatorProcess
from support.replicas import LEADS, LOST, by_first_leader, ended, replicas
from support.scenarios import CleanRun, one_claim, two_claims
from support.tampered import PATIENT, tampered
from support.tcp_proxy import Admission, TCPProxy
from support.waiting import NEVER, until


def check_lost_before_the_other_leads(leader: OperatorProcess, standby: OperatorProcess) -> None:
    """By their own logs: whoever looks while they run may look too late."""
    assert leader.said_at(LOST) < standby.said_at(LEADS)


def renews(one: Exchange) -> bool:
    return one.method == "PUT" and one.path.endswith(f"/leases/{NAME}")


def holds(one: Exchange) -> bool:
    """The Lease was won or renewed."""
    return (renews(one) and one.status == 200) or (one.method == "POST" and one.path.endswith("/leases") and one.status == 201)


def reads_claim(one: Exchange) -> bool:
    return one.method == "GET" and one.path.endswith("/web")


async def empty_lease(world: World) -> None:
    """Take the Lease away from its holder, as nobody should."""
    path = f"/apis/coordination.k8s.io/v1/namespaces/{NAME}/leases/{NAME}"
    (await world.api.patch(path, {"spec": {"holderIdentity": ""}})).ok()


def mutations(world: World) -> list[Call]:
    """What EKS was asked to change, by whichever leader."""
    return [call for call in world.calls() if call.operation in {CREATE, DELETE}]


async def test_fault_05_leader_cut_off(installation: Installation, tcp_proxy: TCPProxy, world: World, clean: CleanRun) -> None:
    """No packet gets through to the API server any more, and the slot becomes free: what the leader could report to nobody, it leaves."""
    expected = await clean(two_claims)
    world.eks.foreign_create(world.name, "by-terraform", never_ends=True)
    kubeconfig = installation.kubeconfig(server=f"https://127.0.0.1:{tcp_proxy.port}")
    async with replicas(installation, world, leaders=kubeconfig) as (leader, standby):
        for name in ("first", "second"):
            await world.claim(name)
            await world.until(lambda claim: stands(claim)[1] == "Queued", name)
        tcp_proxy.admit(Admission.HOLD)
        tcp_proxy.hold()
        world.eks.finish(**world.target())
        await until(lambda: LOST in leader.stderr)
        await world.until_active("first", "second")
        check_lost_before_the_other_leads(leader, standby)
        assert not any(by_first_leader(call) for call in world.calls(CREATE))
        expected["profiles"]["by-terraform"] = (await world.picture())["profiles"]["by-terraform"]
        await world.check_same(expected)
        await world.check_at_rest(standby.turns, ("first", "second"))
        tcp_proxy.cut()
        tcp_proxy.admit(Admission.REFUSE)
        await ended(leader)
        await standby.stop()
    assert (world.begun(CREATE), world.begun(DELETE)) == (2, 0)
    await world.check_always()


async def test_fault_05_lease_cannot_be_renewed(installation: Installation, api_proxy: APIProxy, world: World) -> None:
    """All but the Lease can be read and written, and there is more to do than time: the last call is made while the Lease is good."""
    claims = [f"claim-{number}" for number in range(8)]

    async with replicas(installation, world, leaders=installation.kubeconfig(server=api_proxy.url)) as (leader, standby):
        # What the Lease leaves for calls is too short for all of them.
        world.eks.timings(PATIENT["MUTATION_LIMIT"] / 10, 0.1, **world.target())
        world.eks.next("create", never_ends=True, **world.target())
        for name in claims:
            await world.claim(name)
        await world.until_eks(lambda: world.begun(CREATE))
        renewals = api_proxy.hold(renews)
        await until(lambda: renewals.met)
        world.eks.finish(**world.target())
        await ended(leader)
        renewed = max(one.at for one in api_proxy.asked(holds))
        made = [call for call in world.calls(CREATE) if call.changed and by_first_leader(call)]
        assert 0 < len(made) < len(claims)
        assert max(call.monotonic for call in made) < renewed + PATIENT["LEASE_DURATION"]
        world.eks.timings(0.1, 0.1, **world.target())
        await world.until_active(*claims)
        check_lost_before_the_other_leads(leader, standby)
        await standby.stop()
    assert len(world.profiles()) == world.begun(CREATE) == len(claims)
    await world.check_always()


async def test_fault_06_two_leaders(installation: Installation, world: World, clean: CleanRun) -> None:
    """The leader is paused while one profile is being made and another is to be deleted next, and wakes when all that is history.

    Meanwhile the deleted claim was made again, and its profile has the same name as the old one's: that must stay.
    """
    expected = await clean(two_claims)
    async with replicas(installation, world) as (paused, other):
        await world.claim("first")
        await world.until_active("first")
        world.eks.next("create", never_ends=True, **world.target())
        await world.claim("second")
        await world.until_eks(lambda: world.begun(CREATE) == 2)
        await world.delete("first")
        await world.until(lambda claim: stands(claim)[1] == "Queued", "first")
        paused.signal(signal.SIGSTOP)
        world.eks.finish(**world.target())
        await until(lambda: LEADS in other.stderr)
        await world.until_gone("first")
        await world.claim("first")
        await world.until_active("first", "second")
        calls = [call for call in world.calls() if call.changed]
        paused.signal(signal.SIGCONT)
        await ended(paused)
        await world.check_same(expected)
        await world.check_at_rest(other.turns, ("first", "second"))
        await other.stop()
    assert [call for call in world.calls() if call.changed] == calls
    assert [call.operation for call in calls] == [CREATE, CREATE, DELETE, CREATE]
    await world.check_always(refused=None)


async def test_fault_06_report_refuses_the_old_leader(
    installation: Installation, api_proxy: APIProxy, world: World, clean: CleanRun
) -> None:
    """The leader is paused while it reports that it will delete a profile, which then is needed after all.

    It wakes without knowing that somebody else leads: what keeps the profile is that its report is refused.
    """
    expected = await clean(one_claim)
    unaware = tampered({"LEASE_DURATION": 600.0, "LEASE_RENEW_DEADLINE": 600.0, "KUBE_REQUEST_TIMEOUT": 600.0})
    kubeconfig = installation.kubeconfig(server=api_proxy.url)
    async with replicas(installation, world, leaders=kubeconfig, environment=unaware) as (paused, other):
        await one_claim(world, paused)
        profile = profile_of(await world.read())

        def will_delete(one: Exchange) -> bool:
            return one.path.endswith("/web/status") and one.body["status"].get("operation", {}).get("profileName") == profile

        intent = api_proxy.hold(will_delete, times=1)
        await world.edit(app="other")
        await until(lambda: intent.met)
        renewals = api_proxy.hold(renews)
        paused.signal(signal.SIGSTOP)
        await empty_lease(world)
        await until(lambda: LEADS in other.stderr)
        await world.edit(app="web")
        await world.until_active()
        calls = mutations(world)
        api_proxy.release(intent)
        await until(lambda: intent.met[0].status)
        reads = len(api_proxy.asked(reads_claim))
        paused.signal(signal.SIGCONT)
        # It reads the claim again and makes its plan anew.
        await until(lambda: len(api_proxy.asked(reads_claim)) > reads)
        await world.check_at_rest(paused.turns)
        await world.check_same(expected)
        assert LOST not in paused.stderr
        api_proxy.release(renewals)
        await ended(paused)
        await world.check_at_rest(other.turns)
        await other.stop()
    assert intent.met[0].status == 409
    assert mutations(world) == calls
    assert [call.operation for call in calls] == [CREATE, CREATE, DELETE]
    await world.check_always()


async def test_fault_07_event_loop_blocked(installation: Installation, world: World, clean: CleanRun) -> None:
    """Liveness fails and says why, while the probes' own thread answers; what the kubelet does then brings all back."""
    expected = await clean(two_claims)
    # However long what is done meanwhile takes, it does not cost the Lease as well.
    blocking = tampered({"HEARTBEAT_LOST": NEVER}, block_seconds=NEVER)
    with installation.operator(class_selector=world.selector, environment=blocking) as operator:

        async def probed() -> tuple[int, str]:
            return operator.ask("/healthz")

        await world.claim("first")
        await world.until_active("first")
        await world.wait(probed, lambda answer: answer[0] == 200)
        operator.signal(signal.SIGUSR1)
        _, text = await world.wait(probed, lambda answer: answer[0] == 503)
        assert "[-] event-loop: blocked for" in text
        await world.claim("second")
        # As the kubelet does; it is heard when the loop goes on.
        operator.terminate()
        operator.signal(signal.SIGUSR2)
        await until(lambda: operator.ended)
        assert operator.code == 0, operator.stderr
        assert "Traceback" not in operator.stderr
    assert world.begun(CREATE) == 1
    with installation.operator(class_selector=world.selector) as operator:
        await world.until_active("second")
        await world.check_same(expected)
        await world.check_at_rest(operator.turns, ("first", "second"))
        await operator.stop()
    assert (world.begun(CREATE), world.begun(DELETE)) == (2, 0)
    await world.check_always()
