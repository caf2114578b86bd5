"""Every reason is registered in gate order and told to a merchandiser."""

import re
from pathlib import Path

import pytest

from tactful.core.verdicts.reasons import REASON_ORDER, TAINT_REASONS, Reason

PAGE = Path(__file__).parents[4] / "rules" / "reasons.md"
ROW = re.compile(r"^\| `([a-z_.]+)` \| (.+) \| (.+) \|$", re.MULTILINE)
GATES = {
    1: "rule",
    2: "shopper consent",
    3: "stale",
    4: "target identity",
    5: "recall complaint service delivery return review owned",
    6: "stock",
    7: "price",
    8: "timing",
    9: "contact",
    10: "budget",
    11: "arbitration",
    12: "holdout shadow",
}


def sections() -> dict[int, str]:
    parts = re.split(r"^## (\d+) .*$", PAGE.read_text("utf-8"), flags=re.MULTILINE)
    return {int(number): text for number, text in zip(parts[1::2], parts[2::2], strict=True)}


def test_the_page_tells_every_reason_once_in_the_order_of_the_gates() -> None:
    assert [code for code, *_ in ROW.findall(PAGE.read_text("utf-8"))] == list(Reason)


@pytest.mark.parametrize("gate", GATES)
def test_each_gate_s_section_has_its_own_reasons(gate: int) -> None:
    told = {code.partition(".")[0] for code, *_ in ROW.findall(sections()[gate])}
    assert told == set(GATES[gate].split())


@pytest.mark.parametrize("reason", Reason)
def test_a_reason_says_what_it_means_and_what_to_do(reason: Reason) -> None:
    (means, do) = next(
        (m, d) for code, m, d in ROW.findall(PAGE.read_text("utf-8")) if code == reason
    )
    assert means.endswith(".")
    assert do.endswith(".")


def test_a_code_is_its_gate_and_its_cause_in_the_spelling_of_its_name() -> None:
    for reason in Reason:
        assert reason.name == reason.value.replace(".", "_").upper()


def test_the_order_is_that_of_the_declaration_and_total() -> None:
    assert sorted(Reason, key=REASON_ORDER.__getitem__) == list(Reason)
    assert set(Reason) >= TAINT_REASONS
