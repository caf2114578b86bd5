"""The contract of `OfferStore`: offers, their steps and their redemptions."""

import asyncio
from typing import Any

import msgspec
from msgspec import structs

from support.ledger_rows import (
    T0,
    AnyLedger,
    accepted,
    entry,
    leave,
    offer,
    present,
    push,
    redeem,
    run_redemption,
    step,
)
from tactful.core.offers.offer import Offer, OfferState
from tactful.core.redemption.redemption_rows import (
    RedemptionOutcome,
    RedemptionRow,
    RedemptionState,
    RefundRow,
    Status,
)
from tactful.core.rules.rule import NEVER
from tactful.core.session.contact_history import ContactHistory
from tactful.runtime.ports.ledger_rows import (
    Commit,
)


async def test_a_redemption_reads_its_state_and_is_written_whole(ledger: AnyLedger) -> None:
    made = accepted()
    await ledger.commit(push(made))
    seen: list[RedemptionState] = []

    def watching(state: RedemptionState) -> RedemptionOutcome:
        seen.append(state)
        return redeem(state)

    assert (await run_redemption(ledger, watching, offer="of_1", order="o1")).body == b"won"
    assert seen[-1].offers == {"of_1": made}
    assert seen[-1].seqs == {"se_1": made.seq}
    assert seen[-1].balances["spring", "total", "EUR"].reserved == 1935
    assert [(row.reserved, row.settled) for row in await ledger.balances()] == [(0, 1935)]
    assert await ledger.reconcile() == []

    def refunding(state: RedemptionState) -> RedemptionOutcome:
        seen.append(state)
        return RedemptionOutcome(status=200, body=b"", refund=RefundRow("f1", "o1", T0, b"q", b"a"))

    await ledger.run_redemption(refunding, order="o1", refund="f1")
    assert [row.order for row in seen[-1].redemptions] == ["o1"]
    assert seen[-1].offers["of_1"].state is OfferState.REDEEMED

    def reading(state: RedemptionState) -> RedemptionOutcome:
        seen.append(state)
        return RedemptionOutcome(status=200, body=b"")

    await ledger.run_redemption(reading, order="o1", refund="f1")
    assert present(seen[-1].refund).answer == b"a"


async def test_a_redemption_that_raises_writes_nothing_and_does_not_disturb_commits_beside_it(
    ledger: AnyLedger,
) -> None:
    def broken(state: RedemptionState) -> RedemptionOutcome:
        message = "a programming error"
        raise ZeroDivisionError(message)

    answers = await asyncio.gather(
        ledger.commit(push(offer("of_1"))),
        ledger.run_redemption(broken, offers=("of_1",), order="o1"),
        ledger.commit(push(offer("of_2"))),
        return_exceptions=True,
    )
    assert [type(answer) for answer in answers] == [type(None), ZeroDivisionError, type(None)]
    assert len(await ledger.standing_offers()) == 2
    assert ledger.failure is None


async def test_a_redemption_learns_that_another_offer_has_used_the_voucher(
    ledger: AnyLedger,
) -> None:
    fields = {"customer": "c1", "remedy": "m1"}
    for name in ("of_1", "of_2", "of_3"):
        more = {"remedy": "m2"} if name == "of_3" else {}
        await ledger.commit(push(structs.replace(accepted(name), **{**fields, **more})))
    seen: dict[str, bool] = {}

    def watching(state: RedemptionState) -> RedemptionOutcome:
        seen[max(state.offers)] = not state.used_vouchers.isdisjoint(state.offers)
        return redeem(state)

    await run_redemption(ledger, watching, offer="of_1", order="o1")

    def reading(state: RedemptionState) -> RedemptionOutcome:
        (name,) = state.offers
        seen[name] = not state.used_vouchers.isdisjoint(state.offers)
        return RedemptionOutcome(status=200, body=b"")

    for name in ("of_2", "of_3"):
        await ledger.run_redemption(reading, offers=[name], order=f"order of {name}")
    assert seen == {"of_1": False, "of_2": True, "of_3": False}
    saved = present(await ledger.contact("c1"))
    contact = msgspec.msgpack.decode(saved.body, type=ContactHistory)
    assert (saved.revision, contact.cooldown_until("remedy", "m1")) == (1, NEVER)


