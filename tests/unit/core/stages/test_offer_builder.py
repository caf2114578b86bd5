"""The terms, claims, times and words of an offer."""

from typing import Any

import pytest

from support.builders import (
    DAY,
    MINUTE,
    SECOND,
    T0,
    but,
    campaign,
    category,
    clause,
    context,
    customer,
    item,
    kept,
    orders_at_least,
    price,
    product,
    remedy,
    rule,
    rulebook,
    scene,
    session,
)
from support.naive_assembly import NaiveShop
from tactful.core.compliance.reduction_history import NO_REDUCTIONS, VIEWERS, ReductionHistory
from tactful.core.customer.profile import profile
from tactful.core.facts.history import History
from tactful.core.facts.price_history import PublicPrice
from tactful.core.gates.evaluation import Evaluation
from tactful.core.offers.discount_codes import FreeCode, FreeCodes
from tactful.core.offers.offer import Offer
from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import Campaign, Exclusion, NoneOf, PriceTerms, Rule
from tactful.core.stages.arbitration import build_candidate
from tactful.core.stages.offer_builder import build_offer, prior_price_of, provenance_of
from tactful.core.values.allocation import Deduction
from tactful.core.values.money import Money


def planned(
    by: Rule,
    seq: int = 1,
    campaigns: Any = (),
    seed: str = "",
    reductions: ReductionHistory = NO_REDUCTIONS,
    codes: FreeCodes | None = None,
    **fields: Any,
) -> Offer:
    turn = context(
        rulebook=rulebook(by, campaigns=campaigns),
        seed=seed,
        reductions=reductions,
        codes=codes or {},
    )
    at = scene(**fields)
    return build_offer(turn, build_candidate(Evaluation(turn, at, ()), by), seq)


def test_an_offer_has_the_terms_of_its_rule_item_and_territory() -> None:
    shoe = item(product=kept(product(title="Aero", image="i", url="u")))
    by = rule(max_qty=3, placement="bar", on_change="drain")
    made = planned(by, item=shoe)
    assert (made.unit, made.public, made.currency, made.territory) == (10965, 12900, "EUR", "DE")
    assert (made.hold, made.max_qty, made.cost) == (3 * 1935, 3, 5200)
    assert (made.title, made.image, made.url, made.placement) == ("Aero", "i", "u", "bar")
    assert (made.on_change, made.rule_digest, made.rulebook) == ("drain", "R1", "v1")
    assert (made.issued_at, made.ends_at, made.customer) == (T0, T0 + 15 * MINUTE, None)


def test_the_id_is_the_same_for_the_same_decision_only() -> None:
    ids = [
        planned(rule(), seq, seed=seed).id for seq, seed in ((1, "a"), (1, "a"), (2, "a"), (1, "b"))
    ]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3


def test_an_offer_ends_with_its_rule_and_its_voucher() -> None:
    assert planned(rule(ends=T0 + 60 * SECOND)).ends_at == T0 + 60 * SECOND
    voucher_fact = remedy(skus=["HAT-1"], expires_at=T0 + 30 * SECOND)
    known = profile(NaiveShop([(voucher_fact, T0)]).history("c1"), Policy())
    voucher = rule("V", remedy=True, price=PriceTerms("remedy"))
    made = planned(voucher, profile=known, session=session(customer="c1", consent="personal"))
    assert (made.ends_at, made.remedy, made.level) == (T0 + 30 * SECOND, "m1", "order")
    assert (made.customer, made.personal) == ("c1", True)
    assert made.deduction == Deduction("order", 1000)


def test_a_voucher_stands_until_its_own_end_whatever_its_rule_says() -> None:
    fact = remedy(skus=["HAT-1"], expires_at=T0 + 90 * DAY)
    known = profile(NaiveShop([(fact, T0)]).history("c1"), Policy())
    voucher = rule("V", remedy=True, price=PriceTerms("remedy"), expires=60 * SECOND)
    made = planned(voucher, profile=known, session=session(customer="c1", consent="personal"))
    assert made.ends_at == T0 + 90 * DAY


@pytest.mark.parametrize("automatic", [False, True])
def test_a_voucher_says_that_it_was_decided_automatically_only_where_it_was(
    automatic: bool,
) -> None:
    fact = remedy(skus=["HAT-1"], automatic=automatic)
    known = profile(NaiveShop([(fact, T0)]).history("c1"), Policy())
    voucher = rule("V", remedy=True, price=PriceTerms("remedy"))
    made = planned(voucher, profile=known, session=session(customer="c1", consent="personal"))
    assert (made.disclosure is not None) is automatic


