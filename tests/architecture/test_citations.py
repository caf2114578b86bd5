"""Every file, section and decision that a docstring, comment or manual cites exists."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.source_tree import PACKAGE, ROOT, TESTS, comments, docstrings, manuals, modules

SEMANTICS = (ROOT / "server" / "SEMANTICS.md").read_text("utf-8")
DECISIONS = ROOT / "server" / "decisions"

_PACKAGES = (PACKAGE, PACKAGE.parent)
EXAMPLES = {"a/b/c.py", "unit/a/b/test_c.py", "tests/unit/a/b/test_c.py", "server/tactful/a/b/c.py"}
"""Names that stand for any file."""

_PAGE = re.compile(r"(?<![\w/.*<-])((?:[\w.-]+/)*[\w-]+\.md)\b")
_SECTION = re.compile(r"[Ss]emantics(?:\.md)?`?,? sections? (\d+)")
_RULES = re.compile(r"SEMANTICS\.md`?,? section (\d+), rules? (\d+)(?: (?:and|to) (\d+))?")
_DECISION = re.compile(r"decisions/(\d{4})")
_LINK = re.compile(r"\]\(([^)\s#]*)(?:#([^)\s]*))?\)")
_TEST = re.compile(r"`(?:tests/)?((?:unit|contracts|journeys|manuals|architecture)/[\w/]+\.py)")
_CODE = re.compile(r"`((?:[\w.]+/)+\w+\.py)\b")
_ABSENT = re.compile(r"(?<![\w.-])contract\.md\b")


def _sources() -> list[Path]:
    return [*modules(), *sorted(TESTS.rglob("*.py")), *sorted((ROOT / "examples").rglob("*.py"))]


def _prose(path: Path) -> Iterator[tuple[str, str]]:
    """(place, text) of everything in a file that may cite."""
    place = path.relative_to(ROOT).as_posix()
    if path.suffix == ".md":
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            yield f"{place}:{number}", line
        return
    for text in (*docstrings(path), *comments(path)):
        yield f"{place}:{text.line}", text.text


def _may_cite(path: Path) -> bool:
    """Whether a file has anything like a citation; reading the prose of all takes seconds."""
    text = path.read_text("utf-8")
    return any(mark in text for mark in (".md", "decisions/", "emantics", ".py"))


def _cited() -> list[tuple[str, str, Path]]:
    return [
        (place, text, path)
        for path in (*_sources(), *manuals())
        if path != Path(__file__) and _may_cite(path)
        for place, text in _prose(path)
    ]


@pytest.fixture(scope="module")
def cited() -> list[tuple[str, str, Path]]:
    return _cited()


def _exists(page: str, near: Path) -> bool:
    """Whether a page is found beside the file that cites it, from the root, or by its name alone."""
    bases = (near.parent, ROOT, ROOT / "server", TESTS)
    if any((base / page).is_file() for base in bases):
        return True
    return "/" not in page and any(path.name == page for path in manuals())


def test_every_page_that_is_cited_exists(cited: list[tuple[str, str, Path]]) -> None:
    missing = [
        f"{place}: {page}"
        for place, text, path in cited
        for page in _PAGE.findall(_LINK.sub("]", text))
        if not _exists(page, path)
    ]
    assert not missing, "\n".join(missing)


def test_every_source_file_that_a_manual_names_exists() -> None:
    missing = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in manuals()
        for name in _CODE.findall(path.read_text("utf-8"))
        if not any((base / name).is_file() for base in (path.parent, ROOT, TESTS, *_PACKAGES))
        if name not in EXAMPLES
    ]
    assert not missing, "\n".join(missing)


def test_every_link_of_a_manual_leads_to_a_file() -> None:
    # tests/manuals/test_site.py follows the links of the site's own pages.
    missing = [
        f"{path.relative_to(ROOT)}: {target}"
        for path in manuals()
        if not path.is_relative_to(ROOT / "server" / "site")
        for target, _ in _LINK.findall(path.read_text("utf-8"))
        if target and not target.startswith(("https://", "http://", "mailto:"))
        if not (path.parent / target).exists()
    ]
    assert not missing, "\n".join(missing)


def test_every_section_of_the_semantics_that_is_cited_exists(
    cited: list[tuple[str, str, Path]],
) -> None:
    there = set(re.findall(r"^## (\d+) ", SEMANTICS, re.MULTILINE))
    missing = [
        f"{place}: section {number}"
        for place, text, _ in cited
        for number in _SECTION.findall(" ".join(text.split()))
        if number not in there
    ]
    assert not missing, "\n".join(missing)


def _rules_of_the_semantics() -> set[tuple[str, str]]:
    """(section, rule) of every numbered rule."""
    found: set[tuple[str, str]] = set()
    section = ""
    for line in SEMANTICS.splitlines():
        if heading := re.match(r"## (\d+) ", line):
            section = heading[1]
        elif rule := re.match(r"(\d+)\. ", line):
            found.add((section, rule[1]))
    return found


def test_every_rule_of_the_semantics_that_is_cited_exists(
    cited: list[tuple[str, str, Path]],
) -> None:
    there = _rules_of_the_semantics()
    missing = [
        f"{place}: section {section}, rule {rule}"
        for place, text, _ in cited
        for section, *rules in _RULES.findall(" ".join(text.split()))
        for rule in rules
        if rule and (section, rule) not in there
    ]
    assert not missing, "\n".join(missing)


def test_the_semantics_are_cited_by_their_path(cited: list[tuple[str, str, Path]]) -> None:
    """A reader must be able to open what is cited: `server/SEMANTICS.md, section 6`."""
    vague = [
        place
        for place, text, path in cited
        if path.suffix == ".py"
        if re.search(r"\(semantics, section|semantics section|semantics\.md", text)
        or _ABSENT.search(text)
    ]
    assert not vague, f"{len(vague)} citations name no file that is here: {vague}"


def test_every_decision_that_is_cited_exists(cited: list[tuple[str, str, Path]]) -> None:
    there = {path.name[:4] for path in DECISIONS.glob("[0-9]*.md")}
    missing = [
        f"{place}: {number}"
        for place, text, _ in cited
        for number in _DECISION.findall(text)
        if number not in there
    ]
    assert not missing, "\n".join(missing)


def test_every_decision_is_in_the_list_of_decisions() -> None:
    listed = (DECISIONS / "README.md").read_text("utf-8")
    for path in DECISIONS.glob("[0-9]*.md"):
        assert f"({path.name})" in listed, path.name


def test_every_test_file_that_is_cited_exists(cited: list[tuple[str, str, Path]]) -> None:
    missing = [
        f"{place}: {name}"
        for place, text, _ in cited
        for name in _TEST.findall(text)
        if name not in EXAMPLES and not (TESTS / name).is_file()
    ]
    assert not missing, "\n".join(missing)
