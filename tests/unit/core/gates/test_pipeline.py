"""The order of the gates, the price of a rule, and what an offer that is up must pass again."""

from typing import Any

import pytest

from support.builders import (
    DAY,
    MINUTE,
    T0,
    but,
    case,
    category,
    context,
    cost,
    customer,
    dwell,
    item,
    kept,
    offer,
    price,
    product,
    recall,
    remedy,
    rule,
    rulebook,
    scene,
    session,
    stock,
)
from support.naive_assembly import Shop
from tactful.core.customer.profile import profile
from tactful.core.facts.fact_types import Remedy, ReportedFact
from tactful.core.facts.item import Item
from tactful.core.gates.evaluation import Evaluation, PricedRule
from tactful.core.gates.pipeline import failed_gates, failed_gates_of_standing
from tactful.core.offers.offer import Offer, OfferState
from tactful.core.pricing.quote import PriceRefusal, Quote
from tactful.core.rules.policy import FeedMaxAge, Policy
from tactful.core.rules.rule import PriceTerms, Rule
from tactful.core.session.contact_history import Approach, ContactHistory
from tactful.core.session.session import Tab
from tactful.core.values.allocation import Deduction
from tactful.core.verdicts.reasons import REASON_ORDER


def test_every_gate_that_fails_is_told_in_the_order_of_the_gates() -> None:
    told = [
        product("GIN-1", "gin", min_age=18, brand="Nordek"),
        recall(product="gin"),
        case(skus=["GIN-1"]),
        case("k2", "late"),
        customer(opted_out=True),
    ]
    shop = Shop((fact, T0) for fact in told)
    bad = rule(
        "B",
        category("running"),
        paused=True,
        starts=T0 + 1,
        territories=frozenset({"GB"}),
        per_session=0,
    )
    policy = Policy(max_age=FeedMaxAge(stock=MINUTE, prices=MINUTE, cases=MINUTE))
    here = session(
        customer="c1", consent="personal", page="payment", chat_open=True, tabs=(Tab(1, visible=False),)
    )  # fmt: skip
    contact = ContactHistory(
        tuple(Approach(str(n), "B", "s1", T0) for n in range(4)), (), quiet_until=T0 + 1
    )
    contact = contact.with_cooldown("rule", "B", T0 + 1)
    known = profile(shop.history("c1"), policy)
    at = scene(session=here, item=shop.item("GIN-1"), profile=known, contact=contact)
    turn = context(bad, session=here, policy=policy)
    standing = (offer(sku="HAT-1"),)
    found = [
        one.reason for one in failed_gates(Evaluation(turn, at, standing), bad, bad.holds_from(at))
    ]
    assert found == sorted(found, key=REASON_ORDER.__getitem__)
    assert {one.partition(".")[0] for one in found} == {
        "rule", "shopper", "stale", "target", "recall", "complaint", "service", "stock", "price",
        "timing", "contact", "budget",
    }  # fmt: skip


def test_nothing_fails_for_an_offer_that_may_be_made() -> None:
    by = rule("R1", dwell(30_000))
    turn, at = context(by), scene()
    assert [*failed_gates(Evaluation(turn, at, ()), by, by.holds_from(at))] == []


# price


def quoted(by: Rule, what: Item | None = None, **fields: Any) -> PricedRule:
    return Evaluation(context(by), scene(item=what or item(), **fields), ()).price_of(by)


def test_the_price_is_the_rule_s_share_off_the_public_price_here() -> None:
    priced = quoted(rule(percent=15, max_qty=3))
    assert (priced.passed_quote.unit, priced.hold) == (10965, 3 * 1935)
    nowhere = quoted(rule(), session=session(territory=None))
    assert nowhere.quote == PriceRefusal("price.missing")
    assert quoted(rule(), item(prices={})).price_basis is None


def test_a_quote_that_was_refused_is_no_price() -> None:
    with pytest.raises(LookupError, match=r"price\.missing"):
        _ = quoted(rule(), item(prices={})).passed_quote


