"""Value types with units, places and times: durations, percentages, money, zones, dates."""

import re
from collections.abc import Mapping
from typing import Any, Final

from tactful.core.values import calendar, money
from tactful.core.values.territories import is_territory, nearest_territory
from tactful.rulebook.language.scalars import (
    BARE_NUMBER,
    CountType,
    ValueType,
    either,
    in_range,
    scalar_text,
)
from tactful.rulebook.source.diagnostics import Findings, nearest
from tactful.rulebook.source.tree import Node

_PERCENT = re.compile(r"(0|[1-9][0-9]{0,4})(?:\.([0-9]{1,2}))?%", re.ASCII)
_TERRITORY = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?", re.ASCII)
_AS_PRICE = re.compile(r"0?[.,]([0-9]{1,2})", re.ASCII)
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00", re.ASCII)


class DurationType(ValueType, frozen=True):
    """A duration, read as milliseconds."""

    least: int = 0
    """Shortest allowed duration, in milliseconds."""
    most: int = 3660 * calendar.DAY
    """Longest allowed duration, in milliseconds."""

    @property
    def expected(self) -> str:
        return "a duration such as 45s, 15m, 36h or 30d"

    def read(self, node: Node, findings: Findings) -> int | None:
        text = scalar_text(self, node, findings)
        if text is None:
            return None
        try:
            value = calendar.parse_duration(text)
        except calendar.CalendarError:
            if BARE_NUMBER.fullmatch(text):
                help_text = f"write {text}s, {text}m, {text}h or {text}d"
                findings.add("R205", node, f"{text[:40]} has no unit of time", help_text)
            else:
                message = f"{text[:40]!r} is not a duration"
                findings.add("R205", node, message, f"write {self.expected}")
            return None
        low, high = calendar.format_duration(self.least), calendar.format_duration(self.most)
        return in_range(value, self.least, self.most, low, high, node, findings)

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": "^(0|[1-9][0-9]{0,8})(ms|s|m|h|d)$"}


class PercentType(ValueType, frozen=True):
    """A percentage, read as basis points."""

    least: int = 0
    """Smallest allowed share, in basis points."""
    most: int = 10_000
    """Largest allowed share, in basis points."""

    @property
    def expected(self) -> str:
        return "a percentage such as 15%"

    def read(self, node: Node, findings: Findings) -> int | None:
        text = scalar_text(self, node, findings)
        if text is None:
            return None
        found = _PERCENT.fullmatch(text)
        if found is None:
            bare = BARE_NUMBER.fullmatch(text)
            help_text = f"did you mean {text}%?" if bare else f"write {self.expected}"
            findings.add("R205", node, f"{text[:40]!r} is not a percentage", help_text)
            return None
        value = int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))
        low, high = format_percent(self.least), format_percent(self.most)
        return in_range(value, self.least, self.most, low, high, node, findings)

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": "^(0|[1-9][0-9]{0,4})([.][0-9]{1,2})?%$"}


class AmountsType(ValueType, frozen=True):
    """Money, read as currency → minor units: `{EUR: 12.50, GBP: 11.00}` or `12.50 EUR`."""

    least: int = 0
    """Smallest allowed amount, in minor units."""
    siblings: tuple[str, ...] = ()
    """Keys of the surrounding mapping that are often written inside the money by mistake."""

    @property
    def expected(self) -> str:
        return "money such as 12.50 EUR or {EUR: 12.50, GBP: 11.00}"

    def read(self, node: Node, findings: Findings) -> dict[str, int] | None:
        if node.kind == "map":
            return self._read_map(node, findings)
        text = scalar_text(self, node, findings)
        if text is None:
            return None
        if BARE_NUMBER.fullmatch(text):
            help_text = f"name the currency: {text} EUR, or {{EUR: {text}}}"
            findings.add("R205", node, f"{text[:40]} has no currency", help_text)
            return None
        number, _, currency = text.partition(" ")
        amount = self._amount(number, currency, node, findings)
        return None if amount is None else {currency: amount}

    def _read_map(self, node: Node, findings: Findings) -> dict[str, int] | None:
        amounts: dict[str, int] = {}
        for key, value in node.pairs:
            if key.text not in money.EXPONENTS:
                message = f"{key.text[:40]!r} is not a currency"
                findings.add("R213", key, message, self._hint(key, value))
            elif (text := scalar_text(self, value, findings)) is not None:
                amount = self._amount(text, key.text, value, findings)
                if amount is not None:
                    amounts[key.text] = amount
        if not node.pairs:
            findings.add("R204", node, "this has no amount", f"write {self.expected}")
        return amounts if amounts and len(amounts) == len(node.pairs) else None

    def _hint(self, key: Node, value: Node) -> str:
        if key.text in self.siblings:
            return f"write `{key.text}: {value.text}` beside this money, or instead of it"
        return nearest(key.text, money.EXPONENTS) or "use a code such as EUR"

    def _amount(self, number: str, currency: str, node: Node, findings: Findings) -> int | None:
        try:
            amount = money.parse(number, currency).amount
        except money.MoneyError as error:
            findings.add("R213", node, str(error), f"write {self.expected}")
            return None
        if amount < self.least:
            findings.add(
                "R215", node, f"{number} {currency} is too small an amount", "write a larger amount"
            )
            return None
        return amount

    def json_schema(self) -> dict[str, Any]:
        number = {"type": ["number", "string"]}
        text = {"type": "string", "pattern": "^[0-9]+([.][0-9]{1,4})? [A-Z]{3}$"}
        mapping = {
            "type": "object",
            "properties": dict.fromkeys(("EUR", "GBP", "USD", "CHF", "JPY"), number),
            "patternProperties": {"^[A-Z]{3}$": number},
            "additionalProperties": False,
            "minProperties": 1,
        }
        return either(text, mapping)


