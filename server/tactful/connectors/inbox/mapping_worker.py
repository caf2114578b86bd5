"""The background work of one connector: stored deliveries become facts, in order of arrival.

Those that wait are mapped together, up to `BATCH`. A delivery that cannot be mapped is kept as failed,
and blocks no other. A system that cannot be read stops the worker for a while, so that the order of
deliveries about one object holds.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import msgspec
import structlog

from tactful.connectors.connector import Envelope, Fetch, Json, Mapped
from tactful.connectors.inbox.delivery_batch import DeliveryBatch, Ingest
from tactful.connectors.objects.installed import InstalledConnector
from tactful.connectors.objects.object_mapper import Fetched, Known, ObjectMapper
from tactful.connectors.objects.remote_objects import FetchError
from tactful.core.values.calendar import DAY, MINUTE
from tactful.runtime.ports.environment import Clock
from tactful.runtime.ports.inbox_store import InboxStore, StoredDelivery
from tactful.runtime.ports.ledger import LedgerError

log = structlog.get_logger("tactful.inbox")

BATCH: Final = 50
"""Deliveries that are read at once."""
GATHER_S: Final = 0.05
"""Seconds after a batch in which the deliveries of the next one gather, so that they share its commits."""
LATE_MS: Final = MINUTE
"""Milliseconds after which a payload is old: its object is fetched instead."""
KEPT_MS: Final = 7 * DAY
"""Milliseconds for which a delivery is kept."""
MAX_ATTEMPTS: Final = 5
"""Attempts at a delivery while the other system answers with errors; then it is kept as failed."""
FIRST_PAUSE_S: Final = 5
LONGEST_PAUSE_S: Final = 300
"""Seconds of the first pause after a failed request, which doubles up to the longest."""


Remember = Callable[[set[str]], Awaitable[None]]
"""Remembers SKUs that the other system has."""


class MappingWorker:
    """Maps the deliveries of one connector."""

    def __init__(
        self,
        installed: InstalledConnector,
        store: InboxStore,
        ingest: Ingest,
        known: Known,
        clock: Clock,
        contact_key: bytes,
        remember: Remember | None = None,
    ) -> None:
        """Join the parts.

        Args:
            installed: The connector.
            store: Where deliveries wait.
            ingest: Takes the facts.
            known: Reads the facts in force.
            clock: The shop's clock.
            contact_key: The contact key of the shop.
            remember: Takes the SKUs of products, so that they are missed when a list lacks them.
        """
        self._remember = remember
        self.installed = installed
        self._store = store
        self._ingest = ingest
        self._clock = clock
        self._mapper = ObjectMapper(installed, known, clock, contact_key)
        self._woken = asyncio.Event()
        self._attempts: dict[int, int] = {}
        self._pruned_at = 0

    def wake(self) -> None:
        """Continue: a delivery was stored."""
        self._woken.set()

    async def run(self) -> None:
        """Map deliveries until the task is cancelled."""
        pause_s = 0
        while True:
            self._woken.clear()
            try:
                wait_s = await self.map_waiting()
            except LedgerError as error:
                log.warning("inbox.waiting", connector=self.installed.name, error=str(error))
                wait_s = FIRST_PAUSE_S
            if wait_s is None:
                pause_s = 0
                await asyncio.sleep(GATHER_S)
                await self._woken.wait()
            else:
                pause_s = min(max(FIRST_PAUSE_S, 2 * pause_s), LONGEST_PAUSE_S)
                await asyncio.sleep(max(wait_s, pause_s))

    async def map_waiting(self) -> int | None:
        """Map every delivery that waits.

        Returns:
            `None`: all are mapped or failed. Otherwise the other system cannot be read, and the
            seconds that it asked to wait.

        Raises:
            LedgerError: Some may be mapped.
        """
        await self._prune()
        while rows := await self._store.waiting_deliveries(self.installed.name, BATCH):
            batch = DeliveryBatch(self._ingest)
            wait_s = await self._map_rows(rows, batch)
            await batch.store_facts()
            await self._settle(batch)
            if wait_s is not None:
                return wait_s
        return None

    async def _map_rows(self, rows: Sequence[StoredDelivery], batch: DeliveryBatch) -> int | None:
        """Map deliveries into a batch; return the seconds to wait, as `map_waiting` does."""
        fetched: Fetched = {}
        for row in rows:
            # Mapping reads no file and no socket, so nothing else would let shoppers in between.
            await asyncio.sleep(0)
            if row.topic not in self.installed.connector.kept:
                batch.fail(row, str(msgspec.json.decode(row.fields).get("problem")))
                continue
            try:
                batch.add(row, await self._facts(row, fetched, batch))
            except LedgerError:
                raise
            except FetchError as error:
                if error.later and not self._gives_up(row, error):
                    return error.wait_s
                batch.fail(row, str(error))
            except Exception as error:  # noqa: BLE001 - no payload may end the worker
                batch.fail(row, _named(error))
        return None

    async def _settle(self, batch: DeliveryBatch) -> None:
        """Store what became of the deliveries of a batch, in one write."""
        if self._remember and batch.skus:
            await self._remember(batch.skus)
        failed = {number: problem for number, (_, problem) in batch.failed.items()}
        await self._store.settle_deliveries([row.number for row in batch.done], failed)
        for row, problem in batch.failed.values():
            log.warning(
                "delivery.failed", connector=row.connector, topic=row.topic, problem=problem[:200]
            )
        for number in (*failed, *(row.number for row in batch.done)):
            self._attempts.pop(number, None)
        self.installed.failed += len(failed)
        self.installed.mapped += len(batch.done)
        if batch.done:
            self.installed.lag_ms = self._clock.now() - batch.done[-1].arrived

    def _gives_up(self, row: StoredDelivery, error: FetchError) -> bool:
        """Count an attempt; return whether it was the last. An unreachable system ends none.

        Nor does one that refuses the key or asks to wait: that concerns every delivery alike.
        """
        self.installed.fetch_problem = str(error)
        log.warning("inbox.fetch_failed", connector=self.installed.name, error=str(error))
        if error.is_counted:
            self._attempts[row.number] = self._attempts.get(row.number, 0) + 1
        return self._attempts.get(row.number, 0) >= MAX_ATTEMPTS

    async def _facts(
        self, row: StoredDelivery, fetched: Fetched, batch: DeliveryBatch
    ) -> list[Json]:
        if again := self._refetch(row):
            return await self._mapper.follow(Mapped(fetch=(again,)), row.arrived, fetched)
        fields = msgspec.json.decode(row.fields)
        if self.installed.connector.reads(row.topic, fields):
            # What the deliveries before it say may be what is read.
            await batch.store_facts()
        return await self._mapper.facts_of(row.topic, fields, row.arrived, fetched)

    def _refetch(self, row: StoredDelivery) -> Fetch | None:
        """Return how to fetch the object of an old payload; `None`: the payload is to be mapped."""
        if self.installed.remote is None or row.sent_at is None:
            return None
        if row.arrived - row.sent_at <= LATE_MS:
            return None
        envelope = Envelope(id=row.delivery, topic=row.topic, about=row.about, sent_at=row.sent_at)
        return self.installed.connector.refetch(envelope)

    async def _prune(self) -> None:
        """Delete what is older than `KEPT_MS`, at most once an hour."""
        now = self._clock.now()
        if now - self._pruned_at >= DAY // 24:
            self._pruned_at = now
            await self._store.prune_deliveries(now - KEPT_MS)


def _named(error: Exception) -> str:
    """Return what is wrong with a payload, without its values, which may be personal."""
    if isinstance(error, KeyError):
        return f"The payload has no field {error}."
    return f"The payload has another form than expected ({type(error).__name__})."
