"""Cancellations and refunds, and that money adds up whatever happens."""

import asyncio
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec import structs

from support.broken_builds import assert_fails
from support.ledger_rows import T0, accepted, push
from support.redemption_ledger import CART, EUR, MINUTE, Redemptions, answered, request
from tactful.core.offers.offer import TRANSITIONS, OfferState
from tactful.core.redemption import redeem as redemption
from tactful.core.redemption import refunds, use_states
from tactful.core.redemption.order_totals import RequestedLine, SkuNow
from tactful.stores.memory import redemptions as memory_redemptions


@pytest.fixture
async def redemptions() -> Redemptions:
    return await Redemptions().opened()


# cancel


async def test_a_cancelled_order_gives_right_and_budget_back_once(redemptions: Redemptions) -> None:
    await redemptions.redeem()
    first = await redemptions.cancel()
    assert answered(first) == {"cancelled": [{"redemption": "rd_o1", "offer": "of_1"}]}
    assert await redemptions.budget() == {"EUR": (1935, 0)}
    assert await redemptions.state() is OfferState.ACCEPTED
    again = await redemptions.cancel()
    assert (again.body, again.moves, again.offers) == (first.body, (), ())


async def test_within_the_hold_another_order_may_use_the_right_that_came_back(
    redemptions: Redemptions,
) -> None:
    await redemptions.redeem()
    await redemptions.cancel()
    assert (await redemptions.redeem(request("o2"), now=T0 + 3 * MINUTE)).status == 200
    assert await redemptions.budget() == {"EUR": (0, 1935)}
    assert (await redemptions.cancel("o1")).moves == ()
    assert answered(await redemptions.redeem()) == (409, "redemption.cancelled")
    assert await redemptions.budget() == {"EUR": (0, 1935)}


async def test_after_the_hold_a_cancellation_gives_back_the_budget_only(
    redemptions: Redemptions,
) -> None:
    await redemptions.redeem()
    late = T0 + 1_800_000
    await redemptions.cancel(now=late)
    assert await redemptions.state() is OfferState.EXPIRED
    assert await redemptions.budget() == {"EUR": (0, 0)}
    assert answered(await redemptions.redeem(request("o2"), now=late)) == (410, "offer.expired")


async def test_a_right_comes_back_only_with_as_much_budget_as_is_left() -> None:
    redemptions = await Redemptions(accepted(qty=2, max_qty=2, hold=3870), limit=4_000).opened()
    await redemptions.redeem()  # one of two: 1935 is free again
    assert (
        await redemptions.ledger.commit(push(accepted("of_2", session="se_2"), limit=4_000)) is None
    )
    await redemptions.cancel()
    assert await redemptions.budget() == {"EUR": (2065 + 1935, 0)}
    two = request("o2", lines=(RequestedLine(sku="RUN-42", qty=2),))
    assert answered(await redemptions.redeem(two)) == (409, "redemption.budget")
    assert (await redemptions.redeem(request("o3"))).status == 200
    assert await redemptions.budget() == {"EUR": (1935, 1935)}


async def test_a_shipped_order_cannot_be_cancelled(redemptions: Redemptions) -> None:
    await redemptions.redeem()
    assert answered(await redemptions.cancel(shipped=True)) == (409, "order.shipped")
    assert await redemptions.budget() == {"EUR": (0, 1935)}


async def test_an_order_that_redeemed_nothing_cannot_be_cancelled_or_refunded(
    redemptions: Redemptions,
) -> None:
    assert answered(await redemptions.cancel("o9")) == (404, "redemption.unknown")
    assert answered(await redemptions.refund("f1", *CART, order="o9")) == (
        404,
        "redemption.unknown",
    )


async def test_a_refused_attempt_cannot_be_cancelled(redemptions: Redemptions) -> None:
    await redemptions.redeem(skus_now={"RUN-42": SkuNow(available=0)})
    assert answered(await redemptions.cancel()) == (404, "redemption.unknown")


async def test_all_offers_of_an_order_are_cancelled_together() -> None:
    redemptions = await Redemptions(
        accepted("of_1"), accepted("of_2", sku="BOOT-42", seq=3)
    ).opened()
    cart = request(lines=(*CART, RequestedLine(sku="BOOT-42", qty=1)))
    await redemptions.redeem(cart)
    await redemptions.redeem(request(lines=cart.lines, ident="rd_2"), offer="of_2")
    assert await redemptions.budget() == {"EUR": (0, 3870)}
    assert len(answered(await redemptions.cancel())["cancelled"]) == 2
    assert await redemptions.budget() == {"EUR": (3870, 0)}


async def test_what_is_redeemed_after_a_cancellation_is_cancelled_with_the_rest() -> None:
    redemptions = await Redemptions(
        accepted("of_1"), accepted("of_2", sku="BOOT-42", seq=3)
    ).opened()
    cart = request(lines=(*CART, RequestedLine(sku="BOOT-42", qty=1)))
    await redemptions.redeem(cart)
    await redemptions.cancel()
    await redemptions.redeem(request(lines=cart.lines, ident="rd_2"), offer="of_2")
    assert await redemptions.budget() == {"EUR": (1935, 1935)}
    assert len(answered(await redemptions.cancel())["cancelled"]) == 2
    assert await redemptions.budget() == {"EUR": (3870, 0)}