def test_a_voucher_worth_more_than_the_item_keeps_its_value_for_the_order() -> None:
    fact = remedy(skus=["HAT-1"], amount=20_000)
    known = profile(NaiveShop([(fact, T0)]).history("c1"), Policy())
    voucher = rule("V", remedy=True, price=PriceTerms("remedy"))
    made = planned(voucher, profile=known, session=session(customer="c1", consent="personal"))
    assert (made.unit, made.deduction, made.hold) == (0, Deduction("order", 20_000), 20_000)


def test_an_offer_on_the_order_shows_the_price_of_the_item_alone() -> None:
    whole = PriceTerms("percent", percent_bp=1000, level="order", at_most={"EUR": 5000})
    shoe = item(history={"DE": (PublicPrice(T0 - 200 * DAY, 12900, "EUR"),)})
    by = rule(price=whole, stacks_with=frozenset({"b", "a"}), messages={"": "{offer.saved}"})
    made = planned(by, item=shoe)
    assert (made.deduction, made.level) == (Deduction("order", 5000, 1000), "order")
    assert (made.unit, made.was, made.percent) == (11610, 12900, 10)
    assert (made.hold, made.saved, made.price_after_discount, made.message) == (
        5000,
        5000,
        11610,
        "€50.00",
    )
    assert made.stacks_with == ("a", "b")


def test_an_offer_on_the_shipping_claims_no_reduction() -> None:
    free = PriceTerms("amount", amounts={"EUR": 690}, level="shipping")
    reduced = {"DE": (PublicPrice(T0 - 200 * DAY, 19900, "EUR"),)}
    crowd = ReductionHistory(counts={("run", "DE"): {VIEWERS: 10, "R1": 9}})
    made = planned(rule(price=free), item=item(history=reduced), reductions=crowd)
    assert (made.level, made.unit, made.was, made.percent) == ("shipping", 12900, None, None)
    assert (made.hold, made.saved, made.price_after_discount, made.notes) == (
        690,
        690,
        12900 - 690,
        (),
    )
    assert planned(rule(), item=item(history=reduced), reductions=crowd).notes == ("price.general",)


def test_a_reduction_is_claimed_against_the_lowest_price_of_thirty_days() -> None:
    def ledger(*rows: tuple[int, int]) -> Any:
        return {"DE": tuple(PublicPrice(T0 - age * DAY, amount, "EUR") for age, amount in rows)}

    assert planned(rule(), item=item(history=ledger((200, 12900)))).was == 12900
    lowered = planned(rule(), item=item(history=ledger((200, 12900), (20, 11500), (10, 12900))))
    assert (lowered.was, lowered.percent) == (11500, 4)
    bargain = planned(rule(), item=item(history=ledger((200, 12900), (20, 9900), (10, 12900))))
    assert (bargain.was, bargain.percent) == (None, None)
    assert planned(rule(), item=item()).was is None
    dear = {"DE": kept(price(list=Money(19900, "EUR")))}
    listed = planned(rule(), item=item(prices=dear, history=ledger((200, 12900))))
    assert (listed.was, listed.percent) == (12900, 15)  # never against list


def test_a_running_general_price_counts_for_other_prices_only() -> None:
    began = T0 - DAY
    ledger = (
        PublicPrice(T0 - 40 * DAY, 12900, "EUR"),
        PublicPrice(began, 10965, "EUR", offered=True),
    )
    here = scene(item=item(history={"DE": ledger}))
    for offered, lowest in ((10965, 12900), (10000, 10965)):
        prior = prior_price_of(here, began, Money(offered, "EUR"))
        assert prior is not None
        assert prior.amount == lowest


def test_the_budget_period_is_that_of_the_campaign() -> None:
    daily = Campaign("C", {"EUR": 1}, per="day", timezone="Europe/Berlin")
    assert planned(rule(campaign="C"), campaigns=[daily]).period == "2026-03-10"
    total = planned(rule(campaign="C"), campaigns=[campaign("C", EUR=1)]).period
    assert total != "2026-03-10"
    assert planned(rule(campaign="gone")).period == ""


