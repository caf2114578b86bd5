"""Prices of items, then what comes off the order, then off its shipping: one order, several offers."""

import asyncio
from collections import Counter

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from controls import assert_fails
from ledgers import T0, accepted, push
from tactful.core import giving_back, redemption, sales
from tactful.core.allocation import Deduction
from tactful.core.money import AMOUNT_MAX, Money, discounted
from tactful.core.offers import Offer, State
from tactful.core.redemption import Request
from tactful.core.rulings import Ruling
from tactful.core.sales import Line, Shelf
from tactful.core.tokens import Claims
from tactful.stores.memory import MemoryLedger
from vectors_of import vectors

CASES = vectors("allocation.json")["deduct"]
RULES = ("r0", "r1", "r2", "r3", "r4", "r5")
EUR = {"currency": "EUR"}


def eur(amount: int) -> Money:
    return Money(amount, "EUR")


def made(number: int, level: str, **changes) -> Offer:
    """An accepted offer of rule `r<number>`, which names all others."""
    ident = f"of_{number}"
    others = {"rule": f"r{number}", "stacks_with": RULES, "session": f"se_{number}"}
    if level == "item":
        return accepted(ident, **others, **changes)
    at_most = changes.pop("at_most")
    off = Deduction(level, at_most, changes.pop("percent_bp", None))
    return accepted(ident, **others, deduction=off, hold=at_most, **changes)


class Order:
    """One order at a checkout that knows these prices."""

    def __init__(self, *offers: Offer, **prices: int) -> None:
        self.offers = offers
        self.ledger = MemoryLedger()
        self.shelves = {sku: Shelf(price=price, currency="EUR") for sku, price in prices.items()}

    async def opened(self) -> "Order":
        for one in self.offers:
            assert await self.ledger.commit(push(one, limit=10**12)) is None
        return self

    async def use(self, offer: Offer, *lines: Line, shipping: Money | None = None) -> Ruling:
        claims = Claims(
            currency="EUR", exp=T0 // 1000 + 1800, holder="h" * 22, iat=T0 // 1000, max_qty=9,
            offer=offer.id, rulebook="rb", sku=offer.sku, territory="DE", unit=offer.unit,
        )  # fmt: skip
        asked = Request(
            id=f"rd_{offer.id}", token=b"t", order="o1", territory="DE", lines=lines,
            shipping=shipping,
        )  # fmt: skip
        return await self.ledger.judge(
            lambda desk: redemption.redeem(desk, asked, T0 + 60_000, claims, self.shelves),
            offer=offer.id,
            order="o1",
        )

    async def refund(self, ident: str, *lines: Line, shipping: int | None = None) -> Ruling:
        part = None if shipping is None else eur(shipping)
        return await self.ledger.judge(
            lambda desk: giving_back.refund(desk, "o1", ident, lines, T0, shipping=part),
            order="o1",
            refund=ident,
        )

    async def cancel(self) -> Ruling:
        return await self.ledger.judge(
            lambda desk: giving_back.cancel(desk, "o1", T0, shipped=False), order="o1"
        )

    async def books(self) -> tuple[int, int]:
        assert await self.ledger.reconcile() == []
        (row,) = await self.ledger.balances()
        return row.reserved, row.settled


def told(ruling: Ruling):
    body = msgspec.json.decode(ruling.body)
    return (ruling.status, body["code"]) if ruling.status != 200 else body


def line(sku: str, qty: int = 1, unit: int | None = None) -> Line:
    return Line(sku=sku, qty=qty, unit=None if unit is None else eur(unit))


# each on the result of the last


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
async def test_offers_come_off_each_on_the_result_of_the_last(case):
    skus = [f"S{place}" for place in range(len(case["lines"]))]
    prices = dict(zip(skus, [unit for unit, _ in case["lines"]], strict=True))
    lines = [line(sku, qty) for sku, (_, qty) in zip(skus, case["lines"], strict=True)]
    offers = [_offer(number, one, lines, prices) for number, one in enumerate(case["deductions"])]
    order = await Order(*offers, **prices).opened()
    paid = {one.sku: prices[one.sku] * one.qty for one in lines}
    charge, taken = case["shipping"], []
    for one in offers:
        answer = told(await order.use(one, *lines, shipping=eur(case["shipping"])))
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


def _offer(number, deduction, lines, prices) -> Offer:
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