async def test_the_steps_of_a_customer_are_newest_first_and_limited(ledger: AnyLedger) -> None:
    made = offer(customer="c1")
    await ledger.commit(push(made))
    await ledger.commit(leave(made, OfferState.WITHDRAWN, "complaint.open"))
    rows = await ledger.offer_steps(customer="c1")
    assert [(row.step.to, row.step.reason) for row in rows] == [
        ("withdrawn", "complaint.open"),
        ("pushed", None),
    ]
    assert rows[0].offer.state is OfferState.WITHDRAWN
    assert len(await ledger.offer_steps(customer="c1", limit=1)) == 1


async def test_the_steps_of_a_customer_include_those_before_their_login(ledger: AnyLedger) -> None:
    """In one session: nobody, c1, nobody, c2. What nobody did belongs to who logs in next."""

    def turn(one: Offer, at: int, who: str | None, reason: str | None = None) -> Commit:
        made = structs.replace(push(one), entry=entry(at=at, customer=who))
        return structs.replace(made, steps=(step(one, reason, at),))

    early, own, late = offer("of_early"), offer("of_own", customer="c1"), offer("of_late")
    gone = structs.replace(early, state=OfferState.WITHDRAWN)
    await ledger.commit(turn(early, T0, None))
    await ledger.commit(turn(gone, T0 + 10, "c1", "complaint.open"))
    await ledger.commit(turn(own, T0 + 20, "c1"))
    await ledger.commit(turn(structs.replace(own, state=OfferState.WITHDRAWN), T0 + 30, None))
    await ledger.commit(turn(late, T0 + 40, None))
    await ledger.commit(Commit(entry=entry(at=T0 + 50, customer="c2")))
    after = structs.replace(late, state=OfferState.DECLINED)
    await ledger.commit(turn(after, T0 + 60, None))

    async def audit(customer: str) -> list[tuple[str, str, str | None]]:
        rows = await ledger.offer_steps(customer=customer)
        return [(row.offer.id, row.step.to.value, row.step.reason) for row in rows]

    assert await audit("c1") == [
        ("of_own", "withdrawn", None),
        ("of_own", "pushed", None),
        ("of_early", "withdrawn", "complaint.open"),
        ("of_early", "pushed", None),
    ]
    assert await audit("c2") == [("of_late", "pushed", None)]
    assert await audit("c3") == []
    assert len(await ledger.offer_steps()) == 6


async def test_the_standing_offers_and_promised_units_of_some_skus_are_found(
    ledger: AnyLedger,
) -> None:
    await ledger.commit(push(offer("of_2", session="se_2", sku="B", max_qty=2)))
    await ledger.commit(push(offer("of_1", sku="A", max_qty=3)))
    await ledger.commit(push(offer("of_3", session="se_3", sku="A", territory="GB")))
    await ledger.commit(push(offer("of_4", session="se_4", sku="C")))
    ledger.record(leave(offer("of_3", session="se_3", sku="A", territory="GB"), OfferState.EXPIRED))
    await ledger.flush()
    found = await ledger.standing_offers_of(["A", "B", "nothing"])
    assert [one.id for one in found] == ["of_1", "of_2"]
    units = await ledger.stock_commitments(["B", "A", "nothing"])
    assert list(units.items()) == [(("A", "DE"), 3), (("B", "DE"), 2)]
    assert await ledger.standing_offers_of([]) == []
    assert await ledger.stock_commitments([]) == {}


def held_by(
    order: str, until: int, status: Status = "held", attempt: int = 1, offer: str = "of_1"
) -> RedemptionOutcome:
    """What an order writes that holds an offer, or whose hold ends."""
    state = OfferState.HELD if status == "held" else OfferState.ACCEPTED
    made = accepted(offer, state=state, seq=9)
    row = RedemptionRow(
        id=f"rd_{order}", offer=offer, order=order, at=T0, status=status, saved=1935,
        until=until, attempt=attempt,
    )  # fmt: skip
    return RedemptionOutcome(
        status=200, body=b"", redemptions=(row,), offers=(made,), steps=(step(made),)
    )


