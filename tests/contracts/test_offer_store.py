"""The contract of `OfferStore`: offers, their steps and their redemptions."""

import asyncio

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
    RedemptionState,
    RefundRow,
)
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
        ledger.run_redemption(broken, offer="of_1", order="o1"),
        ledger.commit(push(offer("of_2"))),
        return_exceptions=True,
    )
    assert [type(answer) for answer in answers] == [type(None), ZeroDivisionError, type(None)]
    assert len(await ledger.standing_offers()) == 2
    assert ledger.failure is None


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


async def test_the_orders_that_have_used_an_offer_are_found(ledger: AnyLedger) -> None:
    await ledger.commit(push(accepted()))
    assert await ledger.orders_of("of_1") == []
    await run_redemption(ledger, redeem, offer="of_1", order="o1")
    assert await ledger.orders_of("of_1") == ["o1"]
    assert await ledger.orders_of("of_2") == []
