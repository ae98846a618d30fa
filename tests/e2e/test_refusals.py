"""What the schemas forbid is refused with its sentence, whichever way it comes, and before any operator sees it."""

import json
import re
import secrets
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fargateclaims.api.group import CLAIM_KIND, CLAIM_PLURAL, CLASS_KIND, CLASS_PLURAL, GROUP, VERSION
from support import refused_editor
from support.installation import Installation
from support.kube_contract import Api
from support.kubectl import Kubectl
from support.refusals import Refusal, manifest, table
from support.schema_limits import RULE, SET

REFUSALS = {f"r{number}": refusal for number, refusal in enumerate(table())}
# These look at what the object was before.
_TRANSITIONS = {name for name, refusal in REFUSALS.items() if refusal.status or "cannot change" in refusal.limit.said}
_SECTION = re.compile(r'"([a-z0-9-]+)" (?:is invalid|was not valid):')


@pytest.fixture
def namespace(installation: Installation, kubectl: Kubectl) -> Iterator[str]:
    name = f"refusals-{secrets.token_hex(3)}"
    kubectl("create", "namespace", name)
    yield name
    # At once: kubectl itself would delete them one after the other.
    kubectl("delete", "--raw", f"/apis/{GROUP}/{VERSION}/{CLASS_PLURAL}?labelSelector=refusals%3D{name}")
    kubectl("delete", "namespace", name, "--wait=false")


WAYS = pytest.mark.parametrize("way", [(), ("--server-side",)], ids=["client-side", "server-side"])


@WAYS
async def test_each_limit_is_told_on_apply(kubectl: Kubectl, api: Api, namespace: str, way: tuple[str, ...]) -> None:
    """What looks back is changed, all else is to be made."""
    await _make(kubectl, api, namespace, _TRANSITIONS, *way)
    named = {refusal.name or name: refusal for name, refusal in REFUSALS.items()}
    refused = _stream(namespace, {name: (refusal, refusal.refused) for name, refusal in named.items()})
    done = kubectl("apply", *way, "-f", "-", stdin=refused, code=1)
    assert done.stdout == ""
    if way:
        # Told by who merges the fields, in words of its own, and not by field.
        sets = [name for name, refusal in named.items() if refusal.limit.keyword == SET]
        assert done.stderr.count("duplicate entries for key") == len(sets)
        named = {name: refusal for name, refusal in named.items() if name not in sets}
    _check(done.stderr, named)


@pytest.mark.parametrize("plural", [CLAIM_PLURAL, CLASS_PLURAL])
async def test_each_rule_is_told_on_edit(kubectl: Kubectl, api: Api, namespace: str, tmp_path: Path, plural: str) -> None:
    """All at once, in one editor, where the sentences stand above what is to be corrected."""
    kind = CLAIM_KIND if plural == CLAIM_PLURAL else CLASS_KIND
    # kubectl edit cannot give another name.
    mine = {name: each for name, each in REFUSALS.items() if (each.limit.kind, each.limit.keyword, each.name) == (kind, RULE, None)}
    await _make(kubectl, api, namespace, mine, "--server-side")
    (tmp_path / "specs").write_text(json.dumps({name: refusal.refused for name, refusal in mine.items()}))
    editor = " ".join(map(str, (sys.executable, refused_editor.__file__, tmp_path / "specs", tmp_path / "seen")))
    done = kubectl("edit", plural, *mine, "--namespace", namespace, code=1, KUBE_EDITOR=editor)
    assert "Edit cancelled, no valid changes were saved." in done.stderr
    comments = [line.removeprefix("# ") for line in (tmp_path / "seen").read_text().splitlines() if line.startswith("#")]
    _check("\n".join(comments), mine)


@WAYS
def test_a_field_that_is_not_there_is_told(kubectl: Kubectl, namespace: str, way: tuple[str, ...]) -> None:
    claim = manifest(CLAIM_KIND, "typo", namespace, {"className": "standard", "selectors": [{"label": {}}]})
    said = kubectl("apply", *way, "-f", "-", stdin=claim, code=1).stderr
    assert 'unknown field "spec.selectors[0].label"' in said or ".spec.selectors[0].label: field not declared in schema" in said


async def _make(kubectl: Kubectl, api: Api, namespace: str, names: Iterable[str], *way: str) -> None:
    """Some of them as they are allowed to be."""
    kubectl("apply", *way, "-f", "-", stdin=_stream(namespace, {name: (REFUSALS[name], REFUSALS[name].spec) for name in names}))
    for name in names:
        if REFUSALS[name].status:
            path = f"/apis/{GROUP}/{VERSION}/namespaces/{namespace}/{CLAIM_PLURAL}/{name}/status"
            (await api.patch(path, {"status": REFUSALS[name].status})).ok()


def _stream(namespace: str, wanted: dict[str, tuple[Refusal, Any]]) -> str:
    """Documents one after the other: a List would be refused as a whole by kubectl itself."""
    documents = (manifest(refusal.limit.kind, name, namespace, spec) for name, (refusal, spec) in wanted.items())
    return "\n---\n".join(map(json.dumps, documents))


def _check(said: str, refusals: dict[str, Refusal]) -> None:
    """Each is refused, with all that is to be said, about its own field."""
    _, *sections = _SECTION.split(said)
    by_name: dict[str, str] = {}
    for name, text in zip(sections[::2], sections[1::2], strict=True):
        by_name[name] = by_name.get(name, "") + text
    missing = {
        name: (refusal.said, by_name.get(name, said[:300]))
        for name, refusal in refusals.items()
        if not _told(refusal, by_name.get(name, ""))
    }
    assert not missing


def _told(refusal: Refusal, said: str) -> bool:
    return all(part in said for part in refusal.said)
