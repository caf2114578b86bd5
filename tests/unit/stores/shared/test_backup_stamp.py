"""The stamp of the latest backup, and what is read where it is missing or damaged."""

from pathlib import Path

import pytest

from tactful.stores.shared.backup_stamp import STAMP_FILE, read_backup_stamp, write_backup_stamp


def test_the_latest_backup_is_remembered(tmp_path: Path) -> None:
    assert read_backup_stamp(tmp_path) is None
    write_backup_stamp(tmp_path, 1_773_144_000_000)
    write_backup_stamp(tmp_path, 1_773_144_000_001)
    assert read_backup_stamp(tmp_path) == 1_773_144_000_001
    assert [path.name for path in tmp_path.iterdir()] == [STAMP_FILE]


@pytest.mark.parametrize("content", [b"", b"soon", b"\xff", b"-1", b"1.5"])
def test_a_damaged_stamp_counts_as_no_backup(tmp_path: Path, content: bytes) -> None:
    (tmp_path / STAMP_FILE).write_bytes(content)
    assert read_backup_stamp(tmp_path) is None


def test_a_stamp_that_cannot_be_written_spoils_no_backup(tmp_path: Path) -> None:
    write_backup_stamp(tmp_path / "none", 1)
    assert read_backup_stamp(tmp_path / "none") is None
