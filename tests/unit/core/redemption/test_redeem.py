"""Redemptions of offers, against a ledger in memory."""

from typing import Any

import pytest
from msgspec import structs

from support.ledger_rows import T0, accepted, push
from support.redemption_ledger import (
    CART,
    EUR,
    IN_STOCK,
    MINUTE,
    Redemptions,
    answered,
    claims,
    request,
)
from tactful.core.offers.offer import Offer, OfferState
from tactful.core.redemption.order_totals import RequestedLine, SkuNow
from tactful.core.redemption.redeem import PresentedToken, RedemptionRequest
from tactful.core.values.money import Money


@pytest.fixture
async def redemptions() -> Redemptions:
    return await Redemptions().opened()


async def test_an_accepted_offer_is_redeemed_at_its_price_and_its_budget_settled(
    redemptions: Redemptions,
) -> None:
    assert answered(await redemptions.redeem()) == {
        "redemption": "rd_o1",
        "state": "redeemed",
        "unit": {"amount": 10965} | EUR,
        "qty": 1,
        "saved": {"amount": 1935} | EUR,
    }
    assert await redemptions.budget() == {"EUR": (0, 1935)}
    assert await redemptions.state() is OfferState.REDEEMED


async def test_a_retry_gets_the_same_bytes_and_has_no_second_effect(
    redemptions: Redemptions,
) -> None:
    first = await redemptions.redeem()
    for late in (T0 + 2 * MINUTE, T0 + 400 * 24 * 60 * MINUTE):
        again = await redemptions.redeem(request(ident="rd_other"), now=late)
        assert (again.status, again.body) == (first.status, first.body)
        assert (again.moves, again.steps, again.offers, again.redemptions) == ((), (), (), ())
    assert await redemptions.budget() == {"EUR": (0, 1935)}


async def test_another_order_is_refused_because_the_offer_is_used(redemptions: Redemptions) -> None:
    await redemptions.redeem()
    assert answered(await redemptions.redeem(request("o2"))) == (409, "redemption.used")


async def test_the_same_order_with_another_cart_is_a_mismatch(redemptions: Redemptions) -> None:
    await redemptions.redeem()
    more = request(lines=(*CART, RequestedLine(sku="SOCK-3", qty=1)))
    assert answered(await redemptions.redeem(more)) == (409, "redemption.mismatch")
    assert answered(await redemptions.redeem(request(territory="AT"))) == (
        409,
        "redemption.mismatch",
    )


async def test_the_order_of_the_lines_makes_no_other_cart(redemptions: Redemptions) -> None:
    lines = (RequestedLine(sku="SOCK-3", qty=2), *CART)
    first = await redemptions.redeem(request(lines=lines))
    assert (await redemptions.redeem(request(lines=lines[::-1]))).body == first.body


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (request(lines=(RequestedLine(sku="RUN-43", qty=1),)), "redemption.sku"),
        (request(territory="GB"), "redemption.territory"),
        (request(lines=(RequestedLine(sku="RUN-42", qty=3),)), "redemption.quantity"),
        (request(lines=CART * 2), "redemption.quantity"),
        (request(is_holder=False), "redemption.holder"),
        (
            request(lines=(RequestedLine(sku="RUN-42", qty=1, unit=Money(10966, "EUR")),)),
            "redemption.price",
        ),
        (
            request(lines=(RequestedLine(sku="RUN-42", qty=1, unit=Money(-1, "EUR")),)),
            "redemption.price",
        ),
        (
            request(lines=(RequestedLine(sku="RUN-42", qty=1, unit=Money(10965, "GBP")),)),
            "redemption.price",
        ),
        (
            request(lines=(RequestedLine(sku="RUN-42", qty=1, unit=Money(12900, "EUR")),)),
            "redemption.price",
        ),
    ],
)
async def test_an_inapplicable_offer_is_refused_without_an_effect(
    redemptions: Redemptions, asked: RedemptionRequest, code: str
) -> None:
    assert answered(await redemptions.redeem(asked)) == (422, code)
    assert await redemptions.state() is OfferState.ACCEPTED
    assert await redemptions.budget() == {"EUR": (1935, 0)}


