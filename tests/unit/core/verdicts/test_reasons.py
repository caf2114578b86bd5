"""Every reason is declared in gate order and explained to a merchandiser."""

import re
from pathlib import Path

import msgspec
import pytest

from tactful.core.verdicts.reasons import (
    MENDED_BY_TIME,
    REASON_ORDER,
    TAINT_REASONS,
    TRANSIENT_REASONS,
    Reason,
)

PAGE = Path(__file__).parents[4] / "rules" / "reasons.md"
ROW = re.compile(r"^\| `([a-z_.]+)` \| (.+) \| (.+) \|$", re.MULTILINE)
GATES = {
    1: "offers rule excluded",
    2: "shopper consent",
    3: "stale",
    4: "target identity",
    5: "cancelled recall objection complaint service delivery return review owned",
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


def test_the_page_names_every_reason_once_in_gate_order() -> None:
    assert [code for code, *_ in ROW.findall(PAGE.read_text("utf-8"))] == list(Reason)


@pytest.mark.parametrize("gate", GATES)
def test_the_section_of_a_gate_has_the_reasons_of_that_gate(gate: int) -> None:
    prefixes = {code.partition(".")[0] for code, *_ in ROW.findall(sections()[gate])}
    assert prefixes == set(GATES[gate].split())


@pytest.mark.parametrize("reason", Reason)
def test_the_page_says_what_a_reason_means_and_what_to_do(reason: Reason) -> None:
    (means, do) = next(
        (m, d) for code, m, d in ROW.findall(PAGE.read_text("utf-8")) if code == reason
    )
    assert means.endswith(".")
    assert do.endswith(".")


@pytest.mark.parametrize("reason", Reason)
def test_a_reason_declares_what_would_change_it(reason: Reason) -> None:
    assert reason.change
    assert reason.change[0].islower()
    assert not reason.change.endswith(".")
    assert reason.needed is None or reason.needed[0].islower()


def test_a_code_is_the_spelling_of_its_member() -> None:
    for reason in Reason:
        assert reason.name == reason.value.replace(".", "_").upper()


def test_a_reason_is_stored_as_its_code_and_found_by_it() -> None:
    for reason in Reason:
        stored = msgspec.msgpack.encode(reason)
        assert msgspec.msgpack.decode(stored) == reason.value
        assert msgspec.msgpack.decode(stored, type=Reason) is reason
        assert Reason(reason.value) is reason
        assert f"{reason}" == reason.value


def test_the_order_of_the_reasons_is_that_of_their_declaration() -> None:
    assert sorted(Reason, key=REASON_ORDER.__getitem__) == list(Reason)


def test_no_reason_starts_both_a_quiet_period_and_a_cooldown() -> None:
    assert TAINT_REASONS.isdisjoint(TRANSIENT_REASONS)
    assert TAINT_REASONS.isdisjoint(MENDED_BY_TIME)
