"""A log that a crash cut off is accepted; a log with damage in its middle is refused."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from support.processes.crash_worker import Acks as Acknowledgements
from support.processes.crash_worker import acknowledged, lost, one
from tactful.runtime.ports.ledger import LedgerError
from tactful.stores.sqlite.ledger import SqliteLedger
from tactful.stores.sqlite.wal_check import has_lost_transactions, read_salts, wal_path

FRAME = 24 + 4096
TRANSACTIONS = 12
Damage = Callable[[Path], None]


@pytest.fixture
async def crashed(tmp_path: Path) -> Path:
    """A ledger as a crash leaves it: all that was acknowledged stands in its log."""
    running = tmp_path / "running"
    running.mkdir()
    ledger = SqliteLedger(running / "tactful.db")
    await ledger.open()
    acks = Acknowledgements(running)
    for number in range(TRANSACTIONS):
        # Names that end in an odd digit erase nobody: an erasure would empty the log.
        await one(ledger, acks, f"{number}_1", early=False)
    left = tmp_path / "left"
    shutil.copytree(running, left)
    (left / "tactful.db-shm").unlink()
    await ledger.close()
    return left


async def found_in(left: Path, target: Path, damage: Damage) -> list[str] | LedgerError:
    """What is lost in a copy that was damaged, or the refusal to open it."""
    shutil.copytree(left, target, dirs_exist_ok=True)
    damage(target / "tactful.db-wal")
    acks = acknowledged((target / "acks").read_bytes())
    try:
        return await lost(target / "tactful.db", acks)
    except LedgerError as error:
        return error
    finally:
        shutil.rmtree(target)


def flip(offset: int) -> Damage:
    def damage(log: Path) -> None:
        with log.open("r+b") as file:
            file.seek(offset)
            byte = file.read(1)[0]
            file.seek(offset)
            file.write(bytes([byte ^ 0x10]))

    return damage


async def test_a_log_as_a_crash_leaves_it_loses_nothing(crashed: Path, tmp_path: Path) -> None:
    assert await found_in(crashed, tmp_path / "hurt", lambda _: None) == []


async def test_a_flipped_bit_before_the_last_transaction_is_refused_or_loses_nothing(
    crashed: Path, tmp_path: Path
) -> None:
    size = (crashed / "tactful.db-wal").stat().st_size
    refused = 0
    for offset in range(3, size - 40 * FRAME, size // 100):
        found = await found_in(crashed, tmp_path / "hurt", flip(offset))
        refused += isinstance(found, LedgerError)
        if isinstance(found, LedgerError):
            assert "damaged" in str(found)
        else:
            assert found == [], offset
    assert refused > 50


async def test_a_flipped_bit_in_the_header_of_the_log_is_refused(
    crashed: Path, tmp_path: Path
) -> None:
    for offset in (0, 5, 9, 14, 17, 21, 26, 31):
        found = await found_in(crashed, tmp_path / "hurt", flip(offset))
        assert "damaged" in str(found), offset


async def test_a_tail_that_is_cut_or_garbage_does_not_count_as_damage(
    crashed: Path, tmp_path: Path
) -> None:
    size = (crashed / "tactful.db-wal").stat().st_size

    def garbage(log: Path) -> None:
        with log.open("ab") as file:
            file.write(b"\xa5" * 10_000)

    def cut(log: Path) -> None:
        with log.open("r+b") as file:
            file.truncate(size - 100)

    assert await found_in(crashed, tmp_path / "hurt", garbage) == []
    assert not isinstance(await found_in(crashed, tmp_path / "hurt", cut), LedgerError)


async def test_a_ledger_that_another_process_writes_to_does_not_count_as_damaged(
    tmp_path: Path,
) -> None:
    """In a restart, the server that is replaced still writes while the next one opens the file."""
    leaving = SqliteLedger(tmp_path / "tactful.db")
    await leaving.open()
    acks = Acknowledgements(tmp_path)
    writing = asyncio.create_task(write_on(leaving, acks))
    for _ in range(30):
        coming = SqliteLedger(tmp_path / "tactful.db")
        await coming.open()
        await coming.close()
    writing.cancel()
    await leaving.close()


async def write_on(ledger: SqliteLedger, acks: Acknowledgements) -> None:
    number = 0
    while True:
        await one(ledger, acks, str(number), early=False)
        number += 1


def test_no_log_and_an_empty_one_have_no_salts(tmp_path: Path) -> None:
    ledger = tmp_path / "tactful.db"
    assert read_salts(wal_path(ledger)) is None
    wal_path(ledger).write_bytes(b"")
    assert read_salts(wal_path(ledger)) is None
    asyncio.run(_made(ledger))


@pytest.mark.parametrize("size", [0, 20, 32, 40, 32 + 4096])
def test_a_log_that_another_process_shortens_meanwhile_ends_there(crashed: Path, size: int) -> None:
    log = wal_path(crashed / "tactful.db")
    salts = read_salts(log)
    assert salts is not None
    with log.open("r+b") as file:
        file.truncate(size)
    assert not has_lost_transactions(log, salts, 0)


async def _made(path: Path) -> None:
    ledger = SqliteLedger(path)
    await ledger.open()
    await ledger.close()
