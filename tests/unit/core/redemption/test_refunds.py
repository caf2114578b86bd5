"""Refunds of an amount of money; `test_rollback.py` and `test_rollback_totals.py` have those of units."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.ledger_rows import accepted
from support.redemption_ledger import (
    CART,
    EUR,
    Order,
    Redemptions,
    answered,
    eur,
    line,
    made,
    request,
)
from tactful.core.redemption.order_totals import RequestedLine, SkuNow
from tactful.core.redemption.redemption_rows import RedemptionRow, SoldLine
from tactful.core.redemption.refunds import Refund
from tactful.core.values.money import Money


async def two_pairs() -> Redemptions:
    """Two pairs at 109.65 instead of 129.00: 219.30 paid, 38.70 saved."""
    redemptions = await Redemptions(accepted(max_qty=2, qty=2, hold=3870)).opened()
    await redemptions.redeem(request(lines=(RequestedLine(sku="RUN-42", qty=2),)))
    return redemptions


async def test_an_amount_releases_the_same_share_of_the_discount() -> None:
    redemptions = await two_pairs()
    first = await redemptions.refund("f1", amount=eur(10965))
    assert answered(first) == {
        "refund": "f1",
        "amount": {"amount": 10965} | EUR,
        "released": {"amount": 1935} | EUR,
    }
    assert await redemptions.budget() == {"EUR": (0, 1935)}
    again = await redemptions.refund("f1", amount=eur(10965))
    assert (again.body, again.moves) == (first.body, ())
    other = await redemptions.refund("f1", amount=eur(1))
    assert answered(other) == (409, "refund.mismatch")


async def test_what_exceeds_the_price_of_the_offers_was_paid_for_other_lines() -> None:
    redemptions = await two_pairs()
    answer = answered(await redemptions.refund("f1", amount=eur(50_000)))
    assert (answer["amount"]["amount"], answer["released"]["amount"]) == (21930, 3870)
    assert await redemptions.budget() == {"EUR": (0, 0)}
    answer = answered(await redemptions.refund("f2", amount=eur(500)))
    assert (answer["amount"]["amount"], answer["released"]["amount"]) == (0, 0)


@pytest.mark.parametrize("amount", [eur(0), eur(-5), Money(500, "GBP")])
async def test_an_amount_is_positive_and_in_the_currency_of_the_offer(amount: Money) -> None:
    redemptions = await two_pairs()
    refused = await redemptions.refund("f1", amount=amount)
    assert answered(refused) == (422, "refund.amount")


async def test_a_refund_names_units_or_an_amount() -> None:
    redemptions = await two_pairs()
    assert answered(await redemptions.refund("f1", *CART, amount=eur(5))) == (422, "refund.amount")
    assert answered(await redemptions.refund("f1")) == (422, "refund.quantity")


async def test_units_after_an_amount_bear_what_is_left() -> None:
    redemptions = await two_pairs()
    await redemptions.refund("f1", amount=eur(1930))
    first = answered(await redemptions.refund("f2", *CART))
    assert first["amount"]["amount"] == 10_000
    last = answered(await redemptions.refund("f3", *CART))
    assert last["amount"]["amount"] == 10_000
    assert await redemptions.budget() == {"EUR": (0, 0)}


async def test_an_amount_after_units_is_of_what_is_left() -> None:
    redemptions = await two_pairs()
    await redemptions.refund("f1", *CART)
    answer = answered(await redemptions.refund("f2", amount=eur(50_000)))
    assert (answer["amount"]["amount"], answer["released"]["amount"]) == (10965, 1935)


async def test_an_amount_is_spread_over_what_was_really_paid() -> None:
    """10 % off the order: of 148.92 paid, half goes back, and so does half of each discount."""
    item = made(1, "item", sku="A", unit=8_000, public=10_000, hold=2_000, campaign=None)
    ten = made(2, "order", at_most=9_000, percent_bp=1_000, campaign=None)
    order = await Order(item, ten, A=10_000, B=2_000).opened()
    lines = (line("A"), line("B"))
    await order.use(item, *lines)
    paid = answered(await order.use(ten, *lines))["unit"]["amount"]
    assert paid == 9_000
    answer = answered(await order.refund("f1", amount=4_500))
    assert answer["amount"]["amount"] == 4_500
    assert answer["released"]["amount"] == (2_000 + 1_000) // 2


async def test_what_cost_nothing_is_released_when_the_whole_order_goes_back() -> None:
    free = made(1, "order", at_most=500, campaign=None)
    order = await Order(free, A=500).opened()
    await order.use(free, line("A"))
    answer = answered(await order.refund("f1", amount=1))
    assert (answer["amount"]["amount"], answer["released"]["amount"]) == (0, 500)


async def test_an_amount_reaches_the_shipping_too() -> None:
    off = made(1, "shipping", at_most=200, campaign=None)
    order = await Order(off, A=500).opened()
    await order.use(off, line("A"), shipping=eur(600))
    answer = answered(await order.refund("f1", amount=100))
    assert (answer["amount"]["amount"], answer["released"]["amount"]) == (100, 50)


def test_the_digest_of_a_refund_of_release_0_1_0_is_unchanged() -> None:
    old = Refund(id="f", order="o", lines=(line("B", 2), line("A")))
    assert old.digest().hex()[:16] == "43d75431508b0745"
    assert old.digest() != Refund(id="f", order="o", amount=eur(1)).digest()


# the whole

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("amount"), st.integers(1, 30_000)),
        st.tuples(st.just("units"), st.integers(1, 3)),
    ),
    max_size=8,
)


@settings(deadline=None)
@given(steps=STEPS, qty=st.integers(1, 5), unit=st.integers(1, 12_899))
def test_however_a_line_goes_back_the_sums_are_exact_and_never_more_than_was_paid(
    steps: Sequence[tuple[str, int]], qty: int, unit: int
) -> None:
    asyncio.run(play(steps, qty, unit))


async def play(steps: Sequence[tuple[str, int]], qty: int, unit: int) -> None:
    hold = (12_900 - unit) * qty
    offer = accepted(max_qty=qty, qty=qty, unit=unit, hold=hold)
    redemptions = await Redemptions(offer, limit=hold).opened()
    cart = request(lines=(RequestedLine(sku="RUN-42", qty=qty),))
    skus_now = {"RUN-42": SkuNow(price=12_900, currency="EUR", available=99)}
    assert (await redemptions.redeem(cart, unit=unit, max_qty=qty, skus_now=skus_now)).status == 200
    paid = released = 0
    for number, (kind, size) in enumerate((*steps, ("amount", 99_999))):
        if kind == "amount":
            outcome = await redemptions.refund(f"f{number}", amount=eur(size))
        else:
            outcome = await redemptions.refund(f"f{number}", RequestedLine(sku="RUN-42", qty=size))
        if outcome.status == 200:
            answer = answered(outcome)
            assert answer["amount"]["amount"] >= 0
            assert answer["released"]["amount"] >= 0
            paid += answer["amount"]["amount"]
            released += answer["released"]["amount"]
        assert (await redemptions.budget())["EUR"] == (0, hold - released)
    assert (paid, released) == (unit * qty, hold)
    (row,) = redemptions.ledger._redemptions.values()
    assert whole_is_back(row)


def whole_is_back(row: RedemptionRow) -> bool:
    lines: tuple[SoldLine, ...] = row.lines
    return all((one.paid_back, one.saved_back) == (one.paid, one.saved) for one in lines)
