"""The judgement of redemptions, against a desk in memory."""

import pytest
from msgspec import structs

from support.ledger_rows import T0, accepted, push
from support.redemption_ledger import CART, EUR, MINUTE, PLENTY, Shop, claims, request, told
from tactful.core.offers.offer import OfferState
from tactful.core.redemption import redeem as redemption
from tactful.core.redemption.error_codes import REDEMPTION_ERRORS
from tactful.core.redemption.order_totals import RequestedLine, SkuNow
from tactful.core.redemption.redeem import REDEMPTION_TABLE
from tactful.core.values.money import Money


@pytest.fixture
async def shop():
    return await Shop().opened()


async def test_an_accepted_offer_is_redeemed_at_its_price_and_its_budget_settled(shop):
    assert told(await shop.redeem()) == {
        "redemption": "rd_o1",
        "unit": {"amount": 10965} | EUR,
        "qty": 1,
        "saved": {"amount": 1935} | EUR,
    }
    assert await shop.budget() == {"EUR": (0, 1935)}
    assert await shop.state() is OfferState.REDEEMED


async def test_a_retry_gets_the_same_bytes_and_has_no_second_effect(shop):
    first = await shop.redeem()
    for late in (T0 + 2 * MINUTE, T0 + 400 * 24 * 60 * MINUTE):
        again = await shop.redeem(request(id="rd_other"), now=late)
        assert (again.status, again.body) == (first.status, first.body)
        assert (again.moves, again.steps, again.offers, again.redemptions) == ((), (), (), ())
    assert await shop.budget() == {"EUR": (0, 1935)}


async def test_another_order_is_told_that_the_offer_is_used(shop):
    await shop.redeem()
    assert told(await shop.redeem(request("o2"))) == (409, "redemption.used")


async def test_the_same_order_with_another_cart_is_a_mismatch(shop):
    await shop.redeem()
    more = request(lines=(*CART, RequestedLine(sku="SOCK-3", qty=1)))
    assert told(await shop.redeem(more)) == (409, "redemption.mismatch")
    assert told(await shop.redeem(request(territory="AT"))) == (409, "redemption.mismatch")


async def test_the_order_of_the_lines_makes_no_other_cart(shop):
    lines = (RequestedLine(sku="SOCK-3", qty=2), *CART)
    first = await shop.redeem(request(lines=lines))
    assert (await shop.redeem(request(lines=lines[::-1]))).body == first.body


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (request(lines=(RequestedLine(sku="RUN-43", qty=1),)), "redemption.sku"),
        (request(territory="GB"), "redemption.territory"),
        (request(lines=(RequestedLine(sku="RUN-42", qty=3),)), "redemption.quantity"),
        (request(lines=CART * 2), "redemption.quantity"),
        (request(holds=False), "redemption.holder"),
        (
            request(lines=(RequestedLine(sku="RUN-42", qty=1, unit=Money(10964, "EUR")),)),
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
async def test_what_the_offer_is_not_for_is_refused_without_an_effect(shop, asked, code):
    assert told(await shop.redeem(asked)) == (422, code)
    assert await shop.state() is OfferState.ACCEPTED
    assert await shop.budget() == {"EUR": (1935, 0)}


async def test_a_price_that_the_shop_names_rightly_is_accepted(shop):
    named = request(
        lines=(RequestedLine(sku="RUN-42", qty=1, unit=Money(10965, "EUR")),), holds=True
    )
    assert (await shop.redeem(named)).status == 200


async def test_an_offer_ends_with_its_hold_and_not_before(shop):
    end = T0 + 1_800_000
    assert told(await shop.redeem(now=end)) == (410, "offer.expired")
    assert (await shop.redeem(now=end - 1)).status == 200


async def test_a_token_may_end_before_the_hold(shop):
    early = T0 // 1000 + 60
    assert told(await shop.redeem(now=early * 1000, exp=early)) == (410, "offer.expired")


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
async def test_only_an_accepted_offer_can_be_redeemed(state, status, code):
    shop = Shop()
    await shop.ledger.commit(structs.replace(push(accepted(state=state, hold=0)), moves=()))
    assert told(await shop.redeem()) == (status, code)


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("stock.out", "stock.out"),
        ("recall", "recall"),
        ("price.error", "price.error"),
        ("fraud", "fraud"),
        ("complaint.open", "offer.ended"),
    ],
)
async def test_what_ended_an_offer_is_said_where_it_would_end_a_promise(reason, code):
    shop = Shop()
    ended = accepted(state=OfferState.WITHDRAWN, hold=0, withdrawn=reason)
    await shop.ledger.commit(structs.replace(push(ended), moves=()))
    assert told(await shop.redeem()) == (409, code)


