"""What gates saw and need, in words and in the zone of the shop."""

from tactful.console.gate_words import change_words, needed_words, words_of
from tactful.core.values.money import Money
from tactful.core.verdicts.reasons import Reason
from tactful.core.verdicts.verdict import Finding


def test_values_are_written_in_words() -> None:
    assert words_of({"since": "2026-07-10T12:00:00Z"}, "Europe/Berlin") == (
        "since 2026-07-10 14:00:00 CEST"
    )
    assert words_of({"engaged": 30, "more": 5}, "UTC") == "30 s of engaged time, 5 s more"
    assert words_of({"engaged": "more"}, "UTC") == "more engaged time"
    assert words_of([True, None, Money(500, "EUR")], "UTC") == "yes, nothing, 5.00 EUR"


def test_a_gate_says_what_would_change_it_and_when_it_does_so_by_itself() -> None:
    waits = Finding(Reason.STOCK_OUT, None, None, until=1_773_144_000_000)
    assert change_words(waits, "UTC").endswith("; by itself at 2026-03-10 12:00:00 UTC")
    assert "by itself" not in change_words(Finding(Reason.STOCK_OUT, None, None), "UTC")
    missing = Finding(Reason.PRICE_MISSING, None, "a cost")
    assert change_words(missing, "UTC").startswith("a cost fact for this item arrives")
    assert needed_words(missing, "EUR", "UTC") == "a cost"
