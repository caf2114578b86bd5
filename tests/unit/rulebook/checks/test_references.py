"""References to campaigns, rules, lists and placeholders, and price modes."""

import pytest

from support.rule_files import codes, one_rule

PRICES = [
    ("offer: {}", ["R219"]),
    ("offer: 10%", ["R204"]),
    ("note: nothing offered", ["R219"]),
    ("offer: {to_target: false}", ["R219"]),
    ("offer: {gift: false}", ["R219"]),
    ("offer: {ladder: [{percent: 5%, amount: 1.00 EUR}]}", ["R219"]),
    ("offer: {ladder: [{percent: 5%}, {fixed: 9.00 EUR}]}", []),
    ("offer: {gift: true}", []),
    ("offer: {percent: 5%}\nremedy: true", []),
    ("offer: {percent: 5%, to_target: true}\nremedy: true", ["R219"]),
    ("remedy: true", []),
    ("remedy: true\noffer: {expires: 1d}", []),
    ("offer: {percent: 95%}", ["R306"]),
    ("offer: {ladder: [{percent: 95%}]}", ["R306"]),
    ("offer: {ladder: [{fixed: 1.00 EUR}], floor: {minimum: 2.00 EUR}}", ["R306"]),
    ("offer: {fixed: 1.00 EUR, floor: {minimum: 2.00 GBP}}", []),
]


@pytest.mark.parametrize(("text", "expected"), PRICES)
def test_a_price_is_made_in_one_way_and_above_the_floor(text: str, expected: list[str]) -> None:
    assert codes(one_rule(text)) == expected