async def test_an_order_that_the_shop_reported_for_another_is_in_the_way(shop):
    ruling = await shop.ledger.run_redemption(
        lambda desk: redemption.redeem(desk, request(), T0, claims(), PLENTY, taken=True),
        offer="of_1",
        order="o1",
    )
    assert told(ruling) == (409, "redemption.used")


async def test_an_offer_that_the_ledger_does_not_know_is_refused(shop):
    assert told(await shop.redeem(offer="of_9")) == (409, "offer.unknown")


async def test_the_lower_public_price_is_charged(shop):
    cheaper = {"RUN-42": SkuNow(price=9900, currency="EUR", available=6)}
    answer = told(await shop.redeem(shelves=cheaper))
    assert (answer["unit"]["amount"], answer["saved"]["amount"]) == (9900, 0)
    assert await shop.budget() == {"EUR": (0, 0)}


async def test_a_price_between_offer_and_old_price_saves_only_the_difference(shop):
    cheaper = {"RUN-42": SkuNow(price=11000, currency="EUR", available=6)}
    answer = told(await shop.redeem(shelves=cheaper))
    assert (answer["unit"]["amount"], answer["saved"]["amount"]) == (10965, 35)
    assert await shop.budget() == {"EUR": (0, 35)}


async def test_a_price_that_rose_changes_neither_price_nor_saving(shop):
    dearer = {"RUN-42": SkuNow(price=15900, currency="EUR", available=6)}
    answer = told(await shop.redeem(shelves=dearer))
    assert (answer["unit"]["amount"], answer["saved"]["amount"]) == (10965, 1935)


@pytest.mark.parametrize(
    "shelf", [SkuNow(), SkuNow(price=9900, currency="GBP"), SkuNow(available=None)]
)
async def test_a_promise_stands_on_what_is_not_known(shop, shelf):
    answer = told(await shop.redeem(shelves={"RUN-42": shelf}))
    assert answer["unit"]["amount"] == 10965


async def test_the_last_pair_sold_elsewhere_ends_the_promise_and_releases_its_hold(shop):
    gone = {"RUN-42": SkuNow(price=12900, currency="EUR", available=0)}
    first = await shop.redeem(shelves=gone)
    assert told(first) == (409, "stock.out")
    assert await shop.state() is OfferState.WITHDRAWN
    assert await shop.budget() == {"EUR": (0, 0)}
    assert [step.reason for step in first.steps] == ["stock.out"]
    assert (await shop.redeem()).body == first.body
    assert (await shop.redeem(request("o2"))).body == first.body


async def test_fewer_than_ordered_refuses_and_leaves_the_right():
    shop = await Shop(accepted(max_qty=3, qty=3, hold=5805)).opened()
    few = {"RUN-42": SkuNow(price=12900, currency="EUR", available=2)}
    three = request(lines=(RequestedLine(sku="RUN-42", qty=3),))
    assert told(await shop.redeem(three, shelves=few)) == (409, "stock.out")
    two = request(lines=(RequestedLine(sku="RUN-42", qty=2),))
    assert told(await shop.redeem(two, shelves=few))["saved"]["amount"] == 3870
    assert await shop.budget() == {"EUR": (0, 3870)}


