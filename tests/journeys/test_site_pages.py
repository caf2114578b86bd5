"""The pages of the built documentation site have every step, table and example of their manuals."""

import os
import re
from collections import Counter
from pathlib import Path

import pytest
from stage import manuals, page_of

from support.manual_runner import ROOT

BUILT = ROOT / ".site" / "site"
FENCE = re.compile(r" *(```+|~~~+)")
ITEM = re.compile(r" *([-*+]|\d+[.)]) +\S")
DELIMITER = re.compile(r" *\|?( *:?-+:? *\|)+")


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    """The site is built."""
    if not (BUILT / "index.html").is_file():
        line = "the documentation site is not built: run make site"
        if os.environ.get("TACTFUL_REQUIRE") == "1":
            pytest.fail(line, pytrace=False)
        pytest.skip(line)


def written(manual: Path) -> Counter[str]:
    """How many blocks of each kind a manual has."""
    found = Counter[str]()
    fence = ""
    for line in (ROOT / manual).read_text("utf-8").splitlines():
        if opened := FENCE.match(line):
            if not fence:
                fence = opened[1]
                found["code"] += 1
            elif line.strip() == fence:
                fence = ""
        elif not fence:
            found["items"] += bool(ITEM.match(line))
            found["tables"] += bool(DELIMITER.fullmatch(line.rstrip()))
            found["headings"] += bool(re.match("#+ ", line))
    return found


def shown(manual: Path) -> Counter[str]:
    """How many blocks of each kind its page has."""
    page = Path(page_of(manual))
    folder = page.parent if page.name == "index.md" else page.with_suffix("")
    article = re.search(
        "<article.*?</article>", (BUILT / folder / "index.html").read_text("utf-8"), re.DOTALL
    )
    assert article
    tags = {"code": "<pre[ >]", "items": "<li[ >]", "tables": "<table[ >]", "headings": "<h[1-6] "}
    text = re.sub("<nav.*?</nav>", "", article[0], flags=re.DOTALL)
    return Counter({kind: len(re.findall(tag, text)) for kind, tag in tags.items()})


@pytest.mark.parametrize("manual", tuple(manuals()), ids=str)
def test_a_page_has_every_block_of_its_manual(manual: Path) -> None:
    assert {**shown(manual)} == {kind: written(manual)[kind] for kind in shown(manual)}
