"""The table of server/SEMANTICS.md, section 10: what a change does to a standing offer."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from support.builders import (
    DAY,
    MINUTE,
    T0,
    but,
    case,
    cost,
    order,
    orders_at_least,
    price,
    review,
    rule,
    stock,
)
from support.in_memory_shop import InMemoryShop, Shopper
from support.scenario_fixture import play, r1
from tactful.core.facts.fact_types import Feed
from tactful.core.rules.policy import FeedMaxAge, Policy
from tactful.core.rules.rule import PriceTerms
from tactful.core.session import signals

Change = Callable[[InMemoryShop, Shopper], Any]


@dataclass
class Row:
    """A change, and why it withdraws an offer that is not accepted; None: it does not."""

    name: str
    change: Change
    reason: str | None


def reports(*facts: Any) -> Change:
    return lambda shop, _: shop.report(*facts)


def does(signal: signals.Signal) -> Change:
    return lambda _, visitor: visitor.send(signal)


def silence(shop: InMemoryShop, visitor: Shopper) -> None:
    shop.now += 15 * MINUTE + 1
    for one in shop.shoppers:
        one.session = _longer(one)
    visitor.send(signals.FactsChanged())


def _longer(visitor: Shopper) -> Any:
    """Extend the offers until tomorrow, so that the silent feed ends them and not the time."""
    longer = tuple(but(offer, ends_at=T0 + DAY) for offer in visitor.session.offers)
    return but(visitor.session, offers=longer)


PARCEL = order("o9", status="shipped", placed_at=T0 - 40 * DAY, promised_by=T0 - DAY)
ROWS = [
    Row("stock to 0", reports(stock("RUN-42", 0)), "stock.out"),
    Row("stock below what is committed", reports(stock("RUN-42", 1)), "stock.committed"),
    Row("the public price falls to the offer", reports(price("RUN-42", 10965)), "price.no_improvement"),
    Row("the public price falls below the offer", reports(price("RUN-42", 9000)), "price.no_improvement"),
    Row("the public price rises", reports(price("RUN-42", 14900)), None),
    Row("the price is gone", reports(price("RUN-42", 12900, currency="CHF")), "price.missing"),
    Row("the target rises above the offer", reports(price("RUN-42", 12900, target=10966)), "price.floor"),
    Row("the cost rises above the offer", reports(cost("RUN-42", 9000, "DE")), "price.floor"),
    Row("the cost rises, but not that far", reports(cost("RUN-42", 5300, "DE")), None),
    Row("complaint", reports(case(skus=["RUN-43"])), "complaint.open"),
    Row("late parcel", reports(PARCEL), "delivery.late"),
    Row("bad review", reports(review(sku="RUN-42")), "review.bad"),
    Row("case resolved", reports(case(kind="question", status="resolved", resolved_at=T0)), None),
    Row("bought elsewhere", reports(order("o2", "RUN-43", placed_at=T0, status="placed")), "owned.already"),
    Row("another territory", does(signals.ConnectionOpened(2, "personal", territory="GB")), "target.territory"),
    Row("consent withdrawn", does(signals.ConsentChanged("none")), "consent.missing"),
    Row("consent to less", does(signals.ConsentChanged("anonymous")), "consent.missing"),
    Row("Global Privacy Control", does(signals.ConsentChanged("personal", gpc=True)), "consent.gpc"),
    Row("feed stale", silence, "stale.stock"),
]  # fmt: skip


def up(*, accepted: bool) -> tuple[InMemoryShop, Shopper]:
    """A personal offer on RUN-42, and another session's accepted offer of one unit."""
    loyal = rule(
        "R1", orders_at_least(1), price=PriceTerms("percent", percent_bp=1500, margin_bp=2000)
    )
    policy = Policy(max_age=FeedMaxAge(stock=15 * MINUTE))
    shop = play(loyal, also=[order("o1", "BOOT-42")], policy=policy)
    shop.report(Feed(feed="stock"))
    other = shop.open_session("s0").log_in("c1").view("RUN-42", 30)
    other.accept()
    one = shop.open_session("s1").log_in("c1").view("RUN-42", 30)
    if accepted:
        one.accept()
    return shop, one


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_a_change_withdraws_a_visible_offer_as_the_table_says(row: Row) -> None:
    shop, one = up(accepted=False)
    row.change(shop, one)
    assert [reason for _, reason in one.withdrawn] == ([row.reason] if row.reason else [])
    assert len(one.offers) == (row.reason is None)


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_an_accepted_offer_stands_whatever_changes(row: Row) -> None:
    shop, one = up(accepted=True)
    before = one.session.offers
    row.change(shop, one)
    assert one.session.offers[0].state == "accepted"
    assert [offer.unit for offer in one.session.offers] == [offer.unit for offer in before]
    assert one.withdrawn == []


@pytest.mark.parametrize(
    ("fact", "quiet"),
    [
        (case(skus=["RUN-42"]), True),
        (PARCEL, True),
        (review(sku="RUN-42"), True),
        (order("o8", "RUN-42", status="cancelled", cancelled_by="shop"), True),
        (stock("RUN-42", 0), False),
    ],
    ids=["complaint", "late parcel", "bad review", "cancelled by the shop", "stock"],
)
def test_only_a_taint_is_followed_by_ten_quiet_minutes(fact: Any, quiet: bool) -> None:
    shop, one = up(accepted=False)
    shop.report(fact)
    shop.now += 10 * MINUTE - 1
    assert ("timing.quiet" in one.reasons("TRAIL-42")) is quiet
    shop.now += 1
    assert "timing.quiet" not in one.reasons("TRAIL-42")


def test_the_was_price_of_an_offer_stays_that_of_its_push() -> None:
    shop, one = up(accepted=False)
    shop.report(price("RUN-42", 14900))
    assert [offer.was for offer in one.offers] == [12900]


def test_a_rule_of_a_higher_tier_replaces_only_if_the_shopper_saves_more() -> None:
    shop = play()
    one = shop.open_session().view("RUN-42", 30)
    for percent, priority, replaced in ((20, 0, False), (14, 1, False), (20, 1, True)):
        better = rule("R2", percent=percent, priority=priority)
        shop.use_rules(r1(), better, version=f"v{percent}{priority}")
        one.view("RUN-42", 3)
        assert (one.offers[0].rule == "R2") is replaced
    assert len(one.pushed) == 2
    assert one.offers[0].id != one.pushed[0].id
    assert shop.budget() == (0, 0)


def test_an_outranked_rule_does_not_replace_the_winner_in_the_next_turn() -> None:
    shop = play(r1(campaign=None), rule("R2", percent=20))
    one = shop.open_session().view("RUN-42", 30)
    for _ in range(3):
        one.view("RUN-42", 10)
    assert [offer.rule for offer in one.pushed] == ["R1"]


@pytest.mark.parametrize("reason", ["price.error", "fraud", "customer.asked"])
def test_an_operator_may_end_even_an_accepted_offer(reason: Any) -> None:
    _, one = up(accepted=True)
    (offer,) = one.session.offers
    one.send(signals.OfferRevoked(offer.id, reason))
    assert one.session.offers == ()
    assert one.withdrawn == [(offer.id, reason)]
    one.send(signals.OfferRevoked(offer.id, reason))
    assert len(one.withdrawn) == 1
    one.view("RUN-42", 30)
    assert one.why("RUN-42").reason == "contact.dismissed", "it is not back half a minute later"
