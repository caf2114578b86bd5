"""Messages and conditions that must not use personal or protected data."""

from support.rule_files import codes, one_rule


def test_messages_tell_nothing_about_the_shopper_in_any_language() -> None:
    text = one_rule("offer: {percent: 5%, message: {en: '{item.title}', de: '{customer.tier}'}}")
    assert codes(text) == ["R310"]
