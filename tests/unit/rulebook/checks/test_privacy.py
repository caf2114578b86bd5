"""Messages and conditions that must not use personal or protected data."""

import pytest

from support.rule_files import codes, one_rule


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