def test_the_message_is_in_the_shopper_s_language() -> None:
    words = "{item.title}|{item.brand}|{item.price}|{offer.price}|{offer.saved}|{offer.expires}"
    by = rule(messages={"": words, "de": words})
    german = planned(by, session=session(locale="de-DE")).message
    assert german == "RUN-42||129,00\u00a0€|109,65\u00a0€|19,35\u00a0€|15 Minuten"
    assert planned(by).message == "RUN-42||€129.00|€109.65|€19.35|15 minutes"
    assert planned(rule()).message == ""


@pytest.mark.parametrize(("days", "claims"), [(30, True), (31, False), (300, False)])
def test_a_reduction_without_a_pause_loses_its_claim_and_not_its_price(
    days: int, claims: bool
) -> None:
    long = ReductionHistory({("RUN-42", "DE"): {"EARLIER": T0 - days * DAY, "R1": T0 - DAY}})
    ledger = {"DE": (PublicPrice(T0 - 400 * DAY, 12900, "EUR"),)}
    made = planned(rule(), reductions=long, item=item(history=ledger))
    assert made.unit == 10965
    assert (made.was, made.percent) == ((12900, 15) if claims else (None, None))
    assert ("price.claim_ended" in made.notes) is not claims


def test_an_item_without_a_product_fact_is_called_by_its_sku() -> None:
    bare = item(product=None)
    by = rule(messages={"": "{item.title}"})
    assert (planned(by, item=bare).title, planned(by, item=bare).message) == ("RUN-42", "RUN-42")


@pytest.mark.parametrize(
    ("by", "read"),
    [
        (rule(), {"contextual"}),
        (rule("R", category("run")), {"contextual"}),
        (rule("R", orders_at_least(1)), {"personal"}),
        (rule(remedy=True, price=PriceTerms("remedy")), {"contextual", "personal"}),
        (rule(price=PriceTerms("ladder")), {"contextual", "pseudonymous"}),
    ],
)
def test_provenance_includes_what_the_price_reads(by: Rule, read: set[str]) -> None:
    assert provenance_of(by, scene(profile=profile(History(customer="c1"), Policy()))) == read


def test_a_personal_field_without_a_known_value_was_not_read() -> None:
    tier_gold = clause(
        "customer.tier",
        lambda at: at.history.about.fact.tier if at.history and at.history.about else None,
        lambda tier: tier == "gold",
        provenance="personal",
    )
    by = rule("R", category("run"), NoneOf((tier_gold,)))
    nobody = scene(session=session(consent="personal"))
    without_tier = scene(profile=profile(History(customer="c1"), Policy()))
    for unread in (nobody, without_tier):
        assert provenance_of(by, unread) == {"contextual"}
    about = kept(customer("c1", tier="silver"))
    silver = scene(profile=profile(History(customer="c1", about=about), Policy()))
    assert provenance_of(by, silver) == {"contextual", "personal"}


def test_an_offer_cannot_be_built_without_a_price_and_a_territory() -> None:
    turn = context(rule())
    ready = build_candidate(Evaluation(turn, scene(), ()), rule())
    nowhere = but(ready, scene=scene(session=session(territory=None)))
    unpriced = but(ready, priced=but(ready.priced, price_basis=None))
    for broken in (nowhere, unpriced):
        with pytest.raises(LookupError):
            build_offer(turn, broken, 1)


def test_no_offer_outlives_the_start_of_an_exclusion() -> None:
    one = rule("R1", expires=15 * MINUTE)
    book = rulebook(one, exclusions=(Exclusion("x", starts=T0 + 5 * MINUTE),))
    here = context(rulebook=book)
    made = build_offer(here, build_candidate(Evaluation(here, scene(), ()), one), 1)
    assert made.ends_at == T0 + 5 * MINUTE


def test_an_offer_takes_the_next_code_of_its_pool_and_ends_with_it() -> None:
    by = rule(codes="p")
    made = planned(by, codes={"p": FreeCode("A"), "q": FreeCode("B")})
    assert (made.pool, made.code, made.code_ends_at) == ("p", "A", None)
    ending = planned(by, codes={"p": FreeCode("A", T0 + 60 * SECOND)})
    assert (ending.code_ends_at, ending.ends_at) == (T0 + 60 * SECOND, T0 + 60 * SECOND)
    plain = planned(rule(), codes={"p": FreeCode("A")})
    assert (plain.pool, plain.code) == (None, None)
