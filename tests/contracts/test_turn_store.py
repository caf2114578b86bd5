"""The contract of `TurnStore`: a turn is written whole, within every budget, or not at all."""

import asyncio

import pytest
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
    release,
    step,
)
from tactful.core.offers.budget import COUNT
from tactful.core.offers.offer import OfferState
from tactful.core.redemption.redemption_rows import (
    BudgetRow,
)
from tactful.runtime.ports.ledger_rows import (
    Commit,
    CommitRefusal,
    ContactWrite,
    SavedContact,
)
from tactful.stores.relational.writer import under_way


async def test_a_commit_stores_session_offer_step_balance_contact_and_entry(
    ledger: AnyLedger,
) -> None:
    made = offer()
    turn = structs.replace(
        push(made),
        state=b"{}",
        resume=b"digest",
        customer="c1",
        wake_at=T0 + 5,
        seen_at=T0,
        contacts={"c1": ContactWrite(0, b"[]")},
        entry=entry(customer="c1"),
    )
    assert await ledger.commit(turn) is None
    saved = present(await ledger.session("se_1"))
    assert saved == await ledger.session_by_resume(b"digest")
    assert (saved.customer, saved.state, saved.wake_at, saved.seen_at) == ("c1", b"{}", T0 + 5, T0)
    assert await ledger.offer("of_1") == made
    assert await ledger.standing_offers() == [made]
    assert [row.step for row in await ledger.offer_steps(session="se_1")] == [step(made)]
    assert await ledger.balances() == [BudgetRow("spring", "total", "EUR", 50_000, 1935, 0)]
    assert await ledger.contact("c1") == SavedContact(1, b"[]")
    assert await ledger.turn_entries() == [entry(customer="c1")]
    assert await ledger.latest_session_of("c1") == "se_1"


async def test_a_reservation_beyond_the_limit_refuses_the_whole_commit(ledger: AnyLedger) -> None:
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


async def test_two_hundred_concurrent_commits_share_a_budget_of_five(ledger: AnyLedger) -> None:
    turns = [push(offer(f"of_{n}", session=f"se_{n}"), limit=10_000) for n in range(200)]
    answers = await asyncio.gather(*(ledger.commit(turn) for turn in turns))
    assert sum(answer is None for answer in answers) == 5
    assert len(await ledger.standing_offers()) == 5
    assert await ledger.reconcile() == []


async def test_a_count_is_limited_like_money(ledger: AnyLedger) -> None:
    assert await ledger.commit(push(offer("of_1"), count=1)) is None
    refused = await ledger.commit(push(offer("of_2"), count=1))
    assert refused == CommitRefusal("budget.count", "spring", COUNT)
    assert {row.currency: row.reserved for row in await ledger.balances()} == {"EUR": 1935, "#": 1}


async def test_a_replacement_moves_its_hold_within_one_commit(ledger: AnyLedger) -> None:
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


async def test_a_lowered_limit_refuses_new_holds_and_releases_old_ones(ledger: AnyLedger) -> None:
    made = offer()
    await ledger.commit(push(made, limit=10_000))
    assert await ledger.commit(push(offer("of_2"), limit=1_000)) is not None
    ended = structs.replace(made, state=OfferState.EXPIRED)
    assert await ledger.commit(Commit(offers=(ended,), moves=(release(made, 1_000),))) is None
    assert [row.reserved for row in await ledger.balances()] == [0]
    assert await ledger.commit(push(offer("of_3"), limit=2_000)) is None
    assert [(row.limit, row.reserved) for row in await ledger.balances()] == [(2_000, 1935)]


async def test_an_offer_without_a_limit_is_never_refused(ledger: AnyLedger) -> None:
    assert await ledger.commit(push(offer(hold=2**40), limit=None)) is None
    assert [row.limit for row in await ledger.balances()] == [None]


async def test_deferred_records_are_written_when_the_block_ends(ledger: AnyLedger) -> None:
    with ledger.deferred_writes(), ledger.deferred_writes():
        ledger.record(Commit(session="se_1", state=b"1", seen_at=T0))
    await ledger.flush()
    assert present(await ledger.session("se_1")).state == b"1"


