"""Migrations are applied whole or not at all, whenever the process dies."""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from msgspec import structs

from support.ledger_rows import T0, leave, offer, push
from tactful.core.compliance.reduction_history import ANY_RULE
from tactful.core.offers.offer import OfferState
from tactful.stores.sqlite import migrations as module
from tactful.stores.sqlite.ledger import SqliteLedger
from tactful.stores.sqlite.migrations import (
    SchemaVersion,
    migrate,
    migrations,
    newest_schema,
    schema_version,
)
from tactful.stores.sqlite.opening import open_writer

SECOND = """
CREATE TABLE extra (a TEXT) STRICT;  -- a comment; with a semicolon
CREATE TABLE more (a TEXT DEFAULT ';') STRICT;
CREATE INDEX more_by_a ON more (a);
"""


def tables(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as found:
        rows = found.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        return {name for (name,) in rows}


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as found:
        return int(found.execute("PRAGMA user_version").fetchone()[0])


def test_numbers_have_no_gap() -> None:
    assert list(migrations()) == list(range(1, newest_schema() + 1))


def test_a_ledger_is_migrated_once(tmp_path: Path) -> None:
    with closing(open_writer(tmp_path / "t.db")) as made:
        assert migrate(made) == []
        assert made.execute("PRAGMA user_version").fetchone() == (newest_schema(),)


def test_a_later_migration_is_applied_to_an_existing_ledger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "t.db"
    open_writer(path).close()
    later = migrations() | {newest_schema() + 1: SECOND}
    monkeypatch.setattr(module, "migrations", lambda: later)
    reported: list[int] = []
    with closing(sqlite3.connect(path, isolation_level=None)) as made:
        assert migrate(made, progress=reported.append) == [max(later)]
    assert reported == [max(later)]
    assert {"extra", "more"} <= tables(path)
    assert version(path) == max(later)


def test_a_migration_that_fails_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "t.db"
    open_writer(path).close()
    before = tables(path)
    broken = migrations() | {newest_schema() + 1: SECOND + "CREATE TABLE extra (b TEXT);"}
    monkeypatch.setattr(module, "migrations", lambda: broken)
    with closing(sqlite3.connect(path, isolation_level=None)) as made:
        with pytest.raises(sqlite3.OperationalError):
            migrate(made)
        assert not made.in_transaction
    assert tables(path) == before
    assert version(path) == max(broken) - 1


async def test_the_sums_of_older_offers_equal_those_kept_up_as_offers_are_written(
    tmp_path: Path,
) -> None:
    """The same history is summed twice: by the writer as it is written, and by the migration."""
    path = tmp_path / "t.db"
    ledger = SqliteLedger(path)
    await ledger.open()
    for number in range(6):
        state = OfferState.HELD_OUT if number == 5 else OfferState.PUSHED
        made = offer(
            f"of_{number}", rule=f"r{number % 2}", issued_at=T0 + number, since=T0 - number
        )
        made = structs.replace(made, state=state, hold=0)
        await ledger.commit(push(made))
        if number < 3:
            await ledger.commit(leave(made, OfferState.WITHDRAWN, "stock.out"))
    # The migration is older than the reductions by any rule, which the next offer begins.
    by_rule = [row for row in await ledger.reductions(0) if row.rule != ANY_RULE]
    kept = await ledger.rule_steps(), by_rule
    await ledger.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as older:
        older.executescript("DROP TABLE rule_steps; DROP TABLE reductions;")
        module._apply(older, 2, migrations()[2])
        older.executescript("DROP TRIGGER steps_counted; DROP TRIGGER offers_noted;")
        older.execute(f"PRAGMA user_version={newest_schema()}")
    await ledger.open()
    assert (await ledger.rule_steps(), await ledger.reductions(0)) == kept
    assert sum(row.count for row in kept[0]) == 9
    assert [(row.rule, row.since) for row in kept[1]] == [("r0", T0 - 4), ("r1", T0 - 3)]
    await ledger.close()


DYING = """
import os, signal, sqlite3, sys
from pathlib import Path
from tactful.stores.sqlite import migrations as module
left = int(sys.argv[2])
class Dying(sqlite3.Connection):
    def execute(self, *given):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().execute(*given)
module.migrate(sqlite3.connect(sys.argv[1], isolation_level=None, factory=Dying))
"""


@pytest.mark.thorough
def test_a_migration_killed_at_any_statement_is_completed_at_the_next_start(
    tmp_path: Path,
) -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    for statement in (1, 2, 3, 9, 20, 30, 35, 40, 45, 50, 55, 60, 65, 70, 80):
        path = tmp_path / f"{statement}.db"
        ended = subprocess.run(
            [sys.executable, "-c", DYING, str(path), str(statement)], env=environment, check=False
        )
        assert ended.returncode in {0, -signal.SIGKILL}
        assert version(path) in range(newest_schema() + 1)
        with closing(open_writer(path)) as made:
            sql = "SELECT count(*) FROM meta WHERE key = 'secret'"
            assert made.execute(sql).fetchone() == (1,)
            assert made.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def mark(path: Path) -> SchemaVersion:
    with closing(sqlite3.connect(path, isolation_level=None)) as found:
        return schema_version(found)


def test_a_migration_that_older_programs_can_work_with_says_so_in_the_ledger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, here = tmp_path / "t.db", newest_schema()
    open_writer(path).close()
    since = mark(path).compatible_since
    later = {here + 1: f"-- More.\n-- Compatible since: {here}\n" + SECOND}
    later |= {here + 2: "-- Less.\nDROP TABLE extra;\n"}
    monkeypatch.setattr(module, "migrations", lambda: later)
    monkeypatch.setattr(module, "newest_schema", lambda: here)
    with closing(sqlite3.connect(path, isolation_level=None)) as made:
        module._apply(made, here + 1, later[here + 1])
    assert mark(path) == SchemaVersion(here + 1, max(since, here))
    assert mark(path).is_known
    with closing(sqlite3.connect(path, isolation_level=None)) as made:
        module._apply(made, here + 2, later[here + 2])
    assert mark(path) == SchemaVersion(here + 2, here + 2)
    assert not mark(path).is_known


def test_a_ledger_without_the_mark_needs_a_program_of_its_own_version(tmp_path: Path) -> None:
    path = tmp_path / "t.db"
    with closing(open_writer(path)) as made:
        made.execute("DELETE FROM meta WHERE key = 'compatible_since'")
    assert mark(path) == SchemaVersion(newest_schema(), newest_schema())
    with closing(sqlite3.connect(tmp_path / "empty.db")) as empty:
        assert schema_version(empty) == SchemaVersion(0, 0)
