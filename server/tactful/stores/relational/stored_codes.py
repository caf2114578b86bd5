"""The part of a ledger that keeps discount codes (role `CodeStore`)."""

from collections.abc import Collection, Sequence
from functools import partial
from typing import Any

from tactful.core.offers.discount_codes import FreeCode
from tactful.runtime.ports.code_store import AddedCodes, PoolCounts, StoredCode
from tactful.stores.relational.tables import code_rows
from tactful.stores.relational.writer.group_commit import GroupCommitWriter


class RelationalCodes:
    """Discount codes; see `runtime.ports.code_store` for what each method promises."""

    @property
    def _open_writer(self) -> GroupCommitWriter:
        raise NotImplementedError

    async def _read_settled(self, sql: str, values: Any = ()) -> list[Any]:
        raise NotImplementedError

    async def add_codes(
        self, pool: str, codes: Sequence[FreeCode], at: int, *, dry_run: bool = False
    ) -> AddedCodes:
        work = partial(code_rows.add, pool=pool, codes=codes, at=at, dry_run=dry_run)
        return await self._open_writer.run(work, weight=len(codes))

    async def withdraw_codes(self, pool: str, at: int) -> int:
        return await self._open_writer.run(partial(code_rows.withdraw, pool=pool, at=at))

    async def free_codes(self) -> list[tuple[str, FreeCode]]:
        found = await self._read_settled(code_rows.FREE)
        return [(pool, FreeCode(code, ends_at)) for pool, code, ends_at in found]

    async def pool_counts(self, now: int) -> list[PoolCounts]:
        return code_rows.counts_from_rows(await self._read_settled(code_rows.COUNTS, (now,)))

    async def find_codes(self, codes: Collection[str]) -> list[StoredCode]:
        return await self._open_writer.run(partial(code_rows.find, codes=codes))

    async def spend_free_codes(self, codes: Collection[str]) -> int:
        return await self._open_writer.run(partial(code_rows.spend_free, codes=codes))
