"""Counters of two rulebooks, and the differences between them."""

from msgspec import structs

from support.builders import context, item, session
from support.ledger_rows import offer
from tactful.core.context import Context
from tactful.core.decision import Decision, PushOffer, WithdrawOffer
from tactful.core.offers.offer import Offer, OfferState, OfferStep
from tactful.core.values.allocation import Deduction
from tactful.core.values.calendar import DAY
from tactful.core.verdicts.reasons import Reason
from tactful.core.verdicts.verdict import DecisionTrace, Finding, Verdict
from tactful.rulebook.testing.comparison import (
    CANNOT_KNOW,
    BacktestResult,
    RulebookCounter,
    compare,
    net_of_tax,
)

MADE = offer("of_1", unit=10965, public=12900, cost=5200, max_qty=2, territory="DE")


def pushed(count: RulebookCounter, one: Offer, about: Context | None = None) -> None:
    about = about or context(session=session(id=one.session))
    step = OfferStep(one.id, one.issued_at, 1, OfferState.PUSHED)
    count.count_turn(
        about,
        Decision(session=about.session, offers=(one,), steps=(step,), effects=(PushOffer(one),)),
    )


def both(old: RulebookCounter, new: RulebookCounter) -> BacktestResult:
    return compare(old, new, since=0, until=DAY, sessions=1, turns=2, unknown=0)


def test_an_offer_costs_its_discount_at_the_largest_quantity() -> None:
    count = RulebookCounter("v1")
    pushed(count, MADE)
    side = count.result()
    assert (side.version, side.pushes, side.shoppers, side.without_cost) == ("v1", 1, 1, 0)
    assert side.promised == {"EUR": 2 * (12900 - 10965)}
    assert side.margin == {"EUR": 2 * (9214 - 5200)}
    assert (side.rules, side.items) == ({MADE.rule: 1}, {MADE.sku: 1})
    assert side.days == {MADE.issued_at // DAY * DAY: 1}


def test_an_offer_off_the_order_costs_its_upper_bound() -> None:
    free = structs.replace(
        MADE, unit=12900, max_qty=1, deduction=Deduction("shipping", 690, 10_000)
    )
    count = RulebookCounter("v1")
    pushed(count, free)
    assert count.result().promised == {"EUR": 690}
    assert count.result().margin == {"EUR": net_of_tax(context(), free) - 5200}
    assert net_of_tax(context(), free) == net_of_tax(
        context(), structs.replace(MADE, unit=12900 - 690)
    )


def test_a_shopper_who_is_shown_another_upper_bound_is_affected() -> None:
    old, new = RulebookCounter("v1"), RulebookCounter("v2")
    for count, at_most in ((old, 1935), (new, 900)):
        pushed(count, structs.replace(MADE, deduction=Deduction("order", at_most)))
    assert (both(old, new).shoppers_affected, both(old, new).items_affected) == (1, 1)


def test_tax_is_not_part_of_the_margin() -> None:
    about = context(items=[item(MADE.sku)])
    rate = about.items[MADE.sku].prices["DE"].fact
    assert rate.tax_included
    assert net_of_tax(about, MADE) == 10965 * 10_000 // (10_000 + rate.tax_rate_bp)
    elsewhere = structs.replace(MADE, territory="US-NY")
    assert net_of_tax(about, elsewhere) == 10965


def test_an_offer_without_a_cost_has_no_margin() -> None:
    count = RulebookCounter("v1")
    pushed(count, structs.replace(MADE, cost=None))
    assert (count.result().margin, count.result().without_cost) == ({}, 1)


def test_a_reason_counts_once_per_session_rule_and_item() -> None:
    count, about = RulebookCounter("v1"), context()
    silent = Verdict("R1", "A", "withheld", (Finding(Reason.STOCK_OUT),))
    shadow = Verdict("R2", "A", "shadow", (Finding(Reason.SHADOW),))
    shown = (Verdict("R3", "A", "pushed"), Verdict("R4", "A", "standing"))
    for _ in range(3):
        trace = DecisionTrace((silent, shadow, *shown))
        gone = WithdrawOffer("of", 1)
        step = OfferStep("of", 0, 1, OfferState.WITHDRAWN)
        decision = Decision(session=about.session, trace=trace, effects=(gone,), steps=(step,))
        count.count_turn(about, decision)
    assert count.result().withheld == {"shadow": 1, "stock.out": 1}
    assert count.result().withdrawn == 3


def test_a_shopper_who_is_shown_the_same_offers_is_not_affected() -> None:
    old, new = RulebookCounter("v1"), RulebookCounter("v2")
    for count in (old, new):
        pushed(count, MADE)
    assert (both(old, new).shoppers_affected, both(old, new).items_affected) == (0, 0)
    cheaper = structs.replace(MADE, customer="c1", unit=9900)
    pushed(new, cheaper)
    done = both(old, new)
    assert (done.shoppers_affected, done.items_affected) == (1, 1)
    assert (done.old.pushes, done.new.pushes) == (1, 2)
    assert done.cannot_know == CANNOT_KNOW
