import copy
from typing import Any

import pytest

from fargateclaims.simulator.kube.errors import ApiError
from fargateclaims.simulator.kube.patches import json_patch, merge_patch
from fargateclaims.simulator.kube.strategic import strategic_patch


@pytest.mark.parametrize(
    ("target", "patch", "expected"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ],
)
def test_merge_patch_as_in_the_rfc(target: Any, patch: Any, expected: Any) -> None:
    before = copy.deepcopy(target)
    assert merge_patch(target, patch) == expected
    assert target == before


@pytest.mark.parametrize(
    ("operations", "expected"),
    [
        ([{"op": "add", "path": "/n", "value": 1}], {"a": {"b": [1, 2]}, "c/d": 3, "n": 1}),
        ([{"op": "add", "path": "/a/b/1", "value": 9}], {"a": {"b": [1, 9, 2]}, "c/d": 3}),
        ([{"op": "add", "path": "/a/b/-", "value": 9}], {"a": {"b": [1, 2, 9]}, "c/d": 3}),
        ([{"op": "remove", "path": "/c~1d"}], {"a": {"b": [1, 2]}}),
        ([{"op": "replace", "path": "/a/b/0", "value": 9}], {"a": {"b": [9, 2]}, "c/d": 3}),
        ([{"op": "move", "from": "/a/b", "path": "/e"}], {"a": {}, "c/d": 3, "e": [1, 2]}),
        ([{"op": "copy", "from": "/a/b/1", "path": "/e"}], {"a": {"b": [1, 2]}, "c/d": 3, "e": 2}),
        ([{"op": "test", "path": "/c~1d", "value": 3}], {"a": {"b": [1, 2]}, "c/d": 3}),
        ([{"op": "replace", "path": "", "value": {}}], {}),
    ],
)
def test_json_patch(operations: Any, expected: Any) -> None:
    target = {"a": {"b": [1, 2]}, "c/d": 3}
    before = copy.deepcopy(target)
    assert json_patch(target, operations) == expected
    assert target == before


@pytest.mark.parametrize(
    ("operations", "code"),
    [
        ([{"op": "jump", "path": "/a"}], 422),
        ([{"op": "add"}], 422),
        (["add"], 422),
        ([{"op": "test", "path": "/a", "value": 2}], 422),
        ([{"op": "remove", "path": "/none"}], 422),
        ([{"op": "replace", "path": "/none", "value": 1}], 422),
        ([{"op": "add", "path": "/l/7", "value": 1}], 422),
        ([{"op": "add", "path": "/l/-1", "value": 1}], 422),
        ([{"op": "add", "path": "a", "value": 1}], 422),
        ([{"op": "add", "path": "/x/y/z", "value": 1}], 422),
    ],
)
def test_json_patches_that_are_refused(operations: Any, code: int) -> None:
    with pytest.raises(ApiError) as refused:
        json_patch({"a": 1, "l": []}, operations)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        ({"containers": [{"name": "b", "image": "2"}]}, {"containers": [{"name": "a", "image": "1"}, {"name": "b", "image": "2"}]}),
        ({"containers": [{"name": "a", "image": None}]}, {"containers": [{"name": "a"}]}),
        ({"containers": [{"name": "a", "$patch": "delete"}]}, {"containers": []}),
        ({"containers": [{"name": "b"}, {"$patch": "replace"}]}, {"containers": [{"name": "b"}]}),
        ({"$setElementOrder/containers": [{"name": "a"}]}, {}),
        ({"args": ["y"]}, {"args": ["y"]}),
        ({"finalizers": ["g"]}, {"finalizers": ["f", "g"]}),
        ({"$deleteFromPrimitiveList/finalizers": ["f"]}, {"finalizers": []}),
        ({"strategy": {"$retainKeys": ["type"], "type": "R"}}, {"strategy": {"type": "R"}}),
        ({"strategy": {"$patch": "delete"}}, {"strategy": None}),
        ({"strategy": {"$patch": "replace", "new": 1}}, {"strategy": {"new": 1}}),
    ],
)
def test_strategic_merge_patch(patch: Any, expected: Any) -> None:
    target = {
        "containers": [{"name": "a", "image": "1"}],
        "args": ["x"],
        "finalizers": ["f"],
        "strategy": {"type": "U", "rollingUpdate": {}},
    }
    wanted = {name: value for name, value in {**target, **expected}.items() if value is not None}
    assert strategic_patch(target, patch) == wanted


def test_an_item_without_its_merge_key_is_a_bad_request() -> None:
    with pytest.raises(ApiError, match="does not contain declared merge key: name"):
        strategic_patch({}, {"containers": [{"image": "x"}]})
