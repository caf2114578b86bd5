"""Scenarios 1 to 7, as far as the decision alone covers them."""

from typing import Any

import pytest

from support.builders import (
    DAY,
    MINUTE,
    SECOND,
    T0,
    case,
    line,
    order,
    product,
    remedy,
    review,
    rule,
    stock,
)
from support.in_memory_shop import InMemoryShop, Shopper
from support.scenario_fixture import facts, play, r1
from tactful.core.facts.fact_types import AnyFact, Feed
from tactful.core.rules.policy import FeedMaxAge, Policy
from tactful.core.rules.rule import PriceTerms
from tactful.core.session import signals
from tactful.core.session.contact_history import Approach, ContactHistory

RECEIVED = T0 - 419 * DAY
"""2025-01-15: outside the 365 days of ownership."""


def known(shop: InMemoryShop, customer: str = "c1", name: str = "s1") -> Shopper:
    """A visitor who has logged in."""
    return shop.open_session(name).log_in(customer)


# 1 happy path


def test_1_half_a_minute_on_an_item_leads_to_exactly_one_offer() -> None:
    shop = play()
    one = shop.open_session().view("RUN-42", 29.999)
    assert one.last_reason("RUN-42") == "timing.wait"
    assert not one.pushed
    shop.advance(0.001)
    (offer,) = one.pushed
    assert (offer.unit, offer.was, offer.percent, offer.hold) == (10965, 12900, 15, 1935)
    assert offer.ends_at - shop.now == 900 * SECOND
    assert offer.disclosure
    assert shop.budget() == (1935, 0)
    shop.advance(60)
    assert len(one.pushed) == 1


def test_1_a_reload_keeps_the_offer_and_its_countdown() -> None:
    shop = play()
    one = shop.open_session().view("RUN-42", 30)
    shop.advance(10)
    one.send(signals.ConnectionClosed(1))
    one.send(signals.ConnectionOpened(tab=2, consent="anonymous", territory="DE", page="product"))
    one.view("RUN-42", 60)
    assert [offer.id for offer in one.offers] == [one.pushed[0].id]
    assert one.offers[0].ends_at == one.pushed[0].ends_at
    assert len(one.pushed) == 1


def test_1_redeeming_settles_the_hold() -> None:
    shop = play()
    one = shop.open_session().view("RUN-42", 30)
    offer = one.accept()
    assert offer.accept_until == shop.now + 30 * MINUTE
    one.redeem(offer)
    assert shop.budget() == (0, 1935)
    assert one.session.offers == ()


def test_1_a_discount_below_the_target_is_clamped_and_noted() -> None:
    one = play(r1("boots", percent=30)).open_session().view("BOOT-42", 30)
    (offer,) = one.pushed
    assert (offer.unit, offer.was, offer.percent) == (14900, 18900, 21)
    (verdict,) = [one for one in one.last.trace.verdicts if one.outcome == "pushed"]
    assert verdict.notes == offer.notes == ("price.clamped",)


# 2 complaint opens mid-session


def let_down() -> tuple[InMemoryShop, Shopper]:
    shop = play(also=[order("o1", "RUN-43", placed_at=RECEIVED)])
    one = known(shop).view("RUN-42", 30)
    one.see()
    return shop, one


COMPLAINT = case("k1", "defect", order="o1", skus=["RUN-43"], opened_at=T0)


def test_2_a_complaint_withdraws_the_offer_and_releases_its_hold() -> None:
    shop, one = let_down()
    other = shop.open_session("s2").view("RUN-42", 30)
    assert shop.budget() == (2 * 1935, 0)
    shop.advance(20)
    shop.report(COMPLAINT)
    assert one.withdrawn == [(one.pushed[0].id, "complaint.open")]
    assert shop.budget() == (1935, 0)
    assert other.offers == other.pushed


def test_2_a_complaint_starts_a_quiet_period_of_ten_minutes() -> None:
    shop, one = let_down()
    shop.report(COMPLAINT)
    one.view("TRAIL-42", 30)
    assert one.last_reason("TRAIL-42") == "timing.quiet"
    shop.advance(9.5 * 60)
    assert [offer.unit for offer in one.pushed] == [10965, 11815]
    one.send(signals.OfferDismissed(one.pushed[-1].id))
    one.view("RUN-42", 30)
    assert one.last_reason("RUN-42") == "complaint.open"


# 3 the promise is kept


def test_3_an_accepted_offer_outlives_a_complaint() -> None:
    shop, one = let_down()
    offer = one.accept()
    shop.advance(5)
    shop.report(COMPLAINT)
    assert one.withdrawn == []
    assert [held.unit for held in one.session.offers] == [10965]
    shop.report(stock("RUN-42", 0))
    assert one.session.offers[0].state == "accepted"
    shop.advance(600)
    one.redeem(offer)
    assert shop.budget() == (0, 1935)


def test_3_an_unused_acceptance_ends_after_half_an_hour_to_the_millisecond() -> None:
    shop, one = let_down()
    one.accept()
    shop.advance(30 * 60 - 0.001)
    assert one.session.offers
    shop.advance(0.001)
    assert one.session.offers == ()
    assert shop.budget() == (0, 0)