class EndingType(ValueType, frozen=True):
    """The last one or two digits of a price, read as a number of minor units."""

    @property
    def expected(self) -> str:
        return _ENDING.expected

    def read(self, node: Node, findings: Findings) -> int | None:
        if node.kind == "scalar" and (found := _AS_PRICE.fullmatch(node.text)):
            message = f"{node.text!r} is a part of a price, not its last digits"
            help_text = f"write {found[1]} for prices that end in {found[1]}"
            findings.add("R204", node, message, help_text)
            return None
        return _ENDING.read(node, findings)

    def json_schema(self) -> dict[str, Any]:
        return _ENDING.json_schema()


class CurrencyType(ValueType, frozen=True):
    """An ISO 4217 code."""

    @property
    def expected(self) -> str:
        return "a currency such as EUR"

    def read(self, node: Node, findings: Findings) -> str | None:
        text = scalar_text(self, node, findings)
        if text is None or text in money.EXPONENTS:
            return text
        hint = nearest(text, money.EXPONENTS) or f"write {self.expected}"
        findings.add("R213", node, f"{text[:40]!r} is not a currency", hint)
        return None

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": "^[A-Z]{3}$"}


class TerritoryType(ValueType, frozen=True):
    """A country (ISO 3166-1), or a part of one (ISO 3166-2), in which a shop sells."""

    @property
    def expected(self) -> str:
        return "a territory such as DE or US-NY"

    def read(self, node: Node, findings: Findings) -> str | None:
        text = scalar_text(self, node, findings)
        if text is None or is_territory(text):
            return text
        near = nearest_territory(text)
        hint = f"did you mean {near}?" if near else f"write {self.expected}"
        findings.add("R214", node, f"{text[:40]!r} is not a territory of ISO 3166", hint)
        return None

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^{_TERRITORY.pattern}$"}


class ZoneType(ValueType, frozen=True):
    """A time zone of the IANA database."""

    @property
    def expected(self) -> str:
        return "a time zone such as Europe/Berlin"

    def read(self, node: Node, findings: Findings) -> str | None:
        text = scalar_text(self, node, findings)
        if text is None or text in calendar.zone_names():
            return text
        hint = nearest(text, calendar.zone_names()) or f"write {self.expected}"
        findings.add("R211", node, f"{text[:40]!r} is not a time zone", hint)
        return None

    def json_schema(self) -> dict[str, Any]:
        return {
            "type": "string",
            "examples": ["Europe/Berlin", "Europe/London", "America/New_York"],
        }


class LocalTimeType(ValueType, frozen=True):
    """A local date or date-time, kept as text; its time zone is the value of another key."""

    @property
    def expected(self) -> str:
        return "a date such as 2026-03-31 or 2026-03-31 18:00"

    def read(self, node: Node, findings: Findings) -> str | None:
        text = scalar_text(self, node, findings)
        if text is None:
            return None
        try:
            calendar.local_instant(text, "UTC", end=False)
        except calendar.CalendarError as error:
            findings.add("R212", node, str(error), f"write {self.expected}")
            return None
        return text

    def json_schema(self) -> dict[str, Any]:
        return {
            "type": "string",
            "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}( [0-9]{2}:[0-9]{2}(:[0-9]{2})?)?$",
        }


class TimeOfDayType(ValueType, frozen=True):
    """A time of day, read as minutes since midnight; 24:00 is 1440."""

    @property
    def expected(self) -> str:
        return "a time such as 09:00"

    def read(self, node: Node, findings: Findings) -> int | None:
        text = scalar_text(self, node, findings)
        if text is None:
            return None
        if not _CLOCK.fullmatch(text):
            findings.add(
                "R212", node, f"{text[:40]!r} is not a time of day", f"write {self.expected}"
            )
            return None
        return int(text[:2]) * 60 + int(text[3:])

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^({_CLOCK.pattern})$"}


_ENDING: Final = CountType(most=99, example=95)


def format_percent(bp: int) -> str:
    """Return basis points as a percentage: 1250 → `12.5%`."""
    whole, rest = divmod(bp, 100)
    return f"{whole}.{rest:02}".rstrip("0").rstrip(".") + "%"


def format_amounts(amounts: Mapping[str, int]) -> str:
    """Return amounts in minor units as a rule file spells them.

    One currency: `12.50 EUR`; several: `{EUR: 12.50, GBP: 11.00}`.
    """
    texts = [money.format_plain(money.Money(amount, code)) for code, amount in amounts.items()]
    if len(texts) == 1:
        return texts[0]
    return "{" + ", ".join(f"{t[-3:]}: {t[:-4]}" for t in texts) + "}"
