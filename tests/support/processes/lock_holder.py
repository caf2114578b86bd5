"""Another process that holds a data folder until it is killed."""

import asyncio
from multiprocessing.connection import Connection
from pathlib import Path

from tactful.stores.shared.folder_lock import exclusive_lock


def hold(folder: Path, held: Connection) -> None:
    """Take the folder, say so, and stay."""
    asyncio.run(_hold(folder, held))


async def _hold(folder: Path, held: Connection) -> None:
    async with exclusive_lock(folder, _nobody):
        held.send("held")
        await asyncio.Event().wait()


def _nobody() -> None:
    raise AssertionError("nobody else is there")
