"""Erasure from the SQLite file, its log and every later restore."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from support.ledger_rows import T0, accepted, offer, push
from tactful.runtime.ports.ledger import LedgerError
from tactful.stores.relational.customers import customer_erasure
from tactful.stores.relational.customers.erasure_steps import Search
from tactful.stores.relational.ledger_connection import ReadConnection
from tactful.stores.shared.erasures import Erasure, append_erasure, read_erasures, read_list
from tactful.stores.sqlite import ledger as sqlite_ledger
from tactful.stores.sqlite.ledger import SqliteLedger
from tactful.stores.sqlite.writer.checkpoints import move_log


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[SqliteLedger]:
    made = SqliteLedger(tmp_path / "tactful.db")
    await made.open()
    yield made
    await made.close()


async def test_an_erasure_is_on_the_list_before_anything_is_deleted(
    ledger: SqliteLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ledger.commit(push(offer(customer="c1")))

    def failing(*_: object, **__: object) -> int:
        raise LedgerError("the disk is gone")

    monkeypatch.setattr(customer_erasure, "sessions_of", failing)
    with pytest.raises(LedgerError):
        await ledger.erase_customer("c1", "erased-1", T0)
    assert [one.alias for one in read_erasures(ledger.path).values()] == ["erased-1"]


async def test_a_search_of_an_erasure_is_no_work_of_the_writer(
    ledger: SqliteLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ledger.commit(push(offer(customer="c1")))
    written: list[object] = []
    searched: list[object] = []
    run, read_apart = ledger._open_writer.run, ledger._read_apart

    async def counted_run(work: Any, *given: Any, **named: Any) -> Any:
        written.append(work)
        return await run(work, *given, **named)

    async def counted_read(work: Any) -> Any:
        searched.append(work)
        return await read_apart(work)

    monkeypatch.setattr(ledger._open_writer, "run", counted_run)
    monkeypatch.setattr(ledger, "_read_apart", counted_read)
    await ledger.erase_customer("c1", "erased-1", T0)
    assert len(searched) == 3
    assert all(isinstance(work, Search) for work in searched)
    assert not any(isinstance(work, Search) for work in written)


async def test_an_erasure_lets_promises_pass_before_each_of_its_transactions(
    ledger: SqliteLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(60):
        await ledger.commit(push(offer(f"of_{number}", customer="c1"), limit=None))
    order: list[str] = []
    run = ledger._open_writer.run

    async def counted_run(work: Any, *given: Any, **named: Any) -> Any:
        if "weight" in named:
            order.append("step")
        return await run(work, *given, **named)

    async def wait_for_promises() -> None:
        order.append("promises")

    monkeypatch.setattr(ledger._open_writer, "run", counted_run)
    monkeypatch.setattr(ledger, "wait_for_promises", wait_for_promises)
    await ledger.erase_customer("c1", "erased-1", T0)
    assert order.count("step") > 5
    assert order == ["promises", "step"] * order.count("step")


async def test_the_log_is_moved_beside_the_writer_before_the_writer_empties_it(
    ledger: SqliteLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ledger.commit(push(offer(customer="c1")))
    order: list[str] = []
    checkpoint = sqlite_ledger._checkpoint

    def moved(path: Path) -> None:
        order.append("moved")
        move_log(path)

    def emptied(connection: ReadConnection) -> bool:
        order.append("emptied")
        return checkpoint(connection)

    monkeypatch.setattr(sqlite_ledger, "move_log", moved)
    monkeypatch.setattr(sqlite_ledger, "_checkpoint", emptied)
    await ledger.erase_customer("c1", "erased-1", T0)
    assert order == ["moved", "emptied"]


async def test_both_places_of_the_list_of_erasures_get_all_entries_at_the_start(
    tmp_path: Path,
) -> None:
    path, second = tmp_path / "tactful.db", tmp_path / "elsewhere"
    append_erasure(path, "~1", Erasure("a", 1))
    append_erasure(tmp_path / "other.db", "~2", Erasure("b", 2), second)
    ledger = SqliteLedger(path, erasures_copy=second)
    await ledger.open()
    assert (
        read_erasures(path) == read_list(second) == {"~1": Erasure("a", 1), "~2": Erasure("b", 2)}
    )
    await ledger.erase_customer("c1", "erased-1", T0)
    await ledger.close()
    assert read_erasures(path) == read_list(second)
    assert Erasure("erased-1", T0) in read_list(second).values()


async def test_nothing_is_erased_where_the_second_list_cannot_be_written(tmp_path: Path) -> None:
    second = tmp_path / "mounted" / "list"
    second.parent.mkdir()
    ledger = SqliteLedger(tmp_path / "tactful.db", erasures_copy=second)
    await ledger.open()
    assert await ledger.commit(push(accepted(customer="c1"), limit=None)) is None
    second.unlink()
    second.parent.rmdir()
    with pytest.raises(LedgerError, match="nothing was erased"):
        await ledger.erase_customer("c1", "erased-1", T0)
    found = await ledger.offer("of_1")
    assert found
    assert found.customer == "c1"
    second.parent.mkdir()
    assert await ledger.erase_customer("c1", "erased-2", T0) > 0
    assert Erasure("erased-2", T0) in read_list(second).values()
    await ledger.close()
