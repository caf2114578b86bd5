"""Offers on items, then on the order, then on its shipping, in one order."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from support.ledger_rows import accepted
from support.redemption_ledger import EUR, Order, answered, eur, line, made
from support.vectors import vectors
from tactful.core.offers.offer import Offer, OfferState
from tactful.core.redemption.order_totals import (
    LineTotals,
    NotApplicable,
    RequestedLine,
    SkuNow,
    order_sale,
)
from tactful.core.values.allocation import Deduction, Level
from tactful.core.values.money import AMOUNT_MAX, Money, discounted

CASES = vectors("allocation.json")["deduct"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
async def test_offers_come_off_each_on_the_result_of_the_last(case: dict[str, Any]) -> None:
    skus = [f"S{place}" for place in range(len(case["lines"]))]
    prices = dict(zip(skus, [unit for unit, _ in case["lines"]], strict=True))
    lines = [line(sku, qty) for sku, (_, qty) in zip(skus, case["lines"], strict=True)]
    offers = [_offer(number, one, lines, prices) for number, one in enumerate(case["deductions"])]
    order = await Order(*offers, **prices).opened()
    paid = {one.sku: prices[one.sku] * one.qty for one in lines}
    charge, taken = case["shipping"], []
    for one in offers:
        answer = answered(await order.use(one, *lines, shipping=eur(case["shipping"])))
        taken.append(answer["saved"]["amount"])
        if one.level == "item":
            paid[one.sku] = answer["unit"]["amount"] * answer["qty"]
        elif one.level == "order":
            paid = {it["sku"]: it["paid"]["amount"] for it in answer["lines"]}
            assert answer["unit"]["amount"] == sum(paid.values())
        else:
            charge = answer["unit"]["amount"]
    assert (list(paid.values()), charge, taken) == (
        case["paid"],
        case["shipping_paid"],
        case["taken"],
    )


def _offer(
    number: int, deduction: dict[str, Any], lines: list[RequestedLine], prices: dict[str, int]
) -> Offer:
    if deduction["level"] != "item":
        bound = {"at_most": AMOUNT_MAX} | deduction
        return made(number, sku="ELSEWHERE", campaign=None, **bound)
    on = lines[deduction["line"]]
    public = prices[on.sku]
    share = deduction.get("percent_bp")
    unit = discounted(public, share) if share else public - deduction["at_most"]
    hold = (public - unit) * on.qty
    terms = {"unit": unit, "public": public, "max_qty": on.qty, "qty": on.qty, "hold": hold}
    return made(number, "item", sku=on.sku, campaign=None, **terms)


async def test_the_answer_says_what_each_line_is_paid_and_has_saved() -> None:
    ten = made(1, "order", at_most=5000, percent_bp=1000)
    order = await Order(ten, **{"RUN-42": 12900, "SOCK-3": 1990}).opened()
    assert answered(await order.use(ten, line("RUN-42"), line("SOCK-3", 2))) == {
        "redemption": "rd_of_1",
        "state": "redeemed",
        "unit": {"amount": 15192} | EUR,
        "qty": 1,
        "saved": {"amount": 1688} | EUR,
        "level": "order",
        "lines": [
            {
                "sku": "RUN-42",
                "qty": 1,
                "paid": {"amount": 11610} | EUR,
                "saved": {"amount": 1290} | EUR,
            },
            {
                "sku": "SOCK-3",
                "qty": 2,
                "paid": {"amount": 3582} | EUR,
                "saved": {"amount": 398} | EUR,
            },
        ],
    }
    assert await order.balance() == (0, 1688)


async def test_a_share_of_the_order_is_rounded_once_and_to_the_shopper() -> None:
    quarter = made(1, "order", at_most=5000, percent_bp=2500)
    order = await Order(quarter, A=995, B=995).opened()
    assert (
        answered(await order.use(quarter, line("A"), line("B")))["unit"]["amount"] == 1492
    )  # a tie


async def test_the_shop_may_say_what_one_costs() -> None:
    ten = made(1, "order", at_most=5000, percent_bp=1000)
    order = await Order(ten, A=1000).opened()
    answer = answered(await order.use(ten, line("A", 1, 900), line("ENGRAVING", 1, 500)))
    assert (answer["unit"]["amount"], answer["saved"]["amount"]) == (1260, 140)


async def test_the_item_that_was_shown_counts_at_the_price_shown_if_it_rose() -> None:
    ten = made(1, "order", at_most=5000, percent_bp=1000, unit=11610)
    for said in (None, 15900):
        order = await Order(ten, **{"RUN-42": 15900}).opened()
        answer = answered(await order.use(ten, line("RUN-42", 1, said)))
        assert (answer["unit"]["amount"], answer["saved"]["amount"]) == (11610, 1290)
    cheaper = await Order(ten, **{"RUN-42": 9900}).opened()
    assert answered(await cheaper.use(ten, line("RUN-42")))["unit"]["amount"] == 8910
    unknown = await Order(ten).opened()
    assert answered(await unknown.use(ten, line("RUN-42")))["unit"]["amount"] == 11610


async def test_units_beyond_an_earlier_offer_count_at_the_full_price() -> None:
    shoe = made(1, "item")
    ten = made(2, "order", at_most=9000, percent_bp=1000)
    order = await Order(shoe, ten, **{"RUN-42": 12900}).opened()
    await order.use(shoe, line("RUN-42"))
    answer = answered(await order.use(ten, line("RUN-42", 2), line("RUN-42", 1)))
    assert [it["paid"]["amount"] + it["saved"]["amount"] for it in answer["lines"]] == [
        10965 + 12900,
        12900,
    ]


async def test_units_that_the_shop_names_have_the_prices_of_the_items_in_them() -> None:
    shoe = made(1, "item")
    ten = made(2, "order", sku="SOCK-3", at_most=9000, percent_bp=1000)
    order = await Order(shoe, ten, **{"RUN-42": 12900}).opened()
    await order.use(shoe, line("RUN-42"))
    answer = answered(await order.use(ten, line("RUN-42", 1, 10965)))
    assert answer["saved"]["amount"] == 1097  # of 1096.5, to the shopper


# what does not fit


@pytest.mark.parametrize(
    ("charge", "code"),
    [
        (None, "redemption.shipping"),
        (Money(500, "GBP"), "redemption.shipping"),
        (eur(0), "redemption.nothing"),
        (eur(-1), "redemption.nothing"),
    ],
)
async def test_an_offer_on_the_shipping_needs_a_charge(charge: Money | None, code: str) -> None:
    free = made(1, "shipping", at_most=690, percent_bp=10_000)
    order = await Order(free, A=1000).opened()
    assert answered(await order.use(free, line("A"), shipping=charge)) == (422, code)
    assert await order.balance() == (690, 0)


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([line("UNHEARD")], "redemption.sku"),
        ([line("A"), RequestedLine(sku="A", qty=1, unit=Money(1, "GBP"))], "redemption.sku"),
        ([line("A", 1, 0)], "redemption.nothing"),
        ([line("A"), line("B", 1, -1)], "redemption.sku"),
        ([line("A", 3, AMOUNT_MAX)], "redemption.nothing"),
    ],
)
async def test_an_offer_on_the_order_needs_amounts_that_it_can_come_off(
    lines: list[RequestedLine], code: str
) -> None:
    ten = made(1, "order", at_most=500, percent_bp=1000)
    order = await Order(ten, A=1000).opened()
    assert answered(await order.use(ten, *lines)) == (422, code)
    assert await order.balance() == (500, 0)


async def test_another_shipping_charge_makes_another_cart() -> None:
    free = made(1, "shipping", at_most=690, percent_bp=10_000)
    order = await Order(free, A=1000).opened()
    first = await order.use(free, line("A"), shipping=eur(500))
    assert answered(first)["unit"]["amount"] == 0
    assert (await order.use(free, line("A"), shipping=eur(500))).body == first.body
    other = await order.use(free, line("A"), shipping=eur(600))
    assert answered(other) == (409, "redemption.mismatch")


async def test_nothing_is_left_of_a_charge_that_was_waived() -> None:
    free = made(1, "shipping", at_most=690, percent_bp=10_000)
    more = made(2, "shipping", at_most=100)
    order = await Order(free, more, A=1000).opened()
    await order.use(free, line("A"), shipping=eur(500))
    left = await order.use(more, line("A"), shipping=eur(500))
    assert answered(left) == (422, "redemption.nothing")


# what may come off together


@pytest.mark.parametrize(
    ("first", "then"), [("order", "item"), ("shipping", "item"), ("shipping", "order")]
)
async def test_offers_come_off_in_their_sequence_only(first: Level, then: Level) -> None:
    terms: dict[Level, dict[str, Any]] = {
        "item": {},
        "order": {"at_most": 500},
        "shipping": {"at_most": 300},
    }
    early, late = made(1, first, **terms[first]), made(2, then, **terms[then])
    order = await Order(early, late, **{"RUN-42": 12900}).opened()
    cart, charge = line("RUN-42"), eur(500)
    assert (await order.use(early, cart, shipping=charge)).status == 200
    assert answered(await order.use(late, cart, shipping=charge)) == (409, "redemption.sequence")
    await order.cancel()
    assert await order.state(late) is OfferState.ACCEPTED


@pytest.mark.parametrize(
    ("one", "other", "status"),
    [
        ((), (), 409),
        (("r2",), (), 409),
        ((), ("r1",), 409),
        (("r2",), ("r1",), 200),
    ],
)
async def test_offers_of_rules_that_name_each_other_come_off_one_order(
    one: tuple[str, ...], other: tuple[str, ...], status: int
) -> None:
    shoe = structs.replace(made(1, "item"), stacks_with=one)
    ten = structs.replace(made(2, "order", at_most=900), stacks_with=other)
    order = await Order(shoe, ten, **{"RUN-42": 12900}).opened()
    assert (await order.use(shoe, line("RUN-42"))).status == 200
    found = await order.use(ten, line("RUN-42"))
    assert found.status == status
    assert status == 200 or answered(found) == (409, "redemption.stacking")


async def test_one_item_has_one_price_in_an_order() -> None:
    first, second = made(1, "item"), made(2, "item", unit=11000, hold=1900)
    order = await Order(first, second, **{"RUN-42": 12900}).opened()
    assert (await order.use(first, line("RUN-42"))).status == 200
    assert answered(await order.use(second, line("RUN-42"))) == (409, "redemption.stacking")


@pytest.mark.parametrize("other", ["r1", "r2"])
async def test_prices_of_several_items_go_together_and_a_rules_offers_on_the_order_do_not(
    other: str,
) -> None:
    shoes = [accepted("of_1"), accepted("of_2", sku="BOOT-42", rule=other)]
    order = await Order(*shoes, **{"RUN-42": 12900, "BOOT-42": 12900}).opened()
    for shoe in shoes:
        assert (await order.use(shoe, line("RUN-42"), line("BOOT-42"))).status == 200
    tens = [structs.replace(made(n, "order", at_most=500), rule="r1") for n in (1, 2)]
    order = await Order(*tens, **{"RUN-42": 12900}).opened()
    assert (await order.use(tens[0], line("RUN-42"))).status == 200
    assert answered(await order.use(tens[1], line("RUN-42"))) == (409, "redemption.stacking")


async def test_an_offer_on_the_order_names_all_that_was_sold_before() -> None:
    shoe = made(1, "item", max_qty=2, qty=2, hold=3870)
    ten = made(2, "order", sku="SOCK-3", at_most=900)
    order = await Order(shoe, ten, **{"RUN-42": 12900, "SOCK-3": 1990}).opened()
    await order.use(shoe, line("RUN-42", 2))
    for less in ([line("SOCK-3")], [line("SOCK-3"), line("RUN-42")]):
        assert answered(await order.use(ten, *less)) == (422, "redemption.sku")
    assert (await order.use(ten, line("RUN-42"), line("RUN-42"), line("SOCK-3"))).status == 200


async def test_a_recalled_line_refuses_an_offer_on_the_order_and_does_not_end_it() -> None:
    ten = made(1, "order", at_most=900)
    order = await Order(ten, **{"RUN-42": 12900}).opened()
    order.skus_now["SOCK-3"] = SkuNow(price=1990, currency="EUR", recalled=True)
    assert answered(await order.use(ten, line("RUN-42"), line("SOCK-3"))) == (409, "recall")
    assert (await order.use(ten, line("RUN-42"))).status == 200


LINES = st.lists(
    st.tuples(st.integers(1, 30_000), st.integers(1, 3), st.none() | st.integers(1, 30_000)),
    min_size=1,
    max_size=5,
)
"""(price of one unit, units, floor of one unit) of each line."""
OFFS = st.builds(
    Deduction, st.just("order"), st.integers(1, 40_000), st.none() | st.integers(1, 10_000)
)


def sold_with_floors(
    lines: list[tuple[int, int, int | None]], off: Deduction
) -> LineTotals | NotApplicable:
    """An order of these lines with an offer that was shown for another item."""
    named = [(f"S{place}", *one) for place, one in enumerate(lines)]
    return order_sale(
        made(1, "order", sku="ELSEWHERE", at_most=off.at_most),
        off,
        [RequestedLine(sku=sku, qty=qty) for sku, _, qty, _ in named],
        {sku: SkuNow(price=price, currency="EUR", floor=floor) for sku, price, _, floor in named},
        (),
    )


@given(LINES, OFFS)
def test_no_offer_takes_an_order_below_the_sum_of_its_floors(
    lines: list[tuple[int, int, int | None]], off: Deduction
) -> None:
    sale = sold_with_floors(lines, off)
    total = sum(price * qty for price, qty, _ in lines)
    # A line that is sold below its floor without the offer bears nothing of it.
    least = sum(min(floor or 0, price) * qty for price, qty, floor in lines)
    if isinstance(sale, LineTotals):
        assert sale.unit >= least
        assert sale.unit + sale.saved == total
        return
    assert sale.code == "redemption.minimum"
    assert total - off.amount_off(total) < least
    assert sale.missing is not None
    assert sale.missing.amount > 0
    if off.percent_bp is None:
        more = [*lines, (sale.missing.amount, 1, None)]
        assert isinstance(sold_with_floors(more, off), LineTotals)


def test_a_cart_that_shrinks_to_socks_is_not_sold_below_cost() -> None:
    fifteen = Deduction("order", 1500)
    refused = sold_with_floors([(1990, 1, 800)], fifteen)
    assert isinstance(refused, NotApplicable)
    assert (refused.code, refused.missing) == ("redemption.minimum", Money(310, "EUR"))
    sale = sold_with_floors([(1990, 1, 800), (1990, 1, 800)], fifteen)
    assert isinstance(sale, LineTotals)
    assert sale.unit == 2480


def test_an_order_of_the_promised_item_alone_is_enough_whatever_its_floor_is_now() -> None:
    offer = made(1, "order", at_most=1500, unit=11400, public=12900)
    line_of_it = [RequestedLine(sku=offer.sku, qty=1)]
    dear = {offer.sku: SkuNow(price=12900, currency="EUR", floor=12800)}
    sale = order_sale(offer, Deduction("order", 1500), line_of_it, dear, ())
    assert isinstance(sale, LineTotals)
    assert sale.saved == 1500
    voucher = structs.replace(offer, sku="ELSEWHERE", remedy="v1")
    assert isinstance(
        order_sale(voucher, Deduction("order", 1500), line_of_it, dear, ()), LineTotals
    )
