"""Orders on which several offers came off go back to the last minor unit, whatever happened to them."""

import asyncio
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.broken_builds import assert_fails
from support.redemption_ledger import Order, eur, line, made, told
from tactful.core.offers.offer import OfferState
from tactful.core.redemption import order_totals as sales
from tactful.core.redemption import rollback as giving_back
from tactful.core.values.allocation import Deduction
from tactful.core.values.money import discounted


async def full_order():
    """A shoe at 10965 beside one at 12900, 10 % off both, and shipping of 690 at half."""
    shoe = made(1, "item")
    ten = made(2, "order", at_most=9000, percent_bp=1000)
    half = made(3, "shipping", at_most=690, percent_bp=5000)
    order = await Order(shoe, ten, half, **{"RUN-42": 12900}).opened()
    for one in (shoe, ten, half):
        cart = line("RUN-42", 1 if one is shoe else 2)
        assert (await order.use(one, cart, shipping=eur(690))).status == 200
    assert await order.books() == (0, 1935 + 2387 + 345)
    return order


async def test_a_refund_gives_back_what_was_paid_in_the_end_and_what_each_offer_bore():
    order = await full_order()
    first = told(await order.refund("f1", line("RUN-42")))
    assert first["amount"]["amount"] == (10965 + 12900 - 2387) // 2
    assert first["released"]["amount"] == 1935 + 1193
    second = told(await order.refund("f2", line("RUN-42"), shipping=690))
    assert second["amount"]["amount"] == 21478 - 10739 + 345
    assert second["released"]["amount"] == 2387 - 1193 + 345
    assert await order.books() == (0, 0)
    assert told(await order.refund("f3", line("RUN-42"))) == (422, "refund.quantity")


async def test_a_part_of_the_shipping_goes_back_pro_rata():
    order = await full_order()
    parts = [
        told(await order.refund(f"f{n}", shipping=amount)) for n, amount in ((1, 90), (2, 600))
    ]
    assert [part["amount"]["amount"] for part in parts] == [45, 300]
    assert [part["released"]["amount"] for part in parts] == [45, 300]
    assert told(await order.refund("f3", shipping=1)) == (422, "refund.quantity")
    again = await order.refund("f1", shipping=90)
    assert told(again) == parts[0]
    assert told(await order.refund("f1", shipping=91)) == (409, "refund.mismatch")


async def test_shipping_that_no_offer_came_off_is_not_refunded_here():
    ten = made(1, "order", at_most=900)
    order = await Order(ten, A=1000).opened()
    await order.use(ten, line("A"))
    assert told(await order.refund("f1", shipping=100)) == (422, "refund.sku")
    for amount in (0, -1):
        assert told(await order.refund("f2", shipping=amount)) == (422, "refund.quantity")
    assert told(await order.refund("f3")) == (422, "refund.quantity")


async def test_cancelling_gives_all_rights_and_all_budgets_back():
    order = await full_order()
    assert len(told(await order.cancel())["cancelled"]) == 3
    assert await order.books() == (1935 + 9000 + 690, 0)


# the whole

PRICES = {"A": 1999, "B": 333, "C": 12900}
CARTS = st.dictionaries(st.sampled_from("ABC"), st.integers(1, 4), min_size=1)
ITEMS = st.lists(
    st.tuples(st.sampled_from("ABC"), st.integers(1, 4), st.integers(1, 9_999)),
    max_size=2,
    unique_by=lambda one: one[0],
)
OFF = st.lists(st.tuples(st.integers(1, 20_000), st.none() | st.integers(1, 10_000)), max_size=2)
CHARGES = st.integers(1, 2_000)


