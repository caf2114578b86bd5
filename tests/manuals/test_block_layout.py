"""The blocks of a manual reach the documentation site as its author and GitHub see them."""

import pytest
from block_layout import laid_out

from support.manual_runner import ROOT


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        pytest.param(
            ["1. Make it:", "", "   ```sh", "   make", "", "   ```", "", "2. Use it."],
            ["1. Make it:", "", "    ```sh", "    make", "", "    ```", "", "2. Use it."],
            id="code of a step stays in the step",
        ),
        pytest.param(
            ["1. A", "", "   B", "2. C"],
            ["1. A", "", "    B", "", "2. C"],
            id="a step after a paragraph of a step is a step",
        ),
        pytest.param(
            ["**Effects.**", "- A", "- B"],
            ["**Effects.**", "", "- A", "- B"],
            id="a list after a line of text is a list",
        ),
        pytest.param(
            ["- A", "", "  | a |", "  |---|", "  | 1 |", "", "- B"],
            ["- A", "", "    | a |", "    |---|", "    | 1 |", "", "- B"],
            id="a table of an item stays in the item",
        ),
        pytest.param(
            ["- A", "  - B", "    more", "- C"],
            ["- A", "    - B", "        more", "- C"],
            id="a list in a list is indented by four spaces",
        ),
        pytest.param(["- A", "more"], ["- A", "    more"], id="a lazy line belongs to its item"),
        pytest.param(["- A", "", "B"], ["- A", "", "B"], id="text after a list is text"),
        pytest.param(["- A", "## B"], ["- A", "", "## B"], id="a heading ends a list"),
        pytest.param(
            ["So:", "| a |", "|---|", "| 1 |"],
            ["So:", "", "| a |", "|---|", "| 1 |"],
            id="a table after a line of text is a table",
        ),
        pytest.param(
            ["| a |", "|---|", r"| `x\|y` \| z |", "", r"`x\|y`"],
            ["| a |", "|---|", r"| `x|y` \| z |", "", r"`x\|y`"],
            id="a bar in the code of a table stands alone",
        ),
        pytest.param(
            ["```yaml bad times=2", "a: 1", "```"],
            ["```yaml", "a: 1", "```"],
            id="a fence names its language alone",
        ),
        pytest.param(
            ["~~~", "- A", "```", "  - B", "~~~"],
            ["~~~", "- A", "```", "  - B", "~~~"],
            id="code is not changed",
        ),
    ],
)
def test_blocks_are_laid_out_for_the_site(written: list[str], shown: list[str]) -> None:
    assert laid_out(written) == shown


def test_laying_out_twice_changes_nothing_more() -> None:
    for manual in sorted(ROOT.glob("server/**/*.md")):
        if "node_modules" not in manual.parts:
            once = laid_out(manual.read_text("utf-8").splitlines())
            assert laid_out(once) == once, manual
