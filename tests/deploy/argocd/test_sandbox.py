"""The Lua of these tests has what Argo CD gives to scripts from argocd-cm, and nothing more."""

from typing import Any

import pytest

from support.argocd_lua import ScriptFailedError, act, actions, health, merge_patch

ABSENT = ("string", "os", "io", "math", "debug", "coroutine", "python", "dofile", "loadfile", "gcinfo")


@pytest.mark.parametrize("name", ABSENT)
def test_the_library_is_absent(name: str) -> None:
    assert health(f'return {{status = "Healthy", message = type({name})}}', {}).message == "nil"
    if name != "os":
        with pytest.raises(ScriptFailedError):
            health(f'require("{name}")', {})


@pytest.mark.parametrize("name", ["pairs", "ipairs", "next", "type", "tostring", "tonumber", "error", "pcall", "require"])
def test_the_base_library_is_there(name: str) -> None:
    assert health(f'return {{status = "Healthy", message = type({name})}}', {}).message == "function"


def test_strings_have_no_methods() -> None:
    with pytest.raises(ScriptFailedError, match="attempt to index a string value"):
        health('return {status = ("Healthy"):upper()}', {})


def test_os_can_tell_the_time_and_no_more() -> None:
    found = act('local os = require("os") return {at = os.date("!%Y-%m-%dT%H:%M:%SZ"), seconds = os.time(), exit = type(os.exit)}', {})
    assert found == {"at": "2026-11-21T14:00:00Z", "seconds": 1795269600, "exit": "nil"}


def test_a_script_that_hangs_is_ended() -> None:
    with pytest.raises(ScriptFailedError, match="the script takes too long"):
        health("while true do end", {})


def test_parameters_and_numbers_arrive() -> None:
    assert act('return {sum = obj.count + tonumber(actionParams["more"])}', {"count": 2}, {"more": "40"}) == {"sum": 42}


def test_an_empty_table_comes_back_as_a_list_and_is_made_an_object_only_in_a_field() -> None:
    live: dict[str, Any] = {"labels": {}, "items": [{}], "list": [], "nested": [{"labels": {}}]}
    changed = act("return obj", live)
    assert changed == {"labels": {}, "items": [[]], "list": [], "nested": [{"labels": {}}]}
    assert merge_patch(live, changed) == {"items": [[]]}


@pytest.mark.parametrize(("up_to_3_1_0", "labels"), [(False, {}), (True, {"a": "b"})])
def test_up_to_argo_cd_3_1_0_an_emptied_map_comes_back_as_it_was(*, up_to_3_1_0: bool, labels: dict[str, str]) -> None:
    live = {"name": "checkout", "labels": {"a": "b"}}
    assert act("obj.labels.a = nil return obj", live, up_to_3_1_0=up_to_3_1_0) == {"name": "checkout", "labels": labels}
    assert act("obj.labels = nil return obj", live, up_to_3_1_0=up_to_3_1_0) == {"name": "checkout"}


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("return 1", "expect table output"),
        ("return nil", "expect table output"),
        ('return {status = "Fine"}', "invalid health status"),
        ('return {status = "Healthy", extra = "x"}', "invalid health status"),
        ('return {"Healthy", status = "Healthy"}', "mixed or invalid key types"),
        ("return {status = function() end}", "cannot encode function"),
        ('error("words", 0)', "words"),
    ],
)
def test_what_argo_cd_does_not_take(script: str, words: str) -> None:
    with pytest.raises(ScriptFailedError, match=words):
        health(script, {})


def test_actions_have_their_names() -> None:
    assert actions("return {retry = {disabled = true}, plain = {}}", {}) == {
        "retry": {"name": "retry", "disabled": True},
        "plain": {"name": "plain"},
    }


def test_a_merge_patch_says_what_is_gone_new_and_other() -> None:
    live = {"a": 1, "b": {"c": 1, "d": 2}, "e": [1], "f": {"g": 1}}
    assert merge_patch(live, {"a": 1, "b": {"d": 3, "h": {}}, "e": [2], "f": {"g": 1}}) == {"b": {"c": None, "d": 3, "h": {}}, "e": [2]}
