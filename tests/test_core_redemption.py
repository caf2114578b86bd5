"""The judgement of redemptions, cancellations and refunds, against a desk in memory."""

import asyncio

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec import structs

from controls import assert_fails
from ledgers import T0, accepted, push
from tactful.core import giving_back, redemption
from tactful.core.money import Money
from tactful.core.offers import TRANSITIONS, State
from tactful.core.redemption import TABLE, Request
from tactful.core.refusals import REFUSALS
from tactful.core.rulings import Ruling
from tactful.core.sales import Line, Shelf
from tactful.core.tokens import Claims
from tactful.stores.memory import MemoryLedger

MINUTE = 60_000
CART = (Line(sku="RUN-42", qty=1),)
PLENTY = {"RUN-42": Shelf(price=12900, currency="EUR", available=6)}


def claims(**changes):
    made = Claims(
        currency="EUR", exp=T0 // 1000 + 1800, holder="h" * 22, iat=T0 // 1000, max_qty=1,
        offer="of_1", rulebook="rb", sku="RUN-42", territory="DE", unit=10965,
    )  # fmt: skip
    return structs.replace(made, **changes)


def request(order="o1", lines=CART, **changes):
    made = Request(id=f"rd_{order}", token=b"t", order=order, territory="DE", lines=lines)
    return structs.replace(made, **changes)


class Shop:
    """A ledger in memory with one accepted offer, and the judgements made on it."""

    def __init__(self, *offers, limit=10_000, count=None):
        self.ledger = MemoryLedger()
        self.offers = offers or (accepted(),)
        self.limit, self.count = limit, count

    async def opened(self):
        for made in self.offers:
            assert await self.ledger.commit(push(made, limit=self.limit, count=self.count)) is None
        return self

    async def redeem(
        self, asked=None, *, now=T0 + MINUTE, shelves=PLENTY, offer="of_1", **claimed
    ) -> Ruling:
        asked = asked or request()
        made = claims(offer=offer, **claimed)
        return await self.ledger.judge(
            lambda desk: redemption.redeem(desk, asked, now, made, shelves),
            offer=offer,
            order=asked.order,
        )

    async def cancel(self, order="o1", *, now=T0 + 2 * MINUTE, shipped=False) -> Ruling:
        return await self.ledger.judge(
            lambda desk: giving_back.cancel(desk, order, now, shipped=shipped), order=order
        )

    async def refund(self, ident="f1", *lines, order="o1") -> Ruling:
        return await self.ledger.judge(
            lambda desk: giving_back.refund(desk, order, ident, lines, T0 + 3 * MINUTE),
            order=order,
            refund=ident,
        )

    async def budget(self):
        assert await self.ledger.reconcile() == []
        return {row.currency: (row.reserved, row.settled) for row in await self.ledger.balances()}

    async def state(self, offer="of_1"):
        return (await self.ledger.offer(offer)).state


@pytest.fixture
async def shop():
    return await Shop().opened()


def told(ruling: Ruling):
    """(status, code) of a refusal, or the answer."""
    body = msgspec.json.decode(ruling.body)
    return (ruling.status, body["code"]) if ruling.status != 200 else body


EUR = {"currency": "EUR"}


# redeem


async def test_an_accepted_offer_is_redeemed_at_its_price_and_its_budget_settled(shop):
    assert told(await shop.redeem()) == {
        "redemption": "rd_o1",
        "unit": {"amount": 10965} | EUR,
        "qty": 1,
        "saved": {"amount": 1935} | EUR,
    }
    assert await shop.budget() == {"EUR": (0, 1935)}
    assert await shop.state() is State.REDEEMED


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
    more = request(lines=(*CART, Line(sku="SOCK-3", qty=1)))
    assert told(await shop.redeem(more)) == (409, "redemption.mismatch")
    assert told(await shop.redeem(request(territory="AT"))) == (409, "redemption.mismatch")


