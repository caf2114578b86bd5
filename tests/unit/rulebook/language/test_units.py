"""Durations, percentages, money, places and times."""

from typing import Any

import pytest

from support.value_types import assert_describes_itself, read
from tactful.core.values.calendar import DAY, MINUTE, SECOND
from tactful.rulebook.language.scalars import ValueType
from tactful.rulebook.language.units import (
    AmountsType,
    CurrencyType,
    DurationType,
    EndingType,
    LocalTimeType,
    PercentType,
    TerritoryType,
    TimeOfDayType,
    ZoneType,
    format_amounts,
    format_percent,
)

ACCEPTED: list[tuple[ValueType, str, Any]] = [
    (DurationType(), "45s", 45 * SECOND),
    (DurationType(), "30d", 30 * DAY),
    (PercentType(), "12.5%", 1250),
    (PercentType(), "0%", 0),
    (PercentType(), "33.33%", 3333),
    (AmountsType(), "12.50 EUR", {"EUR": 1250}),
    (AmountsType(), "{EUR: 12.50, JPY: 1900}", {"EUR": 1250, "JPY": 1900}),
    (TerritoryType(), "US-NY", "US-NY"),
    (ZoneType(), "Europe/Berlin", "Europe/Berlin"),
    (LocalTimeType(), "2026-03-31 18:00", "2026-03-31 18:00"),
    (EndingType(), "95", 95),
    (EndingType(), "0", 0),
    (CurrencyType(), "CHF", "CHF"),
    (TimeOfDayType(), '"09:30"', 570),
    (TimeOfDayType(), '"24:00"', 1440),
]

REJECTED: list[tuple[ValueType, str, str, str]] = [
    (DurationType(), "30", "R205", "30s, 30m, 30h or 30d"),
    (DurationType(), "30 min", "R205", "45s"),
    (DurationType(), "[]", "R204", "a duration"),
    (DurationType(most=MINUTE), "2h", "R215", "in this range"),
    (PercentType(), "15", "R205", "did you mean 15%"),
    (PercentType(), "lots", "R205", "15%"),
    (PercentType(), "1.234%", "R205", "15%"),
    (PercentType(), "101%", "R215", "in this range"),
    (PercentType(), "{}", "R204", "percentage"),
    (AmountsType(), "12.50", "R205", "12.50 EUR"),
    (AmountsType(), "12.505 EUR", "R213", "12.50 EUR"),
    (AmountsType(), "12 Euro", "R213", "12.50 EUR"),
    (AmountsType(), "{EURO: 5}", "R213", "did you mean 'EUR'"),
    (AmountsType(), "{coins: 5}", "R213", "such as EUR"),
    (AmountsType(), "{EUR: [5]}", "R204", "money"),
    (AmountsType(), "{EUR: x}", "R213", "money"),
    (AmountsType(), "{}", "R204", "money"),
    (AmountsType(), "[5]", "R204", "money"),
    (AmountsType(least=1), "0.00 EUR", "R215", "a larger amount"),
    (EndingType(), ".95", "R204", "write 95 for prices that end in 95"),
    (EndingType(), "0.9", "R204", "write 9 for prices that end in 9"),
    (EndingType(), '",99"', "R204", "write 99"),
    (EndingType(), "95.5", "R204", "a whole number such as 95"),
    (EndingType(), "199", "R215", "in this range"),
    (EndingType(), "[]", "R204", "a whole number such as 95"),
    (CurrencyType(), "EURO", "R213", "did you mean 'EUR'"),
    (CurrencyType(), "Gulden", "R213", "a currency such as EUR"),
    (CurrencyType(), "[]", "R204", "a currency such as EUR"),
    (TerritoryType(), "de", "R214", "did you mean DE"),
    (TerritoryType(), "Germany", "R214", "did you mean DE"),
    (TerritoryType(), "UK", "R214", "did you mean GB"),
    (TerritoryType(), "ZZ", "R214", "DE or US-NY"),
    (ZoneType(), "Europe/Berlim", "R211", "did you mean 'Europe/Berlin'"),
    (ZoneType(), "qqqqqq", "R211", "Europe/Berlin"),
    (LocalTimeType(), "31.03.2026", "R212", "2026-03-31"),
    (LocalTimeType(), "2026-02-30", "R212", "2026-03-31"),
    (LocalTimeType(), "[]", "R204", "a date"),
    (TimeOfDayType(), '"9:30"', "R212", "09:00"),
    (TimeOfDayType(), "[]", "R204", "a time"),
]


@pytest.mark.parametrize(("value_type", "text", "value"), ACCEPTED)
def test_a_value_with_its_unit_is_read(value_type: ValueType, text: str, value: Any) -> None:
    assert read(value_type, text) == (value, [], "")


@pytest.mark.parametrize(("value_type", "text", "code", "words"), REJECTED)
def test_a_value_that_cannot_be_read_is_explained(
    value_type: ValueType, text: str, code: str, words: str
) -> None:
    _, codes, help_text = read(value_type, text)
    assert code in codes
    assert words in help_text


@pytest.mark.parametrize(
    "value_type", {type(one): one for one, *_ in (*ACCEPTED, *REJECTED)}.values()
)
def test_a_type_with_a_unit_describes_itself(value_type: ValueType) -> None:
    assert_describes_itself(value_type)


def test_percentages_and_amounts_are_written_as_a_rule_file_spells_them() -> None:
    assert format_percent(1250) == "12.5%"
    assert format_percent(1000) == "10%"
    assert format_amounts({"EUR": 1250}) == "12.50 EUR"
    assert format_amounts({"EUR": 1250, "JPY": 19}) == "{EUR: 12.50, JPY: 19}"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("{count: 2}", "write `count: 2` beside this money, or instead of it"),
        ("{EUR: 5.00, per: day}", "write `per: day` beside this money, or instead of it"),
        ("{EUr: 5.00}", "did you mean 'EUR'?"),
        ("{Gulden: 5.00}", "use a code such as EUR"),
    ],
)
def test_a_key_inside_money_is_distinguished_from_a_misspelt_currency(text: str, hint: str) -> None:
    value, codes, help_text = read(AmountsType(siblings=("count", "per")), text)
    assert (value, codes, help_text) == (None, ["R213"], hint)
