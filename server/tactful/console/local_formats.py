"""Numbers, amounts, instants and durations as the reader's language writes them."""

import re
from typing import Final

from tactful.console.languages import ENGLISH, present_language
from tactful.core.values.calendar import format_duration, format_local, to_local
from tactful.core.values.money import Money, format_plain

_GROUPS: Final = re.compile(r"(?<=\d)(?=(?:\d{3})+$)")
_UNITS: Final = {"d": "Tage", "h": "Std.", "m": "Min.", "s": "Sek.", "ms": "ms"}
_PART: Final = re.compile(r"(\d+)(ms|d|h|m|s)")


def is_english() -> bool:
    """Return whether the present language is English."""
    return present_language() == ENGLISH


def format_number(value: int) -> str:
    """Return a whole number with a mark between each three digits, such as `1,234`."""
    return _GROUPS.sub("," if is_english() else ".", str(value))


def format_decimal(text: str) -> str:
    """Return a plain decimal number such as `1234.50` in the present language."""
    whole, point, rest = text.partition(".")
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    mark = "." if is_english() else ","
    return f"{sign}{format_number(int(digits))}{mark if point else ''}{rest}"


def format_amount(amount: int, currency: str) -> str:
    """Return an amount of minor units, such as `1,109.65 EUR`, or `1.109,65 EUR` in German."""
    number, _, code = format_plain(Money(amount, currency)).rpartition(" ")
    return f"{format_decimal(number)} {code}"


def format_share(value: float) -> str:
    """Return a share with one decimal, such as `3.4 %`."""
    return f"{format_decimal(f'{100 * value:.1f}')} %"


def format_time(at: int, zone: str) -> str:
    """Return an instant (ms since the Unix epoch, UTC) in a zone, such as `10.03.2026, 13:00:05 CET`."""
    text = format_local(at, zone)
    if is_english():
        return text
    local = to_local(at, zone)
    return f"{local:%d.%m.%Y, %H:%M:%S} {text.rpartition(' ')[2]}"


def format_span(length: int) -> str:
    """Return a duration (milliseconds) without fractions of a second, such as `1h 30m`."""
    text = format_duration(length // 1000 * 1000)
    if is_english():
        return text
    return _PART.sub(_german_part, text)


def _german_part(found: re.Match[str]) -> str:
    number, unit = found.groups()
    return f"{number} {'Tag' if unit == 'd' and number == '1' else _UNITS[unit]}"
