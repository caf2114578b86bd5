"""Compaction of a ledger file."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from support.ledger_rows import fact, push
from support.ledger_rows import offer as an_offer
from tactful.runtime.ports.ledger import LedgerError
from tactful.stores.sqlite.ledger import SqliteLedger
from tactful.stores.sqlite.maintenance.compaction import compact, room_needed


async def test_a_compacted_ledger_holds_the_same_rows_in_fewer_bytes(tmp_path: Path) -> None:
    file = tmp_path / "tactful.db"
    ledger = SqliteLedger(file)
    await ledger.open()
    await ledger.record_facts([fact("stock", f"s{number}", number) for number in range(2_000)])
    await ledger.commit(push(an_offer()))
    before = await ledger.state_digest()
    await ledger.close()
    with closing(sqlite3.connect(file)) as made:
        made.execute("DELETE FROM changes")
        made.commit()
    needed = room_needed(file)
    done = compact(file, tmp_path / "draft")
    assert done.after_bytes <= needed < done.before_bytes
    assert file.stat().st_mode & 0o777 == 0o600
    again = SqliteLedger(file)
    await again.open()
    assert await again.state_digest() == before
    assert await again.reconcile() == []
    assert await again.offer("of_1") == an_offer()
    await again.close()


async def test_a_ledger_that_is_read_is_not_replaced(tmp_path: Path) -> None:
    file = tmp_path / "tactful.db"
    ledger = SqliteLedger(file)
    await ledger.open()
    await ledger.record_facts([fact("stock", "s1", 1)])
    await ledger.close()
    number = file.stat().st_ino
    with closing(sqlite3.connect(file, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM facts").fetchone()
        with pytest.raises(LedgerError):
            compact(file, tmp_path / "draft")
    assert file.stat().st_ino == number


def test_a_file_that_is_no_ledger_is_named(tmp_path: Path) -> None:
    file = tmp_path / "tactful.db"
    file.write_text("this is no database at all" * 100)
    with pytest.raises(LedgerError, match=r"tactful\.db cannot be read"):
        room_needed(file)
