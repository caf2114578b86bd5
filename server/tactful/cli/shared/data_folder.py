"""Paths, clock and lock state of a server's data folder."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from tactful.cli.shared.errors import CommandError

LEDGER_FILE: Final = "tactful.db"
"""Name of the ledger in a data folder, and in a backup."""
COUNT_ACCEPTED: Final = """
  SELECT count(DISTINCT offers.id) FROM offers JOIN steps ON steps.offer = offers.id
  WHERE offers.state = 'accepted' AND steps.state = 'accepted' AND steps.at >= ? AND steps.at < ?"""
"""Counts the standing offers that were accepted in a span of time."""
KEYS_FOLDER: Final = "keys"
"""Name of the folder of signing keys in a data folder, and in a backup."""


def require_data_folder(folder: Path | None) -> Path:
    """Return the data folder of the settings.

    Raises:
        CommandError: No data folder is set.
    """
    if folder is None:
        raise CommandError("No data folder is set. Name it with --data or TACTFUL_DATA.")
    return folder


def ledger_file(folder: Path | None, *, must_exist: bool = True) -> Path:
    """Return the path of the ledger in a data folder.

    Args:
        folder: The data folder of the settings.
        must_exist: Whether a missing ledger is an error.

    Raises:
        CommandError: No data folder is set, or it holds no ledger although it must.
    """
    file = require_data_folder(folder) / LEDGER_FILE
    if must_exist and not file.is_file():
        raise CommandError(
            f"{folder}: This folder holds no {LEDGER_FILE}. Name the server's data folder."
        )
    return file


def count_accepted(file: Path, since: int, until: int | None) -> int:
    """Return how many standing offers were accepted in a span of time.

    Args:
        file: The ledger. A server may be using it.
        since: First instant, in milliseconds since the Unix epoch, UTC.
        until: First instant after the span; None: no end.

    Raises:
        CommandError: The ledger cannot be read.
    """
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as ledger:
            row = ledger.execute(COUNT_ACCEPTED, (since, until or 2**62)).fetchone()
    except sqlite3.Error as error:
        raise CommandError(f"{file}: The ledger cannot be read: {error}.") from error
    return int(row[0])


def server_now(folder: Path | None) -> int:
    """Return the present instant by the clock of the folder's server.

    In test mode a server's clock stands still; then this is where the clock was last set.

    Args:
        folder: The data folder; without one, the machine's clock counts.

    Returns:
        Milliseconds since the Unix epoch, UTC.
    """
    from tactful.runtime.system_clock import SystemClock  # slow to import
    from tactful.runtime.timers import TEST_CLOCK_FILE, TestClock

    return TestClock(SystemClock().now(), folder and folder / TEST_CLOCK_FILE).now()


def is_unused(ledger: Path) -> bool:
    """Return whether no other process has the ledger open.

    Raises:
        CommandError: The file cannot be read as an SQLite database.
    """
    connection = sqlite3.connect(ledger, timeout=0, isolation_level=None)
    try:
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        # The low byte is the primary code: extended codes of "busy" add bits above it.
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
            return False
        raise CommandError(f"{ledger}: SQLite reports: {error}.") from error
    except sqlite3.DatabaseError as error:
        raise damaged_ledger(ledger, error) from error
    finally:
        connection.close()
    return True


def damaged_ledger(ledger: Path, error: sqlite3.DatabaseError) -> CommandError:
    """Return the error of a command that cannot read a ledger."""
    return CommandError(
        f"{ledger}: SQLite reports: {error}. Restore a backup with `tactful restore`."
    )


def key_holder(keys: Path) -> bytes | None:
    """Return the content of a key folder's holder secret, which identifies the shop; None: it has none."""
    file = keys / "holder.json"
    return file.read_bytes() if file.exists() else None