async def test_the_answer_says_what_each_line_is_paid_and_has_saved():
    ten = made(1, "order", at_most=5000, percent_bp=1000)
    order = await Order(ten, **{"RUN-42": 12900, "SOCK-3": 1990}).opened()
    assert told(await order.use(ten, line("RUN-42"), line("SOCK-3", 2))) == {
        "redemption": "rd_of_1",
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
    assert await order.books() == (0, 1688)


async def test_a_share_of_the_order_is_rounded_once_and_to_the_shopper():
    quarter = made(1, "order", at_most=5000, percent_bp=2500)
    order = await Order(quarter, A=995, B=995).opened()
    assert told(await order.use(quarter, line("A"), line("B")))["unit"]["amount"] == 1492  # a tie


async def test_the_shop_may_say_what_one_costs():
    ten = made(1, "order", at_most=5000, percent_bp=1000)
    order = await Order(ten, A=1000).opened()
    answer = told(await order.use(ten, line("A", 1, 900), line("ENGRAVING", 1, 500)))
    assert (answer["unit"]["amount"], answer["saved"]["amount"]) == (1260, 140)


async def test_the_item_that_was_shown_counts_at_the_price_shown_if_it_rose():
    ten = made(1, "order", at_most=5000, percent_bp=1000, unit=11610)
    for said in (None, 15900):
        order = await Order(ten, **{"RUN-42": 15900}).opened()
        answer = told(await order.use(ten, line("RUN-42", 1, said)))
        assert (answer["unit"]["amount"], answer["saved"]["amount"]) == (11610, 1290)
    cheaper = await Order(ten, **{"RUN-42": 9900}).opened()
    assert told(await cheaper.use(ten, line("RUN-42")))["unit"]["amount"] == 8910
    unknown = await Order(ten).opened()
    assert told(await unknown.use(ten, line("RUN-42")))["unit"]["amount"] == 11610


async def test_of_more_pieces_than_an_offer_was_for_the_rest_counts_in_full():
    shoe = made(1, "item")
    ten = made(2, "order", at_most=9000, percent_bp=1000)
    order = await Order(shoe, ten, **{"RUN-42": 12900}).opened()
    await order.use(shoe, line("RUN-42"))
    answer = told(await order.use(ten, line("RUN-42", 2), line("RUN-42", 1)))
    assert [it["paid"]["amount"] + it["saved"]["amount"] for it in answer["lines"]] == [
        10965 + 12900,
        12900,
    ]


async def test_units_that_the_shop_names_have_the_prices_of_the_items_in_them():
    shoe = made(1, "item")
    ten = made(2, "order", sku="SOCK-3", at_most=9000, percent_bp=1000)
    order = await Order(shoe, ten, **{"RUN-42": 12900}).opened()
    await order.use(shoe, line("RUN-42"))
    answer = told(await order.use(ten, line("RUN-42", 1, 10965)))
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
async def test_an_offer_on_the_shipping_needs_a_charge(charge, code):
    free = made(1, "shipping", at_most=690, percent_bp=10_000)
    order = await Order(free, A=1000).opened()
    assert told(await order.use(free, line("A"), shipping=charge)) == (422, code)
    assert await order.books() == (690, 0)


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([line("UNHEARD")], "redemption.sku"),
        ([line("A"), Line(sku="A", qty=1, unit=Money(1, "GBP"))], "redemption.sku"),
        ([line("A", 1, 0)], "redemption.nothing"),
        ([line("A"), line("B", 1, -1)], "redemption.sku"),
        ([line("A", 3, AMOUNT_MAX)], "redemption.nothing"),
    ],
)
async def test_an_offer_on_the_order_needs_amounts_that_it_can_come_off(lines, code):
    ten = made(1, "order", at_most=500, percent_bp=1000)
    order = await Order(ten, A=1000).opened()
    assert told(await order.use(ten, *lines)) == (422, code)
    assert await order.books() == (500, 0)


async def test_another_shipping_charge_makes_another_cart():
    free = made(1, "shipping", at_most=690, percent_bp=10_000)
    order = await Order(free, A=1000).opened()
    first = await order.use(free, line("A"), shipping=eur(500))
    assert told(first)["unit"]["amount"] == 0
    assert (await order.use(free, line("A"), shipping=eur(500))).body == first.body
    other = await order.use(free, line("A"), shipping=eur(600))
    assert told(other) == (409, "redemption.mismatch")


