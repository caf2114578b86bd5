"""`tactful move` into a database and back."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.backup_files import filled, in_use
from support.cli_runner import run
from support.postgres_cluster import DURABLE, Cluster, running_cluster


@pytest.fixture(scope="module")
def durable() -> Iterator[Cluster]:
    """A PostgreSQL that a server may use."""
    with running_cluster(*DURABLE) as cluster:
        yield cluster


def test_a_ledger_is_moved_there_and_back(tmp_path: Path, durable: Cluster) -> None:
    data, address = filled(tmp_path, "A"), durable.database()
    with in_use(data):
        assert "Stop the server first." in run("move", "--data", data, "--to", address).output
    there = run("move", "--data", data, "--to", address, "--json")
    assert there.exit_code == 0, there.output
    assert json.loads(there.stdout)["rows"]["facts"] > 0
    assert (data / "tactful.db.moved").exists()
    back = tmp_path / "back"
    again = run("move", "--data", back, "--from", address)
    assert again.exit_code == 0, again.output
    assert "moved and compared" in again.output
    assert "exists already" in run("move", "--data", back, "--from", address).output


def test_a_move_needs_exactly_one_database(tmp_path: Path) -> None:
    assert "Name either" in run("move", "--data", tmp_path).output
    both = run("move", "--data", tmp_path, "--to", "postgresql:///a", "--from", "postgresql:///b")
    assert "Name either" in both.output


def test_commands_about_a_file_say_what_to_do_with_a_database(
    tmp_path: Path,
) -> None:
    address = "postgresql://tactful@db.example/shop"
    for command, advice in (
        (("backup", tmp_path / "x.tar.gz"), "pg_dump"),
        (("restore", "--orders-complete"), "its own tools"),
        (("migrate", "--compact"), "autovacuum"),
    ):
        refused = run(*command, "--data", tmp_path, TACTFUL_LEDGER=address)
        assert refused.exit_code == 2
        assert advice in " ".join(refused.output.split())
