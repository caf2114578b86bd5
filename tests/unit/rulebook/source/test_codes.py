"""Every diagnostic code has a page, and its examples give the finding or none."""

import re
from pathlib import Path

import pytest

from support.rule_files import NOW, check
from tactful.core.facts.fact_codec import FactRejection, decode
from tactful.rulebook.checks.check_registry import CHECKS
from tactful.rulebook.source.codes import CODES
from tactful.rulebook.testing.fact_set import FactSet

PAGES = Path(__file__).parents[4] / "rules" / "codes"
FENCE = re.compile(r"```yaml (bad|good)(?: (\S+))?\n(.*?)```", re.DOTALL)


FACTS = re.compile(r"```json facts\n(.*?)```", re.DOTALL)
"""The facts that the examples of a page are checked against, one in each line."""


ANOTHER = "# In another file:\n"


def examples(code: str) -> dict[str, tuple[list[bytes], int]]:
    """bad and good → the files of the example, and the line of its mark in the file that has it."""
    page = (PAGES / f"{code}.md").read_text("utf-8")
    return {kind: _example(how, text) for kind, how, text in FENCE.findall(page)}


def facts_of(code: str) -> FactSet:
    page = (PAGES / f"{code}.md").read_text("utf-8")
    facts = FactSet()
    for line in "".join(FACTS.findall(page)).splitlines():
        fact = decode(line.encode())
        assert not isinstance(fact, FactRejection)
        facts.add(fact, 0)
    return facts


def _example(how: str, text: str) -> tuple[list[bytes], int]:
    files = text.split(ANOTHER)
    lines = [line for file in files for line in enumerate(file.split("\n"), 1)]
    marked = next((number for number, line in lines if "# <- here" in line), 0)
    if how == "escapes":
        files = [re.sub(r"\\x([0-9a-f]{2})", lambda at: chr(int(at[1], 16)), text)]
    if how.startswith("times="):
        files = [text * int(how.removeprefix("times="))]
    return [file.encode() for file in files], marked


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    assert sorted(path.stem for path in PAGES.glob("*.md")) == sorted(CODES)


def test_every_check_has_a_registered_code() -> None:
    assert set(CHECKS) <= set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_a_page_begins_with_the_code_and_its_title(code: str) -> None:
    first = (PAGES / f"{code}.md").read_text("utf-8").splitlines()[0]
    assert first == f"# {code}: {CODES[code].title}"


@pytest.mark.parametrize("code", CODES)
def test_the_bad_example_is_found_where_it_is_marked(code: str) -> None:
    files, marked = examples(code)["bad"]
    found = check(*files, catalogue=facts_of(code).items()).diagnostics
    assert {one.code for one in found} == {code}
    assert {one.line for one in found} == {marked}
    assert all(one.help for one in found)


@pytest.mark.parametrize("code", CODES)
def test_the_good_example_has_no_finding(code: str) -> None:
    files, _ = examples(code)["good"]
    compiled = check(*files, catalogue=facts_of(code).items())
    assert compiled.diagnostics == ()
    assert compiled.rulebook is not None


def test_the_examples_are_judged_at_the_time_of_the_scenarios() -> None:
    assert NOW == 1_773_144_000_000
