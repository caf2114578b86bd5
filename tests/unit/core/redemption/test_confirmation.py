"""Held redemptions: what they reserve, how they lapse, and what confirms them."""

from typing import Any

import pytest
from msgspec import structs

from support.ledger_rows import T0, accepted, leave, present, push
from support.redemption_ledger import CART, EUR, MINUTE, Redemptions, answered, request
from tactful.core.offers.offer import OfferState
from tactful.core.redemption.order_totals import RequestedLine, SkuNow
from tactful.core.redemption.redeem import RedemptionRequest


@pytest.fixture
async def redemptions() -> Redemptions:
    return await Redemptions(count=3).opened()


def second(**changes: Any) -> RedemptionRequest:
    """The second payment attempt of the same order."""
    return structs.replace(request(ident="rd_second"), attempt=2, **changes)


# hold


async def test_a_held_redemption_reserves_what_it_saves_and_says_when_it_lapses(
    redemptions: Redemptions,
) -> None:
    assert answered(await redemptions.hold(minutes=10)) == {
        "redemption": "rd_o1",
        "state": "held",
        "unit": {"amount": 10965} | EUR,
        "qty": 1,
        "saved": {"amount": 1935} | EUR,
        "until": "2026-03-10T12:11:00Z",
    }
    assert await redemptions.state() is OfferState.HELD
    assert await redemptions.budget() == {"EUR": (1935, 0), "#": (1, 0)}
    assert await redemptions.ledger.stock_commitments(["RUN-42"]) == {("RUN-42", "DE"): 1}


async def test_a_hold_releases_what_the_order_does_not_use() -> None:
    redemptions = await Redemptions(accepted(qty=3, max_qty=3, hold=5805)).opened()
    await redemptions.hold()
    assert await redemptions.budget() == {"EUR": (1935, 0)}
    await redemptions.lapse()
    assert await redemptions.budget() == {"EUR": (5805, 0)}


async def test_another_order_cannot_use_what_is_held(redemptions: Redemptions) -> None:
    await redemptions.hold()
    assert answered(await redemptions.redeem(request("o2"))) == (409, "redemption.used")
    assert answered(await redemptions.hold(request("o2"))) == (409, "redemption.used")


async def test_another_attempt_of_the_order_is_told_which_one_uses_the_offer(
    redemptions: Redemptions,
) -> None:
    await redemptions.hold()
    refused = await redemptions.redeem(second())
    assert answered(refused) == (409, "redemption.used")
    assert b"Attempt 1 of this order uses the offer." in refused.body


async def test_a_retry_of_a_hold_gets_the_same_bytes_whatever_became_of_it(
    redemptions: Redemptions,
) -> None:
    first = await redemptions.hold()
    assert (await redemptions.hold(minutes=99)).body == first.body
    await redemptions.confirm()
    assert (await redemptions.hold()).body == first.body
    assert (await redemptions.redeem()).body == first.body


async def test_a_hold_may_outlive_the_promise(redemptions: Redemptions) -> None:
    await redemptions.hold(minutes=60, now=T0 + 29 * MINUTE)
    assert (await redemptions.lapse(now=T0 + 80 * MINUTE)).moves == ()
    assert (await redemptions.confirm(now=T0 + 80 * MINUTE)).status == 200
    assert await redemptions.budget() == {"EUR": (0, 1935), "#": (0, 1)}


# lapse


async def test_a_hold_that_is_not_confirmed_lapses_and_the_right_returns(
    redemptions: Redemptions,
) -> None:
    first = await redemptions.hold(minutes=10)
    assert (await redemptions.lapse(now=T0 + 11 * MINUTE - 1)).redemptions == ()
    lapsed = await redemptions.lapse(now=T0 + 11 * MINUTE)
    assert [row.status for row in lapsed.redemptions] == ["lapsed"]
    assert await redemptions.state() is OfferState.ACCEPTED
    assert await redemptions.budget() == {"EUR": (1935, 0), "#": (1, 0)}
    assert (await redemptions.hold()).body == first.body
    assert (await redemptions.redeem(second(), now=T0 + 12 * MINUTE)).status == 200


