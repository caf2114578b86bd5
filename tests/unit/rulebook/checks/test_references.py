"""References to campaigns, rules, lists and placeholders, and price modes."""

import pytest

from support.rule_files import check, codes, one_rule

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
def test_an_offer_has_exactly_one_price_mode_above_its_floor(
    text: str, expected: list[str]
) -> None:
    assert codes(one_rule(text)) == expected


def test_a_campaign_must_be_defined_and_the_nearest_is_suggested() -> None:
    campaigns = "campaigns: {spring: {count: 1}}"
    text = one_rule("campaign: sprnig\noffer: {percent: 1%}", campaigns)
    found = check(text).diagnostics
    assert [one.code for one in found] == ["R315", "R210"] or [one.code for one in found] == [
        "R210",
        "R315",
    ]
    assert "did you mean 'spring'?" in {one.help for one in found}


@pytest.mark.parametrize(
    ("message", "hint"),
    [
        ("{item.titel}", "did you mean 'item.title'?"),
        ("{zzz}", "use one of item.title, item.brand"),
    ],
)
def test_an_unknown_placeholder_names_the_known_ones(message: str, hint: str) -> None:
    text = one_rule(f"offer: {{percent: 1%, message: '{message}'}}")
    [one] = check(text).diagnostics
    assert (one.code, one.message) == ("R217", f"unknown placeholder {message}")
    assert hint in one.help


def test_a_message_without_placeholders_is_a_text_like_any_other() -> None:
    assert codes(one_rule("offer: {percent: 1%, message: 'Only today }{'}")) == []


def test_one_sided_stacking_names_the_rule_that_lacks_the_other() -> None:
    text = """
rules:
  - {id: a, stacks_with: [b], offer: {percent: 1%}}
  - {id: b, offer: {percent: 2%}}
"""
    [one] = check(text).diagnostics
    assert (one.code, one.line) == ("R309", 3)
    assert "'b' does not name 'a'" in one.message
    assert "add 'a' to `stacks_with` of 'b'" in one.help


def test_campaigns_and_lists_that_nothing_uses_are_reported() -> None:
    text = one_rule(
        "campaign: c\nwhen: [item.brand: {in: $l}]\noffer: {percent: 1%}",
        "campaigns: {c: {count: 1}, d: {count: 1}}\nlists: {l: [a], m: [b]}\n",
    )
    assert [one.message for one in check(text).diagnostics] == [
        "no rule belongs to the campaign 'd'",
        "nothing uses the list 'm'",
    ]


def test_a_list_that_only_a_suppress_block_uses_is_used() -> None:
    text = (
        "lists: {l: [a]}\nsuppress: [{id: s, when: [{any: [item.brand: {in: [$l]}]}], after: 1d}]"
    )
    assert codes(text) == []


def test_a_list_that_only_an_exclusion_uses_is_used() -> None:
    assert codes("lists: {l: [Velo]}\nexclude: [{brands: $l, note: n, owner: o}]") == []
