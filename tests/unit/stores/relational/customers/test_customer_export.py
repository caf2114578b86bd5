"""An export is read in pages beside the writer, and works while the ledger cannot be written."""

from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from msgspec import structs

from support.ledger_rows import T0, accepted, entry, exported, fact, push
from tactful.runtime.ports.ledger_rows import Commit, ContactWrite
from tactful.stores.relational.customers import customer_export
from tactful.stores.relational.customers.customer_export import PAGE_ROWS, ROWS_AT_ONCE
from tactful.stores.shared.erasures import erasure_digest
from tactful.stores.sqlite.ledger import SqliteLedger


async def test_an_export_of_several_pages_holds_each_row_once_and_nobody_elses(
    tmp_path: Path,
) -> None:
    ledger = SqliteLedger(tmp_path / "tactful.db")
    await ledger.open()
    count = 2 * PAGE_ROWS + 7
    for customer in ("c1", "c2"):
        for number in range(count):
            session = f"se_{customer}_{number}"
            one = accepted(f"of_{customer}_{number}", session=session, customer=customer)
            turn = push(one, limit=None)
            state = b'{"id": "%s"}' % session.encode()
            await ledger.commit(
                structs.replace(turn, state=state, customer=customer, session=session,
                                entry=entry(session, T0 + number, customer=customer))
            )  # fmt: skip
    found = await exported(ledger, "c1")
    names = {f"of_c1_{number}" for number in range(count)}
    assert len(found["offers"]) == len(found["sessions"]) == len(found["decisions"]) == count
    assert {offer["id"] for offer in found["offers"]} == names
    assert {one["session"] for one in found["decisions"]} == {
        one["id"] for one in found["sessions"]
    }
    await ledger.close()


async def test_an_export_lets_promises_pass_after_few_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = SqliteLedger(tmp_path / "tactful.db")
    await ledger.open()
    for number in range(2 * PAGE_ROWS):
        await ledger.commit(push(accepted(f"of_{number}", customer="c1"), limit=None))
    yielded: Counter[str] = Counter()
    offers_before: list[int] = []

    async def wait_for_promises() -> None:
        offers_before.append(yielded["offers"])

    monkeypatch.setattr(ledger, "wait_for_promises", wait_for_promises)
    async for part, _ in ledger.export_customer("c1"):
        yielded[part] += 1
    assert {0, PAGE_ROWS, 2 * PAGE_ROWS} <= {*offers_before}
    gaps = [after - before for before, after in pairwise(offers_before)]
    assert 0 < max(gaps) <= ROWS_AT_ONCE
    await ledger.close()


async def test_an_export_digests_the_ids_of_many_orders_in_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = SqliteLedger(tmp_path / "tactful.db")
    await ledger.open()
    orders = [
        fact("order", f"o{number}", subjects=(("customer", "c1"), ("order", f"o{number}")))
        for number in range(10)
    ]
    await ledger.record_facts(orders)
    digested: list[str] = []
    digested_before: list[int] = []

    def counted(secret: bytes, kind: str, ident: str) -> str:
        digested.append(ident)
        return erasure_digest(secret, kind, ident)

    async def wait_for_promises() -> None:
        digested_before.append(len(digested))

    monkeypatch.setattr(customer_export, "erasure_digest", counted)
    monkeypatch.setattr(customer_export, "DIGESTS_AT_ONCE", 3)
    monkeypatch.setattr(ledger, "wait_for_promises", wait_for_promises)
    await exported(ledger, "c1")
    assert {f"o{number}" for number in range(10)} <= {*digested}
    gaps = [after - before for before, after in pairwise([*digested_before, len(digested)])]
    assert max(gaps) == 3
    await ledger.close()


async def test_an_export_passes_no_transaction_of_the_writer(tmp_path: Path) -> None:
    points: list[str] = []
    ledger = SqliteLedger(tmp_path / "tactful.db", failpoint=points.append)
    await ledger.open()
    await ledger.commit(Commit(contacts={"c1": ContactWrite(None, b"{}")}))
    points.clear()
    assert (await exported(ledger, "c1"))["contact"] == [{}]
    assert points == []
    await ledger.close()