def test_a_ladder_goes_a_step_down_with_every_time_it_spoke_in_this_session() -> None:
    steps = (PriceTerms("percent", percent_bp=500), PriceTerms("percent", percent_bp=1000))
    by = rule(price=PriceTerms("ladder", ladder=steps))
    marks = (
        Approach("a", "R1", "s1", T0),
        Approach("b", "R1", "s0", T0),
        Approach("c", "R2", "s1", T0),
    )
    assert quoted(by).passed_quote.unit == 12255
    assert quoted(by, contact=ContactHistory(marks[1:])).passed_quote.unit == 12255
    assert quoted(by, contact=ContactHistory(marks)).passed_quote.unit == 11610


VOUCHER = rule("V", remedy=True, price=PriceTerms("remedy"))


def holder(*vouchers: Remedy) -> Any:
    return profile(Shop((one, T0) for one in vouchers).history("c1"), Policy())


def share(bp: int) -> Remedy:
    whole = remedy(skus=["HAT-1"])
    return but(whole, value=but(whole.value, amount=None, currency=None, percent_bp=bp))


@pytest.mark.parametrize(
    ("voucher", "price_or_refusal"),
    [
        (remedy(amount=1000, skus=["HAT-1"]), 11900),
        (remedy(amount=12899, skus=["HAT-1"]), 1),
        (remedy(amount=12900, skus=["HAT-1"]), "price.zero"),
        (remedy(amount=1000, currency="GBP", skus=["HAT-1"]), "price.missing"),
        (share(2500), 9675),
        (share(10_000), "price.zero"),
    ],
)
def test_a_voucher_s_price_is_what_it_leaves_to_pay(voucher: Remedy, price_or_refusal: Any) -> None:
    quote = quoted(VOUCHER, profile=holder(voucher)).quote
    assert price_or_refusal == (quote.unit if isinstance(quote, Quote) else quote.reason)


def test_a_share_of_next_to_nothing_saves_nothing() -> None:
    cheap = item(prices={"DE": kept(price(amount=1))})
    quote = quoted(VOUCHER, cheap, profile=holder(share(1))).quote
    assert isinstance(quote, PriceRefusal)
    assert quote.reason == "price.no_improvement"


def test_without_a_voucher_there_is_no_price_for_one() -> None:
    assert quoted(VOUCHER).quote == PriceRefusal("price.missing")
    used = ContactHistory().with_cooldown("remedy", "m1", T0 + 1)
    assert quoted(VOUCHER, profile=holder(share(1)), contact=used).price_basis is not None
    assert not isinstance(quoted(VOUCHER, profile=holder(share(1)), contact=used).quote, Quote)


# an offer that is up


def standing(up: Offer | None = None, by: Rule | None = None, **fields: Any) -> list[str]:
    up = up or offer(rule_digest="R1")
    rules = [] if by is None else [by]
    turn_fields = {name: fields.pop(name) for name in ("ahead", "policy") if name in fields}
    turn = context(
        rulebook=rulebook(*rules, policy=turn_fields.pop("policy", Policy())), **turn_fields
    )
    return [one.reason.value for one in failed_gates_of_standing(turn, scene(**fields), up, by)]


def test_what_the_shopper_does_is_no_reason_to_take_an_offer_back() -> None:
    busy = session(page="payment", chat_open=True, tabs=(), last_input=T0)
    rested = ContactHistory().with_cooldown("rule", "R1", T0 + DAY)
    narrow = rule("R1", category("boots"), campaign="C")
    assert standing(by=narrow, session=busy, contact=rested) == []


def test_an_offer_of_another_customer_ends() -> None:
    theirs = offer(customer="c2", rule_digest="R1")
    assert standing(theirs, rule()) == ["identity.unverified"]
    mine = session(customer="c2", consent="personal")
    assert standing(theirs, rule(), session=mine) == []


@pytest.mark.parametrize(
    ("consent", "gpc", "found"),
    [
        ("personal", False, []),
        ("anonymous", False, ["consent.missing"]),
        ("personal", True, ["consent.gpc"]),
        ("anonymous", True, ["consent.missing"]),
    ],
)
def test_a_personal_offer_ends_with_the_consent_it_rests_on(
    consent: str, gpc: bool, found: list[str]
) -> None:
    here = session(consent=consent, gpc=gpc)
    assert standing(offer(personal=True, rule_digest="R1"), rule(), session=here) == found


