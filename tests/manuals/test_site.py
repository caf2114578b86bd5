"""The documentation site has every manual, and its links lead to pages."""

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import stage
from api_reference import api_reference
from command_reference import command_reference
from stage import BrokenLinkError, Stage

SITE = Path(stage.__file__).parent


@pytest.fixture(scope="module")
def docs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The staged pages."""
    folder = tmp_path_factory.mktemp("site")
    stage.main(folder)
    return folder / "docs"


def navigated() -> set[str]:
    """The pages that the navigation lists."""
    found: set[str] = set()

    def walk(entry: Any) -> None:
        if isinstance(entry, str):
            found.add(entry)
        else:
            for each in entry.values() if isinstance(entry, dict) else entry:
                walk(each)

    walk(tomllib.loads((SITE / "zensical.toml").read_text("utf-8"))["project"]["nav"])
    return found


def linked(docs: Path, page: str) -> set[str]:
    """The pages that a page links to."""
    text = re.sub(
        r"^(```|~~~)[^\n]*\n.*?^\1",
        "",
        (docs / page).read_text("utf-8"),
        flags=re.DOTALL | re.MULTILINE,
    )
    found = set()
    for target in re.findall(r"\]\(([^)#\s]+)", text):
        place = (docs / page).parent / target
        if ":" not in target and place.suffix == ".md":
            found.add(place.resolve().relative_to(docs.resolve()).as_posix())
    return found


def test_every_page_of_the_navigation_exists(docs: Path) -> None:
    assert {page for page in navigated() if not (docs / page).is_file()} == set()


def test_every_manual_is_reached_from_the_navigation_by_links(docs: Path) -> None:
    reached, waiting = set[str](), navigated()
    while waiting:
        page = waiting.pop()
        reached.add(page)
        waiting |= linked(docs, page) - reached
    there = {path.relative_to(docs).as_posix() for path in docs.rglob("*.md")}
    assert there - reached == set()


def test_a_link_to_a_source_leads_to_a_page_with_its_text(docs: Path) -> None:
    page = (docs / "source" / "server" / "tactful" / "connectors" / "signatures.py.md").read_text(
        "utf-8"
    )
    assert (stage.ROOT / "server/tactful/connectors/signatures.py").read_text("utf-8") in page
    assert "exclude: true" in page  # The search finds manuals, not sources.


def test_a_link_to_a_folder_leads_to_a_page_that_links_to_its_files(docs: Path) -> None:
    page = "source/rules/starter.md"
    assert {path.name for path in (stage.ROOT / "rules" / "starter").glob("*.yaml")} == {
        Path(target).stem for target in linked(docs, page)
    }
    assert "rules/codes/R203.md" in linked(docs, "source/rules/codes.md")


def test_the_search_finds_what_holds_and_not_what_changed(docs: Path) -> None:
    assert (docs / "CHANGELOG.md").read_text("utf-8").startswith("---\nsearch:\n  exclude: true\n")
    assert (docs / "SECURITY.md").read_text("utf-8").startswith("# Security")


@pytest.fixture
def linked_text(tmp_path: Path) -> Callable[[str], str]:
    """Stages one text as a manual of the folder `server`, and returns the text of its page."""

    def text(manual: str) -> str:
        return Stage(tmp_path)._linked(manual, Path("server/HTTP.md"), "server/HTTP.md").rstrip()

    return text


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("[facts](FACTS.md#price)", "[facts](FACTS.md#price)"),
        ("[rules](../rules/README.md)", "[rules](../rules/index.md)"),
        ("[rules](../rules)", "[rules](../rules/index.md)"),
        ("[start](../README.md#see-it)", "[start](../readme.md#see-it)"),
        ("[`LICENSE`](../LICENSE)", "[`LICENSE`](../source/LICENSE.md)"),
        ("[here](#errors), [there](https://semver.org)",) * 2,
        ("```\n[x](nowhere.md)\n```",) * 2,
        ("![A picture](tests/journeys/screenshots/none.png)", ""),
        ("![A picture](server/site/pictures/none.png)", ""),
    ],
)
def test_a_link_leads_to_the_page_of_what_it_names(
    linked_text: Callable[[str], str], written: str, shown: str
) -> None:
    assert linked_text(written) == shown


def test_a_link_that_leads_to_nothing_stops_the_build(linked_text: Callable[[str], str]) -> None:
    with pytest.raises(BrokenLinkError, match=r"server/HTTP\.md: .*server/nowhere\.md"):
        linked_text("[x](nowhere.md)")


def test_the_reference_has_every_command_with_its_options() -> None:
    page = command_reference()
    assert "## tactful serve\n" in page
    assert "### tactful rules check\n" in page
    assert "--dry-run" in page


def test_the_reference_has_every_object_of_the_http_api() -> None:
    page = api_reference()
    assert "### POST /v1/redemptions\n" in page
    assert "### RedemptionBody\n" in page
    assert "| `redemption.used`" not in page  # A code stands beside its status.
    assert "`redemption.used`" in page
    names = set(re.findall(r"^### (\w+)$", page, flags=re.MULTILINE))
    assert set(re.findall(r"\]\(#(\w+)\)", page)) <= {name.lower() for name in names}