async def test_what_lapses_after_the_end_of_the_promise_expires(redemptions: Redemptions) -> None:
    await redemptions.hold(minutes=60)
    lapsed = await redemptions.lapse(now=T0 + 61 * MINUTE)
    assert [step.to for step in lapsed.steps] == [OfferState.ACCEPTED, OfferState.EXPIRED]
    assert await redemptions.state() is OfferState.EXPIRED
    assert await redemptions.budget() == {"EUR": (0, 0), "#": (0, 0)}


async def test_a_hold_that_is_over_binds_nobody_before_its_timer_fires(
    redemptions: Redemptions,
) -> None:
    await redemptions.hold(minutes=10)
    late = await redemptions.redeem(request("o2"), now=T0 + 11 * MINUTE)
    assert late.status == 200
    assert [(row.order, row.status) for row in late.redemptions] == [
        ("o1", "lapsed"),
        ("o2", "redeemed"),
    ]
    assert len(late.offers) == 1
    assert [step.to for step in late.steps] == [OfferState.ACCEPTED, OfferState.REDEEMED]
    assert await redemptions.budget() == {"EUR": (0, 1935), "#": (0, 1)}


# confirm


async def test_a_confirmation_settles_what_was_reserved(redemptions: Redemptions) -> None:
    await redemptions.hold()
    first = await redemptions.confirm()
    assert answered(first) == {
        "redemption": "rd_o1",
        "state": "redeemed",
        "unit": {"amount": 10965} | EUR,
        "qty": 1,
        "saved": {"amount": 1935} | EUR,
    }
    assert await redemptions.state() is OfferState.REDEEMED
    assert await redemptions.budget() == {"EUR": (0, 1935), "#": (0, 1)}
    again = await redemptions.confirm(now=T0 + 99 * MINUTE)
    assert (again.body, again.moves, again.offers) == (first.body, (), ())


async def test_a_confirmation_is_repeated_in_the_same_bytes_after_a_refund(
    redemptions: Redemptions,
) -> None:
    await redemptions.hold()
    first = await redemptions.confirm()
    await redemptions.refund("f1", *CART)
    assert (await redemptions.confirm()).body == first.body


async def test_what_was_redeemed_at_once_is_confirmed_already(redemptions: Redemptions) -> None:
    redeemed = await redemptions.redeem()
    confirmed = await redemptions.confirm()
    assert (confirmed.body, confirmed.moves) == (redeemed.body, ())


async def test_a_redemption_of_release_0_1_0_can_be_confirmed(redemptions: Redemptions) -> None:
    redeemed = await redemptions.redeem()
    key = ("of_1", "o1", 1)
    row = redemptions.ledger._redemptions[key]
    redemptions.ledger._redemptions[key] = structs.replace(row, unit=None, qty=1)
    assert (await redemptions.confirm()).body == redeemed.body


async def test_nothing_can_be_confirmed_of_an_order_that_used_nothing(
    redemptions: Redemptions,
) -> None:
    assert answered(await redemptions.confirm("o9")) == (404, "redemption.unknown")
    await redemptions.redeem(skus_now={"RUN-42": SkuNow(available=0)})
    assert answered(await redemptions.confirm()) == (404, "redemption.unknown")


async def test_what_was_given_back_cannot_be_confirmed(redemptions: Redemptions) -> None:
    await redemptions.hold()
    await redemptions.cancel()
    assert answered(await redemptions.confirm()) == (409, "redemption.cancelled")
    assert await redemptions.budget() == {"EUR": (1935, 0), "#": (1, 0)}


async def test_a_lapsed_hold_is_confirmed_late_because_the_shopper_has_paid(
    redemptions: Redemptions,
) -> None:
    await redemptions.hold(minutes=10)
    await redemptions.lapse(now=T0 + 11 * MINUTE)
    first = await redemptions.confirm(now=T0 + 12 * MINUTE)
    assert answered(first)["state"] == "redeemed"
    assert await redemptions.budget() == {"EUR": (0, 1935), "#": (0, 1)}
    assert (await redemptions.confirm(now=T0 + 13 * MINUTE)).body == first.body


