"""Waiting for room on a full disk at the start of a server.

A start that gave up would turn a state that repairs itself into an outage.
"""

import asyncio
import errno
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import structlog

from tactful.runtime.ports.ledger import LedgerFullError

log = structlog.get_logger("tactful.app")

T = TypeVar("T")
POLL_S = 0.5
"""Seconds between two attempts."""
NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
"""Error numbers of a full disk and of a used quota."""


async def wait_for_room(attempt: Callable[[], Awaitable[T]]) -> T:
    """Return the result of an attempt, which is repeated for as long as the disk is full.

    Args:
        attempt: Writes to the disk; a repetition must do no harm.

    Raises:
        Exception: Whatever the attempt raised, unless the disk was full.
    """
    is_waiting = False
    while True:
        try:
            result = await attempt()
        except LedgerFullError as error:
            message = str(error)
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise
            message = f"{error.filename or 'the data folder'}: {error.strerror}"
        else:
            if is_waiting:
                log.info("disk.recovered")
            return result
        if not is_waiting:
            log.warning("disk.waiting", error=message)
        is_waiting = True
        await asyncio.sleep(POLL_S)
