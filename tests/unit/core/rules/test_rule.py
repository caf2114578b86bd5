"""The instants of conditions, and what a rule's offers come off."""

from support.builders import T0, rule
from tactful.core.rules.rule import NEEDS_ACTIVITY, NEVER, NOW, PriceTerms


def test_the_marks_of_a_condition_enclose_every_instant_in_this_order() -> None:
    assert sorted([NEVER, T0, NEEDS_ACTIVITY, NOW]) == [NOW, T0, NEEDS_ACTIVITY, NEVER]
    assert NEVER < 2**63, "an instant is a signed 64-bit integer in the ledger"


def test_the_level_of_a_rule_is_that_of_its_price() -> None:
    shipping = PriceTerms("amount", amounts={"EUR": 690}, level="shipping")
    assert rule().level == "item"
    assert rule(price=shipping).level == "shipping"


def test_a_remedy_comes_off_the_order() -> None:
    assert rule(remedy=True, price=PriceTerms("remedy")).level == "order"
