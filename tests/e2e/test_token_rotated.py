"""The ServiceAccount's token is replaced, as the kubelet does it, and the old one is good for nothing from then on."""

from support.control_plane import ControlPlane
from support.fault_world import CREATE, World
from support.installation import NAME, Installation
from support.kube_contract import eventually
from support.kubectl import Kubectl


async def test_the_new_token_is_taken_as_soon_as_the_old_one_is_refused(
    plane: ControlPlane, kubectl: Kubectl, installation: Installation, world: World
) -> None:
    # A token lasts for ten minutes at the least, but one that is bound to an object goes with it.
    kubectl("create", "secret", "generic", world.name, "--namespace", NAME)
    old = installation.token(bound_to=world.name)
    kubeconfig = plane.kubeconfig_of(old, installation.folder / "kubeconfig", namespace=NAME)
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
        await eventually(refused)
        await world.claim("after")
        await world.until_active("after")
        await world.delete("before")
        await world.until_gone("before")
        await operator.stop()
    assert world.begun(CREATE) == 2
    await world.check_always()