async def test_the_order_of_the_lines_makes_no_other_cart(shop):
    lines = (Line(sku="SOCK-3", qty=2), *CART)
    first = await shop.redeem(request(lines=lines))
    assert (await shop.redeem(request(lines=lines[::-1]))).body == first.body


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (request(lines=(Line(sku="RUN-43", qty=1),)), "redemption.sku"),
        (request(territory="GB"), "redemption.territory"),
        (request(lines=(Line(sku="RUN-42", qty=3),)), "redemption.quantity"),
        (request(lines=CART * 2), "redemption.quantity"),
        (request(holds=False), "redemption.holder"),
        (request(lines=(Line(sku="RUN-42", qty=1, unit=Money(10964, "EUR")),)), "redemption.price"),
        (request(lines=(Line(sku="RUN-42", qty=1, unit=Money(10965, "GBP")),)), "redemption.price"),
        (request(lines=(Line(sku="RUN-42", qty=1, unit=Money(12900, "EUR")),)), "redemption.price"),
    ],
)
async def test_what_the_offer_is_not_for_is_refused_without_an_effect(shop, asked, code):
    assert told(await shop.redeem(asked)) == (422, code)
    assert await shop.state() is State.ACCEPTED
    assert await shop.budget() == {"EUR": (1935, 0)}


async def test_a_price_that_the_shop_names_rightly_is_accepted(shop):
    named = request(lines=(Line(sku="RUN-42", qty=1, unit=Money(10965, "EUR")),), holds=True)
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
        (State.PUSHED, 409, "offer.unaccepted"),
        (State.SHOWN, 409, "offer.unaccepted"),
        (State.WITHDRAWN, 409, "offer.ended"),
        (State.DECLINED, 409, "offer.ended"),
        (State.SUPERSEDED, 409, "offer.ended"),
        (State.EXPIRED, 410, "offer.expired"),
        (State.HELD_OUT, 409, "offer.unknown"),
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
    ended = accepted(state=State.WITHDRAWN, hold=0, withdrawn=reason)
    await shop.ledger.commit(structs.replace(push(ended), moves=()))
    assert told(await shop.redeem()) == (409, code)


async def test_an_order_that_the_shop_reported_for_another_is_in_the_way(shop):
    ruling = await shop.ledger.judge(
        lambda desk: redemption.redeem(desk, request(), T0, claims(), PLENTY, taken=True),
        offer="of_1",
        order="o1",
    )
    assert told(ruling) == (409, "redemption.used")


async def test_an_offer_that_the_ledger_does_not_know_is_refused(shop):
    assert told(await shop.redeem(offer="of_9")) == (409, "offer.unknown")


async def test_the_lower_public_price_is_charged(shop):
    cheaper = {"RUN-42": Shelf(price=9900, currency="EUR", available=6)}
    answer = told(await shop.redeem(shelves=cheaper))
    assert (answer["unit"]["amount"], answer["saved"]["amount"]) == (9900, 0)
    assert await shop.budget() == {"EUR": (0, 0)}


async def test_a_price_between_offer_and_old_price_saves_only_the_difference(shop):
    cheaper = {"RUN-42": Shelf(price=11000, currency="EUR", available=6)}
    answer = told(await shop.redeem(shelves=cheaper))
    assert (answer["unit"]["amount"], answer["saved"]["amount"]) == (10965, 35)
    assert await shop.budget() == {"EUR": (0, 35)}


async def test_a_price_that_rose_changes_neither_price_nor_saving(shop):
    dearer = {"RUN-42": Shelf(price=15900, currency="EUR", available=6)}
    answer = told(await shop.redeem(shelves=dearer))
    assert (answer["unit"]["amount"], answer["saved"]["amount"]) == (10965, 1935)


@pytest.mark.parametrize(
    "shelf", [Shelf(), Shelf(price=9900, currency="GBP"), Shelf(available=None)]
)
async def test_a_promise_stands_on_what_is_not_known(shop, shelf):
    answer = told(await shop.redeem(shelves={"RUN-42": shelf}))
    assert answer["unit"]["amount"] == 10965


async def test_the_last_pair_sold_elsewhere_ends_the_promise_and_releases_its_hold(shop):
    gone = {"RUN-42": Shelf(price=12900, currency="EUR", available=0)}
    first = await shop.redeem(shelves=gone)
    assert told(first) == (409, "stock.out")
    assert await shop.state() is State.WITHDRAWN
    assert await shop.budget() == {"EUR": (0, 0)}
    assert [step.reason for step in first.steps] == ["stock.out"]
    assert (await shop.redeem()).body == first.body
    assert (await shop.redeem(request("o2"))).body == first.body