async def test_large_work_continues_once_the_promises_before_it_are_answered(
    ledger: AnyLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(under_way, "LONGEST_WAIT_S", 60)  # however busy the machine is
    promises = [
        asyncio.ensure_future(ledger.commit(push(accepted(f"of_{number}"), limit=None)))
        for number in range(3)
    ]
    await asyncio.sleep(0)
    await ledger.wait_for_promises()
    assert all(promise.done() for promise in promises)


async def test_large_work_lets_other_tasks_run_where_no_promise_waits(ledger: AnyLedger) -> None:
    ran: list[str] = []
    asyncio.get_running_loop().call_soon(ran.append, "another task")
    await ledger.wait_for_promises()
    assert ran == ["another task"]


async def test_records_of_one_batch_release_into_one_balance(ledger: AnyLedger) -> None:
    made = [offer(f"of_{number}", session=f"se_{number}") for number in range(9)]
    for one in made:
        await ledger.commit(push(one, limit=None))
    await ledger.run_redemption(redeem, offers=("of_1",), order="o1")
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
    assert present(await ledger.offer("of_1")).state is OfferState.REDEEMED
    assert await ledger.reconcile() == []
    steps = [row.step for row in await ledger.offer_steps(offer="of_2")]
    assert [one.to for one in steps].count(OfferState.WITHDRAWN) == 1


async def test_a_record_is_durable_after_a_flush_and_in_order(ledger: AnyLedger) -> None:
    for number in range(300):
        ledger.record(
            Commit(session="se_1", state=b"%d" % number, seen_at=T0, entry=entry(at=T0 + number))
        )
    await ledger.flush()
    saved = present(await ledger.session("se_1"))
    assert saved.state == b"299"
    assert [found.at for found in await ledger.turn_entries()] == [T0 + n for n in range(300)]


async def test_a_record_never_overtakes_a_later_write_of_its_session(ledger: AnyLedger) -> None:
    ledger.record(Commit(session="se_1", state=b"1"))
    await ledger.commit(Commit(session="se_1", state=b"2", resume=b"r"))
    ledger.record(Commit(session="se_1", state=b"3"))
    saved = present(await ledger.session("se_1"))
    assert (saved.state, saved.resume) == (b"3", b"r")


async def test_a_recorded_end_of_an_offer_releases_its_hold(ledger: AnyLedger) -> None:
    made = offer()
    await ledger.commit(push(made))
    ledger.record(leave(made, OfferState.EXPIRED))
    await ledger.flush()
    assert [row.reserved for row in await ledger.balances()] == [0]
    assert await ledger.standing_offers() == []
    assert await ledger.reconcile() == []


async def test_a_turn_never_overwrites_an_offer_that_a_redemption_ended(ledger: AnyLedger) -> None:
    made = accepted()
    await ledger.commit(push(made))
    await ledger.run_redemption(redeem, offers=("of_1",), order="o1")
    late = leave(made, OfferState.EXPIRED)
    assert await ledger.commit(late) == CommitRefusal("offer.ended", offer="of_1")
    ledger.record(structs.replace(late, entry=entry()))
    await ledger.flush()
    assert present(await ledger.offer("of_1")).state is OfferState.REDEEMED
    assert [(row.reserved, row.settled) for row in await ledger.balances()] == [(0, 1935)]
    assert [row.step.to for row in await ledger.offer_steps(offer="of_1")] == [
        "redeemed",
        "accepted",
    ]
    assert len(await ledger.turn_entries()) == 1
    assert await ledger.reconcile() == []


async def test_entries_are_returned_by_session_and_half_open_window(ledger: AnyLedger) -> None:
    for number in range(4):
        await ledger.commit(Commit(entry=entry(f"se_{number % 2}", T0 + number)))
    found = await ledger.turn_entries(session="se_1", since=T0, until=T0 + 3)
    assert [one.at for one in found] == [T0 + 1]
    assert [one.at for one in await ledger.turn_entries(since=T0 + 1, limit=2)] == [T0 + 1, T0 + 2]
