"""What did the ledger know of an item or a customer: now, at an instant, or up to a certain fact?"""

from collections.abc import Iterable
from typing import Final

from msgspec import structs

from tactful.core.facts.fact_types import Price, Product
from tactful.core.facts.history import History
from tactful.core.facts.item import Item
from tactful.runtime.facts import assembly
from tactful.runtime.facts.assembly import GENERAL_KIND
from tactful.runtime.ports.ledger import Ledger
from tactful.runtime.ports.ledger_rows import StoredFact

ITEM_KINDS: Final = ("product", "price", "cost", "stock", "recall", GENERAL_KIND)
PERSON_KINDS: Final = ("customer", "order", "return", "case", "review", "remedy")
CHUNK: Final = 400
"""Subjects asked for in one read."""


class FactReader:
    """One read of the ledger, as of one point in it; remembers which was the newest fact then.

    `at`: an instant (ms). `upto`: the number of a fact, which tells apart what one instant knew
    before and after it. Neither: now.
    """

    def __init__(self, ledger: Ledger, *, at: int | None = None, upto: int | None = None) -> None:
        self._ledger = ledger
        self._at = at
        self._upto = upto
        self._newest = upto or 0

    async def item(self, sku: str) -> Item:
        """An SKU; a bundle with its parts."""
        await self._begin()
        found = await self._item(sku)
        return structs.replace(found, upto=self._newest)

    async def _begin(self) -> None:
        """Facts may come while we read, and others may have ceased to be about this."""
        if self._upto is None:
            self._newest = await self._ledger.newest_fact()

    async def _item(self, sku: str, *, part: bool = False) -> Item:
        stored = await self._about([("sku", sku)], ITEM_KINDS)
        general = [one for one in stored if one.kind == GENERAL_KIND]
        stored = [one for one in stored if one.kind != GENERAL_KIND]
        product = next((f for f in map(assembly.read, stored) if isinstance(f, Product)), None)
        variants = await self._variants(product)
        if product:
            subjects = [("product", product.product), *(("sku", one) for one in variants)]
            stored += await self._about(subjects, ("recall",))
        parts = () if part or product is None else product.components
        components = [await self._item(one, part=True) for one in parts]
        places = [one for one in stored if one.kind == "price"]
        prices = {
            price.territory: await self._versions(one.key)
            for one in places
            if isinstance(price := assembly.read(one), Price)
        }
        unique = {(one.kind, one.key): one for one in stored}
        return assembly.item(sku, unique.values(), prices, tuple(components), variants, general)

    async def _variants(self, product: Product | None) -> tuple[str, ...]:
        """Every SKU of a product: what recalls one recalls them all."""
        if product is None:
            return ()
        siblings = await self._about([("product", product.product)], ("product",))
        return tuple(
            sorted({f.sku for f in map(assembly.read, siblings) if isinstance(f, Product)})
        )

    async def _versions(self, key: str) -> list[StoredFact]:
        versions = await self._ledger.fact_versions("price", key)
        return [
            one
            for one in versions
            if (self._at is None or one.at <= self._at)
            and (self._upto is None or one.number <= self._upto)
        ]

    async def history(self, customer: str) -> History:
        """A customer."""
        await self._begin()
        first = await self._about([("customer", customer)], PERSON_KINDS)
        own = [("order", one.key) for one in first if one.kind == "order"]
        known = assembly.decode_facts(first) | assembly.decode_facts(
            await self._about(own, ("case",))
        )
        asked: set[tuple[str, str]] = set()
        while new := assembly.linked(known.values()) - asked:
            asked |= new
            orders = [one for one in sorted(new) if one[0] == "order"]
            cases = [one for one in sorted(new) if one[0] == "case"]
            known |= assembly.decode_facts(await self._about(orders, ("order", "return")))
            known |= assembly.decode_facts(await self._about(cases, ("case",)))
        products = await self._products(assembly.named(known.values()))
        return structs.replace(assembly.history(customer, known, products), upto=self._newest)

    async def _products(self, skus: set[str]) -> dict[str, Product]:
        """The catalogue's entries, and those of what is in the bundles among them."""
        found: dict[str, Product] = {}
        while skus:
            subjects = [("sku", sku) for sku in sorted(skus)]
            facts = map(assembly.read, await self._about(subjects, ("product",)))
            new = {fact.sku: fact for fact in facts if isinstance(fact, Product)}
            parts = {part for sku in skus & new.keys() for part in new[sku].components}
            found |= {sku: new[sku] for sku in skus & new.keys()}
            skus = parts - found.keys() - skus
        return found

    async def _about(
        self, subjects: list[tuple[str, str]], kinds: tuple[str, ...]
    ) -> list[StoredFact]:
        found: list[StoredFact] = []
        for start in range(0, len(subjects), CHUNK):
            found += await self._ledger.facts_about(
                subjects[start : start + CHUNK], kinds, self._at, self._upto
            )
        self._meet(found)
        return found

    def _meet(self, found: Iterable[StoredFact]) -> None:
        self._newest = max((self._newest, *(one.number for one in found)))
