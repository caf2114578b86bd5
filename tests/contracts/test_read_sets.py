"""A commit or redemption is refused by name when what its decision read has changed."""

from typing import Any

import pytest
from msgspec import structs

from support.ledger_rows import T0, AnyLedger, accepted, entry, fact, leave, offer, push, redeem
from tactful.core.offers.offer import OfferState
from tactful.core.redemption.redemption_rows import RedemptionOutcome, RedemptionState
from tactful.core.session.contact_history import NO_CONTACT
from tactful.runtime.ports.ledger_rows import (
    RULEBOOK,
    Commit,
    CommitRefusal,
    ContactWrite,
    ReadSet,
    SavedContact,
    StockNeed,
    Subject,
)
from tactful.runtime.turn_log.log_encoding import encode
from tactful.stores.shared import recent_heads

SKU: Subject = ("sku", "RUN-42")
CUSTOMER: Subject = ("customer", "c1")
RULE: Subject = ("rule", "r1")
READ = (SKU, CUSTOMER, RULEBOOK, RULE)


def promise(position: int, *subjects: Subject, **changes: Any) -> Commit:
    """A push that rests on a read set."""
    return structs.replace(push(offer()), reads=ReadSet(position, subjects or READ), **changes)


async def change(ledger: AnyLedger, what: str) -> None:
    match what:
        case "stock":
            await ledger.record_facts([fact(version=1)])
        case "order":
            await ledger.record_facts([fact("order", "o1", 1, subjects=(CUSTOMER,))])
        case "rulebook":
            await ledger.store_rulebook("v1", b"[]", T0)
        case "pause":
            await ledger.set_rule_state("r1", "paused")
        case _:
            await ledger.record_facts([fact(key="x", version=1, subjects=(("sku", "x"),))])
            await ledger.set_rule_state("r2", "paused")
            await ledger.record_heartbeat("erp", T0)


@pytest.mark.parametrize(
    ("what", "refusal"),
    [
        ("stock", CommitRefusal("facts.newer", subject=SKU)),
        ("order", CommitRefusal("facts.newer", subject=CUSTOMER)),
        ("rulebook", CommitRefusal("settings.newer", subject=RULEBOOK)),
        ("pause", CommitRefusal("settings.newer", subject=RULE)),
        ("other", None),
    ],
)
async def test_a_promise_is_refused_if_a_subject_that_was_read_has_changed(
    ledger: AnyLedger, what: str, refusal: CommitRefusal | None
) -> None:
    before = await ledger.position()
    await change(ledger, what)
    turn = promise(before, state=b"{}", entry=entry())
    assert await ledger.commit(turn) == refusal
    assert (await ledger.offer("of_1") is None) == (refusal is not None)
    assert (await ledger.session("se_1") is None) == (refusal is not None)


async def test_a_promise_on_the_newest_position_is_written(ledger: AnyLedger) -> None:
    await change(ledger, "stock")
    assert await ledger.commit(promise(await ledger.position())) is None


async def test_a_commit_without_a_read_set_is_not_checked(ledger: AnyLedger) -> None:
    await change(ledger, "stock")
    assert await ledger.commit(push(offer())) is None


async def test_a_fact_that_leaves_a_subject_refuses_promises_on_that_subject(
    ledger: AnyLedger,
) -> None:
    await ledger.record_facts([fact("case", "k1", 1, subjects=(("case", "k1"), CUSTOMER))])
    before = await ledger.position()
    await ledger.record_facts([fact("case", "k1", 2, subjects=(("case", "k1"),))])
    refused = await ledger.commit(promise(before))
    assert refused == CommitRefusal("facts.newer", subject=CUSTOMER)


async def test_a_read_set_older_than_what_is_known_counts_as_stale(
    ledger: AnyLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recent_heads, "WINDOW", 5)
    await change(ledger, "other")
    for version in range(30):
        await ledger.record_facts([fact(key="x", version=version + 2, subjects=(("sku", "x"),))])
    assert await ledger.commit(promise(0)) == CommitRefusal("facts.newer")
    assert await ledger.commit(promise(await ledger.position() - 3)) is None


async def test_an_erasure_refuses_promises_on_the_customer(ledger: AnyLedger) -> None:
    before = await ledger.position()
    await ledger.erase_customer("c1", "erased-1", T0)
    refused = await ledger.commit(promise(before))
    assert refused == CommitRefusal("facts.newer", subject=CUSTOMER)