async def test_a_recall_ends_the_promise(shop):
    recalled = {"RUN-42": SkuNow(price=12900, currency="EUR", available=5, recalled=True)}
    assert told(await shop.redeem(shelves=recalled)) == (409, "recall")
    assert [row.step.reason for row in await shop.ledger.offer_steps(limit=1)] == ["recall"]


async def test_a_retry_is_recognised_by_its_token_when_the_key_is_gone(shop):
    first = await shop.redeem()
    again = await shop.ledger.run_redemption(
        lambda desk: redemption.repeat(desk, request(), "token.key"), order="o1"
    )
    assert again.body == first.body
    other = request(token=b"another")
    refused = await shop.ledger.run_redemption(
        lambda desk: redemption.repeat(desk, other, "token.key"), order="o1"
    )
    assert told(refused) == (401, "token.key")


async def test_counts_are_settled_beside_money():
    shop = await Shop(count=3).opened()
    await shop.redeem()
    assert await shop.budget() == {"EUR": (0, 1935), "#": (0, 1)}
    await shop.cancel()
    assert await shop.budget() == {"EUR": (1935, 0), "#": (1, 0)}


# a voucher on the whole order


def voucher():
    return accepted(remedy="m1", unit=11900, hold=1000, campaign="sorry")


async def test_a_voucher_comes_off_whatever_is_in_the_cart():
    shop = await Shop(voucher()).opened()
    cart = request(lines=(RequestedLine(sku="SOCK-3", qty=1),))
    shelves = {"SOCK-3": SkuNow(price=1990, currency="EUR", available=40)}
    answer = told(await shop.redeem(cart, shelves=shelves))
    assert (answer["unit"]["amount"], answer["qty"]) == (990, 1)
    assert answer["saved"]["amount"] == 1000
    assert await shop.budget() == {"EUR": (0, 1000)}


async def test_a_voucher_never_pays_out():
    shop = await Shop(voucher()).opened()
    cart = request(lines=(RequestedLine(sku="PIN", qty=2),))
    answer = told(await shop.redeem(cart, shelves={"PIN": SkuNow(price=300, currency="EUR")}))
    assert (answer["unit"]["amount"], answer["saved"]["amount"]) == (0, 600)
    assert await shop.budget() == {"EUR": (0, 600)}


async def test_a_voucher_needs_the_prices_of_the_cart():
    shop = await Shop(voucher()).opened()
    unknown = request(lines=(*CART, RequestedLine(sku="SOCK-3", qty=1)))
    assert told(await shop.redeem(unknown)) == (422, "redemption.sku")
    other = {"SOCK-3": SkuNow(price=1990, currency="GBP")}
    assert told(await shop.redeem(unknown, shelves=other)) == (422, "redemption.sku")
    assert told(await shop.redeem(request(lines=()))) == (422, "redemption.nothing")


async def test_a_voucher_is_refunded_by_the_share_that_each_line_bore():
    shop = await Shop(voucher()).opened()
    cart = (RequestedLine(sku="A", qty=3), RequestedLine(sku="B", qty=1))
    shelves = {"A": SkuNow(price=1000, currency="EUR"), "B": SkuNow(price=333, currency="EUR")}
    answer = told(await shop.redeem(request(lines=cart), shelves=shelves))
    assert answer["unit"]["amount"] == 2333
    parts = [
        told(await shop.refund(f"f{n}", RequestedLine(sku=sku, qty=1)))
        for n, sku in enumerate(("A", "A", "B", "A"))
    ]
    assert sum(part["amount"]["amount"] for part in parts) == 2333
    assert sum(part["released"]["amount"] for part in parts) == 1000
    assert await shop.budget() == {"EUR": (0, 0)}


def test_every_refusal_of_the_table_has_a_status_and_a_title():
    for verdict in REDEMPTION_TABLE.values():
        assert verdict in {"judge", "repeat"} or verdict in REDEMPTION_ERRORS
    for status, title in REDEMPTION_ERRORS.values():
        assert status in {401, 404, 409, 410, 422}
        assert title
