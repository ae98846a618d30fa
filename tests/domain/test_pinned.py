"""Pods that name the profile that is to be replaced."""

from fargateclaims.domain.evictions import PodOnProfile
from fargateclaims.domain.pinned import PinnedTemplate, mark, sentence

DEPLOYMENT = PinnedTemplate("shop", "Deployment", "web")
REPLICA_SET = PinnedTemplate("shop", "ReplicaSet", "web-7f3a", "Deployment/web")
CRON_JOB = PinnedTemplate("data", "CronJob", "nightly")


def pod(namespace: str, controller: str | None) -> PodOnProfile:
    return PodOnProfile(namespace, "p", "u", "Running", controller=controller)


def test_a_pod_is_pinned_if_the_next_one_will_be() -> None:
    pods = [
        pod("shop", "ReplicaSet/web-7f3a"),
        pod("data", "ReplicaSet/web-7f3a"),
        pod("shop", "ReplicaSet/web-0000"),
        pod("shop", "StatefulSet/web-7f3a"),
        pod("shop", None),
    ]
    marked = mark(pods, [DEPLOYMENT, REPLICA_SET])
    assert [one.pinned for one in marked] == [True, False, False, False, False]


def test_what_to_change_is_named_once() -> None:
    assert sentence("old", "new", [REPLICA_SET, DEPLOYMENT, CRON_JOB]) == (
        "CronJob data/nightly, Deployment shop/web name profile old by the label eks.amazonaws.com/fargate-profile, and once it is "
        "replaced no profile takes their new pods: remove the label from their pod templates, or set it to new"
    )


def test_many_are_counted() -> None:
    found = sentence("old", "new", [PinnedTemplate("shop", "Deployment", f"web-{n}") for n in range(1000)])
    assert found is not None
    assert found.startswith("Deployment shop/web-0, Deployment shop/web-1, ")
    assert " and 995 more name profile old" in found


def test_nothing_is_said_where_nothing_is_to_be_done() -> None:
    assert sentence("old", "new", []) is None
    assert sentence("same", "same", [DEPLOYMENT]) is None
