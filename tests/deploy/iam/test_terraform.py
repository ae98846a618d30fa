"""Terraform and the page use the documents as they are: none is written twice, and everything that is to be filled in is."""

import re
import shutil
import subprocess

import pytest

from support.iam_policy import FOLDER, VALUES, document, documents, placeholders

MODULES = sorted({path.parent for path in (FOLDER / "terraform").rglob("*.tf")})
PAGE = (FOLDER.parents[1] / "docs/iam.md").read_text(encoding="utf-8")


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
    given = set(re.findall(r"^\s+(\w+) += ", text[text.index("values = {") :], re.MULTILINE)) | {"oidc_provider"}
    assert {name: placeholders(name) - given for name in used(text) if placeholders(name) - given} == {}
    assert set(re.findall(r"var\.(\w+)", text)) == set(re.findall(r'^variable "(\w+)"', text, re.MULTILINE))


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_paths_lead_to_the_documents(module: str) -> None:
    for path in re.findall(r'templatefile\("\$\{path\.module\}/([^"]+)"', source(module)):
        assert (FOLDER / "terraform" / module / path).exists()


@pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not installed")
def test_terraform_is_formatted_and_parses() -> None:
    done = subprocess.run(["terraform", "fmt", "-check", "-recursive", FOLDER / "terraform"], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_page_names_every_document_and_placeholder() -> None:
    every = {name for document_name in documents() for name in placeholders(document_name)}
    assert every == set(VALUES)
    assert {name for name in (*every, *documents()) if f"`{name}`" not in PAGE} == set()


@pytest.mark.parametrize("name", documents())
def test_each_document_is_a_policy_when_filled_in(name: str) -> None:
    names = [statement["Sid"] for statement in document(name)["Statement"]]
    assert len(set(names)) == len(names)
    assert all(each.isalnum() and each.isascii() for each in names)
