"""A data folder's ledger is found, its lock state is known, and its clock is read."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tactful.cli.shared.data_folder import (
    is_unused,
    key_holder,
    ledger_file,
    require_data_folder,
    server_now,
)
from tactful.cli.shared.errors import CommandError
from tactful.runtime.timers import TEST_CLOCK_FILE


def test_a_command_without_a_data_folder_is_told_how_to_name_one() -> None:
    with pytest.raises(CommandError, match="--data or TACTFUL_DATA"):
        require_data_folder(None)
    with pytest.raises(CommandError, match="--data or TACTFUL_DATA"):
        ledger_file(None)


def test_a_folder_without_a_ledger_is_refused_unless_it_may_be_new(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"holds no tactful\.db"):
        ledger_file(tmp_path)
    assert ledger_file(tmp_path, must_exist=False) == tmp_path / "tactful.db"
    (tmp_path / "tactful.db").touch()
    assert ledger_file(tmp_path) == tmp_path / "tactful.db"


def test_a_ledger_is_unused_until_another_connection_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "tactful.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE t (x)")
        connection.execute("SELECT * FROM t").fetchall()
        assert not is_unused(file)
    assert is_unused(file)


def test_a_file_that_is_no_database_is_refused_with_the_remedy(tmp_path: Path) -> None:
    file = tmp_path / "tactful.db"
    file.write_bytes(b"not a database, but long enough to be taken for one" * 9)
    with pytest.raises(CommandError, match="tactful restore"):
        is_unused(file)


def test_a_folder_of_test_mode_has_the_clock_that_was_set(tmp_path: Path) -> None:
    assert server_now(None) > 1_700_000_000_000
    assert server_now(tmp_path) > 1_700_000_000_000
    (tmp_path / TEST_CLOCK_FILE).write_text("1900000000000")
    assert server_now(tmp_path) == 1_900_000_000_000


def test_a_key_folder_is_identified_by_its_holder_secret(tmp_path: Path) -> None:
    assert key_holder(tmp_path) is None
    (tmp_path / "holder.json").write_bytes(b"{}")
    assert key_holder(tmp_path) == b"{}"