async def test_a_price_that_the_shop_names_rightly_is_accepted(redemptions: Redemptions) -> None:
    named = request(
        lines=(RequestedLine(sku="RUN-42", qty=1, unit=Money(10965, "EUR")),), is_holder=True
    )
    assert (await redemptions.redeem(named)).status == 200


async def test_an_offer_ends_with_its_hold_and_not_before(redemptions: Redemptions) -> None:
    end = T0 + 1_800_000
    assert answered(await redemptions.redeem(now=end)) == (410, "offer.expired")
    assert (await redemptions.redeem(now=end - 1)).status == 200


async def test_a_token_may_end_before_the_hold(redemptions: Redemptions) -> None:
    early = T0 // 1000 + 60
    assert answered(await redemptions.redeem(now=early * 1000, exp=early)) == (410, "offer.expired")


@pytest.mark.parametrize(
    ("state", "status", "code"),
    [
        (OfferState.PUSHED, 409, "offer.unaccepted"),
        (OfferState.SHOWN, 409, "offer.unaccepted"),
        (OfferState.WITHDRAWN, 409, "offer.ended"),
        (OfferState.DECLINED, 409, "offer.ended"),
        (OfferState.SUPERSEDED, 409, "offer.ended"),
        (OfferState.EXPIRED, 410, "offer.expired"),
        (OfferState.HELD_OUT, 409, "offer.unknown"),
    ],
)
async def test_only_an_accepted_offer_can_be_redeemed(
    state: OfferState, status: int, code: str
) -> None:
    redemptions = Redemptions()
    await redemptions.ledger.commit(structs.replace(push(accepted(state=state, hold=0)), moves=()))
    assert answered(await redemptions.redeem()) == (status, code)


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("stock.out", "stock.out"),
        ("recall", "recall"),
        ("price.error", "price.error"),
        ("fraud", "fraud"),
        ("customer.asked", "customer.asked"),
        ("complaint.open", "offer.ended"),
    ],
)
async def test_the_reason_of_a_withdrawal_is_the_code_where_it_ends_even_an_accepted_offer(
    reason: str, code: str
) -> None:
    redemptions = Redemptions()
    ended = accepted(state=OfferState.WITHDRAWN, hold=0, withdrawn=reason)
    await redemptions.ledger.commit(structs.replace(push(ended), moves=()))
    assert answered(await redemptions.redeem()) == (409, code)


async def test_an_offer_that_the_shop_reported_as_used_is_refused(
    redemptions: Redemptions,
) -> None:
    outcome = await redemptions.redeem(used_elsewhere=True)
    assert answered(outcome) == (409, "redemption.used")


async def test_an_offer_that_the_ledger_does_not_know_is_refused(redemptions: Redemptions) -> None:
    assert answered(await redemptions.redeem(offer="of_9")) == (409, "offer.unknown")


async def test_the_expired_token_of_a_deleted_offer_is_refused_as_expired(
    redemptions: Redemptions,
) -> None:
    end = T0 + 1_800_000
    early = await redemptions.redeem(offer="of_9", now=end - 1)
    assert answered(early) == (409, "offer.unknown")
    late = await redemptions.redeem(offer="of_9", now=end)
    assert answered(late) == (410, "offer.expired")


async def test_the_lower_public_price_is_charged(redemptions: Redemptions) -> None:
    cheaper = {"RUN-42": SkuNow(price=9900, currency="EUR", available=6)}
    answer = answered(await redemptions.redeem(skus_now=cheaper))
    assert (answer["unit"]["amount"], answer["saved"]["amount"]) == (9900, 0)
    assert await redemptions.budget() == {"EUR": (0, 0)}


