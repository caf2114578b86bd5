"""Messages, amounts and durations in the shopper's language."""

import pytest

from support.builders import HOUR, MINUTE
from tactful.core.offers.message import (
    fill_placeholders,
    localized_amount,
    localized_duration,
    message_for,
)
from tactful.core.values.money import Money

MESSAGES = {"": "Hello", "de": "Hallo", "de-at": "Servus"}


@pytest.mark.parametrize(
    ("locale", "text", "language"),
    [
        ("de-AT", "Servus", "de-at"),
        ("de-DE", "Hallo", "de"),
        ("fr", "Hello", "en"),
        (None, "Hello", "en"),
        ("", "Hello", "en"),
    ],
)
def test_the_nearest_language_is_chosen_and_else_the_shop_s(
    locale: str | None, text: str, language: str
) -> None:
    assert message_for(MESSAGES, locale, "en") == (text, language)


def test_without_a_default_message_the_text_is_empty() -> None:
    assert message_for({"de": "Hallo"}, "fr", "en") == ("", "en")


def fail() -> str:
    raise AssertionError("a text that no placeholder names was written")


def test_placeholders_are_filled_and_unknown_ones_stay() -> None:
    assert (
        fill_placeholders(
            "{item.title}: {offer.price}{x}",
            {"item.title": lambda: "A", "offer.price": lambda: "1 €", "item.brand": fail},
        )
        == "A: 1 €{x}"
    )


@pytest.mark.parametrize(
    ("money", "language", "text"),
    [
        (Money(10965, "EUR"), "de", "109,65\u00a0€"),
        (Money(10965, "EUR"), "de-at", "109,65\u00a0€"),
        (Money(10965, "EUR"), "en", "€109.65"),
        (Money(123456789, "USD"), "en", "$1,234,567.89"),
        (Money(123456789, "PLN"), "pl", "1\u00a0234\u00a0567,89\u00a0zł"),
        (Money(1500, "KWD"), "en", "KWD\u00a01.500"),
        (Money(17999, "JPY"), "en", "¥17,999"),
        (Money(5, "CHF"), "fr", "0,05\u00a0CHF"),
    ],
)
def test_an_amount_is_written_as_in_the_language(money: Money, language: str, text: str) -> None:
    assert localized_amount(money, language) == text


@pytest.mark.parametrize(
    ("duration", "language", "text"),
    [
        (15 * MINUTE, "en", "15 minutes"),
        (15 * MINUTE + 59_999, "en", "15 minutes"),
        (MINUTE, "de", "1 Minute"),
        (1, "en", "1 minute"),
        (HOUR, "fr", "1 heure"),
        (15 * MINUTE, "sv", "15 minuter"),
        (2 * HOUR, "nb-NO", "2 timer"),
        (2 * HOUR, "de-at", "2 Stunden"),
        (90 * MINUTE, "es", "90 minutos"),
        (HOUR, "fi", "1 hour"),
    ],
)
def test_a_duration_reads_in_whole_minutes_or_hours(
    duration: int, language: str, text: str
) -> None:
    assert localized_duration(duration, language) == text
