"""Reads of facts from a database."""

from collections.abc import Sequence
from typing import Any

import msgspec

from tactful.runtime.ports.fact_store import NamedKind
from tactful.runtime.ports.ledger_rows import StoredFact
from tactful.stores.relational import facts
from tactful.stores.relational.tables import order_heads


class RelationalFactReads:
    """The part of a ledger that reads facts; `FactStore` says what each method promises."""

    async def _read(self, sql: str, values: Any = ()) -> list[Any]:
        raise NotImplementedError

    async def facts_about(
        self,
        subjects: Sequence[tuple[str, str]],
        kinds: Sequence[str] = (),
        at: int | None = None,
        upto: int | None = None,
    ) -> list[StoredFact]:
        found = await self._read(*facts.facts_query(subjects, kinds, at, upto))
        return facts.select_facts(found, subjects)

    async def newest_fact(self) -> int:
        found = await self._read("SELECT coalesce(max(id), 0) FROM facts")
        return int(found[0][0])

    async def known_skus(self, after: str, limit: int) -> list[str]:
        asked = {"kind": "sku", "after": after, "limit": limit}
        return [sku for (sku,) in await self._read(facts.KNOWN_SUBJECTS, asked)]

    async def known_customers(self, after: str, limit: int) -> list[str]:
        asked = {"kind": "customer", "after": after, "limit": limit}
        return [customer for (customer,) in await self._read(facts.KNOWN_SUBJECTS, asked)]

    async def fact_versions(self, kind: str, key: str) -> list[StoredFact]:
        return [StoredFact(*row) for row in await self._read(facts.VERSIONS, (kind, key))]

    async def facts_of_kind(self, kind: str, after: str, limit: int) -> list[StoredFact]:
        found = await self._read(facts.OF_KIND, (kind, after, limit))
        return [StoredFact(*row) for row in found]

    async def order_heads(
        self, after: tuple[int, str], until: int, limit: int
    ) -> list[tuple[int, str, str | None, str | None]]:
        return await self._read(order_heads.NEXT_HEADS, (*after, until, limit))

    async def orders_without_head(self, after: str, limit: int) -> list[tuple[str, bytes]]:
        return await self._read(order_heads.NEXT_WITHOUT_HEAD, (after, limit))

    async def facts_with_keys(self, kind: str, keys: Sequence[str]) -> list[StoredFact]:
        listed = msgspec.json.encode([*keys]).decode()
        found = await self._read(facts.WITH_KEYS, (kind, listed))
        return [StoredFact(*row) for row in found]

    async def facts_named(self, kind: NamedKind, beginning: str, limit: int) -> list[StoredFact]:
        asked = {"beginning": beginning, "last": facts.LAST_CHARACTER, "limit": limit}
        return [StoredFact(*row) for row in await self._read(facts.NAMED[kind], asked)]