async def write(ledger: AnyLedger, outcome: RedemptionOutcome, order: str) -> None:
    offers = [row.offer for row in outcome.redemptions]
    await run_redemption(ledger, lambda _: outcome, offers=offers, order=order)


async def test_a_held_offer_keeps_its_budget_and_stock_and_stands_for_nobody(
    ledger: AnyLedger,
) -> None:
    await ledger.commit(push(accepted()))
    assert await ledger.held_amounts() == {}
    await write(ledger, held_by("o1", T0 + 9), "o1")
    assert await ledger.reconcile() == []
    assert [(row.reserved, row.settled) for row in await ledger.balances()] == [(1935, 0)]
    assert await ledger.held_amounts() == {
        ("spring", "total", "EUR"): 1935,
        ("spring", "total", "#"): 1,
    }
    assert await ledger.stock_commitments(["RUN-42"]) == {("RUN-42", "DE"): 1}
    assert [one.id for one in await ledger.standing_offers()] == ["of_1"]
    assert [one.id for one in await ledger.standing_offers_of(["RUN-42"])] == ["of_1"]
    assert await ledger.orders_of("of_1") == ["o1"]
    expired = leave(accepted(seq=9), OfferState.EXPIRED)
    refused = await ledger.commit(expired)
    assert refused is not None
    assert (refused.reason, refused.offer) == ("offer.ended", "of_1")


async def test_holds_that_are_due_are_found_in_the_order_of_their_ends(ledger: AnyLedger) -> None:
    assert await ledger.next_hold_end() is None
    for number, until in (("1", T0 + 9), ("2", T0 + 5), ("3", T0 + 7)):
        await ledger.commit(push(accepted(f"of_{number}", session=f"se_{number}")))
        held = held_by(f"o{number}", until, offer=f"of_{number}")
        await write(ledger, held, f"o{number}")
    assert await ledger.next_hold_end() == T0 + 5
    assert await ledger.orders_with_lapsing_holds(T0 + 4) == []
    assert await ledger.orders_with_lapsing_holds(T0 + 7) == ["o2", "o3"]
    assert await ledger.orders_with_lapsing_holds(T0 + 9, limit=1) == ["o2"]
    await write(ledger, held_by("o2", T0 + 5, "lapsed", offer="of_2"), "o2")
    assert await ledger.next_hold_end() == T0 + 7


async def test_each_attempt_of_an_order_is_kept(ledger: AnyLedger) -> None:
    await ledger.commit(push(accepted()))
    await write(ledger, held_by("o1", T0 + 5), "o1")
    await write(ledger, held_by("o1", T0 + 5, "cancelled"), "o1")
    await write(ledger, held_by("o1", T0 + 9, attempt=2), "o1")
    found = await ledger.redemptions(order="o1")
    assert [(one.row.attempt, one.row.status) for one in found] == [(1, "cancelled"), (2, "held")]
    assert [one.number for one in found] == [1, 2]


async def test_an_order_is_met_under_each_of_its_ids(ledger: AnyLedger) -> None:
    await ledger.commit(push(accepted()))
    seen: list[RedemptionState] = []

    def looking(state: RedemptionState) -> RedemptionOutcome:
        seen.append(state)
        return RedemptionOutcome(status=200, body=b"")

    await write(ledger, structs.replace(held_by("cart-1", T0 + 5), alias="9001"), "cart-1")
    assert await ledger.order_ids(["9001"]) >= {"9001", "cart-1"}
    for order, also in (("9001", ()), ("cart-1", ()), ("A-7", ("9001",))):
        await run_redemption(ledger, looking, order=order, also=also)
        assert seen[-1].orders >= {"9001", "cart-1", order}
        assert [row.order for row in seen[-1].redemptions] == ["cart-1"]
        assert seen[-1].offers.keys() == {"of_1"}
    await run_redemption(ledger, looking, order="A-7")
    assert (seen[-1].orders, seen[-1].redemptions) == (frozenset({"A-7"}), ())
    refund = RefundRow("f1", "cart-1", T0, b"q", b"a")
    given = RedemptionOutcome(status=200, body=b"", refund=refund)
    await run_redemption(ledger, lambda _: given, order="cart-1", refund="f1")
    await run_redemption(ledger, looking, order="9001", refund="f1")
    assert present(seen[-1].refund).answer == b"a"