@pytest.mark.parametrize(
    ("before", "found"),
    [(5, []), (6, ["stock.committed"])],
)
def test_stock_goes_to_those_who_were_promised_first(before: int, found: list[str]) -> None:
    assert standing(by=rule(), ahead={"of1": before}) == found


def test_a_rule_that_is_gone_is_judged_by_what_it_said_of_itself() -> None:
    assert standing(offer()) == []
    assert standing(offer(on_change="withdraw")) == ["rule.ended"]
    voucher = offer(remedy="m1")
    assert standing(voucher, session=session(consent="personal")) == []
    assert standing(voucher) == ["consent.missing"]


def test_a_voucher_goes_below_every_floor() -> None:
    dear = item(costs={"EUR": kept(cost(amount=12000))})
    assert standing(by=rule(), item=dear) == ["price.floor"]
    assert standing(offer(remedy="m1", rule_digest="R1"), rule(), item=dear) == []


GONE = ["price.no_improvement"]
ON_ORDER = Deduction("order", 5000, 1000)
ON_SHIPPING = Deduction("shipping", 690, 10_000)


def test_an_offer_on_the_order_keeps_to_the_floor_of_the_item_that_it_is_shown_for() -> None:
    mine = offer(deduction=ON_ORDER, unit=11610, rule_digest="R1")
    assert standing(mine, rule()) == []
    dear = item(costs={"EUR": kept(cost(amount=12000))})
    assert standing(mine, rule(), item=dear) == ["price.floor"]
    cheap = item(prices={"DE": kept(price(amount=11610))})
    assert standing(mine, rule(), item=cheap) == ["price.no_improvement"]


@pytest.mark.parametrize(("amount", "found"), [(12900, []), (13900, GONE), (11900, GONE)])
def test_an_offer_on_the_shipping_stands_while_the_price_beside_it_is_true(
    amount: int, found: list[str]
) -> None:
    mine = offer(deduction=ON_SHIPPING, unit=12900, rule_digest="R1")
    shelf = item(
        prices={"DE": kept(price(amount=amount))}, costs={"EUR": kept(cost(amount=20_000))}
    )
    assert standing(mine, rule(), item=shelf) == found


@pytest.mark.parametrize("territory", [None, "GB"])
def test_without_a_price_here_there_is_nothing_to_stand_on(territory: str | None) -> None:
    found = standing(by=rule(), session=session(territory=territory))
    assert found == ["target.territory", "stock.out", "price.missing"]


def test_the_offers_of_others_leave_less_to_promise() -> None:
    by = rule("R2", max_qty=2)
    shelf = item(stock={"DE": (kept(stock(available=3)),)})
    at = scene(item=shelf)
    mine, promised = offer(), offer("of2", state=OfferState.ACCEPTED)
    for committed, up, fits in (
        (1, (), True),
        (2, (), False),
        (2, (mine,), True),
        (2, (promised,), False),
    ):
        turn = context(by, items=[shelf], committed={("RUN-42", "DE"): committed})
        found = [
            one.reason for one in failed_gates(Evaluation(turn, at, up), by, by.holds_from(at))
        ]
        assert ("stock.committed" not in found) is fits
    nowhere = scene(session=session(territory=None))
    assert "stock.committed" not in [
        one.reason for one in failed_gates(Evaluation(context(by), nowhere, ()), by, 0)
    ]


def test_an_unknown_item_is_never_offered() -> None:
    at = scene(item=Item(sku="GHOST"))
    by = rule()
    found = [
        one.reason.value
        for one in failed_gates(Evaluation(context(by), at, ()), by, by.holds_from(at))
    ]
    assert found[:2] == ["stock.out", "price.missing"]


def test_the_age_of_the_price_is_told() -> None:
    old = item(prices={"DE": ReportedFact(price(amount=1), T0 - 7)})
    by, at = rule(percent=50), scene(item=old)
    refused = [
        one
        for one in failed_gates(Evaluation(context(by), at, ()), by, 0)
        if one.reason.startswith("price.")
    ]
    assert [one.at for one in refused] == [T0 - 7]
