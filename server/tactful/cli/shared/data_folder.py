"""Split off."""

import sqlite3
from pathlib import Path
from typing import Final

from tactful.cli.shared.errors import CommandError

LEDGER_FILE: Final = "tactful.db"


KEYS_FOLDER: Final = "keys"


def ledger_file(folder: Path | None, *, must_exist: bool = True) -> Path:
    """The ledger in a data folder; Failure when there is none."""
    if folder is None:
        raise CommandError("no data folder: name one with --data or TACTFUL_DATA")
    if must_exist and not (folder / LEDGER_FILE).is_file():
        raise CommandError(f"{folder}: holds no {LEDGER_FILE}; name the server's data folder")
    return folder / LEDGER_FILE


def server_now(folder: Path | None) -> int:
    """The instant (ms) by the clock of a folder's server: in test mode, where it was left."""
    from tactful.runtime.timers import TEST_CLOCK_FILE, SystemClock, TestClock  # slow to import

    return TestClock(SystemClock().now(), folder and folder / TEST_CLOCK_FILE).now()


def is_unused(ledger: Path) -> bool:
    """Whether no other process has the ledger open."""
    connection = sqlite3.connect(ledger, timeout=0, isolation_level=None)
    try:
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
            return False
        raise CommandError(f"{ledger}: {error}") from error
    except sqlite3.DatabaseError as error:
        raise CommandError(f"{ledger}: {error}; restore a backup with `tactful restore`") from error
    finally:
        connection.close()
    return True


def key_holder(keys: Path) -> bytes | None:
    """The contents of the key that hides holders in tokens; `None` if there is none yet."""
    file = keys / "holder.json"
    return file.read_bytes() if file.exists() else None
