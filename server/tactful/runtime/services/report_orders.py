"""Reading of the orders of a report: heads first, whole orders only where they matter.

Most orders are of shoppers who were due no offer. The ledger says so without their bodies.
"""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from typing import Any, Final, Protocol

import msgspec
from msgspec import Struct

from tactful.core.facts.fact_codec import decode_stored
from tactful.core.facts.fact_types import Gone, Order, ReportedFact
from tactful.measurement.unit_outcomes import MeasuredOrder, Who
from tactful.runtime.ports.fact_store import BUYER_CHARACTERS
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.ports.ledger_rows import StoredFact
from tactful.runtime.services.report_rows import (
    SECONDS_DIGITS,
    CustomerUnit,
    OrderHead,
    Returns,
    SkuTerms,
    TimeSpan,
    instant_ms,
    is_sale,
    measured_order,
    session_of,
    skus_of,
)
from tactful.runtime.services.report_units import KnownUnits

PAGE_FACTS: Final = 500
"""Facts that are read and decoded at once, some 1.5 ms of the event loop.

A thread would hold the event loop for longer: the interpreter switches between threads every 5 ms.
"""
PAGE_HEADS: Final = 5_000
"""Heads that are read at once."""
SKUS_AT_ONCE: Final = 200

_decode_head = msgspec.json.Decoder(OrderHead).decode


class ReportFacts(Protocol):
    """The reads of `FactStore` that a report needs."""

    async def facts_of_kind(self, kind: str, after: str, limit: int) -> list[StoredFact]:
        """Return the facts in force of one kind whose key is above `after`, in order of their keys."""

    async def order_heads(
        self, after: tuple[int, str], until: int, limit: int
    ) -> list[tuple[int, str, str | None, str | None]]:
        """Return (instant, key, buyer, session) of the orders in force that have a head."""

    async def orders_without_head(self, after: str, limit: int) -> list[tuple[str, bytes]]:
        """Return (key, body) of the other orders in force."""

    async def facts_with_keys(self, kind: str, keys: Sequence[str]) -> list[StoredFact]:
        """Return the facts in force of one kind that have these keys, in order of their keys."""

    async def facts_about(
        self, subjects: Sequence[tuple[str, str]], kinds: Sequence[str] = ()
    ) -> list[StoredFact]:
        """Return the facts in force that are about any of the subjects."""


class SaleHeads(Struct):
    """The sales that may belong to a unit, without their lines."""

    sales: dict[str, MeasuredOrder]
    """Order → its buyer and its instant."""
    also: dict[str, tuple[str, ...]]
    """Order → its other ids, where it has any."""
    unlinked: int = 0
    """Sales that name neither a customer nor a session."""


