"""The ServiceAccount's token is replaced, as the kubelet does it, and the old one is good for nothing from then on."""

from fargateclaims.api.group import CLAIM_PLURAL, CLASS_PLURAL
from support.api_proxy import APIProxy, Exchange
from support.control_plane import ControlPlane
from support.fault_world import CREATE, World
from support.installation import NAME, Installation
from support.kubectl import Kubectl
from support.waiting import until

WATCHED = {CLAIM_PLURAL, CLASS_PLURAL, "namespaces"}
UNAUTHORIZED = 401


async def test_the_new_token_is_taken_as_soon_as_the_old_one_is_refused(
    plane: ControlPlane, kubectl: Kubectl, installation: Installation, world: World
) -> None:
    # A token lasts for ten minutes at the least, but one that is bound to an object goes with it.
    kubectl("create", "secret", "generic", world.name, "--namespace", NAME)
    old = installation.token(bound_to=world.name)
    with APIProxy(plane) as proxy:
        kubeconfig = plane.kubeconfig_of(old, installation.folder / "kubeconfig", server=proxy.url, namespace=NAME)
        with installation.operator(kubeconfig=kubeconfig, class_selector=world.selector) as operator:
            await world.claim("before")
            await world.until_active("before")
            kubeconfig.with_suffix(".token").write_text(installation.token())
            kubectl("delete", "secret", world.name, "--namespace", NAME)

            async def refused() -> bool:
                review = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": old}}
                answer = (await world.api.create("/apis/authentication.k8s.io/v1/tokenreviews", review)).ok()
                return not answer["status"].get("authenticated")

            # The API server remembers for ten seconds that it was good.
            await world.wait(refused, bool)
            # Watches that were open go on with the old one; those that begin now need the new one.
            since = len(proxy.exchanges)
            for plural in WATCHED:
                proxy.end_watches(plural)
            await until(lambda: {watched(one) for one in proxy.exchanges[since:] if one.status == 200} >= WATCHED)
            await world.claim("after")
            await world.until_active("after")
            await world.delete("before")
            await world.until_gone("before")
            await operator.stop()
            assert proxy.asked(lambda one: one.watch and one.status == UNAUTHORIZED)
            assert "refuses the write" not in operator.stderr
    assert world.begun(CREATE) == 2
    await world.check_always()


def watched(one: Exchange) -> str:
    """What a watch is of; nothing for other requests."""
    return one.path.rpartition("/")[2] if one.watch else ""
