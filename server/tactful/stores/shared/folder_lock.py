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

LOCK: Final = "lock"
PATIENCE_S: Final = 45.0
"""A server that was told to stop is gone within 30 s; one that was not told will not go."""
LOOK_S: Final = 0.02
"""Between two looks: nobody is served meanwhile."""


@contextlib.asynccontextmanager
async def exclusive_lock(
    folder: Path, waits: Callable[[], None], patience_s: float = PATIENCE_S
) -> AsyncIterator[None]:
    """Hold the folder for the length of a block; the system lets go of it when the process dies.

    `waits` is told when another process holds it. `LedgerError`: it did not go within `patience_s`.
    """
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        await _hold(descriptor, folder, waits, patience_s)
        yield
    finally:
        os.close(descriptor)


async def _hold(
    descriptor: int, folder: Path, waits: Callable[[], None], patience_s: float
) -> None:
    if _held(descriptor):
        return
    waits()
    try:
        async with asyncio.timeout(patience_s):
            while not _held(descriptor):  # noqa: ASYNC110 -- a lock of the system has no event
                await asyncio.sleep(LOOK_S)
    except TimeoutError:
        message = (
            f"{folder}: another server has this ledger, and does not end; one ledger has one server:"
            " stop the other one, or name another data folder"
        )
        raise LedgerError(message, retry=False) from None


def _held(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
