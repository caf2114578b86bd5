"""Vouchers: shown at once, until their own end, and offered again until they are used."""

import pytest

from support.builders import DAY, MINUTE, T0, case, order, remedy, rule
from support.in_memory_shop import InMemoryShop, Shopper
from support.scenario_fixture import play, r1
from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import PriceTerms
from tactful.core.session import signals

LATE = order(
    "o7", "TRAIL-42", customer="c3", status="shipped", placed_at=T0 - 40 * DAY, promised_by=T0 - DAY
)
LATE_CASE = case("k7", "late", customer="c3", order="o7")
VOUCHER = rule("V", remedy=True, price=PriceTerms("remedy"), priority=9)


def shop() -> InMemoryShop:
    return play(r1(), VOUCHER, also=[LATE, LATE_CASE])


def customer_on(shop: InMemoryShop, sku: str | None = "RUN-42") -> Shopper:
    shopper = shop.open_session(consent="personal")
    shopper.send(signals.CustomerIdentified("c3"))
    if sku:
        shopper.view(sku)
    return shopper


def issue(shop: InMemoryShop, **fields: object) -> None:
    fields.setdefault("expires_at", T0 + 90 * DAY)
    shop.report(remedy(customer="c3", order="o7", **fields))  # type: ignore[arg-type]


def test_a_voucher_reaches_an_open_session_without_another_signal() -> None:
    one = shop()
    shopper = customer_on(one)
    issue(one)
    (offer,) = shopper.offers
    assert (offer.remedy, offer.issued_at, offer.ends_at) == ("m1", one.now, T0 + 90 * DAY)


def test_a_voucher_is_offered_at_once_on_a_page_without_an_item() -> None:
    one = shop()
    shopper = customer_on(one)
    shopper.send(signals.PageViewed("account"))
    issue(one)
    assert [offer.sku for offer in shopper.offers] == ["RUN-42"]


@pytest.mark.parametrize("sku", ["RUN-42", "BOOT-42"], ids=["the same item", "another item"])
def test_a_voucher_reaches_a_held_out_customer_and_waits_for_no_held_out_offer(sku: str) -> None:
    one = play(r1(), VOUCHER, policy=Policy(holdout_bp=10_000))
    shopper = one.open_session(consent="personal")
    shopper.send(signals.CustomerIdentified("c4"))
    shopper.view("RUN-42", 40)
    assert [(offer.rule, offer.sku) for offer in shopper.session.unseen] == [("R1", "RUN-42")]
    shopper.view(sku)
    one.report(remedy(customer="c4", skus=["TRAIL-42"]))
    assert [(offer.rule, offer.sku) for offer in shopper.offers] == [("V", sku)]


@pytest.mark.parametrize("reason", ["timing.checkout", "timing.chat", "timing.wait"])
def test_a_voucher_waits_for_a_payment_a_support_chat_and_a_visible_page(reason: str) -> None:
    one = shop()
    shopper = customer_on(one)
    match reason:
        case "timing.checkout":
            shopper.send(signals.PageViewed("checkout"))
        case "timing.chat":
            shopper.send(signals.ActivityReported("chat_open"))
        case _:
            shopper.send(signals.ActivityReported("hidden", 1))
    issue(one)
    assert shopper.offers == []
    assert reason in [finding.reason for verdict in shopper.last.trace.verdicts for finding in verdict.findings]  # fmt: skip


def test_an_issued_voucher_brings_no_other_offer_with_it() -> None:
    one = play(r1(dwells=False), also=[LATE])
    shopper = customer_on(one)
    one.now += MINUTE
    issue(one)
    assert shopper.pushed == []


def test_a_voucher_that_was_accepted_can_be_accepted_again_until_it_is_used() -> None:
    one = shop()
    shopper = customer_on(one)
    issue(one)
    for _ in range(5):
        accepted = shopper.accept()
        one.advance(31 * 60)
        assert accepted.id in shopper.session.ended
        assert [offer.remedy for offer in shopper.offers] == ["m1"]
    accepted = shopper.accept()
    shopper.redeem(accepted)
    shopper.view("RUN-42", 40)
    assert shopper.offers == []


def test_a_voucher_that_was_dismissed_rests_like_any_offer() -> None:
    one = shop()
    shopper = customer_on(one)
    issue(one)
    shopper.send(signals.OfferDismissed(shopper.offers[0].id))
    shopper.view("RUN-42", 60)
    assert shopper.offers == []


def test_a_voucher_of_50_is_shown_on_socks_of_20() -> None:
    one = shop()
    shopper = customer_on(one, "SOCK-3")
    issue(one, amount=5_000)
    (offer,) = shopper.offers
    assert (offer.unit, offer.saved, offer.hold) == (0, 5_000, 5_000)


def test_a_voucher_of_another_customer_changes_nothing_here() -> None:
    one = shop()
    shopper = customer_on(one)
    one.report(remedy(customer="c4", skus=["TRAIL-42"]))
    shopper.send(signals.VoucherIssued("m1"))
    assert shopper.pushed == []


