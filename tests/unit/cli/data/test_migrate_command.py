"""`tactful migrate` on a real ledger."""

from pathlib import Path

from support.backup_files import filled, in_use
from support.cli_runner import run


def test_a_migration_refuses_a_ledger_that_is_in_use(tmp_path: Path) -> None:
    data = filled(tmp_path, "A")
    assert "0 migrations applied" in run("migrate", "--data", data).output
    with in_use(data):
        assert "A server is running on this ledger." in run("migrate", "--data", data).output
    assert "holds no tactful.db" in run("migrate", "--data", tmp_path).output
