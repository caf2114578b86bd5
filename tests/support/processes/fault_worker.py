"""A process whose disk fails once at every write and sync of a redemption, and that checks each answer.

`python fault_worker.py FOLDER [swallow]`, under the shim of `disk_faults`. Prints one JSON line for
each fault: what was injected and what was answered. Ends with status 1 at the first wrong answer.
`swallow` is the control: a ledger that takes errors of its disk for success.
"""

import asyncio
import contextlib
import ctypes
import errno
import json
import os
import sqlite3
import sys
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import structlog

from support.ledger_audit import audit_file
from support.ledger_rows import accepted, push, run_redemption
from support.processes.crash_worker import DATABASE, redemption
from tactful.core.redemption.redemption_rows import RedemptionOutcome
from tactful.runtime.ports.ledger import LedgerBrokenError, LedgerFullError
from tactful.stores.relational.writer import transactor
from tactful.stores.sqlite.ledger import SqliteLedger
from tactful.stores.sqlite.writer import checkpoints

ANY, WRITES, SYNCS = 0, 1, 2
FAULTS = ((errno.EIO, ANY), (errno.ENOSPC, WRITES), (errno.ENOSPC, SYNCS))
SHIM = ctypes.CDLL(None)


def arm(folder: Path, operation: int, error: int, kind: int) -> None:
    """Let the n-th following operation fail; 0: no operation."""
    (folder / "control").write_text(f"{operation} {error} {kind}")


async def opened(folder: Path) -> SqliteLedger:
    ledger = SqliteLedger(folder / DATABASE)
    await ledger.open()
    return ledger


async def sweep(folder: Path, error: int, kind: int) -> None:
    """Fail the first operation of a redemption, then the second of the next, until none is left."""
    ledger = await opened(folder)
    for operation in range(1, 100):
        name = f"{error}_{kind}_{operation}"
        offer, order = f"of_{name}", f"o_{name}"
        made = accepted(offer, session=f"se_{name}")
        assert await ledger.commit(push(made, limit=None)) is None
        await ledger.flush()
        arm(folder, operation, error, kind)
        answer = await attempt(ledger, offer, order)
        with contextlib.suppress(LedgerBrokenError, LedgerFullError):
            await ledger.flush()  # the checkpoint that follows an answer is part of it
        missed = SHIM.faults_armed() > 0
        arm(folder, 0, 0, 0)
        ledger = await settled(folder, ledger, answer)
        await check(ledger, offer, order, answer)
        answered = answer.status if isinstance(answer, RedemptionOutcome) else type(answer).__name__
        print(json.dumps({"error": error, "kind": kind, "operation": operation, "told": answered}))
        if missed:
            await ledger.close()
            assert audit_file(folder / DATABASE) == []
            return
    message = "a redemption cannot have so many operations"
    raise AssertionError(message)


async def attempt(ledger: SqliteLedger, offer: str, order: str) -> RedemptionOutcome | Exception:
    """Try to redeem once."""
    try:
        return await run_redemption(
            ledger, redemption(offer, order, attempt="first"), offer=offer, order=order
        )
    except (LedgerBrokenError, LedgerFullError) as error:
        return error


async def settled(
    folder: Path, ledger: SqliteLedger, answer: RedemptionOutcome | Exception
) -> SqliteLedger:
    """Return a ledger that works again: restarted if it broke, the same if the disk was full."""
    if isinstance(answer, LedgerFullError):
        return ledger
    if ledger.failure is None:
        assert isinstance(answer, RedemptionOutcome)
        return ledger
    for refused in (
        run_redemption(ledger, redemption("of_x", "o_x"), offer="of_x", order="o_x"),
        ledger.commit(push(accepted("of_x"), limit=None)),
    ):
        try:
            await refused
        except LedgerBrokenError:
            continue
        message = "a broken ledger went on"
        raise AssertionError(message)
    await ledger.close()
    return await opened(folder)


async def check(
    ledger: SqliteLedger, offer: str, order: str, answer: RedemptionOutcome | Exception
) -> None:
    """The retry gets the true answer, another order is refused, and the sums hold."""
    retry = await run_redemption(
        ledger, redemption(offer, order, attempt="retry"), offer=offer, order=order
    )
    assert retry.status == 200, retry
    if isinstance(answer, RedemptionOutcome):
        assert retry.body == answer.body, (answer, retry)
    other = await run_redemption(ledger, redemption(offer, "another"), offer=offer, order="another")
    assert other.status == 409, other
    assert ledger.failure is None, ledger.failure
    assert await ledger.reconcile() == []


class AtOnce:
    """Runs the work of the checkpoint's thread at once, so that each fault meets the same operation."""

    def __init__(self, *given: object) -> None:
        pass

    def submit(self, work: Callable[[], int]) -> "Future[int]":
        """Return the work done, or its error."""
        done: Future[int] = Future()
        try:
            done.set_result(work())
        except sqlite3.Error as error:
            done.set_exception(error)
        return done

    def shutdown(self) -> None:
        """Do nothing."""


def swallow() -> None:
    """Make the control: errors of the disk are ignored."""
    honest: Callable[..., Any] = transactor.Transactor._attempt

    def deaf(self: Any, *given: Any) -> None:
        with contextlib.suppress(sqlite3.Error):
            honest(self, *given)

    transactor.Transactor._attempt = deaf  # type: ignore[method-assign, assignment]


async def main() -> None:
    # Standard output has the answers only.
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(file=sys.stderr))
    folder = Path(sys.argv[1])
    checkpoints.MIN_CHANGES_PER_CHECKPOINT = checkpoints.MAX_CHANGES_PER_CHECKPOINT = 1
    checkpoints.ThreadPoolExecutor = AtOnce  # type: ignore[assignment, attr-defined]
    if sys.argv[2:] == ["swallow"]:
        swallow()
    for error, kind in FAULTS:
        await sweep(folder, error, kind)


if __name__ == "__main__":
    status = 0
    try:
        asyncio.run(main())
    except AssertionError:
        traceback.print_exc()
        status = 1
    sys.stdout.flush()
    os._exit(status)  # a ledger that broke may have threads left