async def test_a_price_between_offer_and_old_price_saves_only_the_difference(
    redemptions: Redemptions,
) -> None:
    cheaper = {"RUN-42": SkuNow(price=11000, currency="EUR", available=6)}
    answer = answered(await redemptions.redeem(skus_now=cheaper))
    assert (answer["unit"]["amount"], answer["saved"]["amount"]) == (10965, 35)
    assert await redemptions.budget() == {"EUR": (0, 35)}


async def test_a_price_that_rose_changes_neither_price_nor_saving(redemptions: Redemptions) -> None:
    dearer = {"RUN-42": SkuNow(price=15900, currency="EUR", available=6)}
    answer = answered(await redemptions.redeem(skus_now=dearer))
    assert (answer["unit"]["amount"], answer["saved"]["amount"]) == (10965, 1935)


@pytest.mark.parametrize(
    "shelf", [SkuNow(), SkuNow(price=9900, currency="GBP"), SkuNow(available=None)]
)
async def test_unknown_price_or_stock_does_not_block_a_redemption(
    redemptions: Redemptions, shelf: SkuNow
) -> None:
    answer = answered(await redemptions.redeem(skus_now={"RUN-42": shelf}))
    assert answer["unit"]["amount"] == 10965


async def test_a_stock_of_zero_ends_an_accepted_offer_and_releases_its_hold(
    redemptions: Redemptions,
) -> None:
    gone = {"RUN-42": SkuNow(price=12900, currency="EUR", available=0)}
    first = await redemptions.redeem(skus_now=gone)
    assert answered(first) == (409, "stock.out")
    assert await redemptions.state() is OfferState.WITHDRAWN
    assert await redemptions.budget() == {"EUR": (0, 0)}
    assert [step.reason for step in first.steps] == ["stock.out"]
    assert (await redemptions.redeem()).body == first.body
    assert (await redemptions.redeem(request("o2"))).body == first.body


async def test_fewer_than_ordered_refuses_and_leaves_the_right() -> None:
    redemptions = await Redemptions(accepted(max_qty=3, qty=3, hold=5805)).opened()
    few = {"RUN-42": SkuNow(price=12900, currency="EUR", available=2)}
    three = request(lines=(RequestedLine(sku="RUN-42", qty=3),))
    assert answered(await redemptions.redeem(three, skus_now=few)) == (409, "stock.out")
    two = request(lines=(RequestedLine(sku="RUN-42", qty=2),))
    assert answered(await redemptions.redeem(two, skus_now=few))["saved"]["amount"] == 3870
    assert await redemptions.budget() == {"EUR": (0, 3870)}


async def test_a_recall_ends_an_accepted_offer(redemptions: Redemptions) -> None:
    recalled = {"RUN-42": SkuNow(price=12900, currency="EUR", available=5, recalled=True)}
    assert answered(await redemptions.redeem(skus_now=recalled)) == (409, "recall")
    assert [row.step.reason for row in await redemptions.ledger.offer_steps(limit=1)] == ["recall"]


async def test_a_retry_is_recognised_by_its_token_when_the_key_is_gone(
    redemptions: Redemptions,
) -> None:
    first = await redemptions.redeem()
    again = await redemptions.repeat(request(), "token.key")
    assert again.body == first.body
    refused = await redemptions.repeat(request(token=b"another"), "token.key")
    assert answered(refused) == (401, "token.key")


async def test_counts_are_settled_beside_money() -> None:
    redemptions = await Redemptions(count=3).opened()
    await redemptions.redeem()
    assert await redemptions.budget() == {"EUR": (0, 1935), "#": (0, 1)}
    await redemptions.cancel()
    assert await redemptions.budget() == {"EUR": (1935, 0), "#": (1, 0)}


# several tokens in one call

BOTH = (*CART, RequestedLine(sku="BOOT-42", qty=1))
STOCK = IN_STOCK | {"BOOT-42": SkuNow(price=12900, currency="EUR", available=6)}


