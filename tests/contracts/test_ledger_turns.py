"""Every ledger writes a turn or a judgement whole, within every budget, or not at all."""

import asyncio

from msgspec import structs

from support.ledger_rows import T0, accepted, entry, leave, offer, push, redeem, release, step
from tactful.core.offers.budget import COUNT
from tactful.core.offers.offer import OfferState
from tactful.core.redemption.redemption_rows import (
    BudgetRow,
    RedemptionOutcome,
    RedemptionState,
    RefundRow,
)
from tactful.runtime.ports.ledger_rows import Commit, CommitRefusal


async def test_a_commit_keeps_session_offer_step_balance_contact_and_entry(ledger):
    made = offer()
    turn = structs.replace(
        push(made),
        state=b"{}",
        resume=b"digest",
        customer="c1",
        wake_at=T0 + 5,
        seen_at=T0,
        contacts={"c1": b"[]"},
        entry=entry(customer="c1"),
    )
    assert await ledger.commit(turn) is None
    saved = await ledger.session("se_1")
    assert saved == await ledger.session_by_resume(b"digest")
    assert (saved.customer, saved.state, saved.wake_at, saved.seen_at) == ("c1", b"{}", T0 + 5, T0)
    assert await ledger.offer("of_1") == made
    assert await ledger.standing_offers() == [made]
    assert [row.step for row in await ledger.offer_steps(session="se_1")] == [step(made)]
    assert await ledger.balances() == [BudgetRow("spring", "total", "EUR", 50_000, 1935, 0)]
    assert await ledger.contact("c1") == b"[]"
    assert await ledger.turn_entries() == [entry(customer="c1")]
    assert await ledger.latest_session_of("c1") == "se_1"


async def test_a_reservation_beyond_the_limit_refuses_the_whole_commit(ledger):
    for number in range(5):
        made = offer(f"of_{number}", session=f"se_{number}")
        assert await ledger.commit(push(made, limit=10_000)) is None
    sixth = structs.replace(push(offer("of_6"), limit=10_000), state=b"{}", entry=entry())
    assert await ledger.commit(sixth) == CommitRefusal("budget.spend", "spring", "EUR")
    assert await ledger.offer("of_6") is None
    assert await ledger.session("se_1") is None
    assert await ledger.turn_entries() == []
    assert [row.reserved for row in await ledger.balances()] == [9675]
    assert await ledger.reconcile() == []


async def test_two_hundred_at_once_share_a_budget_of_five(ledger):
    turns = [push(offer(f"of_{n}", session=f"se_{n}"), limit=10_000) for n in range(200)]
    answers = await asyncio.gather(*(ledger.commit(turn) for turn in turns))
    assert sum(answer is None for answer in answers) == 5
    assert len(await ledger.standing_offers()) == 5
    assert await ledger.reconcile() == []


async def test_a_count_is_limited_like_money(ledger):
    assert await ledger.commit(push(offer("of_1"), count=1)) is None
    refused = await ledger.commit(push(offer("of_2"), count=1))
    assert refused == CommitRefusal("budget.count", "spring", COUNT)
    assert {row.currency: row.reserved for row in await ledger.balances()} == {"EUR": 1935, "#": 1}


async def test_a_replacement_moves_its_hold_within_one_commit(ledger):
    old, new = offer("of_1"), offer("of_2", hold=1900)
    assert await ledger.commit(push(old, limit=2_000)) is None
    swap = Commit(
        session="se_1",
        offers=(structs.replace(old, state=OfferState.SUPERSEDED), new),
        moves=(release(old, 2_000), *push(new, limit=2_000).moves),
    )
    assert await ledger.commit(swap) is None
    assert [row.reserved for row in await ledger.balances()] == [1900]
    assert await ledger.standing_offers() == [new]


async def test_a_limit_that_was_lowered_refuses_new_holds_and_lets_old_ones_go(ledger):
    made = offer()
    await ledger.commit(push(made, limit=10_000))
    assert await ledger.commit(push(offer("of_2"), limit=1_000)) is not None
    ended = structs.replace(made, state=OfferState.EXPIRED)
    assert await ledger.commit(Commit(offers=(ended,), moves=(release(made, 1_000),))) is None
    assert [row.reserved for row in await ledger.balances()] == [0]
    assert await ledger.commit(push(offer("of_3"), limit=2_000)) is None
    assert [(row.limit, row.reserved) for row in await ledger.balances()] == [(2_000, 1935)]


async def test_an_offer_without_a_limit_is_never_refused(ledger):
    assert await ledger.commit(push(offer(hold=2**40), limit=None)) is None
    assert [row.limit for row in await ledger.balances()] == [None]


async def test_what_was_held_is_kept_once_it_is_let_go(ledger):
    with ledger.deferred_writes(), ledger.deferred_writes():
        ledger.record(Commit(session="se_1", state=b"1", seen_at=T0))
    await ledger.flush()
    assert (await ledger.session("se_1")).state == b"1"


