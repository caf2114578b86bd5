"""Prices, numbers, texts and dates of exports are parsed exactly, or refused."""

import pytest

from tactful.connectors.files.results import ImportTerms, RowError
from tactful.connectors.files.value_parsers import (
    category_path,
    iso_date,
    parse_integer,
    parse_price,
    period_bound,
    plain_number,
    plain_text,
)
from tactful.core.values.calendar import DAY, HOUR


@pytest.mark.parametrize(
    ("text", "currency", "price"),
    [
        ("12.50 EUR", None, (1250, "EUR")),
        ("EUR 12.5", "GBP", (1250, "EUR")),
        (" 12 ", "GBP", (1200, "GBP")),
        ("12.500", "GBP", (1250, "GBP")),
        ("17999", "JPY", (17999, "JPY")),
        ("17999.00", "JPY", (17999, "JPY")),
    ],
)
def test_a_price_is_read_in_minor_units(
    text: str, currency: str | None, price: tuple[int, str]
) -> None:
    found = parse_price(text, currency)
    assert found is not None
    assert (found["amount"], found["currency"]) == price


def test_an_empty_price_is_no_price() -> None:
    assert parse_price("  ", None) is None


@pytest.mark.parametrize(
    ("text", "currency", "advice"),
    [
        ("12.50", None, "Name its currency with --currency."),
        ("12..50 EUR", None, "Write plain digits"),
        ("1,23,456.00 EUR", None, "Write plain digits"),
        ("1,234 EUR", None, "Say with --decimal"),
        ("$ 5", None, "Name the currency with --currency"),
        ("kr 5", "EUR", "is in SEK, NOK, DKK, ISK"),
        ("5 Euro USD", None, "names two currencies"),
        ("ca. 5 EUR", None, "Write plain digits"),
        ("1,29,90.00", "INR", "Write plain digits"),
        ("on request", "EUR", "Write plain digits"),
        ("12.505", "EUR", ""),
        ("1 XXZ", None, ""),
    ],
)
def test_a_price_that_cannot_be_read_is_refused(
    text: str, currency: str | None, advice: str
) -> None:
    with pytest.raises(RowError) as caught:
        parse_price(text, currency)
    assert advice in str(caught.value)


def test_a_number_is_whole() -> None:
    assert parse_integer(" -2 ", "stock") == -2
    with pytest.raises(RowError, match=r"stock is '1\.5'\. Write a whole number\."):
        parse_integer("1.5", "stock")


def test_a_category_becomes_a_path_and_its_slashes_become_hyphens() -> None:
    assert category_path("Shoes > Men/Women >  Running") == "Shoes/Men-Women/Running"
    assert category_path(" > ") == ""


@pytest.mark.parametrize(
    ("text", "decimal", "number"),
    [
        ("12,50", None, "12.50"),
        ("1.234,50", None, "1234.50"),
        ("1,234.50", None, "1234.50"),
        ("1'234.50", None, "1234.50"),
        ("1 234,5", None, "1234.5"),
        ("1.234.567", None, "1234567"),
        ("1,234", ",", "1.234"),
        ("1,234", ".", "1234"),
        ("0,125", None, "0.125"),
        (",50", None, "0.50"),
    ],
)
def test_a_decimal_sign_is_read_where_it_is_unambiguous(
    text: str, decimal: str | None, number: str
) -> None:
    assert plain_number(text, decimal) == number


@pytest.mark.parametrize("text", ["€ 12,50", "12,50\u00a0€", "12,50 EUR"])
def test_a_price_may_have_a_currency_sign_and_a_hard_space(text: str) -> None:
    assert parse_price(text, "GBP") == {"amount": 1250, "currency": "EUR"}


def test_three_digits_after_a_comma_are_decimals_of_a_currency_with_three() -> None:
    assert parse_price("1,234", "KWD") == {"amount": 1234, "currency": "KWD"}


def test_zero_decimals_of_a_whole_number_are_accepted() -> None:
    assert parse_integer("4.0000", "stock") == 4


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Cup &amp; saucer", "Cup & saucer"),
        ("Cup &amp;amp; saucer", "Cup & saucer"),
        ("<b>Cup</b><br/>blue", "Cup blue"),
        ("&lt;b&gt;Cup&lt;/b&gt;", "Cup"),
        ("Cup <!-- new --> blue", "Cup blue"),
        ("Size < 5 & > 3", "Size < 5 & > 3"),
        ("I <3 tea", "I <3 tea"),
    ],
)
def test_a_text_loses_its_tags_and_entities(text: str, plain: str) -> None:
    assert plain_text(text) == plain


def test_an_encoded_separator_separates_categories() -> None:
    assert category_path("Shoes &gt; Men &amp; Women") == "Shoes/Men & Women"


