"""A ledger that is moved into a database and back is the same."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from contracts.test_ledgers_agree import BOTH, HISTORY, act
from support.ledger_rows import T0
from support.postgres_cluster import Cluster
from support.postgres_ledger import hold, postgres_ledger
from tactful.runtime.ports.ledger import LedgerError
from tactful.stores.postgres.database_opening import prepare, take_over
from tactful.stores.postgres.target import Target
from tactful.stores.postgres.tenure import Alone
from tactful.stores.sqlite.ledger import SqliteLedger
from tactful.stores.transfer import ledger_moves
from tactful.stores.transfer.ledger_moves import (
    move_to_postgres,
    move_to_sqlite,
    snapshot_to_sqlite,
)


@pytest.fixture(autouse=True)
def any_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server of the tests may lose commits."""
    monkeypatch.setattr(
        ledger_moves, "prepare", lambda target: prepare(target, needs_durability=False)
    )


@pytest.fixture
async def filled(tmp_path: Path) -> Path:
    """A ledger with offers, redemptions, facts and an erased customer."""
    ledger = SqliteLedger(tmp_path / "tactful.db")
    await ledger.open()
    for number, what in enumerate([*HISTORY, *BOTH]):
        await act(ledger, number, what)
    await ledger.record_heartbeat("erp", T0)
    await ledger.close()
    return ledger.path


async def held(path: Path) -> list[Any]:
    ledger = SqliteLedger(path)
    await ledger.open()
    try:
        exports = [[row async for row in ledger.export_customer(f"c{n}")] for n in range(2)]
        return [
            exports,
            await ledger.state_digest(),
            await ledger.changes(0),
            await ledger.balances(),
        ]
    finally:
        await ledger.close()


async def test_there_and_back_gives_the_same_exports(
    filled: Path, tmp_path: Path, postgres: Cluster
) -> None:
    before = await held(filled)
    target, back = Target(postgres.database()), tmp_path / "back.db"
    rows: dict[str, int] = {}
    move_to_postgres(filled, target, rows.__setitem__)
    assert rows["offers"] > 0
    assert not filled.exists()  # noqa: ASYNC240 - a test waits for nobody
    with pytest.raises(LedgerError, match="was moved into a PostgreSQL database"):
        await held(filled)
    copy = tmp_path / "copy.db"
    snapshot_to_sqlite(target, copy)
    assert await held(copy) == before
    move_to_sqlite(target, back, lambda *_: None)
    assert await held(back) == before
    with pytest.raises(LedgerError, match="was moved to"):
        prepare(target, needs_durability=False)


async def test_a_moved_ledger_goes_on_where_it_ended(filled: Path, postgres: Cluster) -> None:
    address = postgres.database()
    move_to_postgres(filled, Target(address), lambda *_: None)
    ledger = postgres_ledger(address)
    await ledger.open()
    for number, what in enumerate([("push", 3), ("accept", 3), ("fact", 3, 4)], 99):
        await act(ledger, number, what)
    assert await ledger.reconcile() == []
    await ledger.close()


async def test_a_database_that_is_used_or_filled_is_refused(
    filled: Path, tmp_path: Path, postgres: Cluster
) -> None:
    address = postgres.database()
    target = Target(address)
    copy = tmp_path / "copy.db"
    shutil.copy(filled, copy)
    prepare(target, needs_durability=False)
    with closing(take_over(target, Alone("test"), lambda: None)) as server:
        hold(server)
        with pytest.raises(LedgerError, match="in use; stop the server"):
            move_to_postgres(filled, target, lambda *_: None)
    move_to_postgres(filled, target, lambda *_: None)
    with pytest.raises(LedgerError, match="holds a ledger already"):
        move_to_postgres(copy, target, lambda *_: None)
    assert copy.exists()


async def test_a_row_that_is_lost_on_the_way_is_found(
    filled: Path, postgres: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = ledger_moves._read_postgres

    def lossy(connection: Any, table: Any) -> Iterator[Any]:
        rows = list(honest(connection, table))
        return iter(rows[1:] if table.name == "steps" else rows)

    monkeypatch.setattr(ledger_moves, "_read_postgres", lossy)
    target = Target(postgres.database())
    with pytest.raises(LedgerError, match=r"steps: .* rows were read"):
        move_to_postgres(filled, target, lambda *_: None)
    monkeypatch.setattr(ledger_moves, "_read_postgres", honest)
    move_to_postgres(filled, target, lambda *_: None)
