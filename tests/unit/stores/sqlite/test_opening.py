"""A ledger file is opened durable and sound, or refused with one message that says what to do."""

import random  # noqa: TID251 -- seeded
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from support.ledger_rows import accepted, fact, push
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.ports.ledger_rows import StoredFact
from tactful.stores.sqlite import opening as sqlite_open
from tactful.stores.sqlite.ledger import SqliteLedger
from tactful.stores.sqlite.migrations import APPLICATION_ID, newest_schema
from tactful.stores.sqlite.opening import open_writer


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "tactful.db"


def refused(path: Path) -> str:
    with pytest.raises(LedgerError) as caught:
        open_writer(path).close()
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_a_new_ledger_is_durable_and_overwrites_what_it_deletes(path: Path) -> None:
    with closing(open_writer(path)) as made:
        read = {
            name: made.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("synchronous", "journal_mode", "secure_delete", "foreign_keys")
        }
        assert read == {
            "synchronous": 2, "journal_mode": "wal", "secure_delete": 1, "foreign_keys": 1,
        }  # fmt: skip
        assert made.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        assert made.execute("PRAGMA busy_timeout").fetchone() == (5_000,)


def test_a_setting_that_has_no_effect_is_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_open, "_SETTINGS", (("synchronous", "NORMAL", 2),))
    with pytest.raises(LedgerError, match="synchronous is 1 and not NORMAL"):
        open_writer(path)


