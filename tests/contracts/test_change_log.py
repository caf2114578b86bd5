"""The contract of `ChangeLog`: one order of all changes, without a gap."""

import asyncio
from collections.abc import Sequence

from support.ledger_rows import T0, AnyLedger, accepted, fact, offer, present, push, redeem
from tactful.runtime.ports.ledger_rows import RULEBOOK, Change, Commit

SKU = ("sku", "RUN-42")


async def test_an_empty_ledger_has_no_changes(ledger: AnyLedger) -> None:
    assert await ledger.position() == 0
    assert await ledger.changes(0) == []


async def test_every_kind_of_change_gets_the_next_position(ledger: AnyLedger) -> None:
    await ledger.record_facts([fact(version=1, at=T0)])
    await ledger.store_rulebook("v1", b"[]", T0 + 1)
    await ledger.set_rule_state("r1", "paused")
    await ledger.record_heartbeat("erp", T0 + 2)
    await ledger.commit(push(accepted()))
    await ledger.commit(Commit(session="se_1", state=b"", resume=b"r"))
    await ledger.claim_session(b"r")
    await ledger.run_redemption(redeem, offers=("of_1",), order="o1")
    await ledger.erase_customer("c1", "erased-1", T0 + 4)
    tombstone = present(await ledger.tombstone("customer", "c1"))
    assert await ledger.changes(0) == [
        Change(1, T0, "fact", (SKU,), fact(version=1).body),
        Change(2, T0 + 1, "rulebook", (RULEBOOK,), b"v1"),
        Change(3, T0 + 1, "rule_state", (("rule", "r1"),), b"paused"),
        Change(4, T0 + 2, "heartbeat", (("feed", "erp"),)),
        Change(5, T0 + 2, "session_claimed", (("session", "se_1"),), b"2"),
        Change(6, T0 + 2, "redemption", (("offer", "of_1"), ("order", "o1"))),
        Change(7, T0 + 4, "customer_erased", (("customer", tombstone.digest),), b"erased-1"),
    ]
    assert await ledger.position() == 7


async def test_what_changes_nothing_is_not_logged(ledger: AnyLedger) -> None:
    await ledger.record_facts([fact(version=2)])
    await ledger.record_facts([fact(version=2), fact(version=1)])
    await ledger.record_heartbeat("erp", T0)
    await ledger.record_heartbeat("erp", T0 - 1)
    await ledger.claim_session(b"unknown")
    assert await ledger.position() == 2


async def test_the_number_of_a_fact_is_its_position(ledger: AnyLedger) -> None:
    await ledger.record_heartbeat("erp", T0)
    await ledger.record_facts([fact(version=1)])
    await ledger.set_rule_state("r1", "running")
    await ledger.record_facts([fact(version=2)])
    versions = await ledger.fact_versions("stock", "RUN-42|DE|")
    assert [one.number for one in versions] == [2, 4]
    (then,) = await ledger.facts_about([SKU], upto=3)
    assert then.number == 2


async def test_changes_are_read_in_pages(ledger: AnyLedger) -> None:
    await ledger.record_facts([fact(version=number) for number in range(1, 8)])
    pages = [await ledger.changes(after, limit=3) for after in (0, 3, 6, 7)]
    assert [[change.position for change in page] for page in pages] == [
        [1, 2, 3],
        [4, 5, 6],
        [7],
        [],
    ]


async def test_subscribers_get_the_changes_in_order_before_the_callers_continue(
    ledger: AnyLedger,
) -> None:
    seen: list[int] = []

    def take(changes: Sequence[Change]) -> None:
        seen.extend(change.position for change in changes)

    end = ledger.subscribe(take)

    async def write(number: int) -> None:
        await ledger.record_facts([fact(key=f"k{number}", version=1), fact(key=f"l{number}")])
        (one,) = await ledger.fact_versions("stock", f"k{number}")
        assert one.number in seen

    await asyncio.gather(*(write(number) for number in range(50)))
    assert seen == list(range(1, 101))
    end()
    await ledger.record_heartbeat("erp", T0)
    assert len(seen) == 100


async def test_a_trimmed_log_shows_the_gap_and_positions_continue(ledger: AnyLedger) -> None:
    await ledger.record_facts([fact(version=number) for number in range(1, 6)])
    assert await ledger.trim_changes(3) == 3
    assert [change.position for change in await ledger.changes(1)] == [4, 5]
    assert await ledger.trim_changes(9) == 1
    await ledger.record_facts([fact(version=6)])
    assert [change.position for change in await ledger.changes(0)] == [5, 6]


async def test_an_erased_customer_leaves_no_id_in_the_log(ledger: AnyLedger) -> None:
    about = (("customer", "c1"), ("order", "o1"))
    await ledger.record_facts([
        fact("order", "o1", 1, subjects=about, customer="c1"),
        fact("case", "k1", 1, subjects=(("customer", "c1"), ("customer", "c2")), customer="c1"),
    ])  # fmt: skip
    await ledger.commit(push(offer(session="se_1", customer="c1", state=accepted().state)))
    await ledger.run_redemption(redeem, offers=("of_1",), order="o1")
    await ledger.erase_customer("c1", "erased-1", T0)
    logged = await ledger.changes(0)
    assert not any(ident == "c1" for change in logged for _, ident in change.subjects)
    assert not any(ident == "o1" for change in logged for _, ident in change.subjects)
    assert not any(b'"c1"' in change.body for change in logged)
    assert logged[0].body == b""
