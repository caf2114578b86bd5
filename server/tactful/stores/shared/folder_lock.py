"""The lock on a data folder, which lets one process at a time serve from it.

A server keeps its promises in memory, so two servers on one ledger would promise the same twice.
"""

import asyncio
import contextlib
import fcntl
import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Final

from tactful.runtime.ports.ledger import LedgerError

LOCK_FILE: Final = "lock"
LOCK_TIMEOUT_S: Final = 45.0
"""Seconds to wait for the lock. A server that is stopping is gone within 30 s."""
POLL_INTERVAL_S: Final = 0.02
"""Seconds between two attempts. Short, because no shopper is served meanwhile."""


def open_lock(folder: Path) -> int:
    """Open the lock file of a data folder, which is made if it does not exist.

    Raises:
        OSError: The file cannot be made, for example because the disk is full.
    """
    return os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)


@contextlib.asynccontextmanager
async def exclusive_lock(
    folder: Path, on_wait: Callable[[], None], timeout_s: float = LOCK_TIMEOUT_S
) -> AsyncIterator[None]:
    """Hold the lock on a data folder for the length of a block.

    The operating system releases the lock when the process ends, even after a crash.

    Args:
        folder: The data folder.
        on_wait: Called once, if another process holds the lock.
        timeout_s: Seconds to wait for the other process.

    Raises:
        LedgerError: The other process did not end in time.
    """
    descriptor = open_lock(folder)
    try:
        await _acquire(descriptor, folder, on_wait, timeout_s)
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def exclusive_lock_now(folder: Path) -> Iterator[None]:
    """Hold the lock on a data folder for the length of a block, without waiting for it.

    Raises:
        LedgerError: Another process holds it.
    """
    descriptor = open_lock(folder)
    try:
        if not _try_lock(descriptor):
            message = f"{folder} is in use; stop the server, then restore"
            raise LedgerError(message, retry=False)
        yield
    finally:
        os.close(descriptor)


async def _acquire(
    descriptor: int, folder: Path, on_wait: Callable[[], None], timeout_s: float
) -> None:
    if _try_lock(descriptor):
        return
    on_wait()
    try:
        async with asyncio.timeout(timeout_s):
            while not _try_lock(descriptor):  # noqa: ASYNC110 -- a file lock has no event to wait for
                await asyncio.sleep(POLL_INTERVAL_S)
    except TimeoutError:
        message = (
            f"{folder}: another server uses this ledger and has not stopped. One ledger has one"
            " server: stop the other one, or name another data folder"
        )
        raise LedgerError(message, retry=False) from None


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
