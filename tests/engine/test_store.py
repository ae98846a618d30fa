"""What the engine knows of Kubernetes: LISTs replace, watch events count only when newer, removal goes by UID."""

from typing import Any

import pytest

from fargateclaims.api.arn import ClusterARN
from fargateclaims.domain.facts import Namespace
from fargateclaims.engine.store import Place, Store, Versions
from support.manifests import CLUSTER_ARN, claim_manifest, class_manifest

ARN = ClusterARN.parse(CLUSTER_ARN)
OTHER = ClusterARN.parse("arn:aws:eks:eu-west-1:111122223333:cluster/other")


class Watched:
    """A store that takes classes without the label `skip`, and what it has told."""

    def __init__(self) -> None:
        self.told: list[Place] = []
        self.store = Store(lambda labels: "skip" not in labels, self.told.append)

    def heard(self) -> list[Place]:
        """What was told since the last time."""
        told, self.told[:] = list(self.told), []
        return told


@pytest.fixture
def watched() -> Watched:
    return Watched()


def versioned(obj: dict[str, Any], version: int, **metadata: Any) -> dict[str, Any]:
    return {**obj, "metadata": {**obj["metadata"], "resourceVersion": str(version), **metadata}}


def claim(version: int = 1, name: str = "checkout", uid: str | None = None, **spec: Any) -> dict[str, Any]:
    return versioned(claim_manifest(**spec), version, name=name, uid=uid or f"uid-{name}")


def cls(version: int = 1, name: str = "standard", **metadata: Any) -> dict[str, Any]:
    return versioned(class_manifest(), version, name=name, uid=f"uid-{name}", **metadata)


def namespace(version: int = 1, **parts: Any) -> dict[str, Any]:
    return {"metadata": {"name": "shop", "uid": "uid-shop", "resourceVersion": str(version)}, **parts}


def test_a_claim_is_at_the_cluster_of_its_class(watched: Watched) -> None:
    watched.store.replace([claim()], [cls()], [namespace()])
    assert [entry.model.metadata.name for entry in watched.store.claims_at(ARN)] == ["checkout"]
    assert watched.store.places() == (ARN,)
    assert watched.heard() == [ARN]


def test_a_claim_without_its_class_is_nowhere_until_the_class_comes(watched: Watched) -> None:
    watched.store.put_claim(claim())
    assert watched.heard() == [None]
    watched.store.put_class(cls())
    assert set(watched.heard()) == {None, ARN}
    assert not watched.store.claims_at(None)
    assert len(watched.store.claims_at(ARN)) == 1


def test_a_claim_stays_where_its_profile_is_though_its_class_is_gone(watched: Watched) -> None:
    raw = versioned(claim_manifest({"resolved": {"className": "standard", "clusterARN": CLUSTER_ARN}}), 1)
    watched.store.replace([raw], [], [])
    assert len(watched.store.claims_at(ARN)) == 1


@pytest.mark.parametrize("version", [4, 5])
def test_an_event_that_is_not_newer_changes_nothing(watched: Watched, version: int) -> None:
    watched.store.put_claim(claim(5, className="standard"))
    watched.heard()
    watched.store.put_claim(claim(version, className="other"))
    entry = watched.store.claims.get("shop", "checkout")
    assert entry is not None
    assert entry.model.spec.class_name == "standard"
    assert watched.heard() == []


def test_a_claim_made_again_under_its_name_replaces_the_old_one(watched: Watched) -> None:
    watched.store.put_class(cls())
    watched.store.put_claim(claim(5, uid="old"))
    watched.store.put_claim(claim(9, uid="new"))
    assert [entry.model.metadata.uid for entry in watched.store.claims_at(ARN)] == ["new"]


def test_old_news_of_an_earlier_claim_of_the_name_change_nothing(watched: Watched) -> None:
    watched.store.put_claim(claim(9, uid="new"))
    watched.store.put_claim(claim(5, uid="old"))
    watched.store.remove_claim(claim(8, uid="old"))
    entry = watched.store.claims.get("shop", "checkout")
    assert entry is not None
    assert entry.model.metadata.uid == "new"


def test_what_a_worker_wrote_itself_wakes_nobody(watched: Watched) -> None:
    watched.store.put_class(cls())
    watched.store.put_claim(claim(2))
    watched.heard()
    watched.store.put_claim(claim(3), ours=True)
    watched.store.put_class(cls(3), ours=True)
    assert watched.heard() == []


def test_a_claim_that_moves_by_our_own_write_wakes_both_places(watched: Watched) -> None:
    watched.store.put_claim(claim(2))
    watched.heard()
    moved = {**claim(3), "status": {"resolved": {"className": "standard", "clusterARN": CLUSTER_ARN}}}
    watched.store.put_claim(moved, ours=True)
    assert set(watched.heard()) == {None, ARN}


