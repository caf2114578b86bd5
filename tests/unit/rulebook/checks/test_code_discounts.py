"""Discount codes of offers whose discount varies."""

import pytest

from support.rule_files import codes, one_rule

OFFERS = [
    ("offer: {percent: 10%, codes: spring}", []),
    ("offer: {amount: 5.00 EUR, codes: spring}", []),
    ("offer: {percent: 10%, codes: spring, floor: {margin: 20%}, on_floor: withhold}", []),
    ("offer: {percent: 10%, codes: spring, floor: {margin: 20%}}", ["R324"]),
    ("offer: {fixed: 99.00 EUR, codes: spring}", ["R324"]),
    ("offer: {to_target: true, codes: spring}", ["R324"]),
    ("offer: {ladder: [{percent: 5%}, {percent: 8%}], codes: spring}", ["R324"]),
    ("offer: {gift: true, codes: spring}", ["R324"]),
    ("offer: {percent: 10%, ending: 95, codes: spring}", ["R324"]),
    ("offer: {fixed: 99.00 EUR}", []),
    ("remedy: true\noffer: {codes: spring}", ["R324"]),
    ("offer: {percent: 10%, codes: 'a b'}", ["R216"]),
]


@pytest.mark.parametrize(("block", "expected"), OFFERS)
def test_a_code_takes_the_same_off_every_item(block: str, expected: list[str]) -> None:
    assert codes(one_rule(block)) == expected
