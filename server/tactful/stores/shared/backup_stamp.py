"""The file in a data folder that says when the latest backup was made."""

from contextlib import suppress
from pathlib import Path
from typing import Final

STAMP_FILE: Final = "last-backup"


def write_backup_stamp(folder: Path, at: int) -> None:
    """Note a backup that is complete.

    A stamp that cannot be written spoils no backup: the server then reports the backup as older.

    Args:
        folder: The data folder.
        at: When the backup was begun, in milliseconds since the Unix epoch, UTC.
    """
    draft = folder / f"{STAMP_FILE}.draft"
    with suppress(OSError):
        draft.write_text(f"{at}\n", "ascii")
        draft.replace(folder / STAMP_FILE)


def read_backup_stamp(folder: Path) -> int | None:
    """Return when the latest backup was made, in milliseconds since the Unix epoch, UTC.

    `None` means that there was no backup, or that the stamp cannot be read.
    """
    try:
        text = (folder / STAMP_FILE).read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return int(text) if text.isdecimal() else None
