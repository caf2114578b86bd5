"""What would change a finding, and its values as an explanation shows them."""

from typing import get_args

import pytest

from tactful.core.pricing.quote import Missing
from tactful.core.values.money import Money
from tactful.core.verdicts.counterfactuals import (
    MISSING_CHANGES,
    as_plain_value,
    change_text,
    needed_value,
    value_words,
)
from tactful.core.verdicts.reasons import MONEY_REASONS, Reason
from tactful.core.verdicts.verdict import Finding

NOON = 1_773_144_000_000


def test_a_finding_that_ends_by_waiting_says_when() -> None:
    quiet = Finding(Reason.TIMING_QUIET, until=NOON)
    assert (
        change_text(quiet)
        == "the quiet after a withdrawal passes; by itself at 2026-03-10T12:00:00Z"
    )
    assert change_text(Finding(Reason.STOCK_OUT)) == "the stock feed reports some"


@pytest.mark.parametrize("missing", get_args(Missing))
def test_a_missing_price_says_what_is_missing_and_what_would_bring_it(missing: str) -> None:
    found = Finding(Reason.PRICE_MISSING, needed=missing)
    assert needed_value(found, "EUR") == missing
    assert change_text(found) == MISSING_CHANGES[missing]
    assert needed_value(Finding(Reason.PRICE_MISSING), "EUR") == "a price"
    assert "price fact" in change_text(Finding(Reason.PRICE_MISSING))


def test_the_needed_value_is_a_value_an_instant_or_a_word() -> None:
    assert needed_value(Finding(Reason.STOCK_OUT, needed=1), "EUR") == 1
    assert needed_value(Finding(Reason.TIMING_QUIET, needed=NOON), "EUR") == "2026-03-10T12:00:00Z"
    assert (
        needed_value(Finding(Reason.COMPLAINT_COOLDOWN, until=NOON), "EUR")
        == "2026-03-10T12:00:00Z"
    )
    assert needed_value(Finding(Reason.COMPLAINT_OPEN), "EUR") == "resolved"
    assert needed_value(Finding(Reason.STALE_STOCK), "EUR") is None


@pytest.mark.parametrize("reason", Reason)
def test_only_the_reasons_that_declare_it_show_numbers_as_instants(reason: Reason) -> None:
    shown = as_plain_value(reason, NOON, None)
    assert shown == ("2026-03-10T12:00:00Z" if reason.shows_instants else NOON)
    assert as_plain_value(reason, None, "EUR") is None
    assert as_plain_value(reason, "words", "EUR") == "words"


@pytest.mark.parametrize("reason", sorted(MONEY_REASONS))
def test_amounts_are_shown_with_their_currency(reason: Reason) -> None:
    assert as_plain_value(reason, 10965, "EUR") == Money(10965, "EUR")
    assert needed_value(Finding(reason, needed=0), "EUR") == Money(0, "EUR")
    assert as_plain_value(reason, 10965, None) == 10965


def test_the_reasons_that_compare_instants_are_these() -> None:
    assert {reason.value for reason in Reason if reason.shows_instants} == {
        "rule.not_started",
        "rule.ended",
        "timing.quiet",
        "owned.already",
    }


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "nothing"),
        (True, "yes"),
        (False, "no"),
        (3, "3"),
        ("C-1", "C-1"),
        ({"item.stock": 1, "remedy": None}, "item.stock 1, remedy nothing"),
        ({"engaged": 10}, "10 s of engaged time"),
        ({"engaged": "more"}, "more engaged time"),
        ({"more": 20}, "20 s more"),
        (["DE", "AT"], "DE, AT"),
        (("a", ["b", {"c": 1}]), "a, b, c 1"),
        ([], ""),
        (Money(10965, "EUR"), "109.65 EUR"),
    ],
)
def test_a_gates_value_is_written_in_words(value: object, said: str) -> None:
    assert value_words(value) == said
