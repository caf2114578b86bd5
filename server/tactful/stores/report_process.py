"""Reports of large ledgers in a process of their own, so that sessions do not wait for them.

A report on a million shoppers takes seconds of processor time. A thread would hold the interpreter
for 5 ms at a time, and each turn would wait. The process has a lower priority, a connection of its
own, and its memory is given back when it ends.
"""

import asyncio
import gc
import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final, Literal, TypeVar

import msgspec
from msgspec import Struct

from tactful.measurement.experiment_report import ExperimentReport
from tactful.measurement.variant_report import VariantsReport
from tactful.runtime.ports.environment import Clock
from tactful.runtime.ports.ledger import Ledger, LedgerError
from tactful.runtime.services.report_service import ReportQuestion, Reports, ReportService
from tactful.stores.relational.connected_reads import ConnectedReads
from tactful.stores.relational.ledger import RelationalLedger
from tactful.stores.sqlite.error_translation import translate_error
from tactful.stores.sqlite.opening import connect

T = TypeVar("T")

FEW_FACTS: Final = 20_000
"""With fewer facts a report takes less than the start of a process, so it is computed at once."""
LOWER_PRIORITY: Final = 19
"""By how much the priority of a report is lower than that of sessions, as `nice` counts it."""


class Task(Struct, frozen=True):
    """What a process computes."""

    what: Literal["report", "by_rule", "variants"]
    ledger: str
    """The path of a SQLite file, or the address of a PostgreSQL database, which holds no password."""
    question: ReportQuestion
    now: int
    """The instant of the report, milliseconds since the Unix epoch, UTC."""


class TaskAnswer(Struct, frozen=True):
    """The answer of a process, or why there is none."""

    answer: bytes = b""
    """The encoded report."""
    problem: str | None = None
    """The message of a `LedgerError`."""


def reports_of(ledger: Ledger, address: str, clock: Clock) -> Reports:
    """Return the reports of a ledger: in a process of their own, unless it is in memory.

    Args:
        ledger: The ledger.
        address: See `Task.ledger`.
        clock: The clock.
    """
    if not isinstance(ledger, RelationalLedger):
        return ReportService(ledger, clock)
    return ReportsApart(ledger, address, clock)


class ReportsApart:
    """Computes each report of a large ledger in a process, one at a time."""

    def __init__(self, ledger: RelationalLedger, address: str, clock: Clock) -> None:
        self._ledger = ledger
        self._address = address
        self._clock = clock
        self._here = ReportService(ledger, clock)
        self._one = asyncio.Lock()

    async def report(self, question: ReportQuestion) -> ExperimentReport:
        """Return what `ReportService.report` returns."""
        if await self._is_small():
            return await self._here.report(question)
        return msgspec.msgpack.decode(await self._ask("report", question), type=ExperimentReport)

    async def by_rule(self, question: ReportQuestion) -> dict[str, ExperimentReport]:
        """Return what `ReportService.by_rule` returns."""
        if await self._is_small():
            return await self._here.by_rule(question)
        answer = await self._ask("by_rule", question)
        return msgspec.msgpack.decode(answer, type=dict[str, ExperimentReport])

    async def variants(self, question: ReportQuestion) -> VariantsReport:
        """Return what `ReportService.variants` returns."""
        if await self._is_small():
            return await self._here.variants(question)
        return msgspec.msgpack.decode(await self._ask("variants", question), type=VariantsReport)

    async def _is_small(self) -> bool:
        return await self._ledger.newest_fact() <= FEW_FACTS

    async def _ask(
        self, what: Literal["report", "by_rule", "variants"], question: ReportQuestion
    ) -> bytes:
        """Return the encoded answer of a process.

        Raises:
            LedgerError: The ledger cannot be read, or the process was ended.
        """
        task = Task(what, self._address, question, self._clock.now())
        await self._ledger.flush()
        async with self._one:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "tactful.stores.report_process",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
            )
            try:
                written, _ = await process.communicate(msgspec.msgpack.encode(task))
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
        if process.returncode:
            message = f"the process of a report ended with status {process.returncode}"
            raise LedgerError(message)
        outcome = msgspec.msgpack.decode(written, type=TaskAnswer)
        if outcome.problem is not None:
            raise LedgerError(outcome.problem)
        return outcome.answer


def main() -> None:
    """Read a task from the standard input, and write its answer to the standard output."""
    give_way()
    gc.disable()  # a report makes millions of rows and no cycles
    task = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Task)
    try:
        outcome = TaskAnswer(msgspec.msgpack.encode(compute(task)))
    except LedgerError as error:
        outcome = TaskAnswer(problem=str(error))
    sys.stdout.buffer.write(msgspec.msgpack.encode(outcome))


def give_way() -> None:
    """Let this process run only while nothing else of the server wants its core.

    A process of a low priority still ends its time slice of some milliseconds before a session runs.
    One of the idle class of Linux (`SCHED_IDLE`) stops at once.
    """
    os.nice(LOWER_PRIORITY)
    if sys.platform == "linux":
        with suppress(OSError):  # a sandbox may forbid it
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def compute(task: Task) -> ExperimentReport | dict[str, ExperimentReport] | VariantsReport:
    """Return the answer to a task.

    Raises:
        LedgerError: The ledger cannot be read.
    """
    with _opened(task.ledger) as reads:
        service = ReportService(reads, _Instant(task.now))
        match task.what:
            case "report":
                return asyncio.run(service.report(task.question))
            case "by_rule":
                return asyncio.run(service.by_rule(task.question))
            case _:
                return asyncio.run(service.variants(task.question))


class _Instant(Struct, frozen=True):
    """A clock that stands still."""

    at: int

    def now(self) -> int:
        """Return the instant of the report."""
        return self.at


@contextmanager
def _opened(address: str) -> Iterator[ConnectedReads]:
    """Give reads of a ledger, which no read changes.

    Raises:
        LedgerError: The ledger cannot be read.
    """
    if "://" in address:
        # Imported here: psycopg is installed only where a ledger is on PostgreSQL.
        from tactful.stores.postgres.readers import opened_reader  # noqa: PLC0415

        with opened_reader(address) as reader:
            yield ConnectedReads(reader, address)
        return
    try:
        with closing(connect(Path(address))) as connection:
            connection.execute("PRAGMA query_only=ON")
            yield ConnectedReads(connection, address)
    except sqlite3.Error as error:
        raise translate_error(error, address) from error


if __name__ == "__main__":
    main()