async def test_fewer_than_ordered_refuses_and_leaves_the_right():
    shop = await Shop(accepted(max_qty=3, qty=3, hold=5805)).opened()
    few = {"RUN-42": Shelf(price=12900, currency="EUR", available=2)}
    three = request(lines=(Line(sku="RUN-42", qty=3),))
    assert told(await shop.redeem(three, shelves=few)) == (409, "stock.out")
    two = request(lines=(Line(sku="RUN-42", qty=2),))
    assert told(await shop.redeem(two, shelves=few))["saved"]["amount"] == 3870
    assert await shop.budget() == {"EUR": (0, 3870)}


async def test_a_recall_ends_the_promise(shop):
    recalled = {"RUN-42": Shelf(price=12900, currency="EUR", available=5, recalled=True)}
    assert told(await shop.redeem(shelves=recalled)) == (409, "recall")
    assert [row.step.reason for row in await shop.ledger.audit(limit=1)] == ["recall"]


async def test_a_retry_is_recognised_by_its_token_when_the_key_is_gone(shop):
    first = await shop.redeem()
    again = await shop.ledger.judge(
        lambda desk: redemption.repeat(desk, request(), "token.key"), order="o1"
    )
    assert again.body == first.body
    other = request(token=b"another")
    refused = await shop.ledger.judge(
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
    cart = request(lines=(Line(sku="SOCK-3", qty=1),))
    shelves = {"SOCK-3": Shelf(price=1990, currency="EUR", available=40)}
    answer = told(await shop.redeem(cart, shelves=shelves))
    assert (answer["unit"]["amount"], answer["qty"]) == (990, 1)
    assert answer["saved"]["amount"] == 1000
    assert await shop.budget() == {"EUR": (0, 1000)}


async def test_a_voucher_never_pays_out():
    shop = await Shop(voucher()).opened()
    cart = request(lines=(Line(sku="PIN", qty=2),))
    answer = told(await shop.redeem(cart, shelves={"PIN": Shelf(price=300, currency="EUR")}))
    assert (answer["unit"]["amount"], answer["saved"]["amount"]) == (0, 600)
    assert await shop.budget() == {"EUR": (0, 600)}


async def test_a_voucher_needs_the_prices_of_the_cart():
    shop = await Shop(voucher()).opened()
    unknown = request(lines=(*CART, Line(sku="SOCK-3", qty=1)))
    assert told(await shop.redeem(unknown)) == (422, "redemption.sku")
    other = {"SOCK-3": Shelf(price=1990, currency="GBP")}
    assert told(await shop.redeem(unknown, shelves=other)) == (422, "redemption.sku")
    assert told(await shop.redeem(request(lines=()))) == (422, "redemption.nothing")


async def test_a_voucher_is_refunded_by_the_share_that_each_line_bore():
    shop = await Shop(voucher()).opened()
    cart = (Line(sku="A", qty=3), Line(sku="B", qty=1))
    shelves = {"A": Shelf(price=1000, currency="EUR"), "B": Shelf(price=333, currency="EUR")}
    answer = told(await shop.redeem(request(lines=cart), shelves=shelves))
    assert answer["unit"]["amount"] == 2333
    parts = [
        told(await shop.refund(f"f{n}", Line(sku=sku, qty=1)))
        for n, sku in enumerate(("A", "A", "B", "A"))
    ]
    assert sum(part["amount"]["amount"] for part in parts) == 2333
    assert sum(part["released"]["amount"] for part in parts) == 1000
    assert await shop.budget() == {"EUR": (0, 0)}


# cancel


async def test_a_cancelled_order_gives_right_and_budget_back_once(shop):
    await shop.redeem()
    first = await shop.cancel()
    assert told(first) == {"cancelled": [{"redemption": "rd_o1", "offer": "of_1"}]}
    assert await shop.budget() == {"EUR": (1935, 0)}
    assert await shop.state() is State.ACCEPTED
    again = await shop.cancel()
    assert (again.body, again.moves, again.offers) == (first.body, (), ())


async def test_within_the_hold_another_order_may_use_the_right_that_came_back(shop):
    first = await shop.redeem()
    await shop.cancel()
    assert (await shop.redeem(request("o2"), now=T0 + 3 * MINUTE)).status == 200
    assert await shop.budget() == {"EUR": (0, 1935)}
    assert (await shop.cancel("o1")).moves == ()
    assert (await shop.redeem()).body == first.body
    assert await shop.budget() == {"EUR": (0, 1935)}


async def test_after_the_hold_a_cancellation_gives_back_the_budget_only(shop):
    await shop.redeem()
    late = T0 + 1_800_000
    await shop.cancel(now=late)
    assert await shop.state() is State.EXPIRED
    assert await shop.budget() == {"EUR": (0, 0)}
    assert told(await shop.redeem(request("o2"), now=late)) == (410, "offer.expired")


async def test_a_right_comes_back_only_with_as_much_budget_as_is_left():
    shop = await Shop(accepted(qty=2, max_qty=2, hold=3870), limit=4_000).opened()
    await shop.redeem()  # one of two: 1935 is free again
    assert await shop.ledger.commit(push(accepted("of_2", session="se_2"), limit=4_000)) is None
    await shop.cancel()
    assert await shop.budget() == {"EUR": (2065 + 1935, 0)}
    two = request("o2", lines=(Line(sku="RUN-42", qty=2),))
    assert told(await shop.redeem(two)) == (409, "redemption.budget")
    assert (await shop.redeem(request("o3"))).status == 200
    assert await shop.budget() == {"EUR": (1935, 1935)}


async def test_a_shipped_order_cannot_be_cancelled(shop):
    await shop.redeem()
    assert told(await shop.cancel(shipped=True)) == (409, "order.shipped")
    assert await shop.budget() == {"EUR": (0, 1935)}


async def test_an_order_that_redeemed_nothing_cannot_be_cancelled_or_refunded(shop):
    assert told(await shop.cancel("o9")) == (404, "redemption.unknown")
    assert told(await shop.refund("f1", *CART, order="o9")) == (404, "redemption.unknown")


async def test_an_attempt_that_was_refused_is_nothing_to_cancel(shop):
    await shop.redeem(shelves={"RUN-42": Shelf(available=0)})
    assert told(await shop.cancel()) == (404, "redemption.unknown")


async def test_all_offers_of_an_order_are_cancelled_together():
    shop = await Shop(accepted("of_1"), accepted("of_2", sku="BOOT-42", seq=3)).opened()
    cart = request(lines=(*CART, Line(sku="BOOT-42", qty=1)))
    await shop.redeem(cart)
    await shop.redeem(structs.replace(cart, id="rd_2"), offer="of_2")
    assert await shop.budget() == {"EUR": (0, 3870)}
    assert len(told(await shop.cancel())["cancelled"]) == 2
    assert await shop.budget() == {"EUR": (3870, 0)}


async def test_what_is_redeemed_after_a_cancellation_is_cancelled_with_the_rest():
    shop = await Shop(accepted("of_1"), accepted("of_2", sku="BOOT-42", seq=3)).opened()
    cart = request(lines=(*CART, Line(sku="BOOT-42", qty=1)))
    await shop.redeem(cart)
    await shop.cancel()
    await shop.redeem(structs.replace(cart, id="rd_2"), offer="of_2")
    assert await shop.budget() == {"EUR": (1935, 1935)}
    assert len(told(await shop.cancel())["cancelled"]) == 2
    assert await shop.budget() == {"EUR": (3870, 0)}


async def test_without_a_limit_the_whole_hold_comes_back():
    shop = await Shop(limit=None).opened()
    await shop.redeem()
    await shop.cancel()
    assert await shop.budget() == {"EUR": (1935, 0)}


# refund


async def three_pairs():
    shop = await Shop(accepted(max_qty=3, qty=3, hold=5805)).opened()
    answer = told(await shop.redeem(request(lines=(Line(sku="RUN-42", qty=3),))))
    assert answer["unit"]["amount"] * answer["qty"] == 32895
    return shop


async def test_a_refund_gives_back_the_paid_price_and_the_share_of_the_discount():
    shop = await three_pairs()
    first = await shop.refund("f1", Line(sku="RUN-42", qty=1))
    assert told(first) == {
        "refund": "f1",
        "amount": {"amount": 10965} | EUR,
        "released": {"amount": 1935} | EUR,
    }
    assert await shop.budget() == {"EUR": (0, 3870)}
    again = await shop.refund("f1", Line(sku="RUN-42", qty=1))
    assert (again.body, again.moves) == (first.body, ())
    assert told(await shop.refund("f1", Line(sku="RUN-42", qty=2))) == (409, "refund.mismatch")


async def test_no_more_comes_back_than_was_bought():
    shop = await three_pairs()
    await shop.refund("f1", Line(sku="RUN-42", qty=2))
    assert told(await shop.refund("f2", Line(sku="RUN-42", qty=2))) == (422, "refund.quantity")
    assert told(await shop.refund("f3", Line(sku="SOCK-3", qty=1))) == (422, "refund.sku")
    assert told(await shop.refund("f4", Line(sku="RUN-42", qty=1)))["amount"]["amount"] == 10965
    assert await shop.budget() == {"EUR": (0, 0)}


async def test_a_cancellation_after_a_refund_gives_back_what_is_left():
    shop = await three_pairs()
    await shop.refund("f1", Line(sku="RUN-42", qty=1))
    await shop.cancel()
    assert await shop.budget() == {"EUR": (5805, 0)}
    assert told(await shop.refund("f2", Line(sku="RUN-42", qty=1))) == (409, "order.cancelled")


# the whole


def test_every_refusal_of_the_table_has_a_status_and_a_title():
    for verdict in TABLE.values():
        assert verdict in {"judge", "repeat"} or verdict in REFUSALS
    for status, title in REFUSALS.values():
        assert status in {401, 404, 409, 410, 422}
        assert title


ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("redeem"), st.sampled_from("abc"), st.integers(1, 3)),
        st.tuples(st.just("cancel"), st.sampled_from("abc"), st.just(0)),
        st.tuples(st.just("refund"), st.sampled_from("abc"), st.integers(1, 3)),
    ),
    max_size=12,
)


