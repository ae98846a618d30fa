"""The profile that the operator runs on."""

import pytest

from fargateclaims.domain.draining import PodOnProfile
from fargateclaims.domain.no_access import Barrier, NoAccess
from fargateclaims.domain.own_profile import OwnPod, own_profile

UNSEEN = NoAccess("no answer", Barrier.UNREACHABLE)
THERE = PodOnProfile("fargateclaims", "operator-1", "uid-1", "Running", node="fargate-ip-10-0-0-1")


@pytest.mark.parametrize(
    ("own", "pods", "spared"),
    [
        (None, [THERE], False),
        (None, UNSEEN, False),
        (OwnPod("uid-1", "fargate-ip-10-0-0-1", "system"), [THERE], True),
        (OwnPod("uid-1"), [THERE], True),
        # The same names in another cluster.
        (OwnPod("uid-2", "fargate-ip-10-0-0-1", "system"), [THERE], False),
        (OwnPod("uid-2", "fargate-ip-10-0-0-1", "system"), [], False),
        (OwnPod(node="fargate-ip-10-0-0-1"), [THERE], True),
        (OwnPod(node="fargate-ip-10-0-0-2"), [THERE], False),
        (OwnPod(), [PodOnProfile("shop", "pending", "uid-3", "Pending")], False),
        (OwnPod("uid-1", profile="system"), UNSEEN, True),
        (OwnPod("uid-1", profile="other"), UNSEEN, False),
        (OwnPod("uid-1"), UNSEEN, False),
    ],
)
def test_it_is_spared(own: OwnPod | None, pods: list[PodOnProfile] | NoAccess, spared: bool) -> None:  # noqa: FBT001
    found = own_profile("system", own, pods)
    assert (found is not None) is spared
    assert found is None or "profile system" in found