def token(offer: str, sku: str = "RUN-42", **changes: Any) -> PresentedToken:
    return PresentedToken(
        id=f"rd_{offer}", digest=offer.encode(), claims=claims(offer=offer, sku=sku), **changes
    )


def joint(*tokens: PresentedToken, **changes: Any) -> RedemptionRequest:
    """One call with several tokens."""
    return structs.replace(request(lines=BOTH, is_joint=True, **changes), tokens=tokens)


async def two_items() -> Redemptions:
    return await Redemptions(accepted("of_1"), accepted("of_2", sku="BOOT-42", seq=3)).opened()


FIRST, SECOND = token("of_1"), token("of_2", "BOOT-42")


async def test_one_call_uses_several_offers_and_answers_for_each() -> None:
    redemptions = await two_items()
    first = await redemptions.redeem_all(joint(SECOND, FIRST), skus_now=STOCK)
    answer = answered(first)
    assert [row["redemption"] for row in answer["redemptions"]] == ["rd_of_1", "rd_of_2"]
    assert (answer["state"], answer["saved"]["amount"]) == ("redeemed", 3870)
    assert await redemptions.budget() == {"EUR": (0, 3870)}
    seqs = [step.seq for step in first.steps]
    assert len({*seqs}) == 2
    again = await redemptions.redeem_all(joint(FIRST, SECOND), skus_now=STOCK)
    assert (again.body, again.moves) == (first.body, ())


async def test_a_call_holds_all_its_offers_until_the_same_instant() -> None:
    redemptions = await two_items()
    answer = answered(
        await redemptions.redeem_all(joint(FIRST, SECOND, hold=MINUTE), skus_now=STOCK)
    )
    assert (answer["state"], answer["until"]) == ("held", "2026-03-10T12:02:00Z")
    assert answered(await redemptions.confirm())["saved"]["amount"] == 3870


async def test_a_call_with_one_token_in_a_list_is_the_same_call_and_answered_alike() -> None:
    redemptions = await two_items()
    first = await redemptions.redeem_all(joint(FIRST), skus_now=STOCK)
    assert len(answered(first)["redemptions"]) == 1
    alone = structs.replace(joint(FIRST), is_joint=False)
    assert (await redemptions.redeem_all(alone, skus_now=STOCK)).body == first.body


async def test_another_set_of_offers_under_the_same_attempt_is_a_mismatch() -> None:
    redemptions = await two_items()
    await redemptions.redeem_all(joint(FIRST, SECOND), skus_now=STOCK)
    refused = await redemptions.redeem_all(joint(FIRST), skus_now=STOCK)
    assert answered(refused) == (409, "redemption.mismatch")


async def test_of_several_offers_all_are_used_or_none_and_the_refused_one_is_named() -> None:
    redemptions = await two_items()
    await redemptions.redeem(request("o2"))
    refused = await redemptions.redeem_all(joint(FIRST, SECOND), skus_now=STOCK)
    assert answered(refused) == (409, "redemption.used")
    assert b'"offer":"of_1"' in refused.body
    assert await redemptions.state("of_2") is OfferState.ACCEPTED
    assert await redemptions.budget() == {"EUR": (1935, 1935)}


async def test_an_item_that_is_sold_out_ends_its_own_offer_and_no_other_of_the_call() -> None:
    redemptions = await two_items()
    empty = STOCK | {"BOOT-42": SkuNow(available=0)}
    refused = await redemptions.redeem_all(joint(FIRST, SECOND), skus_now=empty)
    assert answered(refused) == (409, "stock.out")
    assert await redemptions.state("of_1") is OfferState.ACCEPTED
    assert await redemptions.state("of_2") is OfferState.WITHDRAWN
    assert await redemptions.budget() == {"EUR": (1935, 0)}
    again = await redemptions.redeem_all(joint(FIRST, SECOND), skus_now=STOCK)
    assert again.body == refused.body


