"""Erasure from the SQLite file, its log and every later restore."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.ledger_rows import T0, accepted, offer, push
from tactful.runtime.ports.ledger import LedgerError
from tactful.stores.shared.erasures import Erasure, append_erasure, read_erasures, read_list
from tactful.stores.sqlite.customers import customer_erasure
from tactful.stores.sqlite.ledger import SqliteLedger


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
