"""The contract of `SessionStore`: sessions for a restart, and contact histories."""

from msgspec import structs

from support.ledger_rows import T0, AnyLedger, entry, offer, present, push
from tactful.runtime.ports.ledger_rows import Commit, CommitRefusal
from tactful.stores.postgres.ledger import PostgresLedger


async def disown(ledger: AnyLedger) -> None:
    """Have no running process own the sessions of a node, as after its restart."""
    if isinstance(ledger, PostgresLedger) and ledger.is_shared:
        sql = "UPDATE sessions SET node = 'an earlier start'"
        await ledger._open_writer.run(lambda connection: connection.execute(sql))


async def test_sessions_wake_for_a_due_timer_or_a_standing_offer(ledger: AnyLedger) -> None:
    await ledger.commit(Commit(session="se_due", state=b"", wake_at=T0 - 1))
    await ledger.commit(Commit(session="se_later", state=b"", wake_at=T0))
    await ledger.commit(Commit(session="se_idle", state=b""))
    await ledger.commit(structs.replace(push(offer(session="se_holds")), state=b""))
    await disown(ledger)
    woken = await ledger.claim_sessions_to_wake(T0)
    assert [saved.session for saved in woken] == ["se_due", "se_holds"]


async def test_sessions_that_a_restart_brings_back_are_claimed(ledger: AnyLedger) -> None:
    await ledger.commit(Commit(session="se_due", state=b"1", wake_at=T0 - 1, epoch=1))
    await ledger.commit(structs.replace(push(offer(session="se_holds")), state=b"", epoch=1))
    before = await ledger.position()
    await disown(ledger)
    woken = await ledger.claim_sessions_to_wake(T0)
    assert [(saved.session, saved.epoch) for saved in woken] == [("se_due", 2), ("se_holds", 2)]
    claims = await ledger.changes(before)
    assert [(change.kind, change.subjects, change.body) for change in claims] == [
        ("session_claimed", (("session", saved.session),), b"2") for saved in woken
    ]
    # What the process before still writes about them is refused or dropped.
    refused = await ledger.commit(Commit(session="se_due", state=b"2", epoch=1))
    assert refused == CommitRefusal("session.moved")
    ledger.record(Commit(session="se_due", state=b"3", epoch=1))
    assert present(await ledger.session("se_due")).state == b"1"
    owned = Commit(session="se_due", state=b"4", wake_at=T0 - 1, epoch=2)
    assert await ledger.commit(owned) is None
    await disown(ledger)
    assert [saved.epoch for saved in await ledger.claim_sessions_to_wake(T0)] == [3, 3]


async def test_a_forgotten_session_leaves_only_its_offers_under_another_id(
    ledger: AnyLedger,
) -> None:
    await ledger.commit(structs.replace(push(offer()), state=b"secret", resume=b"r", entry=entry()))
    await ledger.forget_session("se_1")
    assert await ledger.session("se_1") is None
    assert await ledger.session_by_resume(b"r") is None
    assert await ledger.turn_entries() == []
    assert present(await ledger.offer("of_1")).session not in {"se_1", ""}
    assert await ledger.offer_steps(session="se_1") == []
    assert len(await ledger.offer_steps(offer="of_1")) == 1
    assert await ledger.reconcile() == []


async def test_the_latest_session_of_a_customer_is_known_for_a_past_instant_too(
    ledger: AnyLedger,
) -> None:
    await ledger.commit(
        Commit(session="a", state=b"", customer="c1", seen_at=T0, entry=entry("a", customer="c1"))
    )
    later = entry("b", T0 + 10, customer="c1")
    await ledger.commit(Commit(session="b", state=b"", customer="c1", seen_at=T0 + 10, entry=later))
    assert await ledger.latest_session_of("c1") == "b"
    assert await ledger.latest_session_of("c1", T0 + 9) == "a"
    assert await ledger.latest_session_of("c1", T0 - 1) is None
    assert await ledger.latest_session_of("nobody") is None


async def test_an_unchanged_session_keeps_its_state_and_secret(ledger: AnyLedger) -> None:
    await ledger.commit(Commit(session="se_1", state=b"1", resume=b"r", seen_at=T0))
    await ledger.commit(Commit(session="se_1", entry=entry()))
    await ledger.commit(Commit(session="se_1", state=b"2", seen_at=T0 + 1))
    saved = present(await ledger.session("se_1"))
    assert (saved.state, saved.resume, saved.seen_at) == (b"2", b"r", T0 + 1)