# 4 late parcel and the apology voucher

LATE = order(
    "o7", "TRAIL-42", customer="c3", status="shipped", placed_at=T0 - 40 * DAY, promised_by=T0 - DAY
)
LATE_CASE = case("k7", "late", customer="c3", order="o7")
VOUCHER = rule("V", remedy=True, price=PriceTerms("remedy"), priority=9)


def test_4_an_open_service_case_suppresses_the_whole_shop() -> None:
    one = known(play(also=[LATE, LATE_CASE]), "c3").view("RUN-42", 30)
    assert one.last_reason("RUN-42") == "service.open"


def test_4_a_service_case_does_not_suppress_its_remedy() -> None:
    shop = play(r1(), VOUCHER, also=[LATE, LATE_CASE])
    shop.report(remedy(customer="c3", order="o7"))
    one = known(shop, "c3").view("RUN-42", 30)
    (offer,) = one.pushed
    assert (offer.rule, offer.unit, offer.remedy, offer.level) == ("V", 11900, "m1", "order")
    assert offer.disclosure is None


def test_4_a_remedy_is_not_promoted_on_its_cause() -> None:
    shop = play(r1(), VOUCHER, also=[LATE, LATE_CASE])
    shop.report(remedy(customer="c3", order="o7"))
    one = known(shop, "c3").view("TRAIL-42", 30)
    assert one.last_reason("TRAIL-42", "V") == "complaint.cause"
    assert one.last_reason("TRAIL-42") == "service.open"


def test_4_a_remedy_on_a_cheap_item_leaves_the_rest_to_pay() -> None:
    shop = play(VOUCHER, also=[LATE, LATE_CASE])
    shop.report(remedy(customer="c3", order="o7"))
    (offer,) = known(shop, "c3").view("SOCK-3", 30).pushed
    assert offer.unit == 990


def test_4_a_used_voucher_is_not_offered_until_its_order_is_cancelled() -> None:
    shop = play(VOUCHER, also=[LATE, LATE_CASE])
    shop.report(remedy(customer="c3", order="o7"))
    one = known(shop, "c3").view("RUN-42", 30)
    offer = one.accept()
    one.redeem(offer)
    assert one.reasons("SOCK-3", "V")[0] == "target.conditions"
    one.send(signals.RedemptionRolledBack(offer))
    # The acceptance stands again; when it has ended, the voucher is offered again.
    assert one.reasons("SOCK-3", "V")[0] == "target.conditions"
    shop.advance(1800)
    assert "target.conditions" not in one.reasons("SOCK-3", "V")


# 5 two strikes on a brand; bundles


def twice(*skus: str) -> Shopper:
    one, two = skus
    reported: list[AnyFact] = [
        case("k1", "defect", customer="c5", skus=[one], opened_at=T0 - 60 * DAY),
        case("k2", "defect", customer="c5", skus=[two], opened_at=T0),
    ]
    return known(play(r1("running", "boots", "sets"), also=[*reported, *BUNDLE]), "c5")


BUNDLE: list[AnyFact] = [
    product("SET-1", "set", categories=("sets",), components=("BOOT-42", "SOCK-3")),
    stock("SET-1", 5),
]


def test_5_complaints_about_two_products_taint_the_brand() -> None:
    one = twice("RUN-43", "SOCK-3").view("TRAIL-42", 30)
    assert one.last_reason("TRAIL-42") == "complaint.brand"
    assert one.view("BOOT-42", 30).pushed[0].unit == 16065


def test_5_two_complaints_about_one_product_do_not_taint_the_brand() -> None:
    one = twice("RUN-43", "RUN-42").view("TRAIL-42", 30)
    assert [offer.sku for offer in one.pushed] == ["TRAIL-42"]


def test_5_a_bundle_is_as_tainted_as_its_parts() -> None:
    one = twice("RUN-43", "SOCK-3").view("SET-1", 30)
    assert one.last_reason("SET-1") == "complaint.component"


# 6 stock tells the truth late


def test_6a_the_last_unit_sold_withdraws_the_offer_and_a_late_report_does_not_return_it() -> None:
    shop = play()
    one = shop.open_session().view("RUN-42", 30)
    british = shop.open_session("s2", territory="GB").view("RUN-42", 30)
    assert british.pushed[0].unit == 9775
    shop.report(stock("RUN-42", 0, version=12))
    assert one.withdrawn == [(one.pushed[0].id, "stock.out")]
    shop.report(stock("RUN-42", 5, version=11))
    assert one.why("RUN-42").reason == "stock.out"
    assert british.withdrawn == []


def test_6d_stock_that_returns_pushes_nothing_by_itself() -> None:
    shop = play()
    one = shop.open_session().view("RUN-42", 30)
    shop.report(stock("RUN-42", 0, version=12))
    shop.report(stock("RUN-42", 5, version=13))
    one.view("RUN-42", 599)
    assert one.reasons("RUN-42") == ["contact.dismissed"]
    shop.advance(3600)
    assert len(one.pushed) == 1
    one.view("RUN-42", 30)
    assert len(one.pushed) == 2


