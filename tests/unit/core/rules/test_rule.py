"""The instants of conditions, and what a rule's offers come off."""

from support.builders import T0, rule
from tactful.core.rules.rule import NEEDS_ACTIVITY, NEVER, NOW, InputBan, PriceTerms


def test_the_marks_of_a_condition_enclose_every_instant_in_this_order() -> None:
    assert sorted([NEVER, T0, NEEDS_ACTIVITY, NOW]) == [NOW, T0, NEEDS_ACTIVITY, NEVER]
    assert NEVER < 2**63, "an instant is a signed 64-bit integer in the ledger"


def test_the_level_of_a_rule_is_that_of_its_price() -> None:
    shipping = PriceTerms("amount", amounts={"EUR": 690}, level="shipping")
    assert rule().level == "item"
    assert rule(price=shipping).level == "shipping"


def test_a_remedy_comes_off_the_order() -> None:
    assert rule(remedy=True, price=PriceTerms("remedy")).level == "order"


def test_a_ban_forbids_its_kinds_of_data_except_on_its_legal_bases() -> None:
    ban = InputBan("US-NY", frozenset({"personal"}), legal_bases=frozenset({"loyalty"}))
    assert ban.forbids("personal", None)
    assert ban.forbids("personal", "group")
    assert not ban.forbids("personal", "loyalty")
    assert not ban.forbids("contextual", None)