async def test_orders_that_are_not_paid_are_found_under_each_of_their_ids(
    ledger: AnyLedger,
) -> None:
    assert await ledger.unpaid_orders(["cart-1", "9001"]) == set()
    await ledger.commit(push(accepted()))
    await write(ledger, structs.replace(held_by("cart-1", T0 + 5), alias="9001"), "cart-1")
    assert await ledger.unpaid_orders(["cart-1", "9001", "A-7"]) == {"cart-1", "9001"}
    await write(ledger, held_by("cart-1", T0 + 5, "lapsed"), "cart-1")
    assert await ledger.unpaid_orders(["9001"]) == {"9001"}
    await write(ledger, held_by("cart-1", T0 + 5, "cancelled"), "cart-1")
    assert await ledger.unpaid_orders(["9001"]) == set()


async def test_redemptions_are_listed_by_order_offer_and_status_page_by_page(
    ledger: AnyLedger,
) -> None:
    for number in "1234":
        await ledger.commit(push(accepted(f"of_{number}", session=f"se_{number}")))
        held = held_by(f"o{number}", T0 + 5, offer=f"of_{number}")
        await write(ledger, structs.replace(held, alias=f"9{number}"), f"o{number}")
    await write(ledger, held_by("o2", T0 + 5, "refused", offer="of_2"), "o2")
    await write(ledger, held_by("o3", T0 + 5, "lapsed", offer="of_3"), "o3")

    async def listed(**filters: Any) -> list[str]:
        return [one.row.order for one in await ledger.redemptions(**filters)]

    assert await listed() == ["o1", "o3", "o4"]
    assert await listed(order="94") == ["o4"]
    assert await listed(order="A-4", also=("94",)) == ["o4"]
    assert await listed(offer="of_3") == ["o3"]
    assert await listed(statuses=("held",)) == ["o1", "o4"]
    assert await listed(statuses=("cancelled", "lapsed")) == ["o3"]
    assert await listed(offer="of_3", statuses=("held",)) == []
    first = await ledger.redemptions(limit=2)
    assert [one.row.order for one in first] == ["o1", "o3"]
    assert await listed(after=first[-1].number, limit=2) == ["o4"]
    assert (first[0].offer.id, first[0].also) == ("of_1", ("91",))


async def test_the_orders_that_have_used_an_offer_are_found(ledger: AnyLedger) -> None:
    await ledger.commit(push(accepted()))
    assert await ledger.orders_of("of_1") == []
    await run_redemption(ledger, redeem, offer="of_1", order="o1")
    assert await ledger.orders_of("of_1") == ["o1"]
    assert await ledger.orders_of("of_2") == []


async def test_steps_are_read_on_from_a_number_with_the_state_before(ledger: AnyLedger) -> None:
    assert await ledger.newest_step() == 0
    made = offer()
    await ledger.commit(push(made))
    first = await ledger.steps_after(0, 10)
    assert [(one.step.to, one.before) for one in first] == [(OfferState.PUSHED, None)]
    assert first[-1].number == await ledger.newest_step()
    await run_redemption(ledger, redeem, offer="of_1", order="o1")
    (redeemed,) = await ledger.steps_after(first[-1].number, 10)
    assert (redeemed.step.to, redeemed.before) == (OfferState.REDEEMED, OfferState.PUSHED)
    assert redeemed.offer.state is OfferState.REDEEMED
    assert redeemed.number > first[-1].number
    assert [one.number for one in await ledger.steps_after(0, 1)] == [first[0].number]
    assert await ledger.steps_after(redeemed.number, 10) == []