async def test_without_a_limit_the_whole_hold_comes_back() -> None:
    redemptions = await Redemptions(limit=None).opened()
    await redemptions.redeem()
    await redemptions.cancel()
    assert await redemptions.budget() == {"EUR": (1935, 0)}


async def test_a_held_redemption_is_cancelled_like_any_other(redemptions: Redemptions) -> None:
    await redemptions.hold()
    first = await redemptions.cancel()
    assert answered(first) == {"cancelled": [{"redemption": "rd_o1", "offer": "of_1"}]}
    assert await redemptions.budget() == {"EUR": (1935, 0)}
    assert (await redemptions.cancel()).body == first.body
    assert answered(await redemptions.hold()) == (409, "redemption.cancelled")


async def test_cancelling_what_has_lapsed_prevents_a_late_confirmation(
    redemptions: Redemptions,
) -> None:
    await redemptions.hold()
    await redemptions.lapse()
    cancelled = await redemptions.cancel()
    assert (cancelled.status, cancelled.moves, cancelled.offers) == (200, (), ())
    assert answered(await redemptions.confirm()) == (409, "redemption.cancelled")


async def test_an_attempt_is_cancelled_without_the_others(redemptions: Redemptions) -> None:
    await redemptions.redeem()
    await redemptions.cancel(attempt=1)
    again = request(ident="rd_2", attempt=2)
    assert (await redemptions.redeem(again)).status == 200
    assert (await redemptions.cancel(attempt=1)).moves == ()
    assert await redemptions.budget() == {"EUR": (0, 1935)}
    assert answered(await redemptions.cancel(attempt=3)) == (404, "redemption.unknown")
    assert len(answered(await redemptions.cancel())["cancelled"]) == 2
    assert await redemptions.budget() == {"EUR": (1935, 0)}


async def test_a_late_word_about_an_attempt_never_ends_a_later_one(
    redemptions: Redemptions,
) -> None:
    await redemptions.redeem(now=T0 + MINUTE)
    await redemptions.cancel(now=T0 + 2 * MINUTE)
    again = request(ident="rd_2", attempt=2)
    await redemptions.redeem(again, now=T0 + 3 * MINUTE)
    late = await redemptions.cancel(reported_at=T0 + 2 * MINUTE)
    assert (late.status, late.moves) == (200, ())
    assert await redemptions.budget() == {"EUR": (0, 1935)}
    await redemptions.cancel(reported_at=T0 + 3 * MINUTE)
    assert await redemptions.budget() == {"EUR": (1935, 0)}


async def test_only_what_is_paid_can_be_refunded(redemptions: Redemptions) -> None:
    await redemptions.hold()
    assert answered(await redemptions.refund("f1", *CART)) == (409, "redemption.held")
    await redemptions.lapse()
    assert answered(await redemptions.refund("f1", *CART)) == (409, "redemption.lapsed")
    await redemptions.confirm()
    assert (await redemptions.refund("f1", *CART)).status == 200


async def test_several_offers_of_one_session_go_back_in_steps_of_their_own(
    redemptions: Redemptions,
) -> None:
    redemptions = await Redemptions(
        accepted("of_1"), accepted("of_2", sku="BOOT-42", seq=3)
    ).opened()
    cart = request(lines=(*CART, RequestedLine(sku="BOOT-42", qty=1)))
    await redemptions.redeem(cart)
    await redemptions.redeem(request(lines=cart.lines, ident="rd_2"), offer="of_2")
    seqs = [step.seq for step in (await redemptions.cancel()).steps]
    assert len(seqs) == len({*seqs}) == 2


# expiry without a session


async def test_an_accepted_offer_that_no_session_keeps_expires_at_its_end(
    redemptions: Redemptions,
) -> None:
    end = T0 + 1_800_000
    for now, moves in ((end - 1, 0), (end, 1), (end + 1, 0)):
        outcome = await redemptions.expire(now=now)
        assert len(outcome.moves) == moves
    assert await redemptions.state() is OfferState.EXPIRED
    assert await redemptions.budget() == {"EUR": (0, 0)}


async def test_an_offer_that_an_order_uses_does_not_expire(redemptions: Redemptions) -> None:
    await redemptions.hold(minutes=60)
    assert (await redemptions.expire(now=T0 + 1_800_000)).moves == ()
    assert (await redemptions.expire("of_9", now=T0 + 1_800_000)).moves == ()
    assert await redemptions.state() is OfferState.HELD


# refund


async def three_pairs() -> Redemptions:
    redemptions = await Redemptions(accepted(max_qty=3, qty=3, hold=5805)).opened()
    answer = answered(
        await redemptions.redeem(request(lines=(RequestedLine(sku="RUN-42", qty=3),)))
    )
    assert answer["unit"]["amount"] * answer["qty"] == 32895
    return redemptions


