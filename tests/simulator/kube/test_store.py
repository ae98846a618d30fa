import pytest

from fargateclaims.simulator.kube.store import Change, ChangeType, RevisionGoneError, Store

PODS = "pods"


def put(store: Store, name: str, namespace: str = "a", **data: object) -> int:
    return store.put(PODS, (namespace, name), {"metadata": {"name": name, "namespace": namespace}, **data}).revision


def names(store: Store, namespace: str | None = None, revision: int | None = None) -> list[str]:
    return ["/".join(stored.key) for stored in store.snapshot(PODS, namespace, revision).after(None)]


def test_every_write_has_the_next_revision_and_carries_it() -> None:
    store = Store()
    first = put(store, "x")
    second = store.put("nodes", ("", "n"), {"metadata": {"name": "n"}})
    assert second.revision == first + 1
    assert second.data["metadata"]["resourceVersion"] == str(second.revision)


def test_objects_come_in_the_order_of_namespace_and_name() -> None:
    store = Store()
    for name, namespace in (("b", "z"), ("a", "z"), ("c", "a"), ("a", "zz")):
        put(store, name, namespace)
    assert names(store) == ["a/c", "z/a", "z/b", "zz/a"]
    assert names(store, "z") == ["z/a", "z/b"]


def test_an_older_revision_shows_the_objects_as_they_were() -> None:
    store = Store()
    put(store, "kept", n=1)
    revision = put(store, "deleted")
    put(store, "kept", n=2)
    put(store, "added")
    store.delete(PODS, ("a", "deleted"))
    assert names(store, "a", revision) == ["a/deleted", "a/kept"]
    assert [stored.data["n"] for stored in store.snapshot(PODS, None, revision).after(("a", "deleted"))] == [1]
    assert names(store) == ["a/added", "a/kept"]


def test_a_deletion_carries_the_last_state_and_a_revision_of_its_own() -> None:
    store = Store()
    put(store, "x")
    changes: list[Change] = []
    store.collection(PODS).listeners.append(changes.append)
    gone = store.delete(PODS, ("a", "x"), {"metadata": {"name": "x"}, "last": True})
    assert changes[0].type is ChangeType.DELETED
    assert changes[0].current is gone
    assert gone.data == {"metadata": {"name": "x", "resourceVersion": str(store.revision)}, "last": True}


def test_the_history_is_bounded() -> None:
    store = Store(history_limit=3)
    revisions = [put(store, f"p{number}") for number in range(5)]
    assert [change.revision for change in store.collection(PODS).since(revisions[1])] == revisions[2:]
    with pytest.raises(RevisionGoneError, match=rf"too old resource version: {revisions[0]} \({revisions[1]}\)"):
        store.collection(PODS).since(revisions[0])


def test_compaction_forgets_one_collection_or_all() -> None:
    store = Store()
    before = put(store, "x")
    store.put("nodes", ("", "n"), {"metadata": {"name": "n"}})
    store.compact(PODS)
    with pytest.raises(RevisionGoneError):
        store.collection(PODS).since(before)
    assert len(store.collection("nodes").since(before)) == 1
    store.compact()
    with pytest.raises(RevisionGoneError):
        store.collection("nodes").since(before)


def test_a_dropped_collection_knows_nothing_of_the_past() -> None:
    store = Store()
    before = put(store, "x")
    store.drop(PODS)
    put(store, "y")
    assert names(store) == ["a/y"]
    with pytest.raises(RevisionGoneError):
        store.collection(PODS).since(before - 1)


def test_a_state_before_the_first_write_can_be_listed_but_not_watched() -> None:
    store = Store(revision=10)
    store.collection("other")
    store.put("other", ("", "x"), {"metadata": {"name": "x"}})
    store.put("c", ("n", "a"), {"metadata": {"name": "a"}})
    assert list(store.snapshot("c", None, 3).after(None)) == []
    with pytest.raises(RevisionGoneError):
        store.collection("c").since(3)
    store.compact("c")
    with pytest.raises(RevisionGoneError):
        store.snapshot("c", None, 3)


def test_what_is_read_otherwise_is_no_write() -> None:
    store = Store()
    for name in "ab":
        store.put("c", ("n", name), {"metadata": {"name": name}, "x": name})
    before = store.revision
    store.reread("c", lambda obj: {**obj, "y": 1} if obj["x"] == "a" else obj)
    first, second = store.snapshot("c", None).after(None)
    assert (first.data["y"], first.filled_in, first.data["metadata"]["resourceVersion"]) == (1, True, "2")
    assert (second.filled_in, store.revision) == (False, before)