async def test_a_redemption_on_a_stale_read_set_runs_nothing(ledger: AnyLedger) -> None:
    await ledger.commit(push(accepted()))
    await change(ledger, "stock")

    def never(_: RedemptionState) -> RedemptionOutcome:
        raise AssertionError

    reads = ReadSet(0, (SKU, ("offer", "of_1"), ("order", "o1")))
    refused = await ledger.run_redemption(never, offers=("of_1",), order="o1", reads=reads)
    assert refused == CommitRefusal("facts.newer", subject=SKU)
    now = ReadSet(await ledger.position(), reads.subjects)
    done = await ledger.run_redemption(redeem, offers=("of_1",), order="o1", reads=now)
    assert isinstance(done, RedemptionOutcome)
    again = await ledger.run_redemption(never, offers=("of_1",), order="o1", reads=now)
    assert again == CommitRefusal("facts.newer", subject=("offer", "of_1"))


# contact histories


async def test_a_contact_history_is_refused_if_it_was_written_meanwhile(ledger: AnyLedger) -> None:
    first = Commit(contacts={"c1": ContactWrite(0, b"1")})
    assert await ledger.commit(first) is None
    assert await ledger.commit(first) == CommitRefusal("contact.newer", subject=CUSTOMER)
    assert await ledger.commit(Commit(contacts={"c1": ContactWrite(1, b"2")})) is None
    assert await ledger.contact("c1") == SavedContact(2, b"2")


async def test_a_recorded_history_is_united_with_what_was_written_meanwhile(
    ledger: AnyLedger,
) -> None:
    pushed = NO_CONTACT.with_approach("of_1", "r1", "se_1", T0)
    dismissed = NO_CONTACT.with_cooldown("rule", "r1", T0 + 9)
    await ledger.commit(Commit(contacts={"c1": ContactWrite(0, encode(pushed))}))
    ledger.record(Commit(contacts={"c1": ContactWrite(0, encode(dismissed))}))
    await ledger.flush()
    united = pushed.with_cooldown("rule", "r1", T0 + 9)
    assert await ledger.contact("c1") == SavedContact(2, encode(united))


async def test_records_made_from_one_another_follow_one_another(ledger: AnyLedger) -> None:
    for revision in range(5):
        ledger.record(Commit(contacts={"c1": ContactWrite(revision, b"%d" % revision)}))
    await ledger.flush()
    assert await ledger.contact("c1") == SavedContact(5, b"4")


# stock


async def test_offers_beyond_the_available_stock_are_refused(ledger: AnyLedger) -> None:
    need = (StockNeed("RUN-42", "DE", 3),)
    two = structs.replace(push(offer("of_1", max_qty=2)), stock=need)
    assert await ledger.commit(two) is None
    other = structs.replace(push(offer("of_2", session="se_2", max_qty=2)), stock=need)
    refused = CommitRefusal("stock.committed", sku="RUN-42", territory="DE")
    assert await ledger.commit(other) == refused
    assert await ledger.offer("of_2") is None
    one = structs.replace(push(offer("of_3", session="se_3")), stock=need)
    assert await ledger.commit(one) is None
    assert await ledger.stock_commitments(["RUN-42"]) == {("RUN-42", "DE"): 3}
    assert await ledger.reconcile() == []


async def test_stock_that_is_not_counted_refuses_nothing(ledger: AnyLedger) -> None:
    need = (StockNeed("RUN-42", "DE", None),)
    assert await ledger.commit(structs.replace(push(offer(max_qty=99)), stock=need)) is None


async def test_a_commit_that_promises_no_more_is_written_beyond_the_stock_too(
    ledger: AnyLedger,
) -> None:
    await ledger.commit(push(offer(max_qty=5)))
    fewer = structs.replace(push(accepted(max_qty=5, qty=4)), moves=())
    fewer = structs.replace(fewer, stock=(StockNeed("RUN-42", "DE", 0),))
    assert await ledger.commit(fewer) is None
    assert await ledger.stock_commitments(["RUN-42"]) == {("RUN-42", "DE"): 4}


@pytest.mark.parametrize("state", [OfferState.EXPIRED, OfferState.WITHDRAWN, OfferState.DECLINED])
async def test_an_end_releases_the_units_once(ledger: AnyLedger, state: OfferState) -> None:
    await ledger.commit(push(offer(max_qty=2)))
    late = leave(offer(max_qty=2), state)
    ledger.record(late)
    ledger.record(late)
    await ledger.flush()
    assert await ledger.stock_commitments(["RUN-42"]) == {}
    assert await ledger.reconcile() == []