async def test_a_lapsed_hold_is_confirmed_after_its_offer_expired(
    redemptions: Redemptions,
) -> None:
    await redemptions.hold(minutes=60)
    await redemptions.lapse(now=T0 + 61 * MINUTE)
    assert (await redemptions.confirm(now=T0 + 62 * MINUTE)).status == 200
    assert await redemptions.state() is OfferState.REDEEMED
    assert await redemptions.budget() == {"EUR": (0, 1935), "#": (0, 1)}


async def test_a_lapsed_hold_is_refused_once_another_order_uses_the_offer(
    redemptions: Redemptions,
) -> None:
    await redemptions.hold(minutes=10)
    await redemptions.lapse(now=T0 + 11 * MINUTE)
    await redemptions.redeem(request("o2"), now=T0 + 12 * MINUTE)
    assert answered(await redemptions.confirm()) == (409, "redemption.lapsed")
    assert await redemptions.budget() == {"EUR": (0, 1935), "#": (0, 1)}


async def test_a_voucher_is_used_by_one_of_the_offers_that_were_made_of_it() -> None:
    both = [accepted(name, customer="c1", remedy="m1") for name in ("of_1", "of_2")]
    redemptions = await Redemptions(*both).opened()
    await redemptions.hold(minutes=10)
    assert answered(await redemptions.redeem(request("o2"), offer="of_2")) == (
        409,
        "redemption.used",
    )
    await redemptions.lapse(now=T0 + 11 * MINUTE)
    used = await redemptions.redeem(request("o2"), now=T0 + 12 * MINUTE, offer="of_2")
    assert used.status == 200
    assert answered(await redemptions.confirm()) == (409, "redemption.lapsed")


async def test_a_lapsed_hold_is_refused_where_the_budget_does_not_bear_it() -> None:
    redemptions = await Redemptions(limit=2_000).opened()
    await redemptions.hold(minutes=60)
    await redemptions.lapse(now=T0 + 61 * MINUTE)
    other = accepted("of_2", session="se_2")
    assert await redemptions.ledger.commit(push(other, limit=2_000)) is None
    assert answered(await redemptions.confirm()) == (409, "redemption.lapsed")
    assert await redemptions.budget() == {"EUR": (1935, 0)}


async def test_a_lapsed_hold_is_refused_where_a_person_ended_the_offer_since(
    redemptions: Redemptions,
) -> None:
    await redemptions.hold(minutes=10)
    await redemptions.lapse(now=T0 + 11 * MINUTE)
    offer = present(await redemptions.ledger.offer("of_1"))
    ended = leave(offer, OfferState.WITHDRAWN, "fraud", limit=10_000, count=3)
    assert await redemptions.ledger.commit(ended) is None
    assert answered(await redemptions.confirm()) == (409, "redemption.lapsed")


async def test_a_lapsed_hold_is_refused_once_its_offer_is_deleted(
    redemptions: Redemptions,
) -> None:
    await redemptions.hold(minutes=10)
    await redemptions.lapse(now=T0 + 11 * MINUTE)
    del redemptions.ledger._offers["of_1"]
    assert answered(await redemptions.confirm()) == (409, "redemption.lapsed")


async def test_a_confirmation_is_about_the_latest_attempt_or_the_one_it_names(
    redemptions: Redemptions,
) -> None:
    await redemptions.hold(minutes=10)
    await redemptions.lapse(now=T0 + 11 * MINUTE)
    await redemptions.hold(second(), now=T0 + 12 * MINUTE)
    assert answered(await redemptions.confirm(attempt=1)) == (409, "redemption.lapsed")
    assert answered(await redemptions.confirm())["redemption"] == "rd_second"
    await redemptions.cancel()
    assert answered(await redemptions.confirm()) == (409, "redemption.cancelled")


