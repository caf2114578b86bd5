"""Commands on a ledger that is a database."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.backup_files import filled
from support.cli_runner import run
from support.postgres_cluster import DURABLE, Cluster, running_cluster
from tactful.cli.shared.database import (
    copy_ledger,
    count_accepted_in_database,
    database_of,
    ledger_folder,
    migrate_database,
    refuse_database,
)
from tactful.cli.shared.errors import CommandError
from tactful.config import Config

ADDRESS = "postgresql://tactful@db.example/shop"


@pytest.fixture(scope="module")
def durable() -> Iterator[Cluster]:
    """A PostgreSQL that a server may use."""
    with running_cluster(*DURABLE) as cluster:
        yield cluster


def test_a_ledger_is_copied_from_its_folder_or_from_its_database(
    tmp_path: Path, durable: Cluster
) -> None:
    data, address = filled(tmp_path, "A"), durable.database()
    copy_ledger(Config(data=data), tmp_path / "one.db")
    assert run("move", "--data", data, "--to", address).exit_code == 0
    config = Config(data=data, ledger=address)
    assert ledger_folder(config) == data
    copy_ledger(config, tmp_path / "two.db")
    assert (tmp_path / "two.db").stat().st_size > 0
    assert count_accepted_in_database(address, 0, None) == 0


def test_a_database_is_migrated_or_only_planned(durable: Cluster) -> None:
    address = durable.database()
    place, pending = migrate_database(address, dry_run=True)
    assert migrate_database(address, dry_run=False) == (place, pending)
    assert migrate_database(address, dry_run=True) == (place, [])
    assert "PostgreSQL shop" in place


def test_a_database_is_refused_with_what_to_do_instead() -> None:
    refuse_database(Config(), "Nothing.")
    with pytest.raises(CommandError, match=r"is a database .* Use pg_dump\."):
        refuse_database(Config(ledger=ADDRESS), "Use pg_dump.")


def test_without_psycopg_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tactful.stores.postgres.target", None)
    with pytest.raises(CommandError, match=r"tactful\[postgres\]"):
        database_of(ADDRESS)
