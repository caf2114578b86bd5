"""The preview of migrations counts the rows that they touch, and writes nothing."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from support.backup_files import ledger_of_schema
from tactful.runtime.ports.ledger import LedgerError
from tactful.stores.sqlite import migration_plan as module
from tactful.stores.sqlite import migrations
from tactful.stores.sqlite.migration_plan import plan_migration
from tactful.stores.sqlite.migrations import newest_schema
from tactful.stores.sqlite.opening import open_writer


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A ledger of the first schema, with three offers."""
    return ledger_of_schema(tmp_path / "tactful.db", 1, offers=3)


def rows(path: Path, table: str) -> int:
    with closing(sqlite3.connect(path)) as ledger:
        return int(ledger.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608


def test_the_preview_of_an_older_ledger_names_every_pending_migration_and_writes_nothing(
    old: Path,
) -> None:
    before = bytes_of(old.parent)
    plan = plan_migration(old)
    assert bytes_of(old.parent) == before
    assert plan.before.number < plan.after == newest_schema()
    assert [step.number for step in plan.steps] == [*range(plan.before.number + 1, plan.after + 1)]
    assert (plan.steps[0].tables, plan.steps[0].rows) == (("offers", "steps"), 3)
    assert all(step.title and "." not in step.title for step in plan.steps)
    assert plan.room > 0
    open_writer(old).close()
    assert plan_migration(old).steps == ()


def test_the_rows_of_the_tables_that_a_migration_reads_or_changes_are_counted(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = newest_schema() + 1
    sql = """-- Copies the offers. A second sentence.
    CREATE TABLE copies (id TEXT) STRICT;
    INSERT INTO copies SELECT id FROM offers;
    CREATE INDEX facts_by_time ON facts (at);
    CREATE TRIGGER unused AFTER INSERT ON copies BEGIN DELETE FROM steps; END;
    """
    open_writer(old).close()
    monkeypatch.setattr(migrations, "migrations", lambda: {number: sql})
    monkeypatch.setattr(module, "newest_schema", lambda: number)
    (step,) = plan_migration(old).steps
    assert step.title == "Copies the offers"
    assert step.tables == ("facts", "offers")
    assert step.rows == rows(old, "facts") + rows(old, "offers") > 0
    plan = plan_migration(old)
    assert plan.seconds == 1
    assert plan.room > plan.size


def test_a_ledger_of_this_version_needs_nothing(tmp_path: Path) -> None:
    open_writer(tmp_path / "tactful.db").close()
    plan = plan_migration(tmp_path / "tactful.db")
    assert (plan.steps, plan.rows, plan.room, plan.seconds) == ((), 0, 0, 0)


def test_the_preview_works_beside_the_server_that_uses_the_ledger(tmp_path: Path) -> None:
    path = tmp_path / "tactful.db"
    with closing(open_writer(path)):
        assert plan_migration(path).steps == ()


def test_a_ledger_that_this_program_cannot_work_with_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tactful.db"
    with closing(open_writer(path)) as made:
        made.execute("PRAGMA user_version=9999")
        made.execute("UPDATE meta SET value = x'39393939' WHERE key = 'compatible_since'")
    with pytest.raises(LedgerError, match="only programs that know schema 9999"):
        plan_migration(path)


def test_a_file_that_is_no_ledger_is_refused(tmp_path: Path) -> None:
    text, other = tmp_path / "text.db", tmp_path / "other.db"
    text.write_text("no database at all, however long this text goes on")
    with pytest.raises(LedgerError, match="cannot be read"):
        plan_migration(text)
    with closing(sqlite3.connect(other)) as made:
        made.execute("CREATE TABLE diary (day TEXT)")
    with pytest.raises(LedgerError, match="not a Tactful ledger"):
        plan_migration(other)