async def test_records_of_one_batch_give_back_to_one_balance(ledger):
    made = [offer(f"of_{number}", session=f"se_{number}") for number in range(9)]
    for one in made:
        await ledger.commit(push(one, limit=None))
    await ledger.run_redemption(redeem, offer="of_1", order="o1")
    for one in made[:6]:
        ended = structs.replace(one, state=OfferState.WITHDRAWN)
        moves = (release(one, None),)
        ledger.record(
            Commit(session=one.session, offers=(ended,), steps=(step(ended),), moves=moves)
        )
        ledger.record(
            Commit(session=one.session, offers=(ended,), steps=(step(ended),), moves=moves)
        )
    await ledger.flush()
    assert {one.id for one in await ledger.standing_offers()} == {"of_6", "of_7", "of_8"}
    assert (await ledger.offer("of_1")).state is OfferState.REDEEMED
    assert await ledger.reconcile() == []
    steps = [row.step for row in await ledger.offer_steps(offer="of_2")]
    assert [one.to for one in steps].count(OfferState.WITHDRAWN) == 1


async def test_a_record_is_durable_after_a_flush_and_in_order(ledger):
    for number in range(300):
        ledger.record(
            Commit(session="se_1", state=b"%d" % number, seen_at=T0, entry=entry(at=T0 + number))
        )
    await ledger.flush()
    saved = await ledger.session("se_1")
    assert saved.state == b"299"
    assert [found.at for found in await ledger.turn_entries()] == [T0 + n for n in range(300)]


async def test_a_later_write_of_a_session_never_is_overtaken_by_a_record(ledger):
    ledger.record(Commit(session="se_1", state=b"1"))
    await ledger.commit(Commit(session="se_1", state=b"2", resume=b"r"))
    ledger.record(Commit(session="se_1", state=b"3"))
    saved = await ledger.session("se_1")
    assert (saved.state, saved.resume) == (b"3", b"r")


async def test_a_recorded_exit_releases_its_hold(ledger):
    made = offer()
    await ledger.commit(push(made))
    ledger.record(leave(made, OfferState.EXPIRED))
    await ledger.flush()
    assert [row.reserved for row in await ledger.balances()] == [0]
    assert await ledger.standing_offers() == []
    assert await ledger.reconcile() == []


async def test_an_unchanged_session_keeps_its_state_and_secret(ledger):
    await ledger.commit(Commit(session="se_1", state=b"1", resume=b"r", seen_at=T0))
    await ledger.commit(Commit(session="se_1", entry=entry()))
    await ledger.commit(Commit(session="se_1", state=b"2", seen_at=T0 + 1))
    saved = await ledger.session("se_1")
    assert (saved.state, saved.resume, saved.seen_at) == (b"2", b"r", T0 + 1)


async def test_a_judgement_sees_the_desk_and_its_ruling_is_written_whole(ledger):
    made = accepted()
    await ledger.commit(push(made))
    seen: list[RedemptionState] = []

    def watching(desk: RedemptionState) -> RedemptionOutcome:
        seen.append(desk)
        return redeem(desk)

    assert (await ledger.run_redemption(watching, offer="of_1", order="o1")).body == b"won"
    assert seen[-1].offers == {"of_1": made}
    assert seen[-1].seqs == {"se_1": made.seq}
    assert seen[-1].balances["spring", "total", "EUR"].reserved == 1935
    assert [(row.reserved, row.settled) for row in await ledger.balances()] == [(0, 1935)]
    assert await ledger.reconcile() == []

    def looking(desk: RedemptionState) -> RedemptionOutcome:
        seen.append(desk)
        return RedemptionOutcome(status=200, body=b"", refund=RefundRow("f1", "o1", T0, b"q", b"a"))

    await ledger.run_redemption(looking, order="o1", refund="f1")
    assert [row.order for row in seen[-1].redemptions] == ["o1"]
    assert seen[-1].offers["of_1"].state is OfferState.REDEEMED
    await ledger.run_redemption(
        lambda desk: seen.append(desk) or RedemptionOutcome(status=200, body=b""),
        order="o1",
        refund="f1",
    )
    assert seen[-1].refund.answer == b"a"


async def test_a_turn_never_overwrites_what_a_redemption_ended(ledger):
    made = accepted()
    await ledger.commit(push(made))
    await ledger.run_redemption(redeem, offer="of_1", order="o1")
    late = leave(made, OfferState.EXPIRED)
    assert await ledger.commit(late) == CommitRefusal("offer.ended", offer="of_1")
    ledger.record(structs.replace(late, entry=entry()))
    await ledger.flush()
    assert (await ledger.offer("of_1")).state is OfferState.REDEEMED
    assert [(row.reserved, row.settled) for row in await ledger.balances()] == [(0, 1935)]
    assert [row.step.to for row in await ledger.offer_steps(offer="of_1")] == [
        "redeemed",
        "accepted",
    ]
    assert len(await ledger.turn_entries()) == 1
    assert await ledger.reconcile() == []


async def test_a_judgement_that_fails_writes_nothing_and_harms_nobody_beside_it(ledger):
    def broken(desk: RedemptionState) -> RedemptionOutcome:
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
