"""Files with the habits of real exports: each gives its expected facts and its expected summary.

Every folder of `tests/fixtures/import_bench` has one file with one habit, in a shape that a platform
writes, and with invented data. `case.json` says what must come of it. Times of the data lie far in the
past or the future, so the day of the test does not matter. `python tests/journeys/test_import_bench.py`
writes the expectations anew; read the difference before you keep it.
"""

import json
import sys
from pathlib import Path
from typing import Any

import click
import msgspec
import pytest
from click.testing import CliRunner

from tactful.cli.data.import_facts import import_
from tactful.cli.data.import_options import encoding_option, term_options, terms_from
from tactful.config import Config
from tactful.connectors.files import formats
from tactful.connectors.files.byte_sources import open_source
from tactful.connectors.files.results import FoundFact, ImportTerms, SourceError
from tactful.core.facts.fact_codec import encode

BENCH = Path(__file__).parents[1] / "fixtures" / "import_bench"
CASES = sorted(path.parent.name for path in BENCH.glob("*/case.json"))


@click.command()
@encoding_option
@term_options
def _terms(encoding: str | None, **options: Any) -> ImportTerms:
    return terms_from(options, Config())


def named_encoding(options: list[str]) -> str | None:
    """The value of `--encoding` among the options."""
    return options[options.index("--encoding") + 1] if "--encoding" in options else None


def facts_of(file: Path, options: list[str]) -> list[dict[str, Any]]:
    """The facts of a file, as `tactful import` reads them with these options."""
    terms: ImportTerms = _terms.main(options, standalone_mode=False)
    with open_source(str(file), encoding=named_encoding(options)) as source:
        form = formats.BY_NAME["table"] if terms.columns else formats.detect_format(source)
        rows = list(formats.read_rows(source, terms, form))
    return [json.loads(encode(row.fact)) for row in rows if isinstance(row, FoundFact)]


def outcome_of(folder: Path, case: dict[str, Any]) -> dict[str, Any]:
    """The exit code of a dry run, the facts of the file, and its summary or the error."""
    file = folder / case["file"]
    result = CliRunner().invoke(import_, [str(file), *case["options"], "--dry-run", "--json"])
    if not result.stdout:
        said = result.stderr.replace(str(file), case["file"])
        return {"exit": result.exit_code, "facts": [], "summary": said}
    (summary,) = json.loads(result.stdout)["files"]
    assert summary.pop("file") == str(file)
    try:
        found = facts_of(file, case["options"])
    except SourceError:
        found = []
    return {"exit": result.exit_code, "facts": found, "summary": summary}


def read_case(name: str) -> dict[str, Any]:
    """What `case.json` of a folder says."""
    return dict(msgspec.json.decode((BENCH / name / "case.json").read_bytes()))


@pytest.mark.parametrize("name", CASES)
def test_a_file_gives_its_expected_facts_and_summary(name: str) -> None:
    case = read_case(name)
    found = outcome_of(BENCH / name, case)
    assert found["summary"] == case["summary"]
    assert found["facts"] == case["facts"]
    assert found["exit"] == case["exit"]


def test_every_entry_about_files_has_a_case() -> None:
    entries = {read_case(name)["entry"] for name in CASES}
    # I22 is about speed and progress, which `test_import_facts.py` has.
    assert entries >= {f"I{number}" for number in range(1, 24)} - {"I22"}


if __name__ == "__main__":
    for each in CASES:
        path, said = BENCH / each / "case.json", read_case(each)
        said |= outcome_of(BENCH / each, said)
        path.write_text(json.dumps(said, indent=1, ensure_ascii=False) + "\n", "utf-8")
        sys.stdout.write(f"{each}: exit {said['exit']}, {len(said['facts'])} facts\n")
