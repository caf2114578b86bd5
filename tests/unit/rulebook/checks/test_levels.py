"""Keys of offers for an item, an order or its shipping."""

import pytest

from support.rule_files import check, codes, one_rule

LEVELS = [
    ("offer: {amount: 5.00 EUR, off_the: order}", []),
    ("offer: {percent: 10%, off_the: order, at_most: 50.00 EUR, floor: {margin: 20%}}", []),
    ("offer: {percent: 10%, off_the: order, at_most: 50.00 EUR, min_saving: 2.00 EUR}", []),
    ("offer: {percent: 100%, off_the: shipping, at_most: 6.90 EUR}", []),
    ("offer: {amount: 3.00 EUR, off_the: shipping}", []),
    ("offer: {percent: 10%, off_the: item}", []),
    ("offer: {percent: 10%, off_the: order}", ["R317"]),
    ("offer: {percent: 100%, off_the: shipping}", ["R317"]),
    ("offer: {percent: 10%, off_the: basket}", ["R214"]),
    ("offer: {percent: 95%, off_the: order, at_most: 50.00 EUR}", ["R306"]),
    ("offer: {percent: 10%, at_most: 50.00 EUR}", ["R318"]),
    ("offer: {percent: 10%, min_order: 50.00 EUR}", ["R318"]),
    ("offer: {amount: 5.00 EUR, off_the: order, min_order: 50.00 EUR}", []),
    ("offer: {amount: 5.00 EUR, off_the: shipping, min_order: 50.00 EUR}", []),
    ("offer: {amount: 5.00 EUR, off_the: order, at_most: 5.00 EUR}", ["R318"]),
    ("offer: {fixed: 5.00 EUR, off_the: order}", ["R318"]),
    ("offer: {to_target: true, off_the: order}", ["R318"]),
    ("offer: {gift: true, off_the: shipping}", ["R318"]),
    ("offer: {ladder: [{percent: 5%}], off_the: order}", ["R318"]),
    ("offer: {amount: 5.00 EUR, off_the: order, ending: 95, max_qty: 2}", ["R318"] * 2),
    ("offer: {amount: 5.00 EUR, off_the: order, on_floor: clamp}", ["R318"]),
    ("offer: {amount: 5.00 EUR, off_the: shipping, floor: {margin: 5%}}", ["R318"]),
    ("offer: {amount: 5.00 EUR, off_the: shipping, min_saving: 2.00 EUR}", ["R318"]),
    ("offer: {expires: 1d, off_the: order}\nremedy: true", ["R318"]),
]


@pytest.mark.parametrize(("text", "expected"), LEVELS)
def test_an_offer_off_the_order_is_bounded_and_has_no_item_keys(
    text: str, expected: list[str]
) -> None:
    assert codes(one_rule(text)) == expected


def test_defaults_for_item_prices_are_ignored_by_an_offer_off_the_order() -> None:
    common = "defaults: {offer: {max_qty: 2, ending: 95, on_floor: clamp}}\n"
    text = one_rule("offer: {percent: 10%, off_the: order, at_most: 5.00 EUR}", common)
    compiled = check(text)
    assert compiled.rulebook is not None
    rule = compiled.rulebook.rules["one"]
    assert (rule.level, rule.max_qty, rule.price.ending) == ("order", 1, None)
    assert (rule.price.on_floor, rule.price.at_most) == ("withhold", {"EUR": 500})


def test_each_misplaced_key_says_to_which_level_it_applies() -> None:
    order = one_rule("offer: {amount: 5.00 EUR, off_the: order, max_qty: 2}")
    [one] = check(order).diagnostics
    assert (
        one.message
        == "'max_qty' applies to the price of an item, and this offer comes off the order"
    )
    assert one.help == "remove `max_qty`"
    [one] = check(one_rule("offer: {percent: 10%, at_most: 5.00 EUR}")).diagnostics
    assert one.help == "remove `at_most`, or add `off_the: order`"