@pytest.mark.parametrize(
    ("amount", "days"), [(500, 90), (1000, 1), (1000, -1)], ids=["less", "shorter", "ended"]
)
def test_an_offer_ends_when_its_voucher_is_worth_less_or_ends_earlier(
    amount: int, days: int
) -> None:
    """Found by variations: a voucher that was corrected stood as it had been issued."""
    one = shop()
    shopper = customer_on(one)
    issue(one)
    (before,) = shopper.offers
    corrected = remedy(
        customer="c3", order="o7", amount=amount, expires_at=T0 + days * DAY, version=2
    )
    one.shop.report(corrected, one.now)
    shopper.send(signals.FactsChanged())
    assert shopper.withdrawn == [(before.id, "target.conditions")]


def test_a_voucher_that_is_worth_more_ends_no_offer() -> None:
    one = shop()
    shopper = customer_on(one)
    issue(one)
    better = remedy(customer="c3", order="o7", amount=2000, expires_at=T0 + 99 * DAY, version=2)
    one.shop.report(better, one.now)
    shopper.send(signals.FactsChanged())
    assert (len(shopper.offers), shopper.withdrawn) == (1, [])


def test_a_voucher_that_one_session_has_accepted_is_accepted_in_no_other() -> None:
    """Found by variations: two sessions of a customer used one voucher twice."""
    one = shop()
    first = customer_on(one)
    second = one.open_session("s2", consent="personal")
    second.send(signals.CustomerIdentified("c3"))
    second.view("RUN-42")
    issue(one)
    (mine,), (other,) = first.offers, second.offers
    assert (mine.remedy, other.remedy) == ("m1", "m1")
    accepted = first.accept()
    second.send(signals.OfferAccepted(other.id))
    assert (second.confirmed, second.refused) == ([], ["ended"])
    assert second.withdrawn == [(other.id, "target.conditions")]
    first.redeem(accepted)
    second.view("RUN-42", 60)
    assert second.offers == []


RESCUE = rule("KEEP", price=PriceTerms("amount", amounts={"EUR": 500}, level="order"), moment="rescue")  # fmt: skip
RESCUE_ITEM = rule("ITEM", moment="rescue")


def rescued(one: InMemoryShop) -> Shopper:
    shopper = customer_on(one, None)
    shopper.send(signals.PageViewed("cancel", moment="rescue"))
    return shopper


def test_a_rescue_page_without_an_item_offers_on_the_order_that_was_bought_last() -> None:
    bought = order("o1", "RUN-42", customer="c3", placed_at=T0 - 2 * DAY, status="placed")
    shopper = rescued(play(RESCUE, also=[bought]))
    assert [(offer.rule, offer.sku) for offer in shopper.offers] == [("KEEP", "RUN-42")]


def test_a_rescue_page_without_an_item_offers_a_voucher() -> None:
    one = play(rule("V", remedy=True, price=PriceTerms("remedy"), moment="rescue"), also=[
        order("o1", "RUN-42", customer="c3", placed_at=T0 - 2 * DAY),
        remedy(customer="c3", skus=["BOOT-42"]),
    ])  # fmt: skip
    assert [offer.remedy for offer in rescued(one).offers] == ["m1"]


def test_a_rescue_page_without_an_item_offers_no_price_of_an_item_that_is_owned() -> None:
    bought = order("o1", "RUN-42", customer="c3", placed_at=T0 - 2 * DAY)
    assert rescued(play(RESCUE_ITEM, also=[bought])).offers == []
    due = order("o2", "SOCK-3", customer="c3", placed_at=T0 - 100 * DAY)
    assert [offer.sku for offer in rescued(play(RESCUE_ITEM, also=[due])).offers] == ["SOCK-3"]


def test_what_was_viewed_comes_before_what_was_bought() -> None:
    bought = order("o1", "RUN-42", customer="c3", placed_at=T0 - 2 * DAY)
    one = play(RESCUE, also=[bought])
    shopper = customer_on(one, "BOOT-42")
    shopper.send(signals.PageViewed("cancel", moment="rescue"))
    assert [offer.sku for offer in shopper.offers] == ["BOOT-42"]


def test_a_complaint_suppresses_a_rescue_without_an_item_as_well() -> None:
    bought = order("o1", "RUN-42", customer="c3", placed_at=T0 - 2 * DAY)
    complaint = case("k1", "defect", customer="c3", order="o1")
    assert rescued(play(RESCUE, also=[bought, complaint])).offers == []


def test_no_history_is_read_without_consent() -> None:
    bought = order("o1", "RUN-42", customer="c3", placed_at=T0 - 2 * DAY)
    one = play(RESCUE, also=[bought])
    shopper = one.open_session(consent="anonymous")
    shopper.send(signals.CustomerIdentified("c3"))
    shopper.send(signals.PageViewed("cancel", moment="rescue"))
    assert shopper.offers == []