def test_a_list_drops_what_is_not_in_it_and_wakes_its_place(watched: Watched) -> None:
    watched.store.replace([claim()], [cls()], [])
    watched.heard()
    watched.store.replace([], [], [])
    assert watched.heard() == [ARN]
    assert len(watched.store.claims) == len(watched.store.classes) == 0
    assert watched.store.places() == ()


def test_a_list_does_not_take_back_what_a_watch_has_shown_newer(watched: Watched) -> None:
    watched.store.put_claim(claim(9, className="newer"))
    watched.store.replace([claim(5, className="older")], [], [])
    entry = watched.store.claims.get("shop", "checkout")
    assert entry is not None
    assert entry.model.spec.class_name == "newer"


@pytest.mark.parametrize(("version", "stays"), [("5", True), ("9", False), ("12", False), ("", False)])
def test_what_a_watch_has_shown_since_the_list_stays(watched: Watched, version: str, *, stays: bool) -> None:
    watched.store.put_claim(claim(9))
    watched.store.put_class(cls(9))
    watched.store.put_namespace(namespace(9))
    watched.store.replace([], [], [], Versions(version, version, version))
    kinds = (watched.store.claims, watched.store.classes, watched.store.namespaces)
    assert [len(table) for table in kinds] == [int(stays)] * 3
    assert bool(watched.store.claims_at(ARN)) == stays


def test_a_claim_made_again_since_the_list_stays(watched: Watched) -> None:
    watched.store.put_claim(claim(9, uid="new"))
    watched.store.replace([claim(5, uid="old")], [cls()], [], Versions("6"))
    assert [entry.model.metadata.uid for entry in watched.store.claims_at(ARN)] == ["new"]


@pytest.mark.parametrize(("version", "gone"), [("6", True), ("8", False), ("", False)])
def test_what_was_seen_to_go_since_the_list_does_not_come_back(watched: Watched, version: str, *, gone: bool) -> None:
    watched.store.put_claim(claim(5))
    watched.store.remove_claim(claim(7))
    watched.store.replace([claim(5)], [cls()], [], Versions(version))
    assert (watched.store.claims.get("shop", "checkout") is None) == gone


def test_of_two_claims_of_one_name_only_the_one_that_went_stays_away(watched: Watched) -> None:
    watched.store.put_claim(claim(5, uid="old"))
    watched.store.remove_claim(claim(7, uid="old"))
    watched.store.put_claim(claim(8, uid="new"))
    watched.store.replace([claim(5, uid="old")], [cls()], [], Versions("6"))
    assert [entry.model.metadata.uid for entry in watched.store.claims_at(ARN)] == ["new"]


def test_a_late_answer_does_not_bring_back_what_was_seen_to_go(watched: Watched) -> None:
    watched.store.put_claim(claim(5))
    watched.store.remove_claim(claim(7))
    watched.store.put_claim(claim(6), ours=True)
    assert watched.store.claims.get("shop", "checkout") is None


def test_a_removal_is_forgotten_with_the_next_list(watched: Watched) -> None:
    watched.store.remove_claim(claim(7))
    watched.store.replace([], [], [], Versions("6"))
    watched.store.replace([claim(5)], [], [], Versions("6"))
    assert watched.store.claims.get("shop", "checkout") is not None


def broken(version: int, uid: str = "uid-checkout") -> dict[str, Any]:
    return versioned(claim(uid=uid), version, creationTimestamp="yesterday")


@pytest.mark.parametrize("listed", [[], [claim(5)]], ids=["not in it", "older in it"])
def test_what_became_unreadable_since_the_list_stays_so(watched: Watched, listed: list[dict[str, Any]]) -> None:
    watched.store.put_claim(broken(9))
    watched.store.replace(listed, [cls()], [], Versions("6"))
    assert list(watched.store.claims.unreadable) == [("shop", "checkout")]
    assert len(watched.store.claims) == 0


def test_an_unreadable_claim_goes_with_a_newer_list(watched: Watched) -> None:
    watched.store.put_claim(broken(9))
    watched.store.replace([], [], [], Versions("9"))
    assert watched.store.claims.unreadable == {}


def test_old_news_change_nothing_about_an_unreadable_claim(watched: Watched) -> None:
    watched.store.put_claim(broken(9, uid="new"))
    watched.store.put_claim(claim(5, uid="new"))
    watched.store.remove_claim(claim(8, uid="old"))
    assert list(watched.store.claims.unreadable) == [("shop", "checkout")]
    assert len(watched.store.claims) == 0


def test_a_list_that_nobody_can_cope_with_leaves_the_table_as_it_was(watched: Watched) -> None:
    watched.store.replace([], [], [namespace()])
    with pytest.raises(AttributeError):
        watched.store.replace([], [], [{**namespace(2), "status": None}])
    assert watched.store.namespaces.get("", "shop") is not None