@settings(deadline=None)
@given(cart=CARTS, items=ITEMS, orders=OFF, shippings=OFF, charge=CHARGES, data=st.data())
def test_whatever_comes_off_is_exact_within_what_was_held_and_goes_back_whole(
    cart, items, orders, shippings, charge, data
):
    offers = [on_an_item(sku, min(qty, cart[sku]), bp) for sku, qty, bp in items if sku in cart]
    for level, wanted in (("order", orders), ("shipping", shippings)):
        offers += [(level, {"sku": "D", "at_most": most, "percent_bp": bp}) for most, bp in wanted]
    made_of = [made(number, level, **terms) for number, (level, terms) in enumerate(offers)]
    asyncio.run(_whatever(cart, made_of, charge, data))


def on_an_item(sku: str, qty: int, bp: int):
    unit, public = discounted(PRICES[sku], bp), PRICES[sku]
    hold = (public - unit) * qty
    terms = {"sku": sku, "public": public, "unit": unit, "max_qty": qty, "qty": qty, "hold": hold}
    return "item", terms


async def _whatever(cart, offers, charge, data):
    order = await Order(*offers, **PRICES).opened()
    whole = [line(sku, qty) for sku, qty in cart.items()]
    left, saved = sum(PRICES[sku] * qty for sku, qty in cart.items()) + charge, 0
    for one in offers:
        lines = [line(one.sku, one.qty)] if one.level == "item" else whole
        ruling = await order.use(one, *lines, shipping=eur(charge))
        if ruling.status == 200:
            off = told(ruling)["saved"]["amount"]
            assert 0 <= off <= one.hold
            left, saved = left - off, saved + off
        else:
            assert told(ruling) == (422, "redemption.nothing")
        assert left >= 0
        assert not offers or (await order.books())[1] == saved
    await _give_back(order, cart, charge, (left, saved), data)


async def _give_back(order, cart, charge, sums, data):
    """Piece by piece, in any order: what is given back is what was paid, to the last minor unit."""
    used = [
        o for o in order.offers if (await order.ledger.offer(o.id)).state is OfferState.REDEEMED
    ]
    levels = {one.level for one in used}
    sold = {one.sku: one.qty for one in used if one.level == "item"}
    pieces = cart if "order" in levels else sold
    left, saved = sums
    kept = sum(PRICES[sku] * (qty - pieces.get(sku, 0)) for sku, qty in cart.items())
    kept += 0 if "shipping" in levels else charge
    part = data.draw(st.integers(1, charge))
    refunds = [((line(sku),), None) for sku, qty in pieces.items() for _ in range(qty)]
    if "shipping" in levels:
        refunds += [((), amount) for amount in (part, charge - part) if amount]
    back = Counter()
    for number, (lines, shipping) in enumerate(data.draw(st.permutations(refunds))):
        answer = told(await order.refund(f"f{number}", *lines, shipping=shipping))
        back.update(paid=answer["amount"]["amount"], released=answer["released"]["amount"])
    assert (back["paid"], back["released"]) == (left - kept, saved)
    assert not used or await order.books() == (
        sum(o.hold for o in order.offers if o not in used),
        0,
    )


def on_the_public_price(lines, prices, before):
    return [price * one.qty for price, one in zip(prices, lines, strict=True)]


def each_offer_pays(desk, back, sku, units):
    """Every offer on a piece gives back what was paid for it after that offer."""
    done = 0
    for key, found in back.items():
        back[key], put = giving_back._put_back(found, sku, units)
        done = max(done, put)
    return units - done


def without_a_bound(self, amount):
    return amount if self.percent_bp is None else amount - discounted(amount, self.percent_bp)


@pytest.mark.parametrize(
    ("where", "name", "broken"),
    [
        (sales, "_reduced", on_the_public_price),
        (sales, "allocate", lambda total, lines: [total // len(lines)] * len(lines)),
        (giving_back, "_take", each_offer_pays),
        (Deduction, "off", without_a_bound),
    ],
    ids=["list prices", "equal shares", "paid twice", "no bound"],
)
def test_a_broken_control_fails(monkeypatch, where, name, broken):
    monkeypatch.setattr(where, name, broken)
    assert_fails(test_whatever_comes_off_is_exact_within_what_was_held_and_goes_back_whole)
