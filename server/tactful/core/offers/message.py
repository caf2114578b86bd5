"""The message of an offer in the shopper's language, with its amounts and durations."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from tactful.core.values.calendar import MINUTE
from tactful.core.values.money import Money, exponent_of

SYMBOLS: Final[Mapping[str, str]] = {"EUR": "€", "GBP": "£", "USD": "$", "JPY": "¥", "PLN": "zł"}
"""Currency → its symbol; other currencies are written by their ISO 4217 code."""
COMMA: Final = frozenset(
    {"de", "fr", "es", "pl", "it", "nl", "pt", "da", "sv", "nb", "no", "cs", "fi"}
)
"""Languages that write the symbol after the amount and a decimal comma."""
_PLACEHOLDER: Final = re.compile(r"\{([a-z_.]+)\}")


def message_for(messages: Mapping[str, str], locale: str | None, language: str) -> tuple[str, str]:
    """Return the message for a locale, and the language that it is in.

    Args:
        messages: Locale or language → text; the key `""` is the default.
        locale: The shopper's locale as a BCP 47 tag; `None`: unknown.
        language: The language of the default text.
    """
    tag = (locale or "").lower()
    for key in (tag, tag.partition("-")[0]):
        if key and key in messages:
            return messages[key], key
    return messages.get("", ""), language


def fill_placeholders(text: str, values: Mapping[str, Callable[[], str]]) -> str:
    """Return the text with its placeholders filled; an unknown one stays, but the rule checker refuses it.

    Args:
        text: The text, with placeholders such as `{offer.price}`.
        values: Name of a placeholder → a function that returns its text; it is called if needed.
    """
    return _PLACEHOLDER.sub(
        lambda found: values[found[1]]() if found[1] in values else found[0], text
    )


def localized_amount(money: Money, language: str) -> str:
    """Return an amount as it is written in a language: `109,65 €`, `€109.65`, `KWD 1.500`.

    Raises:
        MoneyError: The currency is not in the table.
    """
    digits = exponent_of(money.currency)
    whole, part = divmod(money.amount, 10**digits)
    comma = language.partition("-")[0] in COMMA
    number = f"{whole:,}".replace(",", "\u00a0" if comma else ",")
    if digits:
        number += f"{',' if comma else '.'}{part:0{digits}}"
    symbol = SYMBOLS.get(money.currency, money.currency)
    if comma:
        return f"{number}\u00a0{symbol}"
    return f"{symbol}{number}" if money.currency in SYMBOLS else f"{symbol}\u00a0{number}"


def localized_duration(duration: int, language: str) -> str:
    """Return a duration (ms) in whole minutes or hours: `15 minutes`, `15 Minuten`; at least a minute."""
    minutes = max(1, duration // MINUTE)
    hours = minutes % 60 == 0
    count = minutes // 60 if hours else minutes
    one, many = _UNITS.get(language.partition("-")[0], _UNITS["en"])["hour" if hours else "minute"]
    return f"{count} {one if count == 1 else many}"


_UNITS: Final[Mapping[str, Mapping[str, tuple[str, str]]]] = {
    "en": {"minute": ("minute", "minutes"), "hour": ("hour", "hours")},
    "de": {"minute": ("Minute", "Minuten"), "hour": ("Stunde", "Stunden")},
    "fr": {"minute": ("minute", "minutes"), "hour": ("heure", "heures")},
    "es": {"minute": ("minuto", "minutos"), "hour": ("hora", "horas")},
    "pl": {"minute": ("minuta", "min"), "hour": ("godzina", "godz.")},
    "it": {"minute": ("minuto", "minuti"), "hour": ("ora", "ore")},
    "nl": {"minute": ("minuut", "minuten"), "hour": ("uur", "uur")},
    "pt": {"minute": ("minuto", "minutos"), "hour": ("hora", "horas")},
    "sv": {"minute": ("minut", "minuter"), "hour": ("timme", "timmar")},
    "da": {"minute": ("minut", "minutter"), "hour": ("time", "timer")},
    "nb": {"minute": ("minutt", "minutter"), "hour": ("time", "timer")},
    "no": {"minute": ("minutt", "minutter"), "hour": ("time", "timer")},
}