async def test_a_refund_gives_back_the_paid_price_and_the_share_of_the_discount() -> None:
    redemptions = await three_pairs()
    first = await redemptions.refund("f1", RequestedLine(sku="RUN-42", qty=1))
    assert answered(first) == {
        "refund": "f1",
        "amount": {"amount": 10965} | EUR,
        "released": {"amount": 1935} | EUR,
    }
    assert await redemptions.budget() == {"EUR": (0, 3870)}
    again = await redemptions.refund("f1", RequestedLine(sku="RUN-42", qty=1))
    assert (again.body, again.moves) == (first.body, ())
    assert answered(await redemptions.refund("f1", RequestedLine(sku="RUN-42", qty=2))) == (
        409,
        "refund.mismatch",
    )


async def test_no_more_comes_back_than_was_bought() -> None:
    redemptions = await three_pairs()
    await redemptions.refund("f1", RequestedLine(sku="RUN-42", qty=2))
    assert answered(await redemptions.refund("f2", RequestedLine(sku="RUN-42", qty=2))) == (
        422,
        "refund.quantity",
    )
    assert answered(await redemptions.refund("f3", RequestedLine(sku="SOCK-3", qty=1))) == (
        422,
        "refund.sku",
    )
    assert (
        answered(await redemptions.refund("f4", RequestedLine(sku="RUN-42", qty=1)))["amount"][
            "amount"
        ]
        == 10965
    )
    assert await redemptions.budget() == {"EUR": (0, 0)}


async def test_a_cancellation_after_a_refund_gives_back_what_is_left() -> None:
    redemptions = await three_pairs()
    await redemptions.refund("f1", RequestedLine(sku="RUN-42", qty=1))
    await redemptions.cancel()
    assert await redemptions.budget() == {"EUR": (5805, 0)}
    assert answered(await redemptions.refund("f2", RequestedLine(sku="RUN-42", qty=1))) == (
        409,
        "order.cancelled",
    )


Act = tuple[str, str, int]
ACTS: st.SearchStrategy[list[Act]] = st.lists(
    st.one_of(
        st.tuples(st.just("redeem"), st.sampled_from("abc"), st.integers(1, 3)),
        st.tuples(st.just("cancel"), st.sampled_from("abc"), st.just(0)),
        st.tuples(st.just("refund"), st.sampled_from("abc"), st.integers(1, 3)),
    ),
    max_size=12,
)


HISTORY: list[Act] = [
    ("redeem", "a", 3),
    ("refund", "a", 1),
    ("refund", "a", 1),
    ("cancel", "a", 0),
    ("redeem", "b", 1),
    ("redeem", "a", 3),
]


@given(acts=ACTS, available=st.integers(0, 4))
@example(acts=HISTORY, available=4)
def test_whatever_happens_money_adds_up_and_the_offer_is_used_by_one_order(
    acts: list[Act], available: int
) -> None:
    asyncio.run(play(acts, available))


async def play(acts: list[Act], available: int) -> None:
    redemptions = await Redemptions(
        accepted(max_qty=3, qty=3, hold=5805), limit=5_805, count=1
    ).opened()
    skus_now = {"RUN-42": SkuNow(price=12900, currency="EUR", available=available)}
    answers: dict[str, bytes] = {}
    for number, (act, order, qty) in enumerate(acts):
        line = RequestedLine(sku="RUN-42", qty=qty)
        if act == "redeem":
            outcome = await redemptions.redeem(
                request(order, (line,), ident=f"rd_{number}"), skus_now=skus_now
            )
            if outcome.status == 200:
                assert answers.setdefault(f"{order}{qty}", outcome.body) == outcome.body
        elif act == "cancel":
            await redemptions.cancel(order)
        else:
            await redemptions.refund(f"f{number}", line, order=order)
        rows = redemptions.ledger._redemptions.values()
        assert sum(row.status == "redeemed" for row in rows) <= 1
        reserved, settled = (await redemptions.budget())["EUR"]
        assert reserved >= 0
        assert settled >= 0
        assert reserved + settled <= 5_805


def test_that_property_fails_when_each_refund_releases_the_whole_discount(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    give_back = refunds._give_back_units

    def whole_discount(found: Any, sku: str, units: int) -> tuple[Any, int]:
        back, done = give_back(found, sku, units)
        return structs.replace(back, saved=sum(line.saved for line in found.row.lines)), done

    monkeypatch.setattr(refunds, "_give_back_units", whole_discount)
    assert_fails(test_whatever_happens_money_adds_up_and_the_offer_is_used_by_one_order)


def test_that_property_fails_when_a_retry_is_decided_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redemption, "_answer_again", lambda *_: None)
    monkeypatch.setattr(memory_redemptions, "_refuse_second_use", lambda *_: None)
    monkeypatch.setitem(use_states._OF_OFFER, OfferState.REDEEMED, "open")
    monkeypatch.setitem(TRANSITIONS, (OfferState.REDEEMED, "redeem"), OfferState.REDEEMED)
    assert_fails(test_whatever_happens_money_adds_up_and_the_offer_is_used_by_one_order)