# epochs


async def test_the_earlier_owner_of_a_claimed_session_writes_nothing_of_it(
    ledger: AnyLedger,
) -> None:
    first = structs.replace(push(offer()), state=b"1", resume=b"r", epoch=1, taken=b"n1")
    assert await ledger.commit(first) is None
    claimed = await ledger.claim_session(b"r")
    assert claimed is not None
    assert (claimed.epoch, claimed.state, claimed.taken) == (2, b"1", b"n1")
    late = Commit(session="se_1", state=b"late", epoch=1, entry=entry())
    assert await ledger.commit(late) == CommitRefusal("session.moved")
    ledger.record(structs.replace(leave(offer(), OfferState.EXPIRED), epoch=1, state=b"late"))
    ledger.record(late)
    await ledger.flush()
    assert ledger.fenced_records == 2
    assert await ledger.session("se_1") == claimed
    assert [one.id for one in await ledger.standing_offers()] == ["of_1"]
    assert await ledger.turn_entries() == []
    assert await ledger.commit(Commit(session="se_1", state=b"2", epoch=2)) is None
    assert await ledger.reconcile() == []


@pytest.mark.parametrize("how", ["forgotten", "erased"])
async def test_the_earlier_owner_of_a_deleted_session_does_not_store_it_again(
    ledger: AnyLedger, how: str
) -> None:
    first = Commit(session="se_1", customer="c1", state=b"1", resume=b"r", epoch=1)
    assert await ledger.commit(first) is None
    assert await ledger.claim_session(b"r") is not None
    if how == "forgotten":
        await ledger.forget_session("se_1")
    else:
        await ledger.erase_customer("c1", "erased-1", T0)
    late = Commit(session="se_1", state=b"late", epoch=1, entry=entry())
    assert await ledger.commit(late) == CommitRefusal("session.moved")
    ledger.record(late)
    await ledger.flush()
    assert (ledger.fenced_records, await ledger.session("se_1")) == (1, None)
    assert await ledger.turn_entries() == []
    # The owner may: its shopper goes on, without what was deleted.
    ledger.record(Commit(session="se_1", state=b"anew", resume=b"s", epoch=2))
    claimed = await ledger.claim_session(b"s")
    assert claimed is not None
    assert (claimed.state, claimed.epoch) == (b"anew", 3)


async def test_a_session_that_was_never_claimed_leaves_nothing_behind(ledger: AnyLedger) -> None:
    await ledger.commit(Commit(session="se_1", state=b"1", epoch=1))
    await ledger.forget_session("se_1")
    assert await ledger.commit(Commit(session="se_1", state=b"2", epoch=1)) is None


async def test_the_epoch_of_a_deleted_session_goes_with_the_retention(ledger: AnyLedger) -> None:
    await ledger.commit(Commit(session="se_1", state=b"1", resume=b"r", epoch=1))
    await ledger.claim_session(b"r")
    await ledger.forget_session("se_1")
    assert await ledger.prune(before=T0 + 1) == 1
    assert await ledger.commit(Commit(session="se_1", state=b"2", epoch=1)) is None


async def test_the_earlier_owner_loses_no_dismissal(ledger: AnyLedger) -> None:
    await ledger.commit(Commit(session="se_1", state=b"1", resume=b"r", epoch=1))
    await ledger.claim_session(b"r")
    write = {"c1": ContactWrite(0, b"dismissed")}
    ledger.record(Commit(session="se_1", state=b"late", epoch=1, contacts=write))
    await ledger.flush()
    assert await ledger.contact("c1") == SavedContact(1, b"dismissed")


async def test_a_claim_sees_what_its_own_process_recorded_before(ledger: AnyLedger) -> None:
    ledger.record(Commit(session="se_1", state=b"1", resume=b"r", epoch=1))
    assert (await ledger.claim_session(b"r")) is not None
    ledger.record(Commit(session="se_1", state=b"2", epoch=2, taken=b"n"))
    claimed = await ledger.claim_session(b"r")
    assert claimed is not None
    assert (claimed.epoch, claimed.state, claimed.taken) == (3, b"2", b"n")
    assert ledger.fenced_records == 0


async def test_nobody_claims_a_session_by_an_unknown_or_empty_digest(ledger: AnyLedger) -> None:
    await ledger.commit(Commit(session="se_1", state=b"1"))
    assert await ledger.claim_session(b"") is None
    assert await ledger.claim_session(b"r") is None