def test_a_text_file_is_refused(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("Dear diary, today I sold a pair of shoes.\n" * 100)
    before = path.read_bytes()
    assert "not an SQLite database" in refused(path)
    assert path.read_bytes() == before


def test_a_foreign_database_is_refused_and_left_alone(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE diary (day TEXT)")
    before = path.read_bytes()
    assert "not a Tactful ledger" in refused(path)
    assert path.read_bytes() == before
    assert [found.name for found in path.parent.iterdir()] == [path.name]


def test_a_newer_schema_is_refused_by_an_older_program(path: Path) -> None:
    with closing(open_writer(path)) as made:
        made.execute(f"PRAGMA user_version={newest_schema() + 1}")
        mark = str(newest_schema() + 1).encode()
        made.execute("UPDATE meta SET value = ? WHERE key = 'compatible_since'", (mark,))
    assert f"knows schemas up to {newest_schema()}" in refused(path)


def test_a_newer_schema_that_older_programs_can_work_with_is_opened_and_left_as_it_is(
    path: Path,
) -> None:
    """Two adjacent releases share a ledger while a server is replaced."""
    with closing(open_writer(path)) as made:
        made.execute(f"PRAGMA user_version={newest_schema() + 1}")
    with closing(open_writer(path)) as again:
        assert again.execute("PRAGMA user_version").fetchone() == (newest_schema() + 1,)


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    assert "folder that it may write to" in refused(tmp_path / "data" / "tactful.db")


def test_a_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    assert "folder that it may write to" in refused(tmp_path)


def test_a_ledger_locked_by_another_process_is_refused_after_a_while(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_writer(path).close()
    monkeypatch.setattr(sqlite_open, "BUSY_MS", 50)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode=EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        assert "locked by another process" in refused(path)


async def standing_of(path: Path) -> object:
    """Return the standing offers, or the error of the attempt."""
    ledger = SqliteLedger(path)
    try:
        await ledger.open()
        return await ledger.standing_offers()
    except LedgerError as error:
        return error
    finally:
        await ledger.close()


async def test_damage_is_refused_or_changes_nothing_that_is_read(tmp_path: Path) -> None:
    """The header of each page is overwritten in turn; no damaged value is ever returned."""
    sound = tmp_path / "sound.db"
    ledger = SqliteLedger(sound)
    await ledger.open()
    for number in range(40):
        await ledger.commit(push(accepted(f"of_{number}", session=f"se_{number}"), limit=None))
    held = await ledger.standing_offers()
    await ledger.close()
    pages = sound.stat().st_size // 4096
    refusals = 0
    for page in range(pages):
        hurt = tmp_path / "hurt.db"
        shutil.copy(sound, hurt)
        with hurt.open("r+b") as file:
            file.seek(page * 4096 + (100 if page == 0 else 0))
            file.write(b"\xff" * 64)
        read = await standing_of(hurt)
        refusals += isinstance(read, LedgerError)
        assert str(hurt) in str(read) if isinstance(read, LedgerError) else read == held
    assert refusals > pages // 2


async def all_of(path: Path) -> LedgerError | tuple[list[Any], ...]:
    """Return what a start and its first sessions read, or the error of the attempt."""
    ledger = SqliteLedger(path)
    subjects = [("sku", f"s{number}") for number in range(60)]
    try:
        await ledger.open()
        return (await ledger.standing_offers(), await ledger.balances(), await ledger.rule_steps(),
                await ledger.facts_about(subjects))  # fmt: skip
    except LedgerError as error:
        return error
    finally:
        await ledger.close()


def true_or_unreadable(read: tuple[list[Any], ...], truth: tuple[list[Any], ...]) -> bool:
    """Offers, balances and sums are as they were; of facts, some may be gone or not be JSON."""
    facts = [one for one in read[-1] if one not in truth[-1]]
    return read[:-1] == truth[:-1] and not any(map(readable, facts))


def readable(stored: StoredFact) -> bool:
    try:
        msgspec.json.decode(stored.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return stored.kind == "price"


@pytest.mark.thorough
async def test_after_a_lost_sector_at_any_of_five_hundred_places_nothing_false_is_read(
    tmp_path: Path,
) -> None:
    """A lost sector is 512 bytes of noise, at a place that a seed chooses."""
    sound, hurt = tmp_path / "sound.db", tmp_path / "hurt.db"
    ledger = SqliteLedger(sound)
    await ledger.open()
    for number in range(60):
        await ledger.commit(push(accepted(f"of_{number}", session=f"se_{number}"), limit=None))
        await ledger.record_facts(
            [fact("price", f"s{number}|DE", subjects=(("sku", f"s{number}"),))]
        )
    await ledger.close()
    truth, draw = await all_of(sound), random.Random(4)
    assert not isinstance(truth, LedgerError)
    refusals = 0
    for _ in range(500):
        shutil.copy(sound, hurt)
        with hurt.open("r+b") as file:
            file.seek(draw.randrange(sound.stat().st_size // 512) * 512)
            file.write(draw.randbytes(512))
        read = await all_of(hurt)
        refusals += isinstance(read, LedgerError)
        if isinstance(read, LedgerError):
            assert "restore" in str(read)
        else:
            assert true_or_unreadable(read, truth)
    assert refusals > 100


def test_a_file_that_ends_inside_a_page_is_refused(path: Path) -> None:
    with closing(open_writer(path)) as made:
        made.execute("CREATE TABLE padding (body BLOB)")
        made.execute("INSERT INTO padding VALUES (zeroblob(100000))")
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 5_000)
    assert "restore" in refused(path).lower()


def test_opening_a_large_ledger_takes_a_bounded_number_of_steps(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(open_writer(path)) as made:
        made.execute("PRAGMA synchronous=OFF")
        made.execute(
            "INSERT INTO facts (kind, key, subjects, body, at)"
            " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)"
            " SELECT 'stock', 'S' || i, '[]', x'7b7d', i FROM n"
        )
    real, thousands = sqlite_open.connect, [0]

    def counted(file: Path) -> sqlite3.Connection:
        def count() -> None:
            thousands[0] += 1

        connection = real(file)
        connection.set_progress_handler(count, 1_000)
        return connection

    monkeypatch.setattr(sqlite_open, "connect", counted)
    open_writer(path).close()
    # Reading every row once would take more than 300 thousand steps of SQLite's machine.
    assert thousands[0] < 20