def test_6c_a_silent_feed_withdraws_offers_and_a_heartbeat_resumes() -> None:
    shop = play(policy=Policy(max_age=FeedMaxAge(stock=15 * MINUTE)))
    shop.report(Feed(feed="stock"))
    one = shop.open_session().view("RUN-42", 30)
    shop.advance(15 * 60 - 30)
    one.send(signals.FactsChanged())
    assert one.withdrawn == []
    shop.advance(0.001)
    one.send(signals.FactsChanged())
    assert one.withdrawn == [(one.pushed[0].id, "stale.stock")]
    assert shop.open_session("s2").view("RUN-42", 30).last_reason("RUN-42") == "stale.stock"
    shop.report(Feed(feed="stock"))
    assert shop.open_session("s3").view("RUN-42", 30).offers


def test_6_too_little_stock_withdraws_the_newest_offers_first() -> None:
    shop = play()
    first, second, third = (shop.open_session(f"s{n}") for n in range(3))
    for visitor in (first, second, third):
        visitor.view("RUN-42", 30)
    third.accept()
    shop.report(stock("RUN-42", 2))
    assert [visitor.withdrawn for visitor in (first, third)] == [[], []]
    assert second.withdrawn == [(second.pushed[0].id, "stock.committed")]


# 7 login changes the answer


def approached(times: int) -> ContactHistory:
    return ContactHistory(
        tuple(Approach(f"old{n}", "R0", "s0", T0 - DAY, True) for n in range(times))
    )


def logged_in() -> tuple[InMemoryShop, Shopper]:
    shop = play(also=[case("k1", "defect", customer="c7", skus=["RUN-42"])])
    shop.contacts["c7"] = approached(3)
    one = shop.open_session().view("RUN-42", 30)
    one.see()
    one.log_in("c7")
    return shop, one


def test_7_the_history_of_a_login_withdraws_the_offer() -> None:
    shop, one = logged_in()
    assert one.withdrawn == [(one.pushed[0].id, "complaint.open")]
    one.view("TRAIL-42", 30)
    assert one.last_reason("TRAIL-42") == "timing.quiet"
    assert one.reasons("TRAIL-42") == ["timing.quiet", "contact.shopper_cap"]
    shop.advance(600)
    assert one.last_reason("TRAIL-42") == "contact.shopper_cap"


def test_7_a_login_with_an_open_complaint_prevents_the_next_offer() -> None:
    shop = play(also=[case("k1", "defect", customer="c7", skus=["RUN-42"])])
    one = shop.open_session().view("RUN-42", 29)
    one.log_in("c7")
    shop.advance(60)
    assert one.pushed == []


def test_7_a_logout_withdraws_the_customer_s_offers_and_keeps_the_anonymous_caps() -> None:
    shop = play(r1(), also=[order("o1", "SOCK-3", customer="c7")])
    one = shop.open_session().view("RUN-42", 30)
    one.see()
    shop.advance(900)
    one.log_in("c7").view("TRAIL-42", 30)
    assert len(one.pushed) == 2
    one.send(signals.CustomerLoggedOut("anon-2"))
    assert one.withdrawn[-1] == (one.pushed[1].id, "identity.unverified")
    assert one.session.customer is None
    assert [approach.offer for approach in one.session.contact.approaches] == [one.pushed[0].id]


def test_7_two_known_customers_never_merge() -> None:
    shop = play()
    shop.contacts["c8"] = approached(1)
    one = known(shop, "c7").view("RUN-42", 30)
    one.see()
    one.send(signals.CustomerIdentified("c8"))
    assert one.withdrawn[-1][1] == "identity.unverified"
    assert one.pushed[0].id not in {approach.offer for approach in shop.contacts["c8"].approaches}


def test_consent_after_the_login_merges_the_histories() -> None:
    shop = play()
    shop.contacts["c7"] = approached(3)
    one = shop.open_session().view("RUN-42", 30)
    one.see()
    one.send(signals.OfferDismissed(one.pushed[0].id))
    one.send(signals.CustomerIdentified("c7"))
    one.send(signals.ConsentChanged("personal"))
    assert "contact.shopper_cap" in one.reasons("TRAIL-42")


@pytest.mark.parametrize("reported", [facts(), facts()[::-1]], ids=["in order", "reversed"])
def test_the_order_of_the_facts_changes_nothing(reported: list[Any]) -> None:
    shop = InMemoryShop(r1(campaign=None), told=reported)
    assert shop.open_session().view("RUN-42", 30).pushed[0].unit == 10965


def test_a_bad_review_in_another_tab_withdraws_the_offer() -> None:
    shop, one = let_down()
    shop.report(review(sku="RUN-43", rating=2))
    assert one.withdrawn == [(one.pushed[0].id, "review.bad")]


def test_an_item_bought_in_another_channel_withdraws_its_offer() -> None:
    shop, one = let_down()
    shop.report(order("o2", line("RUN-43"), placed_at=T0, status="placed"))
    assert one.withdrawn == [(one.pushed[0].id, "owned.already")]
