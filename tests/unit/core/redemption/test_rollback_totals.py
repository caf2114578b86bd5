"""Orders with several offers are given back to the last minor unit."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.broken_builds import assert_fails
from support.redemption_ledger import Order, answered, eur, line, made
from tactful.core.offers.offer import Offer, OfferState
from tactful.core.redemption import order_totals, refunds
from tactful.core.redemption.order_totals import RequestedLine
from tactful.core.values.allocation import Deduction, Level
from tactful.core.values.money import discounted


async def full_order() -> Order:
    """A shoe at 10965 beside one at 12900, 10 % off both, and shipping of 690 at half."""
    shoe = made(1, "item")
    ten = made(2, "order", at_most=9000, percent_bp=1000)
    half = made(3, "shipping", at_most=690, percent_bp=5000)
    order = await Order(shoe, ten, half, **{"RUN-42": 12900}).opened()
    for one in (shoe, ten, half):
        cart = line("RUN-42", 1 if one is shoe else 2)
        assert (await order.use(one, cart, shipping=eur(690))).status == 200
    assert await order.balance() == (0, 1935 + 2387 + 345)
    return order


async def test_a_refund_gives_back_what_was_paid_in_the_end_and_what_each_offer_bore() -> None:
    order = await full_order()
    first = answered(await order.refund("f1", line("RUN-42")))
    assert first["amount"]["amount"] == (10965 + 12900 - 2387) // 2
    assert first["released"]["amount"] == 1935 + 1193
    second = answered(await order.refund("f2", line("RUN-42"), shipping=690))
    assert second["amount"]["amount"] == 21478 - 10739 + 345
    assert second["released"]["amount"] == 2387 - 1193 + 345
    assert await order.balance() == (0, 0)
    assert answered(await order.refund("f3", line("RUN-42"))) == (422, "refund.quantity")


async def test_a_part_of_the_shipping_goes_back_pro_rata() -> None:
    order = await full_order()
    parts = [
        answered(await order.refund(f"f{n}", shipping=amount)) for n, amount in ((1, 90), (2, 600))
    ]
    assert [part["amount"]["amount"] for part in parts] == [45, 300]
    assert [part["released"]["amount"] for part in parts] == [45, 300]
    assert answered(await order.refund("f3", shipping=1)) == (422, "refund.quantity")
    again = await order.refund("f1", shipping=90)
    assert answered(again) == parts[0]
    assert answered(await order.refund("f1", shipping=91)) == (409, "refund.mismatch")


async def test_shipping_that_no_offer_came_off_is_not_refunded_here() -> None:
    ten = made(1, "order", at_most=900)
    order = await Order(ten, A=1000).opened()
    await order.use(ten, line("A"))
    assert answered(await order.refund("f1", shipping=100)) == (422, "refund.sku")
    for amount in (0, -1):
        assert answered(await order.refund("f2", shipping=amount)) == (422, "refund.quantity")
    assert answered(await order.refund("f3")) == (422, "refund.quantity")


async def test_cancelling_gives_all_rights_and_all_budgets_back() -> None:
    order = await full_order()
    assert len(answered(await order.cancel())["cancelled"]) == 3
    assert await order.balance() == (1935 + 9000 + 690, 0)


# the whole

Cart = dict[str, int]
Off = tuple[int, int | None]
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
    cart: Cart,
    items: list[tuple[str, int, int]],
    orders: list[Off],
    shippings: list[Off],
    charge: int,
    data: st.DataObject,
) -> None:
    offers = [on_an_item(sku, min(qty, cart[sku]), bp) for sku, qty, bp in items if sku in cart]
    levels: tuple[tuple[Level, list[Off]], ...] = (("order", orders), ("shipping", shippings))
    for level, wanted in levels:
        offers += [(level, {"sku": "D", "at_most": most, "percent_bp": bp}) for most, bp in wanted]
    made_of = [made(number, level, **terms) for number, (level, terms) in enumerate(offers)]
    asyncio.run(_whatever(cart, made_of, charge, data))


def on_an_item(sku: str, qty: int, bp: int) -> tuple[Level, dict[str, Any]]:
    unit, public = discounted(PRICES[sku], bp), PRICES[sku]
    hold = (public - unit) * qty
    terms = {"sku": sku, "public": public, "unit": unit, "max_qty": qty, "qty": qty, "hold": hold}
    return "item", terms


async def _whatever(cart: Cart, offers: list[Offer], charge: int, data: st.DataObject) -> None:
    order = await Order(*offers, **PRICES).opened()
    whole = [line(sku, qty) for sku, qty in cart.items()]
    left, saved = sum(PRICES[sku] * qty for sku, qty in cart.items()) + charge, 0
    for one in offers:
        lines = [line(one.sku, one.qty)] if one.level == "item" else whole
        outcome = await order.use(one, *lines, shipping=eur(charge))
        if outcome.status == 200:
            off = answered(outcome)["saved"]["amount"]
            assert 0 <= off <= one.hold
            left, saved = left - off, saved + off
        else:
            assert answered(outcome) == (422, "redemption.nothing")
        assert left >= 0
        assert not offers or (await order.balance())[1] == saved
    await _give_back(order, cart, charge, (left, saved), data)


async def _give_back(
    order: Order, cart: Cart, charge: int, sums: tuple[int, int], data: st.DataObject
) -> None:
    """Piece by piece, in any order: what is given back is what was paid, to the last minor unit."""
    used = [o for o in order.offers if await order.state(o) is OfferState.REDEEMED]
    levels = {one.level for one in used}
    sold = {one.sku: one.qty for one in used if one.level == "item"}
    pieces = cart if "order" in levels else sold
    left, saved = sums
    kept = sum(PRICES[sku] * (qty - pieces.get(sku, 0)) for sku, qty in cart.items())
    kept += 0 if "shipping" in levels else charge
    part = data.draw(st.integers(1, charge))
    refunds: list[tuple[tuple[RequestedLine, ...], int | None]] = [
        ((line(sku),), None) for sku, qty in pieces.items() for _ in range(qty)
    ]
    if "shipping" in levels:
        refunds += [((), amount) for amount in (part, charge - part) if amount]
    back = Counter[str]()
    for number, (lines, shipping) in enumerate(data.draw(st.permutations(refunds))):
        answer = answered(await order.refund(f"f{number}", *lines, shipping=shipping))
        back.update(paid=answer["amount"]["amount"], released=answer["released"]["amount"])
    assert (back["paid"], back["released"]) == (left - kept, saved)
    assert not used or await order.balance() == (
        sum(o.hold for o in order.offers if o not in used),
        0,
    )


def on_the_public_price(
    lines: Sequence[RequestedLine], prices: Sequence[int], _: object
) -> list[int]:
    return [price * one.qty for price, one in zip(prices, lines, strict=True)]


def each_offer_pays(_: object, back: dict[str, Any], sku: str, units: int) -> int:
    """Every offer on a piece gives back what was paid for it after that offer."""
    done = 0
    for key, found in back.items():
        back[key], put = refunds._give_back_units(found, sku, units)
        done = max(done, put)
    return units - done


def without_a_bound(self: Deduction, amount: int) -> int:
    return amount if self.percent_bp is None else amount - discounted(amount, self.percent_bp)


@pytest.mark.parametrize(
    ("where", "name", "broken"),
    [
        (order_totals, "_reduced", on_the_public_price),
        (order_totals, "allocate", lambda total, lines: [total // len(lines)] * len(lines)),
        (refunds, "_give_back", each_offer_pays),
        (Deduction, "amount_off", without_a_bound),
    ],
    ids=["list prices", "equal shares", "paid twice", "no bound"],
)
def test_a_broken_control_fails(
    monkeypatch: pytest.MonkeyPatch, where: object, name: str, broken: object
) -> None:
    monkeypatch.setattr(where, name, broken)
    assert_fails(test_whatever_comes_off_is_exact_within_what_was_held_and_goes_back_whole)
