"""The ledger port on a PostgreSQL database."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any, Final, TypeVar

import structlog

from tactful.runtime.ports.ledger import LedgerError, StorageUse
from tactful.runtime.ports.ledger_rows import Change
from tactful.runtime.ports.membership import CLOCK_LIMIT_MS, CLOCK_WARNING_MS, NodeRow
from tactful.stores.postgres.database_opening import has_synchronous_standby, prepare, take_over
from tactful.stores.postgres.membership_rows import (
    SELECT_CLOCK,
    SELECT_NODES,
    clock_apart,
    node_rows,
)
from tactful.stores.postgres.postgres_connection import PostgresConnection
from tactful.stores.postgres.postgres_engine import PostgresEngine
from tactful.stores.postgres.raw_connection import connect
from tactful.stores.postgres.readers import Reader, Readers
from tactful.stores.postgres.target import Target
from tactful.stores.postgres.tenure import NOW, Tenure
from tactful.stores.relational.customers.customer_export import ReadRows
from tactful.stores.relational.customers.erasure_list import align_erasures, list_erasure
from tactful.stores.relational.customers.repeated_erasures import erase_again
from tactful.stores.relational.ledger import RelationalLedger
from tactful.stores.relational.ledger_connection import ReadConnection
from tactful.stores.relational.reads import SESSIONS_TO_WAKE
from tactful.stores.shared.erasures import Erasure, add_erasures, erasures_file, read_erasures
from tactful.stores.shared.failpoints import FailpointHook, no_failpoint

T = TypeVar("T")
_OF_NOBODY: Final = f"""
  AND coalesce(node, '') NOT IN
    (SELECT process FROM nodes WHERE lease_until > {NOW} OR process = ?)
  ORDER BY session"""  # noqa: S608
log = structlog.get_logger("tactful.ledger")


class PostgresLedger(RelationalLedger):
    """The ledger on one database; see `runtime.ports.ledger` for what each method promises."""

    _remedy = "it is damaged. Restore a backup of the database"

    def __init__(
        self,
        target: Target,
        *,
        tenure: Tenure,
        erasures: Path | None = None,
        erasures_copy: Path | None = None,
        needs_durability: bool = True,
        failpoint: FailpointHook = no_failpoint,
    ) -> None:
        """Name the database; nothing is opened yet.

        Args:
            target: The database.
            tenure: How this server takes the ledger over, alone or as one of several nodes.
            erasures: The file that the list of erasures lies beside; None: no list is kept.
            erasures_copy: The second place of the list of erasures.
            needs_durability: Whether a server that may lose acknowledged commits is refused.
            failpoint: The failpoints of a test.
        """
        super().__init__(target.place, is_shared=tenure.is_shared, failpoint=failpoint)
        self._target = target
        self._tenure = tenure
        self._erasures = erasures
        self._erasures_copy = erasures_copy
        self._needs_durability = needs_durability
        self._readers: Readers | None = None
        self._postgres: PostgresConnection | None = None
        self._clock_apart_ms = 0
        self.has_standby: bool | None = None
        """Whether a commit waits for a standby; None: not known yet."""

    async def open(self) -> None:
        """Check and migrate the database, take it over, and start the writer.

        Raises:
            LedgerError: The database cannot be reached or used, or another server uses it.
        """
        if self._erasures:
            await asyncio.to_thread(align_erasures, self._erasures, self._erasures_copy)
        await asyncio.to_thread(prepare, self._target, needs_durability=self._needs_durability)
        self.has_standby, clock = await asyncio.to_thread(self._examine)
        if not self.has_standby:
            log.warning("ledger.no_synchronous_standby", place=self._path)
        if self.is_shared:
            self._compare_clocks(*clock)
        made = await asyncio.to_thread(
            take_over, self._target, self._tenure, lambda: log.warning("ledger.waiting")
        )
        if self._erasures:
            listed = await asyncio.to_thread(read_erasures, self._erasures)
            # The database may have been restored from a backup of its own.
            if again := await asyncio.to_thread(erase_again, made, listed):
                log.warning("ledger.erased_again", customers=again)
        self._postgres = made
        self._readers = Readers(self._target)
        self._start(made, PostgresEngine(made, self._path))

    async def changes(self, after: int, limit: int = 1000) -> list[Change]:
        found = await super().changes(after, limit)
        erased = {
            digest: Erasure(change.body.decode(), change.at)
            for change in found
            if change.kind == "customer_erased"
            for _, digest in change.subjects
        }
        if erased and self.is_shared and self._erasures:
            # Another node may have erased them, whose folder may be lost when a backup is restored.
            await asyncio.to_thread(self._list_erasures, self._erasures, erased)
        return found

    def _list_erasures(self, beside: Path, erased: Mapping[str, Erasure]) -> None:
        for path in (erasures_file(beside), self._erasures_copy):
            try:
                if path is not None:
                    add_erasures(path, erased)
            except OSError as error:
                log.error("erasures.unlisted", place=str(path), error=str(error))  # noqa: TRY400

    async def nodes(self) -> list[NodeRow] | None:
        if not self.is_shared:
            return None
        self._compare_clocks(*await self._open_readers.timed_row(SELECT_CLOCK))
        return node_rows(await self._read(SELECT_NODES), self._tenure.process)

    def _compare_clocks(self, before: int, row: Any, after: int) -> None:
        """Note by how much the clocks differ; a node whose clock is far off writes nothing.

        Raises:
            LedgerError: It is far off, and the node has not joined yet.
        """
        was_apart = abs(self._clock_apart_ms) > CLOCK_WARNING_MS
        apart = self._clock_apart_ms = clock_apart(before, row[0], after)
        is_apart = abs(apart) > CLOCK_WARNING_MS
        if is_apart != was_apart:
            log.warning("node.clock_apart" if is_apart else "node.clock_agrees", milliseconds=apart)
        suspended = None
        if abs(apart) > CLOCK_LIMIT_MS:
            direction = "ahead of" if apart > 0 else "behind"
            suspended = (
                f"{self._path}: the clock of this machine is {abs(apart) // 1000} s {direction} that of the"
                " database. The node writes nothing: set the clocks alike, with NTP"
            )
        if self._postgres:
            self._postgres.suspended = suspended
        elif suspended:
            raise LedgerError(suspended, retry=False)

    @property
    def clock_apart_ms(self) -> int:
        return self._clock_apart_ms

    async def _sessions_to_wake(self, before: int) -> list[tuple[str, str]]:
        if not self.is_shared:
            return await super()._sessions_to_wake(before)
        return await self._read_settled(
            SESSIONS_TO_WAKE + _OF_NOBODY, (before, self._tenure.process)
        )

    def _examine(self) -> tuple[bool, tuple[int, Any, int]]:
        """Return whether a commit waits for a standby, and the clock as `Reader.timed_row` does."""
        with closing(connect(self._target)) as made:
            return has_synchronous_standby(made), Reader(made).timed_row(SELECT_CLOCK)

    async def _close_readers(self) -> None:
        readers, self._readers = self._readers, None
        if readers:
            await readers.close()

    @property
    def outcomes_settled(self) -> dict[bool, int]:
        """Return whether a transaction of a lost connection was found committed → how often."""
        return self._postgres.settled if self._postgres else {}

    @property
    def lapses(self) -> int:
        """Return how often the lease of this node was over when it wanted to write."""
        return self._postgres.lapses if self._postgres else 0

    def storage_use(self) -> StorageUse | None:
        """Return None: the room on its disks is the database's own business."""
        return None

    async def _read(self, sql: str, values: Any = ()) -> list[Any]:
        self._under_way.add()
        try:
            return await self._open_readers.rows(sql, values)
        finally:
            self._under_way.remove()

    async def _read_apart(self, work: Callable[[ReadConnection], T]) -> T:
        await self._settle()
        return await self._open_readers.snapshot(work)

    @asynccontextmanager
    async def _read_alone(self) -> AsyncIterator[ReadRows]:
        yield self._open_readers.rows

    @property
    def _open_readers(self) -> Readers:
        if self._readers is None:
            raise LedgerError("the ledger is not open", retry=False)
        return self._readers

    def _list_erasure(self, digest: str, erased: Erasure) -> None:
        if self._erasures:
            list_erasure(self._erasures, self._erasures_copy, digest, erased)

    async def _empty_log(self) -> None:
        """Do nothing: what the write-ahead log, standbys and backups hold is the database's business."""
