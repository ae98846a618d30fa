"""Links between the pages lead somewhere, each page is found, and the commands on them are commands."""

import re
from pathlib import Path

import pytest

from support.aws_cli import checked
from support.command_lines import of_aws, of_ours, parse

REPOSITORY = Path(__file__).parents[1]
PAGES = sorted([*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/**/*.md")])
LINK = re.compile(r"\]\((?!https?://)([^)#]*)(?:#([^)]+))?\)")
PLACEHOLDERS = {"N": "20"}
"""Numbers that people put in: other words in capitals may be anything."""
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))


@each_page
def test_links_lead_somewhere(page: Path) -> None:
    for name, anchor in links(page):
        target = page.parent / name if name else page
        assert target.exists(), name
        if anchor:
            assert anchor in anchors(target), f"{name}#{anchor}"


def links(page: Path) -> list[tuple[str, str]]:
    """Where each link leads: a path, and a heading there; either may be empty."""
    return LINK.findall(page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """Where a link may lead to, as GitHub and GitLab name headings."""
    text = page.read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    slugs = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return slugs | set(re.findall(r'<a id="([^"]+)">', text))


def test_every_page_is_found_from_the_readme() -> None:
    found, ahead = set(), [REPOSITORY / "README.md"]
    while ahead:
        page = ahead.pop()
        if page.suffix == ".md" and page not in found:
            found.add(page)
            ahead += [(page.parent / name).resolve() for name, _ in links(page) if name]
    assert found >= set(PAGES)


def test_every_decision_is_listed() -> None:
    folder = REPOSITORY / "docs" / "decisions"
    listed = {name for name, _ in links(folder / "README.md")}
    assert listed == {page.name for page in folder.glob("*.md")} - {"README.md"}


@each_page
def test_our_commands_are_commands(page: Path) -> None:
    for words in of_ours(page.read_text(encoding="utf-8")):
        parse(words)


@each_page
def test_aws_knows_its_commands(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY / "deploy" / "iam")  # where the pages have people stand who read files
    for words in of_aws(page.read_text(encoding="utf-8")):
        checked([PLACEHOLDERS.get(word, re.sub(r"\$\w+", "set-by-an-earlier-line", word)) for word in words[1:]])
