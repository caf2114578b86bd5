"""The part of a ledger that keeps deliveries and cursors (role `InboxStore`)."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from tactful.runtime.ports.inbox_store import DeliveryState, InboxDelivery, StoredDelivery
from tactful.stores.relational.tables import inbox_rows
from tactful.stores.relational.writer.group_commit import GroupCommitWriter

PRUNED_AT_ONCE: Final = 250
"""Deliveries that are deleted in one transaction, so that no commit waits long behind a prune."""


class RelationalInbox:
    """Deliveries and cursors; see `runtime.ports.inbox_store` for what each method promises."""

    @property
    def _open_writer(self) -> GroupCommitWriter:
        raise NotImplementedError

    async def _read(self, sql: str, values: Any = ()) -> list[Any]:
        raise NotImplementedError

    async def put_delivery(self, delivery: InboxDelivery) -> bool:
        return await self._open_writer.run(partial(inbox_rows.put, delivery=delivery), rides=True)

    async def waiting_deliveries(self, connector: str, limit: int) -> list[StoredDelivery]:
        found = await self._read(inbox_rows.WAITING, (connector, limit))
        return [inbox_rows.delivery_from_row(row) for row in found]

    async def failed_deliveries(self, connector: str, limit: int) -> list[StoredDelivery]:
        found = await self._read(inbox_rows.FAILED, (connector, limit))
        return [inbox_rows.delivery_from_row(row) for row in found]

    async def settle_deliveries(self, done: Sequence[int], failed: Mapping[int, str]) -> None:
        await self._open_writer.run(
            partial(inbox_rows.settle, done=done, failed=failed),
            weight=len(done) + len(failed),
            rides=True,
        )

    async def retry_deliveries(self, connector: str) -> int:
        return await self._open_writer.run(partial(inbox_rows.retry, connector=connector))

    async def delivery_counts(self) -> dict[tuple[str, DeliveryState], int]:
        found = await self._read(inbox_rows.COUNTS)
        return {(connector, state): count for connector, state, count in found}

    async def prune_deliveries(self, before: int) -> int:
        work = partial(inbox_rows.prune, before=before, limit=PRUNED_AT_ONCE)
        total = 0
        while dropped := await self._open_writer.run(work, weight=PRUNED_AT_ONCE):
            total += dropped
        return total

    async def put_cursor(self, connector: str, name: str, value: str) -> None:
        work = partial(inbox_rows.put_cursor, connector=connector, name=name, value=value)
        await self._open_writer.run(work, rides=True)

    async def cursors(self, connector: str) -> dict[str, str]:
        return dict(await self._read(inbox_rows.CURSORS, (connector,)))
