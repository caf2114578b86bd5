"""Prices of rules, and which gate results are shared by which rules."""

from typing import Any

import pytest

from support.builders import (
    MINUTE,
    T0,
    but,
    case,
    context,
    customer,
    dwell,
    item,
    kept,
    offer,
    orders_at_least,
    price,
    remedy,
    rule,
    rulebook,
    scene,
    session,
    stock,
)
from support.naive_assembly import NaiveShop
from tactful.core.customer.profile import profile
from tactful.core.facts.fact_types import Remedy
from tactful.core.facts.item import Item
from tactful.core.gates.evaluation import Evaluation, PricedRule, price_basis_of
from tactful.core.offers.offer import Offer, OfferState
from tactful.core.pricing.quote import PriceRefusal, Quote
from tactful.core.rules.policy import FeedMaxAge, Policy
from tactful.core.rules.rule import NOW, Exclusion, PriceTerms, Rule
from tactful.core.session.contact_history import Approach, ContactHistory


def quoted(by: Rule, what: Item | None = None, **fields: Any) -> PricedRule:
    return Evaluation(context(by), scene(item=what or item(), **fields), ()).price_of(by)


def test_a_rule_s_percentage_comes_off_the_public_price_of_the_territory() -> None:
    priced = quoted(rule(percent=15, max_qty=3))
    assert (priced.passed_quote.unit, priced.hold) == (10965, 3 * 1935)
    nowhere = quoted(rule(), session=session(territory=None))
    assert nowhere.quote == PriceRefusal("price.missing")
    assert quoted(rule(), item(prices={})).price_basis is None


def test_a_refused_price_has_no_quote() -> None:
    with pytest.raises(LookupError, match=r"price\.missing"):
        _ = quoted(rule(), item(prices={})).passed_quote


def test_a_ladder_goes_down_one_step_for_each_push_in_this_session() -> None:
    steps = (PriceTerms("percent", percent_bp=500), PriceTerms("percent", percent_bp=1000))
    by = rule(price=PriceTerms("ladder", ladder=steps))
    approaches = (
        Approach("a", "R1", "s1", T0),
        Approach("b", "R1", "s0", T0),
        Approach("c", "R2", "s1", T0),
    )
    assert quoted(by).passed_quote.unit == 12255
    assert quoted(by, contact=ContactHistory(approaches[1:])).passed_quote.unit == 12255
    assert quoted(by, contact=ContactHistory(approaches)).passed_quote.unit == 11610


VOUCHER = rule("V", remedy=True, price=PriceTerms("remedy"))


def holder(*vouchers: Remedy) -> Any:
    return profile(NaiveShop((one, T0) for one in vouchers).history("c1"), Policy())


def share(bp: int) -> Remedy:
    whole = remedy(skus=["HAT-1"])
    made: Remedy = but(whole, value=but(whole.value, amount=None, currency=None, percent_bp=bp))
    return made


@pytest.mark.parametrize(
    ("voucher", "price_or_refusal"),
    [
        (remedy(amount=1000, skus=["HAT-1"]), 11900),
        (remedy(amount=12899, skus=["HAT-1"]), 1),
        (remedy(amount=12900, skus=["HAT-1"]), 0),
        (remedy(amount=20000, skus=["HAT-1"]), 0),
        (remedy(amount=1000, currency="GBP", skus=["HAT-1"]), "price.missing"),
        (share(2500), 9675),
        (share(10_000), 0),
    ],
)
def test_the_price_with_a_voucher_is_what_is_left_to_pay(
    voucher: Remedy, price_or_refusal: Any
) -> None:
    quote = quoted(VOUCHER, profile=holder(voucher)).quote
    assert price_or_refusal == (quote.unit if isinstance(quote, Quote) else quote.reason)


def test_a_percentage_that_rounds_to_nothing_is_no_improvement() -> None:
    cheap = item(prices={"DE": kept(price(amount=1))})
    quote = quoted(VOUCHER, cheap, profile=holder(share(1))).quote
    assert isinstance(quote, PriceRefusal)
    assert quote.reason == "price.no_improvement"


def test_a_remedy_rule_has_no_price_without_an_unused_voucher() -> None:
    assert quoted(VOUCHER).quote == PriceRefusal("price.missing")
    used = ContactHistory().with_cooldown("remedy", "m1", T0 + 1)
    assert quoted(VOUCHER, profile=holder(share(1)), contact=used).price_basis is not None
    assert not isinstance(quoted(VOUCHER, profile=holder(share(1)), contact=used).quote, Quote)


# which rules share a result


def evaluation(*standing: Offer, policy: Policy | None = None, **fields: Any) -> Evaluation:
    return Evaluation(context(policy=policy), scene(**fields), standing)


def codes(found: Any) -> list[str]:
    return [one.reason.value for one in found]


def test_a_price_is_computed_once_per_rule() -> None:
    shared = evaluation()
    first, second = rule("R1", percent=10), rule("R2", percent=20)
    assert shared.price_of(first) is shared.price_of(first)
    assert shared.price_of(first).passed_quote.unit > shared.price_of(second).passed_quote.unit