class OrderReading:
    """Reads the orders of a report."""

    def __init__(self, ledger: ReportFacts, unit_of: CustomerUnit, returns: Returns) -> None:
        """Read from a ledger.

        Args:
            ledger: Where the facts are.
            unit_of: Names customers as exposures do.
            returns: What came back.
        """
        self._ledger = ledger
        self._unit_of = unit_of
        self._returns = returns
        self._gone: dict[str, ReportedFact[Gone]] = {}
        self._terms = SkuTerms()

    async def heads(self, time: TimeSpan, units: KnownUnits) -> SaleHeads:
        """Return the sales of a time that may belong to a unit.

        An order can say that a guest is a customer. Only then are all orders read again.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        async for end in facts_of(self._ledger, "gone"):
            if end.fact.of == "order":
                self._gone[end.fact.order] = end
        found = SaleHeads({}, {})
        linked: set[str] = set()

        async for page in self._bodies(time, units.customers, units.sessions):
            await self._keep([*self._chosen(page, time, units, linked)], found)
        if linked:
            buyers = {hash(self._unit_of(one)[:BUYER_CHARACTERS]) for one in linked}
            async for page in self._bodies(time, buyers, frozenset()):
                others = [*self._of_customers(page, time, linked, found.sales)]
                await self._keep(others, found)
        return found

    async def _bodies(
        self, time: TimeSpan, buyers: Collection[int], sessions: Collection[int]
    ) -> AsyncIterator[list[tuple[str, bytes]]]:
        """Yield pages of (key, body) of the orders of a time by buyer or session, and of those of nobody.

        Orders without a head are among them, whatever they say.

        Args:
            time: The time.
            buyers: The hashes of the buyers, as heads name them.
            sessions: The hashes of the sessions.
        """
        keys: list[str] = []
        place = time.since, ""
        while heads := await self._ledger.order_heads(place, time.until, PAGE_HEADS):
            at, last, _, _ = heads[-1]
            place = at, last
            keys += [
                key
                for _, key, buyer, session in heads
                if hash(buyer) in buyers or hash(session) in sessions or buyer is session is None
            ]
        # In the order of their keys, many orders are read from the same page of the file.
        keys.sort()
        for start in range(0, len(keys), PAGE_FACTS):
            stored = await self._ledger.facts_with_keys("order", keys[start : start + PAGE_FACTS])
            yield [(one.key, one.body) for one in stored]
        after = ""
        while page := await self._ledger.orders_without_head(after, PAGE_FACTS):
            after = page[-1][0]
            yield page

    def _chosen(
        self,
        page: Iterable[tuple[str, bytes]],
        time: TimeSpan,
        units: KnownUnits,
        linked: set[str],
    ) -> Iterable[tuple[OrderHead, Who]]:
        """Yield the orders of a page that may belong to a unit or to nobody, and note who is linked.

        This loop runs once for each order without a head, so it calls as little as possible.
        """
        unit_of, customers, sessions = self._unit_of, units.customers, units.sessions
        first, last, digits = time.first, time.last, SECONDS_DIGITS
        for key, body in page:
            try:
                head = _decode_head(body)
            except msgspec.DecodeError as error:
                raise _unreadable("order", key, error) from error
            placed = head.placed_at
            if not (placed[-1] == "Z" and first < placed[:digits] < last) and not time.has(placed):
                continue
            session = session_of(head) if head.session else None
            in_session = session is not None and hash(session) in sessions
            if head.customer:
                unit = unit_of(head.customer)
                is_known = hash(unit[:BUYER_CHARACTERS]) in customers
                if is_known or in_session:
                    if not is_known:
                        linked.add(head.customer)
                    yield head, Who(unit, session)
            elif in_session or session is None:
                yield head, Who(None, session)

    def _of_customers(
        self,
        page: Iterable[tuple[str, bytes]],
        time: TimeSpan,
        linked: Collection[str],
        known: Mapping[str, MeasuredOrder],
    ) -> Iterable[tuple[OrderHead, Who]]:
        """Yield the further orders of customers who were found to be units."""
        for key, body in page:
            head = _decode_head(body)
            if head.customer in linked and key not in known and time.has(head.placed_at):
                yield head, Who(self._unit_of(head.customer or ""), session_of(head))

    async def _keep(self, chosen: Iterable[tuple[OrderHead, Who]], found: SaleHeads) -> None:
        """Keep those of the orders that are sales."""
        for head, who in chosen:
            if not head.paid or head.status == "cancelled":
                continue
            if self._gone and await self._is_gone(head):
                continue
            if who.customer is None and who.session is None:
                found.unlinked += 1
                continue
            at = instant_ms(head.placed_at)
            found.sales[head.order] = MeasuredOrder(order=head.order, who=who, at=at, lines=())
            if head.also:
                found.also[head.order] = head.also

    async def _is_gone(self, head: OrderHead) -> bool:
        """Return whether the shop has said that an order does not exist any more."""
        ends = [self._gone[one] for one in (head.order, *head.also) if one in self._gone]
        if not ends:
            return False
        stored = await self._ledger.facts_with_keys("order", (head.order,))
        return not any(is_sale(_reported(one), ends) for one in stored)

    async def whole(
        self, sales: Mapping[str, MeasuredOrder], wanted: Collection[str]
    ) -> list[MeasuredOrder]:
        """Return sales in order of their ids, the wanted ones with their lines.

        Each page is turned into what is compared at once: a decoded order takes three times the memory.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        found = dict(sales)
        keys = sorted(wanted)
        for start in range(0, len(keys), PAGE_FACTS):
            page = await self._ledger.facts_with_keys("order", keys[start : start + PAGE_FACTS])
            orders: list[Order] = [_reported(one).fact for one in page]
            await self._learn(skus_of(orders))
            for order in orders:
                who = sales[order.order].who
                found[order.order] = measured_order(order, who, self._terms, self._returns)
        return [found[key] for key in sorted(found)]

    async def _learn(self, skus: Iterable[str]) -> None:
        """Add product, cost and tax rate, as they are now, of the SKUs that were not asked for yet."""
        asked = self._terms.take_new(skus)
        for start in range(0, len(asked), SKUS_AT_ONCE):
            subjects = [("sku", sku) for sku in asked[start : start + SKUS_AT_ONCE]]
            found = await self._ledger.facts_about(subjects, ("product", "cost", "price"))
            for stored in found:
                self._terms.add(decode_stored(stored.body))


async def facts_of(ledger: ReportFacts, kind: str) -> AsyncIterator[ReportedFact[Any]]:
    """Yield the facts in force of one kind, in order of their keys.

    Raises:
        LedgerError: The ledger cannot be read.
    """
    after = ""
    while page := await ledger.facts_of_kind(kind, after, PAGE_FACTS):
        for stored in page:
            yield _reported(stored)
        after = page[-1].key


def _reported(stored: StoredFact) -> ReportedFact[Any]:
    try:
        fact: Any = decode_stored(stored.body)
    except msgspec.DecodeError as error:
        raise _unreadable(stored.kind, stored.key, error) from error
    return ReportedFact(fact, stored.at, stored.number)


def _unreadable(kind: str, key: str, error: msgspec.DecodeError) -> LedgerError:
    return LedgerError(
        f"The {kind} {key} is damaged in the ledger ({error}), so no report can count it. Report it to"
        " the server again, or restore a backup.",
        retry=False,
    )
