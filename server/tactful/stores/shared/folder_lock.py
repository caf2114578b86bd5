"""Who may serve from a data folder? One process at a time; the next one waits until it has gone.

Memory holds what a server has promised, so two servers on one ledger would promise things twice.
"""

import asyncio
import contextlib
import fcntl
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final

from tactful.runtime.ports.ledger import LedgerError

LOCK_FILE: Final = "lock"
LOCK_TIMEOUT_S: Final = 45.0
"""A server that was told to stop is gone within 30 s; one that was not told will not go."""
POLL_INTERVAL_S: Final = 0.02
"""Between two looks: nobody is served meanwhile."""


@contextlib.asynccontextmanager
async def exclusive_lock(
    folder: Path, waits: Callable[[], None], patience_s: float = LOCK_TIMEOUT_S
) -> AsyncIterator[None]:
    """Hold the folder for the length of a block; the system lets go of it when the process dies.

    `waits` is told when another process holds it. `LedgerError`: it did not go within `patience_s`.
    """
    descriptor = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        await _acquire(descriptor, folder, waits, patience_s)
        yield
    finally:
        os.close(descriptor)


async def _acquire(
    descriptor: int, folder: Path, waits: Callable[[], None], patience_s: float
) -> None:
    if _try_lock(descriptor):
        return
    waits()
    try:
        async with asyncio.timeout(patience_s):
            while not _try_lock(descriptor):  # noqa: ASYNC110 -- a lock of the system has no event
                await asyncio.sleep(POLL_INTERVAL_S)
    except TimeoutError:
        message = (
            f"{folder}: another server has this ledger, and does not end; one ledger has one server:"
            " stop the other one, or name another data folder"
        )
        raise LedgerError(message, retry=False) from None


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