async def test_an_order_has_one_currency() -> None:
    pounds = accepted("of_2", sku="BOOT-42", seq=3, currency="GBP", campaign=None, hold=0)
    redemptions = Redemptions(accepted("of_1"))
    await redemptions.opened()
    await redemptions.ledger.commit(structs.replace(push(pounds), moves=()))
    prices = STOCK | {"BOOT-42": SkuNow(price=12900, currency="GBP", available=6)}
    refused = await redemptions.redeem_all(joint(FIRST, SECOND), skus_now=prices)
    assert answered(refused) == (409, "redemption.stacking")
    assert await redemptions.budget() == {"EUR": (1935, 0)}


async def test_an_offer_that_was_redeemed_was_not_only_held(redemptions: Redemptions) -> None:
    held = await redemptions.hold()
    assert [row.was_redeemed for row in held.redemptions] == [False]
    confirmed = await redemptions.confirm()
    assert [row.was_redeemed for row in confirmed.redemptions] == [True]
    again = structs.replace(request(ident="rd_2"), attempt=2)
    await redemptions.cancel()
    at_once = await redemptions.redeem(again)
    assert [row.was_redeemed for row in at_once.redemptions] == [True]


# a voucher on the whole order


def voucher() -> Offer:
    return accepted(remedy="m1", unit=11900, hold=1000, campaign="sorry")


async def test_a_voucher_comes_off_whatever_is_in_the_cart() -> None:
    redemptions = await Redemptions(voucher()).opened()
    cart = request(lines=(RequestedLine(sku="SOCK-3", qty=1),))
    skus_now = {"SOCK-3": SkuNow(price=1990, currency="EUR", available=40)}
    answer = answered(await redemptions.redeem(cart, skus_now=skus_now))
    assert (answer["unit"]["amount"], answer["qty"]) == (990, 1)
    assert answer["saved"]["amount"] == 1000
    assert await redemptions.budget() == {"EUR": (0, 1000)}


async def test_a_voucher_never_pays_out() -> None:
    redemptions = await Redemptions(voucher()).opened()
    cart = request(lines=(RequestedLine(sku="PIN", qty=2),))
    answer = answered(
        await redemptions.redeem(cart, skus_now={"PIN": SkuNow(price=300, currency="EUR")})
    )
    assert (answer["unit"]["amount"], answer["saved"]["amount"]) == (0, 600)
    assert await redemptions.budget() == {"EUR": (0, 600)}


async def test_a_voucher_needs_the_prices_of_the_cart() -> None:
    redemptions = await Redemptions(voucher()).opened()
    unknown = request(lines=(*CART, RequestedLine(sku="SOCK-3", qty=1)))
    assert answered(await redemptions.redeem(unknown)) == (422, "redemption.sku")
    other = {"SOCK-3": SkuNow(price=1990, currency="GBP")}
    assert answered(await redemptions.redeem(unknown, skus_now=other)) == (422, "redemption.sku")
    assert answered(await redemptions.redeem(request(lines=()))) == (422, "redemption.nothing")


async def test_a_voucher_is_refunded_by_the_share_that_each_line_bore() -> None:
    redemptions = await Redemptions(voucher()).opened()
    cart = (RequestedLine(sku="A", qty=3), RequestedLine(sku="B", qty=1))
    skus_now = {"A": SkuNow(price=1000, currency="EUR"), "B": SkuNow(price=333, currency="EUR")}
    answer = answered(await redemptions.redeem(request(lines=cart), skus_now=skus_now))
    assert answer["unit"]["amount"] == 2333
    parts = [
        answered(await redemptions.refund(f"f{n}", RequestedLine(sku=sku, qty=1)))
        for n, sku in enumerate(("A", "A", "B", "A"))
    ]
    assert sum(part["amount"]["amount"] for part in parts) == 2333
    assert sum(part["released"]["amount"] for part in parts) == 1000
    assert await redemptions.budget() == {"EUR": (0, 0)}
