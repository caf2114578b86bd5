"""Messages and conditions that must not use personal or protected data."""

import pytest

from support.rule_files import check, codes, one_rule


def test_a_message_in_any_language_is_checked_for_personal_data() -> None:
    text = one_rule("offer: {percent: 5%, message: {en: '{item.title}', de: '{customer.tier}'}}")
    assert codes(text) == ["R310"]


@pytest.mark.parametrize("group", ["customer", "history", "session", "cart", "visit"])
def test_a_message_reveals_nothing_that_the_shop_knows(group: str) -> None:
    text = one_rule(f"offer: {{percent: 5%, message: 'Hello {{{group}.anything}}'}}")
    assert codes(text) == ["R310"]


@pytest.mark.parametrize("field", ["customer.age: {at_least: 18}", "customer.attributes.gender: f"])
def test_a_protected_attribute_is_reported_wherever_it_is_read(field: str) -> None:
    for place in (f"when: [{field}]", f"unless: [{{any: [{field}]}}]"):
        assert codes(one_rule(f"{place}\noffer: {{percent: 5%}}")) == ["R311"]


def test_an_attribute_of_an_item_is_not_protected() -> None:
    assert codes(one_rule("when: [item.attributes.gender: women]\noffer: {percent: 5%}")) == []


BAN = "forbid_inputs: {US-NY: {inputs: [personal, pseudonymous], from: 2026-07-01, except: [loyalty]}}"


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("territories: [US-NY]\nwhen: [customer.orders: {at_least: 1}]\noffer: {percent: 5%}", ["R319"]),
        ("territories: [US-NY]\nwhen: [session.dwell: {at_least: 30s}]\noffer: {percent: 5%}", ["R319"]),
        ("territories: [US-NY]\nwhen: [customer.tier: gold]\noffer: {percent: 5%}", []),
        ("territories: [US-NY]\nwhen: [item.stock: {at_least: 5}]\noffer: {percent: 5%}", []),
        ("territories: [US-NY]\noffer: {ladder: [{percent: 5%}, {percent: 8%}]}", ["R319"]),
        ("territories: [US-NY]\nremedy: true", ["R319"]),
        ("territories: [US-CA]\nremedy: true", []),
        ("remedy: true", []),
        ("territories: [US-NY]\nvalid: {until: 2026-06-30}\nremedy: true", []),
        ("territories: [US-NY]\nvalid: {until: 2026-07-01}\nremedy: true", ["R319"]),
    ],
)  # fmt: skip
def test_a_forbidden_input_is_an_error_where_the_rule_names_the_territory(
    more: str, expected: list[str]
) -> None:
    assert [one.code for one in check(one_rule(more), BAN).diagnostics] == expected


def test_a_ban_of_a_country_holds_in_its_subdivisions_at_once_without_a_date() -> None:
    text = one_rule("territories: [US-NY]\nremedy: true")
    [found] = check(text, "forbid_inputs: {US: [personal]}").diagnostics
    assert found.code == "R319"
    assert found.message == "a voucher of the customer is personal data, which is forbidden in US"
