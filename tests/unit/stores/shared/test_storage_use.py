"""The room that a ledger takes."""

from pathlib import Path

from tactful.stores.shared.backup_stamp import write_backup_stamp
from tactful.stores.shared.storage_use import storage_use


def test_a_ledger_and_its_log_are_measured(tmp_path: Path) -> None:
    ledger = tmp_path / "tactful.db"
    ledger.write_bytes(bytes(100))
    use = storage_use(ledger)
    assert use is not None
    assert (use.ledger_bytes, use.log_bytes, use.backed_up_at) == (100, 0, None)
    assert 0 < use.disk_free_bytes <= use.disk_bytes
    (tmp_path / "tactful.db-wal").write_bytes(bytes(7))
    write_backup_stamp(tmp_path, 5)
    use = storage_use(ledger)
    assert use is not None
    assert (use.log_bytes, use.backed_up_at) == (7, 5)


def test_a_ledger_that_does_not_exist_yet_takes_no_room(tmp_path: Path) -> None:
    use = storage_use(tmp_path / "tactful.db")
    assert use is not None
    assert use.ledger_bytes == 0


def test_a_folder_that_cannot_be_looked_at_has_no_measure(tmp_path: Path) -> None:
    assert storage_use(tmp_path / "none" / "tactful.db") is None
