"""A backup taken under load restores to a sound ledger, without customers erased since."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from support.ledger_rows import T0, accepted, fact, present, push
from tactful.runtime.ports.ledger import LedgerError
from tactful.stores.shared.erasures import erasures_file, read_erasures
from tactful.stores.sqlite import backup as sqlite_backup
from tactful.stores.sqlite.backup import (
    backup,
    check_copy,
    count_customers,
    have_same_secret,
    refuse_if_in_use,
    restore,
)
from tactful.stores.sqlite.ledger import SqliteLedger
from unit.stores.relational.customers.test_customer_erasure import CANARY, fill, traces


async def opened(path: Path) -> SqliteLedger:
    ledger = SqliteLedger(path)
    await ledger.open()
    return ledger


async def test_a_backup_under_load_is_one_instant_that_adds_up(tmp_path: Path) -> None:
    ledger = await opened(tmp_path / "tactful.db")
    await fill(ledger)
    reported: list[tuple[int, int]] = []
    copying = asyncio.create_task(
        asyncio.to_thread(
            backup,
            ledger.path,
            tmp_path / "copy.db",
            lambda done, whole: reported.append((done, whole)),
        )
    )
    written = 0
    while not copying.done():
        made = accepted(f"of_load_{written}", session=f"se_load_{written}")
        assert await ledger.commit(push(made, limit=None)) is None
        written += 1
    await copying
    assert reported[-1][0] == reported[-1][1] > 0
    await ledger.close()
    check_copy(tmp_path / "copy.db")
    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600
    assert not (tmp_path / "copy.db.part").exists()
    (tmp_path / "new").mkdir()
    assert restore(tmp_path / "copy.db", tmp_path / "new" / "tactful.db") == 0
    again = await opened(tmp_path / "new" / "tactful.db")
    assert await again.reconcile() == []
    assert await again.offer("of_1") is not None
    await again.close()


async def test_each_step_of_a_copy_is_on_the_disk_before_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = await opened(tmp_path / "tactful.db")
    await fill(ledger)
    await ledger.close()
    monkeypatch.setattr(sqlite_backup, "PAGES_A_STEP", 4)
    order: list[str] = []
    fsync = sqlite_backup._fsync

    def synced(path: Path) -> None:
        order.append("synced")
        fsync(path)

    monkeypatch.setattr(sqlite_backup, "_fsync", synced)
    backup(ledger.path, tmp_path / "copy.db", lambda _done, _whole: order.append("step"))
    steps = order.count("step")
    assert steps > 5
    assert order[: 2 * steps] == ["synced", "step"] * steps
    check_copy(tmp_path / "copy.db")


async def test_a_restored_backup_erases_customers_who_were_erased_since(tmp_path: Path) -> None:
    ledger = await opened(tmp_path / "tactful.db")
    await fill(ledger)
    backup(ledger.path, tmp_path / "copy.bak")
    await ledger.erase_customer(CANARY, "erased-1", T0)
    await ledger.close()
    assert traces(tmp_path).keys() == {"copy.bak"}
    erased = read_erasures(ledger.path)
    assert count_customers(tmp_path / "copy.bak", {}) == count_customers(ledger.path, erased) + 1
    assert restore(tmp_path / "copy.bak", ledger.path) == 1
    again = await opened(ledger.path)
    assert await again.facts_about([("customer", CANARY)]) == []
    assert present(await again.offer("of_1")).customer == "erased-1"
    assert await again.reconcile() == []
    await again.close()
    assert traces(tmp_path) == {}


async def test_the_files_of_before_are_kept_beside_the_restored_ledger(tmp_path: Path) -> None:
    ledger = await opened(tmp_path / "tactful.db")
    backup(ledger.path, tmp_path / "copy.bak")
    await ledger.record_facts([fact(version=1, available=5, at=T0)])
    await ledger.close()
    restore(tmp_path / "copy.bak", ledger.path)
    check_copy(tmp_path / "tactful.db.before-restore")
    again = await opened(ledger.path)
    assert await again.facts_about([("sku", "RUN-42")]) == []
    await again.close()


async def test_a_ledger_in_use_is_not_replaced(tmp_path: Path) -> None:
    ledger = await opened(tmp_path / "tactful.db")
    backup(ledger.path, tmp_path / "copy.bak")
    with pytest.raises(LedgerError, match="stop the server"):
        restore(tmp_path / "copy.bak", ledger.path)
    with pytest.raises(LedgerError, match="stop the server"):
        refuse_if_in_use(ledger.path)
    await ledger.record_heartbeat("stock", T0)
    assert await ledger.feed_heartbeats() == {"stock": T0}
    await ledger.close()


async def test_a_damaged_ledger_can_be_replaced(tmp_path: Path) -> None:
    ledger = await opened(tmp_path / "tactful.db")
    backup(ledger.path, tmp_path / "copy.bak")
    await ledger.close()
    ledger.path.write_bytes(b"not a database at all" * 500)
    refuse_if_in_use(ledger.path)
    assert have_same_secret(tmp_path / "copy.bak", ledger.path) is None
    restore(tmp_path / "copy.bak", ledger.path)
    await (await opened(ledger.path)).close()


async def test_further_erasures_are_applied_and_added_to_the_list(tmp_path: Path) -> None:
    ledger = await opened(tmp_path / "tactful.db")
    await fill(ledger)
    backup(ledger.path, tmp_path / "copy.bak")
    await ledger.erase_customer(CANARY, "erased-1", T0)
    await ledger.close()
    erased = read_erasures(ledger.path)
    new = tmp_path / "new" / "tactful.db"
    new.parent.mkdir()
    assert restore(tmp_path / "copy.bak", new, erased) == 1
    assert read_erasures(new) == erased
    assert erasures_file(new).stat().st_mode & 0o777 == new.stat().st_mode & 0o777 == 0o600
    assert traces(tmp_path / "new") == {}


async def test_two_states_of_one_ledger_have_one_secret(tmp_path: Path) -> None:
    ledger = await opened(tmp_path / "tactful.db")
    backup(ledger.path, tmp_path / "copy.bak")
    await ledger.close()
    other = await opened(tmp_path / "other.db")
    await other.close()
    assert have_same_secret(tmp_path / "copy.bak", ledger.path) is True
    assert have_same_secret(tmp_path / "copy.bak", other.path) is False


async def test_copies_that_are_not_sound_are_refused(tmp_path: Path) -> None:
    ledger = await opened(tmp_path / "tactful.db")
    await fill(ledger)
    backup(ledger.path, tmp_path / "copy.bak")
    await ledger.close()
    with pytest.raises(LedgerError, match="never overwrites"):
        backup(ledger.path, tmp_path / "copy.bak")
    with pytest.raises(LedgerError, match="nothing to back up"):
        backup(tmp_path / "absent.db", tmp_path / "x.bak")
    with pytest.raises(LedgerError, match="does not exist"):
        check_copy(tmp_path / "absent.bak")
    with closing(sqlite3.connect(tmp_path / "foreign.bak")) as other:
        other.execute("CREATE TABLE diary (day TEXT)")
    with pytest.raises(LedgerError, match="not a copy of a Tactful ledger"):
        restore(tmp_path / "foreign.bak", ledger.path)
    with closing(sqlite3.connect(tmp_path / "copy.bak")) as copy:
        copy.execute("UPDATE budgets SET reserved = reserved + 1")
        copy.commit()
    with pytest.raises(LedgerError, match="does not add up"):
        restore(tmp_path / "copy.bak", ledger.path)
    with (tmp_path / "copy.bak").open("r+b") as file:
        file.seek(8192)
        file.write(b"\xff" * 20_000)
    with pytest.raises(LedgerError, match=r"damaged|cannot be used"):
        restore(tmp_path / "copy.bak", ledger.path)
    await (await opened(ledger.path)).close()
