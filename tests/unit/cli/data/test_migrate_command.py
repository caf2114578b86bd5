"""`tactful migrate` on a real ledger."""

import json
from pathlib import Path

from support.backup_files import filled, in_use, ledger_of_schema
from support.cli_runner import run
from tactful.stores.sqlite.migrations import newest_schema


def test_a_migration_refuses_a_ledger_that_is_in_use(tmp_path: Path) -> None:
    data = filled(tmp_path, "A")
    assert "0 migrations applied" in run("migrate", "--data", data).output
    with in_use(data):
        assert "A server is running on this ledger." in run("migrate", "--data", data).output
    assert "holds no tactful.db" in run("migrate", "--data", tmp_path).output


def test_a_dry_run_says_what_a_migration_would_do_and_changes_no_byte(tmp_path: Path) -> None:
    ledger_of_schema(tmp_path / "tactful.db", 1)
    before = {one.name: one.read_bytes() for one in tmp_path.iterdir()}
    planned = run("migrate", "--data", tmp_path, "--dry-run")
    assert planned.exit_code == 1
    assert f"would become {newest_schema()}" in planned.output
    assert "free space" in planned.output
    assert "pending. Nothing was written." in planned.output
    assert {one.name: one.read_bytes() for one in tmp_path.iterdir()} == before
    done = run("migrate", "--data", tmp_path)
    assert done.exit_code == 0
    assert f"schema {newest_schema()}" in done.output
    again = run("migrate", "--data", tmp_path, "--dry-run")
    assert again.exit_code == 0
    assert "There is nothing to migrate." in again.output


def test_a_program_reads_the_plan_as_json(tmp_path: Path) -> None:
    ledger_of_schema(tmp_path / "tactful.db", 1)
    planned = run("migrate", "--data", tmp_path, "--dry-run", "--json")
    assert planned.exit_code == 1
    body = json.loads(planned.stdout)
    assert body["becomes"] == newest_schema()
    assert [one["number"] for one in body["migrations"]] == [
        *range(body["schema"] + 1, newest_schema() + 1)
    ]
    assert body["room_bytes"] > 0