async def test_what_lapsed_is_judged_again_beside_what_the_order_redeemed() -> None:
    redemptions = await Redemptions(
        accepted("of_1"), accepted("of_2", sku="BOOT-42", seq=3)
    ).opened()
    cart = (*CART, RequestedLine(sku="BOOT-42", qty=1))
    await redemptions.redeem(request(lines=cart))
    await redemptions.hold(request(lines=cart, ident="rd_2"), offer="of_2")
    await redemptions.lapse()
    assert answered(await redemptions.confirm())["redemption"] == "rd_2"
    assert await redemptions.budget() == {"EUR": (0, 3870)}


async def test_a_lapsed_call_that_is_lost_does_not_prevent_what_is_held() -> None:
    redemptions = await Redemptions(
        accepted("of_1"), accepted("of_2", sku="BOOT-42", seq=3)
    ).opened()
    cart = (*CART, RequestedLine(sku="BOOT-42", qty=1))
    await redemptions.hold(request(lines=cart), minutes=1)
    await redemptions.hold(request(lines=cart, ident="rd_2"), offer="of_2", minutes=20)
    await redemptions.redeem(request("o2"), now=T0 + 5 * MINUTE)
    first = await redemptions.confirm(now=T0 + 6 * MINUTE)
    assert answered(first)["redemption"] == "rd_2"
    assert (await redemptions.confirm(now=T0 + 7 * MINUTE)).body == first.body


async def test_the_offers_of_one_call_are_confirmed_together_or_not_at_all() -> None:
    """Another order took one of them when the hold was over; the other is still held."""
    redemptions = await Redemptions(
        accepted("of_1"), accepted("of_2", sku="BOOT-42", seq=3)
    ).opened()
    cart = (*CART, RequestedLine(sku="BOOT-42", qty=1))
    stock = {sku: SkuNow(price=12900, currency="EUR", available=6) for sku in ("RUN-42", "BOOT-42")}
    (first,) = request().tokens
    second = structs.replace(
        first, id="rd_2", claims=structs.replace(first.claims, offer="of_2", sku="BOOT-42")
    )
    both = structs.replace(request(lines=cart, hold=MINUTE, is_joint=True), tokens=(first, second))
    await redemptions.redeem_all(both, skus_now=stock)
    await redemptions.redeem(request("o2"), now=T0 + 5 * MINUTE)
    assert answered(await redemptions.confirm()) == (409, "redemption.lapsed")
    assert await redemptions.state("of_2") is OfferState.HELD


# another id of the order


async def test_a_confirmation_gives_the_order_another_id(redemptions: Redemptions) -> None:
    await redemptions.hold(request("cart-1"))
    first = await redemptions.confirm("cart-1", alias="9001")
    for order in ("9001", "cart-1"):
        assert (await redemptions.confirm(order, alias="9001")).body == first.body
    held = await redemptions.hold(request("9001"))
    assert answered(held)["redemption"] == "rd_cart-1"
    assert len(answered(await redemptions.cancel("9001"))["cancelled"]) == 1
    assert await redemptions.state() is OfferState.ACCEPTED


async def test_a_later_confirmation_still_gives_the_order_another_id(
    redemptions: Redemptions,
) -> None:
    await redemptions.hold(request("cart-1"))
    first = await redemptions.confirm("cart-1")
    assert (await redemptions.confirm("cart-1", alias="9001")).body == first.body
    assert (await redemptions.confirm("9001")).body == first.body


async def test_an_order_is_met_under_any_id_that_the_shop_reported(
    redemptions: Redemptions,
) -> None:
    await redemptions.hold(request("cart-1"))
    assert answered(await redemptions.confirm("9001")) == (404, "redemption.unknown")
    assert (await redemptions.confirm("9001", also=("cart-1",))).status == 200


async def test_an_unknown_order_gets_no_other_id(redemptions: Redemptions) -> None:
    await redemptions.confirm("cart-1", alias="9001")
    await redemptions.hold(request("cart-1"))
    assert answered(await redemptions.confirm("9001")) == (404, "redemption.unknown")
