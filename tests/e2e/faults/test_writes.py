"""Others write at the same time, or writes are refused: what was planned from is no longer true, and is planned anew."""

from collections.abc import Awaitable, Callable

from fargateclaims.api.group import CLAIM_PLURAL, FINALIZER
from support.api_proxy import APIProxy, Exchange, Matches
from support.fault_world import CREATE, DELETE, World
from support.installation import Installation
from support.scenarios import CleanRun, edited, one_claim
from support.waiting import until

LIST_OF_CLAIMS: Matches = lambda one: one.method == "GET" and one.path.endswith(f"/{CLAIM_PLURAL}") and not one.watch  # noqa: E731
WATCH_OF_CLAIMS: Matches = lambda one: one.watch and one.path.endswith(f"/{CLAIM_PLURAL}")  # noqa: E731


def of_claim(method: str, part: str = "", *, intent: bool = False) -> Matches:
    """Requests about one claim.

    :param part: its subresource.
    :param intent: only those that report a call that is to be made next.
    """

    def matches(one: Exchange) -> bool:
        right = one.method == method and f"/{CLAIM_PLURAL}/" in one.path and one.path.endswith(part)
        return right and (not intent or one.body["status"].get("operation", {}).get("state") == "InFlight")

    return matches


async def test_fault_12_stale_list_without_an_edit(installation: Installation, api_proxy: APIProxy, world: World, clean: CleanRun) -> None:
    """A new leader's LISTs tell of the claim as it was before its edit, and no watch tells more: nothing is made for what it was."""
    expected = await clean(one_claim)
    await world.claim(app="old")
    lists, watches = api_proxy.hold(LIST_OF_CLAIMS, late=True), api_proxy.hold(WATCH_OF_CLAIMS)
    with installation.operator(kubeconfig=installation.kubeconfig(server=api_proxy.url), class_selector=world.selector) as operator:
        await until(lambda: answered(lists.met) == 2)
        await world.edit(app="web")
        api_proxy.release(lists)
        await world.until_active()
        api_proxy.release(watches)
        await world.check_same(expected)
        await world.check_at_rest(operator.turns)
        await operator.stop()
    assert first_write(api_proxy).status == 409
    assert (world.begun(CREATE), world.begun(DELETE)) == (1, 0)
    await world.check_always()


async def test_fault_12_stale_list_without_a_claim_made_again(
    installation: Installation, api_proxy: APIProxy, world: World, clean: CleanRun
) -> None:
    """The LISTs tell of a claim that is being deleted; meanwhile it was made again. Its profile is not deleted for the old one's sake."""
    expected = await clean(one_claim)
    with installation.operator(class_selector=world.selector) as operator:
        await one_claim(world, operator)
        await operator.stop()
    old = await world.delete()
    assert old is not None
    lists, watches = api_proxy.hold(LIST_OF_CLAIMS, late=True), api_proxy.hold(WATCH_OF_CLAIMS)
    with installation.operator(kubeconfig=installation.kubeconfig(server=api_proxy.url), class_selector=world.selector) as operator:
        await until(lambda: answered(lists.met) == 2)
        (await world.api.patch(f"{world.path()}/web", {"metadata": {"finalizers": None}})).ok()
        assert (await world.claim())["metadata"]["uid"] != old["metadata"]["uid"]
        api_proxy.release(lists)
        await world.until_active()
        api_proxy.release(watches)
        await world.check_same(expected)
        await world.check_at_rest(operator.turns)
        await operator.stop()
    assert first_write(api_proxy).status == 409
    assert (world.begun(CREATE), world.begun(DELETE)) == (1, 0)
    await world.check_always()


def answered(exchanges: list[Exchange]) -> int:
    return sum(one.status == 200 for one in exchanges)


def first_write(proxy: APIProxy) -> Exchange:
    """The first write of a claim, which must show that the claim was stale."""
    return proxy.asked(lambda one: one.method in {"PUT", "PATCH"} and f"/{CLAIM_PLURAL}/" in one.path)[0]


async def test_fault_13_conflict_on_status(installation: Installation, api_proxy: APIProxy, world: World, clean: CleanRun) -> None:
    """Somebody writes between the operator's read and its write: at the first sight of each change, and at each intent."""
    expected = await clean(edited)
    with installation.operator(kubeconfig=installation.kubeconfig(server=api_proxy.url), class_selector=world.selector) as operator:
        changes: list[Callable[[], Awaitable[object]]] = [world.claim, lambda: world.edit(app="other")]
        for change in changes:
            held = [api_proxy.hold(of_claim("PUT", "/status", intent=intent), times=1) for intent in (False, True)]
            await change()
            for number, rule in enumerate(held):
                await until(lambda rule=rule: rule.met)  # type: ignore[misc]
                await world.annotate(note=f"from somebody else, {number}")
                api_proxy.release(rule)
            await world.until_active()
        await world.check_same(expected)
        await world.check_at_rest(operator.turns)
        await operator.stop()
    about = api_proxy.asked(lambda one: f"/{CLAIM_PLURAL}/web" in one.path)
    refused = [number for number, one in enumerate(about) if one.status == 409]
    assert len(refused) >= 4
    for number in refused:
        # An old body is never sent again.
        assert about[number + 1].method == "GET"
    assert (world.begun(CREATE), world.begun(DELETE)) == (2, 1)
    await world.check_always()


async def test_fault_16_foreign_finalizer_edited_at_the_same_time(
    installation: Installation, api_proxy: APIProxy, world: World, clean: CleanRun
) -> None:
    """Ours comes and goes while others come and go: each takes away its own, and the last one ends the claim."""
    expected = await clean(one_claim)

    async def set_finalizers(*names: str) -> None:
        (await world.api.patch(f"{world.path()}/web", {"metadata": {"finalizers": list(names)}})).ok()

    async def finalizers() -> list[str]:
        return list(((await world.read()) or {}).get("metadata", {}).get("finalizers", []))

    with installation.operator(kubeconfig=installation.kubeconfig(server=api_proxy.url), class_selector=world.selector) as operator:
        adding = api_proxy.hold(of_claim("PATCH"), times=1)
        await world.claim()
        await until(lambda: adding.met)
        await set_finalizers("example.com/first", "example.com/second")
        api_proxy.release(adding)
        await world.until_active()
        assert set(await finalizers()) == {"example.com/first", "example.com/second", FINALIZER}
        removing = api_proxy.hold(of_claim("PATCH"), times=1)
        await world.delete()
        await until(lambda: removing.met)
        await set_finalizers("example.com/second", FINALIZER)
        api_proxy.release(removing)
        await world.wait(finalizers, lambda left: left == ["example.com/second"])
        assert not world.profiles()
        await set_finalizers()
        await world.until_gone()
        await world.check_class_at_rest(operator.turns)
        # And again, as if nothing had been.
        await one_claim(world, operator)
        await world.check_same(expected)
        await operator.stop()
    assert [exchange.status for rule in (adding, removing) for exchange in rule.met] == [409, 409]
    assert (world.begun(CREATE), world.begun(DELETE)) == (2, 1)
    await world.check_always()