def test_a_day_that_ends_a_sale_ends_at_midnight_of_the_shop() -> None:
    berlin = ImportTerms(now=0, zone="Europe/Berlin")
    start, _ = period_bound("2026-03-29", berlin, end=False)
    end, assumed = period_bound("2026-03-29", berlin, end=True)
    assert (end - start, assumed) == (DAY - HOUR, False)  # the clocks go forward on that day


def test_a_time_without_a_zone_is_utc_and_says_that_it_was_assumed() -> None:
    terms = ImportTerms(now=0)
    assert period_bound("1970-01-01 01:00:00", terms, end=False) == (HOUR, True)
    assert period_bound("1970-01-01T01:00+0100", terms, end=False) == (0, False)
    with pytest.raises(RowError, match="is not a time"):
        period_bound("soon", terms, end=True)


@pytest.mark.parametrize("text", ["&#" + "9" * 5000 + ";", "&#99999999;", "&#x" + "f" * 5000 + ";"])
def test_a_reference_to_no_character_is_read_as_one_that_cannot_be_shown(text: str) -> None:
    assert plain_text(f"a{text}b") == "a\ufffdb"
    assert category_path(f"a{text}b") == "a\ufffdb"


def test_a_comment_that_never_ends_takes_the_rest_in_one_step() -> None:
    assert plain_text("Cup <!-- " + "<!--" * 2000) == "Cup"
    assert plain_text("Cup <!-- a --> big <!-- b") == "Cup big"


def test_a_text_far_longer_than_any_fact_is_refused() -> None:
    assert plain_text("&amp;" + "x" * 9000)
    with pytest.raises(RowError, match="goes on for over 10,000 characters"):
        plain_text("&a" * 6000)
    with pytest.raises(RowError, match="is not a price"):
        parse_price("1" + " " * 100_000 + "x", "EUR")


@pytest.mark.parametrize(
    ("text", "currency", "price"),
    [
        ("1 299,00 kr", "SEK", (129900, "SEK")),
        ("349:-", "SEK", (34900, "SEK")),
        ("349,\u2013", "NOK", (34900, "NOK")),
        ("CHF 1\u2019299.\u2013", "EUR", (129900, "CHF")),
        ("Fr. 12.50", "CHF", (1250, "CHF")),
        ("$1,299.00", "USD", (129900, "USD")),
        ("US$ 5.00", "CAD", (500, "USD")),
        ("12,50 K\u010d", "EUR", (1250, "CZK")),
        ("1 299,00 z\u0142", "PLN", (129900, "PLN")),
        ("\u00a512,800", "JPY", (12800, "JPY")),
        ("1,980\u5186", None, (1980, "JPY")),
        ("1.980", "JPY", (1980, "JPY")),
        ("1.250", "KWD", (1250, "KWD")),
        ("KD 3.750", "KWD", (3750, "KWD")),
        ("\u20b91,29,900.00", None, (12990000, "INR")),
        ("-.50 EUR", None, (-50, "EUR")),
        (".50", "EUR", (50, "EUR")),
        ("eur 5", None, (500, "EUR")),
        ("5 Euro EUR", None, (500, "EUR")),
    ],
)
def test_a_price_is_read_as_people_write_it(
    text: str, currency: str | None, price: tuple[int, str]
) -> None:
    found = parse_price(text, currency)
    assert found is not None
    assert (found["amount"], found["currency"]) == price


@pytest.mark.parametrize(
    ("text", "decimal", "number"),
    [
        ("1.000", ",", 1000),
        ("1.000", ".", 1),
        ("1,000", ".", 1000),
        ("1 200", None, 1200),
        ("1\u202f200", None, 1200),
        ("1.200.000", None, 1200000),
        ("1.200,00", None, 1200),
        ("0.000", None, 0),
        ("100.0000", None, 100),
        ("-3,0", None, -3),
    ],
)
def test_a_number_of_pieces_is_read_with_separated_thousands(
    text: str, decimal: str | None, number: int
) -> None:
    assert parse_integer(text, "stock", decimal) == number


def test_a_thousand_pieces_are_never_read_as_one() -> None:
    for text in ("1.000", "1,000", "1.200"):
        with pytest.raises(RowError, match="two ways"):
            parse_integer(text, "stock")
    for text in ("1.5", "12 Stk", ">10", "", "1.200.00"):
        with pytest.raises(RowError, match="Write a whole number"):
            parse_integer(text, "stock")


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("01.12.2026", "2026-12-01"),
        ("1.12.2026 10:30", "2026-12-01 10:30"),
        ("2026-12-01", "2026-12-01"),
        ("12/01/2026", "12/01/2026"),
    ],
)
def test_a_date_with_points_is_day_month_year_and_one_with_slashes_is_not_guessed(
    text: str, iso: str
) -> None:
    assert iso_date(text) == iso
