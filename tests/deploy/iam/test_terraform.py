"""Terraform and the page use the documents as they are: none is written twice, and everything that is to be filled in is."""

import re
from pathlib import Path

import hcl2
import pytest

from support.iam_policy import FOLDER, PAGE, VALUES, document, documents, placeholders

MODULES = sorted({path.parent for path in (FOLDER / "terraform").rglob("*.tf")})


def source(module: str) -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted((FOLDER / "terraform" / module).glob("*.tf")))


def used(text: str) -> set[str]:
    return set(re.findall(r'templatefile\("\$\{path\.module\}/(?:\.\./)+([\w-]+\.json)"', text))


def test_every_document_is_used_and_none_is_written_twice() -> None:
    assert {name for module in MODULES for name in used(source(str(module)))} == set(documents())
    for module in MODULES:
        assert not re.search(r"jsonencode|aws_iam_policy_document|\"Statement\"", source(str(module)))


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_every_placeholder_gets_a_value(module: str) -> None:
    text = source(module)
    (values,) = re.findall(r"^  values = \{\n(.*?)^  \}", text, re.MULTILINE | re.DOTALL)
    given = set(re.findall(r"^ +(\w+) += ", values, re.MULTILINE)) | set(re.findall(r"\{ (\w+) = ", text))
    assert {name: placeholders(name) - given for name in used(text) if placeholders(name) - given} == {}
    assert set(re.findall(r"var\.(\w+)", text)) == set(re.findall(r'^variable "(\w+)"', text, re.MULTILINE))


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_paths_lead_to_the_documents(module: str) -> None:
    for path in re.findall(r'templatefile\("\$\{path\.module\}/([^"]+)"', source(module)):
        assert (FOLDER / "terraform" / module / path).exists()


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_it_parses_and_names_only_resources_that_there_are(module: Path) -> None:
    """One that may be made not at all or several times is named with an index, any other without."""
    parsed = [hcl2.loads(path.read_text(encoding="utf-8")) for path in sorted(module.glob("*.tf"))]
    resources = {
        f"{kind}.{name}".replace('"', ""): block
        for file in parsed
        for resource in file.get("resource", [])
        for kind, named in resource.items()
        for name, block in named.items()
    }
    named = set(re.findall(r"(?<!data\.)\b(aws_\w+\.\w+)(\[?)", source(str(module))))
    assert {name for name, _ in named} <= set(resources)
    assert {name for name, index in named if bool(index) != bool({"count", "for_each"} & set(resources[name]))} == set()


def test_the_pages_modules_are_given_what_they_take() -> None:
    calls = re.findall(r'^module "\w+" \{\n(.*?)^\}', PAGE, re.MULTILINE | re.DOTALL)
    assert len(calls) == 3
    for call in calls:
        given = set(re.findall(r"^  (\w+) +=", call, re.MULTILINE)) - {"source", "providers"}
        (folder,) = re.findall(r'source += "\./fargateclaims/deploy/iam/terraform/?([\w-]*)"', call)
        variables = dict(re.findall(r'^variable "(\w+)" \{(.*?)^\}', source(str(FOLDER / "terraform" / folder)), re.MULTILINE | re.DOTALL))
        assert {name for name, text in variables.items() if "default " not in text} <= given <= set(variables)


def test_the_page_names_every_document_and_placeholder() -> None:
    every = {name for document_name in documents() for name in placeholders(document_name)}
    assert every == set(VALUES)
    assert {name for name in (*every, *documents()) if f"`{name}`" not in PAGE} == set()


@pytest.mark.parametrize("name", documents())
def test_each_document_is_a_policy_when_filled_in(name: str) -> None:
    names = [statement["Sid"] for statement in document(name)["Statement"]]
    assert len(set(names)) == len(names)
    assert all(each.isalnum() and each.isascii() for each in names)
