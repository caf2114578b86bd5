"""Every promise, threat, fault and goal has a row in reliability.md, with tests that exist."""

import re
from functools import cache
from pathlib import Path

TESTS = Path(__file__).parents[1]
ROOT = TESTS.parent
TABLE = (TESTS / "reliability.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| ([PTFG]\d+) \| (.+) \|$", re.MULTILINE)
IDS = {"P": 15, "T": 49, "F": 42, "G": 20}
LEFT_OUT_AT_MOST = 10


def rows(text: str) -> list[tuple[str, str]]:
    return ROW.findall(text)


@cache
def names_in(file: Path) -> frozenset[str]:
    """The names of a file's tests: Python's without their `test_`, the widget's as they are written."""
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".js":
        return frozenset(re.findall(r"^test\('([^']+)'", text, re.MULTILINE))
    return frozenset(re.findall(r"^(?:async )?def test_(\w+)\(", text, re.MULTILINE))


def named(cells: str) -> list[tuple[str, str]]:
    """(file, test) of a row; the test of a bench is empty."""
    return [
        (file, test)
        for file, _, test in (
            each.partition("::") for each in re.findall(r"`([^`]+)`", cells.rpartition(" | ")[2])
        )
    ]


def test_every_id_has_one_row() -> None:
    expected = sorted(
        f"{letter}{number}" for letter, last in IDS.items() for number in range(1, last + 1)
    )
    assert sorted(ident for ident, _ in rows(TABLE)) == expected


def test_every_row_names_a_test() -> None:
    held, _, _ = TABLE.partition("## What does not apply")
    without = [ident for ident, cells in rows(held) if not any(test for _, test in named(cells))]
    assert without == []


def test_every_test_that_is_named_exists() -> None:
    held, _, _ = TABLE.partition("## What does not apply")
    missing = [
        f"{ident} names {file}::{test}"
        for ident, cells in rows(held)
        for file, test in named(cells)
        if not _exists(file, test)
    ]
    assert missing == []


def _exists(file: str, test: str) -> bool:
    path = (ROOT if file.startswith("widget/") else TESTS) / file
    return path.is_file() and (not test or test in names_in(path))


def test_few_ids_are_left_out_and_each_has_a_reason() -> None:
    _, _, left = TABLE.partition("## What does not apply")
    assert 0 < len(rows(left)) <= LEFT_OUT_AT_MOST
    assert all(len(reason.split()) >= 4 for _, reason in rows(left))