HISTORY = [
    ("redeem", "a", 3),
    ("refund", "a", 1),
    ("refund", "a", 1),
    ("cancel", "a", 0),
    ("redeem", "b", 1),
    ("redeem", "a", 3),
]


@given(acts=ACTS, available=st.integers(0, 4))
@example(acts=HISTORY, available=4)
def test_whatever_happens_money_adds_up_and_the_offer_is_used_by_one_order(acts, available):
    asyncio.run(play(acts, available))


async def play(acts, available):
    shop = await Shop(accepted(max_qty=3, qty=3, hold=5805), limit=5_805, count=1).opened()
    shelves = {"RUN-42": Shelf(price=12900, currency="EUR", available=available)}
    answers: dict[str, bytes] = {}
    for number, (act, order, qty) in enumerate(acts):
        line = Line(sku="RUN-42", qty=qty)
        if act == "redeem":
            ruling = await shop.redeem(request(order, (line,), id=f"rd_{number}"), shelves=shelves)
            if ruling.status == 200:
                assert answers.setdefault(f"{order}{qty}", ruling.body) == ruling.body
        elif act == "cancel":
            await shop.cancel(order)
        else:
            await shop.refund(f"f{number}", line, order=order)
        rows = shop.ledger._redemptions.values()
        assert sum(row.status == "redeemed" for row in rows) <= 1
        reserved, settled = (await shop.budget())["EUR"]
        assert reserved >= 0
        assert settled >= 0
        assert reserved + settled <= 5_805


def test_that_property_fails_when_each_refund_releases_the_whole_discount(monkeypatch):
    monkeypatch.setattr(giving_back, "_between", lambda *given: given[-1])
    assert_fails(test_whatever_happens_money_adds_up_and_the_offer_is_used_by_one_order)


def test_that_property_fails_when_a_retry_is_judged_anew(monkeypatch):
    monkeypatch.setattr(redemption, "_used", lambda *_: None)
    monkeypatch.setitem(redemption._BY_STATE, State.REDEEMED, "open")
    monkeypatch.setitem(TRANSITIONS, (State.REDEEMED, "redeem"), State.REDEEMED)
    assert_fails(test_whatever_happens_money_adds_up_and_the_offer_is_used_by_one_order)
