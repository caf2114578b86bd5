"""The grammar of scenario files offers every step, reason and fact that scenarios need."""

from typing import get_args

import pytest

from support.value_types import node, read
from tactful.core.facts.fact_types import Case, ReturnLine
from tactful.core.session.signals import ActivityKind, PageKind
from tactful.core.verdicts.reasons import Reason
from tactful.rulebook.language.mappings import MappingSchema
from tactful.rulebook.language.scalars import OneOfType, ValueType
from tactful.rulebook.source.diagnostics import Findings
from tactful.rulebook.testing import runner
from tactful.rulebook.testing.scenario_grammar import CASE, EXPECT, PAGE, RETURN, STEP


def words(schema: MappingSchema, name: str) -> tuple[str, ...]:
    value_type: ValueType = next(key.value_type for key in schema.keys if key.name == name)
    assert isinstance(value_type, OneOfType)
    return value_type.words


def test_every_step_of_the_grammar_can_be_run() -> None:
    assert {key.name for key in STEP.keys} == set(runner._STEPS)


def test_every_reason_can_be_expected() -> None:
    assert set(words(EXPECT, "because")) == set(Reason)
    assert set(words(EXPECT, "withdrawn")) == set(Reason)


def test_pages_activities_cases_and_returns_have_the_words_of_the_core() -> None:
    assert set(words(PAGE, "kind")) == set(get_args(PageKind))
    assert set(words(STEP, "act")) == set(get_args(ActivityKind))
    assert set(words(CASE, "kind")) == set(get_args(Case.__annotations__["kind"]))
    assert set(words(RETURN, "reason")) == set(get_args(ReturnLine.__annotations__["reason"]))


def test_a_case_needs_a_known_kind() -> None:
    assert read(CASE, "{items: [A]}")[1] == ["R202"]
    assert read(CASE, "{kind: noise}")[1] == ["R214"]


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("stock.ot", "did you mean 'stock.out'?"),
        ("zzz", "rules/reasons.md lists them all"),
    ],
)
def test_an_unknown_reason_names_the_nearest_and_not_the_whole_list(word: str, hint: str) -> None:
    findings = Findings()
    reasons = next(key.value_type for key in EXPECT.keys if key.name == "because")
    assert reasons.read(node(word), findings) is None
    [one] = findings.sorted()
    assert (one.message, one.help) == (f"'{word}' is not a reason code", hint)