def test_a_list_that_was_parsed_ahead_is_the_same(watched: Watched) -> None:
    watched.store.put_claim(claim(5))
    for raw in (claim(5), claim(7, name="other", selectors="none")):
        watched.store.claims.parse_ahead(raw)
    watched.store.replace([claim(5), claim(7, name="other", selectors="none")], [cls()], [])
    assert {entry.model.metadata.name: entry.problem is None for entry in watched.store.claims_at(ARN)} == {
        "checkout": True,
        "other": False,
    }


def test_a_class_that_leaves_the_installation_is_not_ours_any_more(watched: Watched) -> None:
    watched.store.replace([claim()], [cls()], [])
    watched.store.put_class(cls(2, labels={"skip": ""}))
    assert watched.store.classes_by_name() == {}
    assert watched.store.classes_at(ARN) == ()
    watched.store.put_class(cls(3))
    assert [found.metadata.resource_version for found in watched.store.classes_at(ARN)] == ["3"]


def test_a_removed_claim_wakes_its_place(watched: Watched) -> None:
    watched.store.replace([claim()], [cls()], [])
    watched.heard()
    watched.store.remove_claim(claim())
    assert watched.heard() == [ARN]
    watched.store.remove_claim(claim())
    assert watched.heard() == []


def test_a_class_of_another_installation_is_not_ours_and_neither_are_its_claims(watched: Watched) -> None:
    watched.store.replace([claim()], [cls(labels={"skip": ""})], [])
    assert watched.store.classes_by_name() == {}
    assert watched.store.classes_at(ARN) == ()
    assert watched.store.places() == ()


def test_classes_of_one_cluster_come_by_name(watched: Watched) -> None:
    watched.store.replace([], [cls(name="b"), cls(name="a")], [])
    assert [found.metadata.name for found in watched.store.classes_at(ARN)] == ["a", "b"]
    assert watched.store.classes_at(OTHER) == ()


def test_a_class_that_goes_leaves_its_claims_nowhere(watched: Watched) -> None:
    watched.store.replace([claim()], [cls()], [])
    watched.heard()
    watched.store.remove_class(cls())
    assert set(watched.heard()) == {None, ARN}
    assert len(watched.store.claims_at(None)) == 1
    watched.store.remove_class(cls())
    assert watched.heard() == []


def test_a_claim_with_a_spec_that_cannot_be_read_is_kept_with_what_is_wrong(watched: Watched) -> None:
    watched.store.replace([claim(selectors="none")], [cls()], [])
    [entry] = watched.store.claims_at(ARN)
    assert entry.problem is not None
    assert "selectors" in entry.problem
    assert entry.model.metadata.name == "checkout"


@pytest.mark.parametrize("spec", [None, [], {"className": 7}])
def test_a_claim_without_any_readable_spec_is_nowhere(watched: Watched, spec: Any) -> None:
    watched.store.put_claim({**claim(), "spec": spec})
    [entry] = watched.store.claims_at(None)
    assert entry.model.spec.class_name == ""


def test_a_claim_with_metadata_that_cannot_be_read_stops_nobody(watched: Watched) -> None:
    watched.store.replace([claim(), claim(name="broken")], [cls()], [])
    watched.store.put_claim(versioned(claim(name="broken"), 2, creationTimestamp="yesterday"))
    assert [entry.model.metadata.name for entry in watched.store.claims_at(ARN)] == ["checkout"]
    assert list(watched.store.claims.unreadable) == [("shop", "broken")]
    watched.store.put_claim(versioned(claim(name="broken"), 3))
    assert watched.store.claims.unreadable == {}


def test_a_class_that_cannot_be_read_says_what_is_wrong(watched: Watched) -> None:
    watched.store.put_claim(claim())
    watched.heard()
    watched.store.put_class({**cls(), "spec": {}})
    assert "clusterARN" in watched.store.malformed_classes()["standard"]
    assert watched.heard() == [None]
    watched.store.remove_class(cls())
    assert watched.store.malformed_classes() == {}
    assert watched.heard() == [None]


def test_a_changed_namespace_wakes_the_places_of_its_claims(watched: Watched) -> None:
    watched.store.replace([claim()], [cls()], [namespace()])
    watched.heard()
    watched.store.put_namespace(namespace(2))
    assert watched.heard() == []
    watched.store.put_namespace(namespace(3, status={"phase": "Terminating"}))
    assert watched.heard() == [ARN]
    entry = watched.store.namespaces.get("", "shop")
    assert entry is not None
    assert entry.model == Namespace(terminating=True)
    watched.store.put_namespace(namespace(2))
    assert watched.heard() == []
    watched.store.remove_namespace(namespace())
    assert watched.store.namespaces.get("", "shop") is None


def test_a_resource_version_that_is_no_number_is_older_than_any(watched: Watched) -> None:
    watched.store.put_claim(claim(5))
    watched.store.put_claim({**claim(), "metadata": {**claim()["metadata"], "resourceVersion": ""}})
    entry = watched.store.claims.get("shop", "checkout")
    assert entry is not None
    assert entry.raw["metadata"]["resourceVersion"] == "5"