def test_rules_with_the_same_need_of_a_customer_share_the_findings_of_gate_2() -> None:
    shared = evaluation(session=session(consent="anonymous"))
    assert shared.shopper_findings(personal=True) is shared.shopper_findings(personal=True)
    assert codes(shared.shopper_findings(personal=True)) == ["consent.missing"]
    assert codes(shared.shopper_findings(personal=False)) == []


def test_the_findings_of_gate_3_are_computed_at_once() -> None:
    watched = Policy(max_age=FeedMaxAge(stock=MINUTE))
    assert codes(evaluation(policy=watched).feed_findings) == ["stale.stock"]


def test_a_remedy_does_not_share_the_findings_of_gate_5() -> None:
    late = profile(NaiveShop([(case(kind="late"), T0)]).history("c1"), Policy())
    here = session(customer="c1", consent="personal")
    shared = evaluation(session=here, profile=late)
    assert codes(shared.suppression_findings(rule("R1"), about_order=False)) == ["service.open"]
    assert codes(shared.suppression_findings(VOUCHER, about_order=False)) == []
    assert shared.suppression_findings(
        rule("R2"), about_order=False
    ) is shared.suppression_findings(rule("R3"), about_order=False)


def test_rules_that_promise_as_many_units_share_the_findings_of_gate_6() -> None:
    shared = evaluation(item=item(stock={"DE": (kept(stock(available=2)),)}))
    assert codes(shared.availability_findings(2)) == []
    assert codes(shared.availability_findings(3)) == ["stock.committed"]
    assert shared.availability_findings(3) is shared.availability_findings(3)


def test_rules_that_hold_from_one_instant_and_moment_share_the_findings_of_gate_8() -> None:
    shared = evaluation(session=session(running_since=T0, last_input=T0, rescue=True))
    slow, rescue = rule("R1", dwell(MINUTE)), rule("R2", moment="rescue")
    assert codes(shared.timing_findings(slow, NOW)) == ["timing.wait"]
    assert codes(shared.timing_findings(rescue, NOW)) == []
    assert shared.timing_findings(slow, NOW) is shared.timing_findings(rule("R3"), NOW)
    assert shared.timing_findings(slow, T0 + MINUTE) != shared.timing_findings(slow, NOW)


def test_all_rules_share_the_findings_of_gate_9_without_a_cooldown_or_acceptance() -> None:
    shared = evaluation(offer(sku="BOOT-42"))
    assert codes(shared.contact_findings(rule("R1"))) == ["contact.active"]
    assert shared.contact_findings(rule("R1")) is shared.contact_findings(rule("R2"))


def test_a_rule_in_a_cooldown_does_not_share_the_findings_of_gate_9() -> None:
    dismissed = ContactHistory().with_cooldown("rule", "R1", T0 + 1)
    shared = evaluation(contact=dismissed)
    assert codes(shared.contact_findings(rule("R2"))) == []
    assert codes(shared.contact_findings(rule("R1"))) == ["contact.dismissed"]
    assert codes(shared.contact_findings(rule("R3"))) == []


def test_beside_an_acceptance_each_rule_has_its_own_findings_of_gate_9() -> None:
    whole = PriceTerms("percent", percent_bp=1000, level="order", at_most={"EUR": 5000})
    accepted = offer(state=OfferState.ACCEPTED, stacks_with=("R2",))
    shared = evaluation(accepted)
    stacking = rule("R2", price=whole, stacks_with=frozenset({"R1"}))
    assert codes(shared.contact_findings(rule("R3"))) == ["contact.active"]
    assert codes(shared.contact_findings(stacking)) == []


def test_the_price_basis_needs_a_price_and_a_territory() -> None:
    assert price_basis_of(scene(session=session(territory=None))) is None
    assert price_basis_of(scene(item=item(prices={}))) is None
    basis = price_basis_of(scene())
    assert basis is not None
    assert (basis.amount, basis.currency, basis.cost) == (12900, "EUR", 5200)


def test_findings_of_a_personal_rule_name_the_opt_out_of_the_customer() -> None:
    known = profile(NaiveShop([(customer(opted_out=True), T0)]).history("c1"), Policy())
    here = session(customer="c1", consent="personal")
    shared = evaluation(session=here, profile=known)
    by = rule("L", orders_at_least(1))
    assert by.holds_from_if_identified is not None
    assert codes(shared.shopper_findings(personal=True)) == ["shopper.opted_out"]


def test_exclusions_are_looked_at_once_for_rules_on_the_same_level() -> None:
    book = rulebook(exclusions=(Exclusion("x", skus=frozenset({"RUN-42"})),))
    evaluation = Evaluation(context(rulebook=book), scene(), ())
    first, second = (evaluation.exclusion_findings(with_cart=False) for _ in range(2))
    assert first is second
    assert first
    assert evaluation.exclusion_findings(with_cart=True) is not first