async def test_nothing_is_left_of_a_charge_that_was_waived():
    free = made(1, "shipping", at_most=690, percent_bp=10_000)
    more = made(2, "shipping", at_most=100)
    order = await Order(free, more, A=1000).opened()
    await order.use(free, line("A"), shipping=eur(500))
    left = await order.use(more, line("A"), shipping=eur(500))
    assert told(left) == (422, "redemption.nothing")


# what may come off together


@pytest.mark.parametrize(
    ("first", "then"), [("order", "item"), ("shipping", "item"), ("shipping", "order")]
)
async def test_offers_come_off_in_their_sequence_only(first, then):
    terms = {"item": {}, "order": {"at_most": 500}, "shipping": {"at_most": 300}}
    early, late = made(1, first, **terms[first]), made(2, then, **terms[then])
    order = await Order(early, late, **{"RUN-42": 12900}).opened()
    cart, charge = line("RUN-42"), eur(500)
    assert (await order.use(early, cart, shipping=charge)).status == 200
    assert told(await order.use(late, cart, shipping=charge)) == (409, "redemption.sequence")
    await order.cancel()
    assert (await order.ledger.offer(late.id)).state is State.ACCEPTED


@pytest.mark.parametrize(
    ("one", "other", "status"),
    [
        ((), (), 409),
        (("r2",), (), 409),
        ((), ("r1",), 409),
        (("r2",), ("r1",), 200),
    ],
)
async def test_offers_of_rules_that_name_each_other_come_off_one_order(one, other, status):
    shoe = structs.replace(made(1, "item"), stacks_with=one)
    ten = structs.replace(made(2, "order", at_most=900), stacks_with=other)
    order = await Order(shoe, ten, **{"RUN-42": 12900}).opened()
    assert (await order.use(shoe, line("RUN-42"))).status == 200
    found = await order.use(ten, line("RUN-42"))
    assert found.status == status
    assert status == 200 or told(found) == (409, "redemption.stacking")


async def test_one_item_has_one_price_in_an_order():
    first, second = made(1, "item"), made(2, "item", unit=11000, hold=1900)
    order = await Order(first, second, **{"RUN-42": 12900}).opened()
    assert (await order.use(first, line("RUN-42"))).status == 200
    assert told(await order.use(second, line("RUN-42"))) == (409, "redemption.stacking")


async def test_a_rules_prices_of_several_items_go_together_and_its_offers_on_the_order_do_not():
    shoes = [accepted("of_1"), accepted("of_2", sku="BOOT-42")]
    order = await Order(*shoes, **{"RUN-42": 12900, "BOOT-42": 12900}).opened()
    for shoe in shoes:
        assert (await order.use(shoe, line("RUN-42"), line("BOOT-42"))).status == 200
    tens = [structs.replace(made(n, "order", at_most=500), rule="r1") for n in (1, 2)]
    order = await Order(*tens, **{"RUN-42": 12900}).opened()
    assert (await order.use(tens[0], line("RUN-42"))).status == 200
    assert told(await order.use(tens[1], line("RUN-42"))) == (409, "redemption.stacking")


async def test_an_offer_on_the_order_names_all_that_was_sold_before():
    shoe = made(1, "item", max_qty=2, qty=2, hold=3870)
    ten = made(2, "order", sku="SOCK-3", at_most=900)
    order = await Order(shoe, ten, **{"RUN-42": 12900, "SOCK-3": 1990}).opened()
    await order.use(shoe, line("RUN-42", 2))
    for less in ([line("SOCK-3")], [line("SOCK-3"), line("RUN-42")]):
        assert told(await order.use(ten, *less)) == (422, "redemption.sku")
    assert (await order.use(ten, line("RUN-42"), line("RUN-42"), line("SOCK-3"))).status == 200


async def test_a_recalled_line_is_in_the_way_and_ends_no_offer_on_the_order():
    ten = made(1, "order", at_most=900)
    order = await Order(ten, **{"RUN-42": 12900}).opened()
    order.shelves["SOCK-3"] = Shelf(price=1990, currency="EUR", recalled=True)
    assert told(await order.use(ten, line("RUN-42"), line("SOCK-3"))) == (409, "recall")
    assert (await order.use(ten, line("RUN-42"))).status == 200


# giving back


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
    used = [o for o in order.offers if (await order.ledger.offer(o.id)).state is State.REDEEMED]
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
