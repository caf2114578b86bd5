"""`tactful migrate --compact` on a real ledger."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from support.backup_files import filled, in_use, skus_in
from support.cli_runner import run


def padded(data: Path) -> int:
    """Give a ledger many free pages, and return its size."""
    with closing(sqlite3.connect(data / "tactful.db")) as made:
        made.execute("CREATE TABLE gone (body BLOB)")
        made.executemany("INSERT INTO gone VALUES (zeroblob(4000))", [()] * 500)
        made.commit()
        made.execute("DROP TABLE gone")
        made.commit()
        made.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return (data / "tactful.db").stat().st_size


def test_compacting_gives_free_room_back_and_keeps_every_fact(tmp_path: Path) -> None:
    data = filled(tmp_path, "A", "B")
    before = padded(data)
    done = run("migrate", "--compact", "--data", data, "--json")
    assert done.exit_code == 0, done.output
    body = json.loads(done.stdout)["compacted"]
    after = (data / "tactful.db").stat().st_size
    assert (body["before_bytes"], body["after_bytes"]) == (before, after)
    assert after < before - 500 * 4000
    assert skus_in(data) == {"A", "B"}
    assert not list((data / "drafts").glob("*/*"))
    assert "bytes before" in run("migrate", "--compact", "--data", data).output


def test_a_compacted_ledger_goes_on_to_be_used(tmp_path: Path) -> None:
    data = filled(tmp_path, "A")
    padded(data)
    assert run("migrate", "--compact", "--data", data).exit_code == 0
    filled(tmp_path, "B")
    assert skus_in(data) == {"A", "B"}
    assert run("backup", tmp_path / "b.tar.gz", "--data", data).exit_code == 0


def test_compacting_refuses_a_ledger_in_use_and_says_what_to_do(tmp_path: Path) -> None:
    data = filled(tmp_path, "A")
    with in_use(data):
        refused = run("migrate", "--compact", "--data", data)
    assert refused.exit_code == 2
    assert "Stop the server" in refused.output


def test_compacting_without_room_names_the_bytes_needed_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = filled(tmp_path, "A")
    before = padded(data)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(9, 9, 10))
    refused = run("migrate", "--compact", "--data", data)
    assert refused.exit_code == 2
    assert "10 are free. Free some space." in refused.output
    assert (data / "tactful.db").stat().st_size == before


def test_a_dry_run_compacts_nothing(tmp_path: Path) -> None:
    data = filled(tmp_path, "A")
    before = padded(data)
    refused = run("migrate", "--compact", "--dry-run", "--data", data)
    assert refused.exit_code == 2
    assert "Leave out --compact." in refused.output
    assert (data / "tactful.db").stat().st_size == before
