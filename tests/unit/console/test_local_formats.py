"""Numbers, amounts, instants and durations in the reader's language."""

import pytest

from tactful.console.languages import in_language
from tactful.console.local_formats import (
    format_amount,
    format_decimal,
    format_number,
    format_share,
    format_span,
    format_time,
)

NOON = 1_773_144_005_000


def test_english_keeps_the_plain_forms_and_groups_digits() -> None:
    assert format_number(1_234_567) == "1,234,567"
    assert format_number(999) == "999"
    assert format_amount(10_965, "EUR") == "109.65 EUR"
    assert format_amount(-123_456, "EUR") == "-1,234.56 EUR"
    assert format_share(0.0345) == "3.5 %"
    assert format_span(5_400_000) == "90m"
    assert format_time(NOON, "Europe/Berlin") == "2026-03-10 13:00:05 CET"


def test_german_writes_commas_and_days_first() -> None:
    with in_language("de"):
        assert format_number(1_234_567) == "1.234.567"
        assert format_amount(-123_456, "EUR") == "-1.234,56 EUR"
        assert format_amount(500, "JPY") == "500 JPY"
        assert format_share(0.0345) == "3,5 %"
        assert format_time(NOON, "Europe/Berlin") == "10.03.2026, 13:00:05 CET"


@pytest.mark.parametrize(
    ("length", "text"),
    [(86_400_000, "1 Tag"), (2 * 86_400_000, "2 Tage"), (5_400_000, "90 Min."), (5_000, "5 Sek.")],
)  # fmt: skip
def test_german_durations_have_units_in_words(length: int, text: str) -> None:
    with in_language("de"):
        assert format_span(length) == text


def test_a_decimal_keeps_its_digits() -> None:
    assert format_decimal("0.05") == "0.05"
    assert format_decimal("12345") == "12,345"
