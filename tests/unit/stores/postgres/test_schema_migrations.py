"""Migrations of a database, and what is refused."""

from contextlib import closing
from pathlib import Path

import pytest

from support.postgres_cluster import Cluster
from tactful.runtime.ports.ledger import LedgerError
from tactful.stores.postgres.raw_connection import connect
from tactful.stores.postgres.schema_migrations import (
    migrate,
    migrations,
    newest_schema,
    pending_migrations,
    schema_version,
)
from tactful.stores.postgres.target import Target
from tactful.stores.relational.customers.retention import RETENTION
from tactful.stores.sqlite.opening import open_writer
from tactful.stores.transfer.moved_tables import NOT_MOVED


def test_an_empty_database_gets_every_migration_once(postgres: Cluster) -> None:
    with closing(connect(Target(postgres.database()))) as made:
        assert schema_version(made, "db") == 0
        assert migrate(made, "db") == [*migrations()]
        assert schema_version(made, "db") == newest_schema()
        assert pending_migrations(made, "db") == {}
        assert migrate(made, "db") == []


def test_every_table_has_its_retention_written_down(target: Target) -> None:
    with closing(connect(target)) as made:
        found = made.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
        )
        assert {name for (name,) in found} - NOT_MOVED == RETENTION.keys()


def test_both_engines_have_the_same_tables_and_columns(target: Target, tmp_path: Path) -> None:
    with closing(open_writer(tmp_path / "tactful.db")) as file:
        tables = file.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
        in_sqlite = {
            (table, column[1])
            for (table,) in tables
            for column in file.execute(f"PRAGMA table_info({table})").fetchall()
        }
    with closing(connect(target)) as made:
        found = made.execute(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND column_name <> 'rowid'"
        )
        assert {one for one in found if one[0] not in NOT_MOVED} == in_sqlite


def test_every_text_is_ordered_by_its_bytes(target: Target) -> None:
    with closing(connect(target)) as made:
        found = made.execute(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND data_type = 'text'"
            " AND collation_name IS DISTINCT FROM 'C'"
        )
        assert found.fetchall() == []


def test_a_database_that_holds_something_else_is_refused(postgres: Cluster) -> None:
    with closing(connect(Target(postgres.database()))) as made:
        made.execute("CREATE TABLE pages (id bigint)")
        with pytest.raises(LedgerError, match="tables that are no ledger"):
            migrate(made, "db")


def test_a_schema_that_only_newer_programs_know_is_refused(target: Target) -> None:
    with closing(connect(target)) as made:
        made.execute("UPDATE meta SET value = '99' WHERE key IN ('schema', 'compatible_since')")
        with pytest.raises(LedgerError, match="Start the newer version"):
            schema_version(made, "db")
