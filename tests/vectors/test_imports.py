"""Files with the habits of real exports give exactly their expected facts and messages.

Each file in `imports/<platform>/` has one habit. Beside it, `<file>.json` lists the terms of the import,
its facts, and what the summary names.
"""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from support.import_files import IMPORT_TERMS, facts_in, import_rows
from tactful.cli.data.import_summary import MessageCounts
from tactful.connectors.files.results import (
    BadRow,
    FoundFact,
    ImportTerms,
    Row,
    RowNote,
    SkippedRow,
)
from tactful.core.facts import fact_codec

FOLDER = Path(__file__).parent / "imports"
FILES = sorted(
    path for path in FOLDER.glob("*/*") if path.suffix != ".json" and path.name != "README.md"
)


def outcome_of(rows: list[Row]) -> dict[str, Any]:
    """Return the facts of rows, and what a summary names."""
    left_out, notes, bad = MessageCounts(), MessageCounts(), MessageCounts()
    for row in rows:
        match row:
            case BadRow(line, message):
                bad.add(line, message)
            case SkippedRow(line, reason):
                left_out.add(line, reason)
            case RowNote(line, message):
                notes.add(line, message)
            case FoundFact():
                pass
    return {
        "facts": [_stated(msgspec.json.decode(fact_codec.encode(f))) for f in facts_in(rows)],
        "bad": bad.to_json(),
        "left_out": left_out.to_json(),
        "notes": notes.to_json(),
    }


def _stated(fact: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a fact that have a value."""
    return {name: value for name, value in fact.items() if value is not None and value != []}


def expected_of(path: Path) -> dict[str, Any]:
    """Return what a file should give, with the terms under which it is read."""
    expected: dict[str, Any] = msgspec.json.decode(path.with_name(path.name + ".json").read_bytes())
    return expected


def test_the_bench_has_files_of_every_platform() -> None:
    assert {path.parent.name for path in FILES} >= {
        *("merchant", "orders", "shopify", "tables", "woocommerce")
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_file_gives_exactly_its_expected_facts_and_messages(path: Path) -> None:
    expected = expected_of(path)
    stated = msgspec.to_builtins(IMPORT_TERMS) | expected.pop("terms")
    terms = msgspec.convert(stated, ImportTerms)
    assert outcome_of(import_rows(path, terms)) == expected
