"""Reads of redemptions from a database."""

from collections.abc import Collection
from typing import Any, Final

import msgspec
from msgspec import structs

from tactful.core.offers.budget import COUNT
from tactful.core.offers.offer import Offer
from tactful.core.redemption.redemption_rows import BalanceKey, Status
from tactful.runtime.ports.ledger_rows import StoredRedemption
from tactful.stores.relational.redemption_transaction import DECODE_REDEMPTION
from tactful.stores.relational.tables.order_ids import SAME_ORDER
from tactful.stores.shared.erasures import erasure_digest, is_digest

_ORDERS_OF: Final = """
  SELECT "order" FROM redemptions WHERE offer = ? AND status IN ('held', 'redeemed') ORDER BY at"""
# The index of standing and held offers is used where its own condition is repeated.
_HELD_AMOUNTS: Final = """
  SELECT campaign, period, currency, sum(hold), count(*) FROM offers
  WHERE state IN ('pushed', 'shown', 'accepted', 'held') AND state = 'held'
    AND campaign IS NOT NULL
  GROUP BY campaign, period, currency"""
_NEXT_HOLD_END: Final = "SELECT min(until) FROM redemptions WHERE status = 'held'"
_LAPSING: Final = """
  SELECT "order" FROM redemptions WHERE status = 'held' AND until <= ?
  GROUP BY "order" ORDER BY min(until), "order" LIMIT ?"""
_ANY_UNPAID: Final = """
  SELECT EXISTS (SELECT 1 FROM redemptions WHERE status IN ('held', 'lapsed'))"""
# From pairs of an id as it was asked for and an id under which its redemptions may be stored: each id
# that was asked for, with all ids of its order.
_IDS_OF: Final = """
  WITH named (name, id) AS (SELECT value ->> 0, value ->> 1 FROM json_each(?)),
  first_ids (name, id) AS (
    SELECT name, id FROM named
    UNION SELECT n.name, a."order" FROM named AS n JOIN order_aliases AS a ON a.alias = n.id),
  ids (name, id) AS (
    SELECT name, id FROM first_ids
    UNION SELECT f.name, a.alias FROM first_ids AS f JOIN order_aliases AS a ON a."order" = f.id)
  {selected}"""
_UNPAID: Final = _IDS_OF.format(
    selected="""SELECT DISTINCT ids.name FROM ids JOIN redemptions AS r ON r."order" = ids.id
  WHERE r.status IN ('held', 'lapsed')"""
)
_OTHER_IDS: Final = _IDS_OF.format(selected="SELECT name, id FROM ids WHERE id <> name")
_LISTED: Final = """
  SELECT r.rowid, r.body, o.body FROM redemptions AS r JOIN offers AS o ON o.id = r.offer
  WHERE r.status <> 'refused' AND r.rowid > :after{filters} ORDER BY r.rowid LIMIT :limit"""
_encode = msgspec.json.Encoder().encode


class RelationalRedemptionReads:
    """The part of a ledger that reads redemptions; `OfferStore` says what each method promises.

    No queued record concerns a redemption, so no read waits for records.
    """

    _secret: bytes | None

    async def _read(self, sql: str, values: Any = ()) -> list[Any]:
        raise NotImplementedError

    def _offer(self, body: bytes) -> Offer:
        raise NotImplementedError

    async def orders_of(self, offer: str) -> list[str]:
        return [order for (order,) in await self._read(_ORDERS_OF, (offer,))]

    async def held_amounts(self) -> dict[BalanceKey, int]:
        found: dict[BalanceKey, int] = {}
        for campaign, period, currency, amount, count in await self._read(_HELD_AMOUNTS):
            found[campaign, period, currency] = amount
            found[campaign, period, COUNT] = found.get((campaign, period, COUNT), 0) + count
        return found

    async def next_hold_end(self) -> int | None:
        ((found,),) = await self._read(_NEXT_HOLD_END)
        return found if found is None else int(found)

    async def orders_with_lapsing_holds(self, until: int, limit: int = 100) -> list[str]:
        return [order for (order,) in await self._read(_LAPSING, (until, limit))]

    async def unpaid_orders(self, orders: Collection[str]) -> set[str]:
        # Most shops hold nothing, and an import reports orders by the thousand.
        ((is_any,),) = await self._read(_ANY_UNPAID)
        if not is_any:
            return set()
        return {order for (order,) in await self._read(_UNPAID, (self._pairs(orders),))}

    async def order_ids(self, orders: Collection[str]) -> set[str]:
        return {*orders, *(one for one in await self._stored_ids(orders) if not is_digest(one))}

    async def redemptions(
        self,
        *,
        order: str | None = None,
        also: Collection[str] = (),
        offer: str | None = None,
        statuses: Collection[Status] = (),
        after: int = 0,
        limit: int = 200,
    ) -> list[StoredRedemption]:
        values: dict[str, Any] = {"after": after, "limit": limit}
        filters, names = "", {}
        if order is not None:
            names = {self._hidden(one): one for one in (order, *also)}
            values["orders"] = _list(await self._stored_ids([order, *also]))
            filters += ' AND r."order" IN (SELECT value FROM json_each(:orders))'
        if offer is not None:
            values["offer"] = offer
            filters += " AND r.offer = :offer"
        if statuses:
            # Each index on redemptions covers some statuses, so they stand in the text.
            named = ", ".join(f"'{status}'" for status in sorted(statuses))
            filters += f" AND r.status IN ({named})"
        listed = await self._read(_LISTED.format(filters=filters), values)
        rows = [DECODE_REDEMPTION(body) for _, body, _ in listed]
        aliases = await self._aliases({row.order for row in rows}, names)
        return [
            StoredRedemption(
                number,
                structs.replace(row, order=names.get(row.order, row.order)),
                self._offer(made),
                aliases.get(row.order, ()),
            )
            for (number, _, made), row in zip(listed, rows, strict=True)
        ]

    async def _aliases(
        self, orders: Collection[str], names: dict[str, str]
    ) -> dict[str, tuple[str, ...]]:
        """Return the other ids of each order that has some, as the shop named them."""
        known: dict[str, set[str]] = {}
        for order, stored in await self._read(_OTHER_IDS, (self._pairs(orders),)):
            one = names.get(stored, stored)
            if not is_digest(one) and one != names.get(order, order):
                known.setdefault(order, set()).add(one)
        return {order: tuple(sorted(found)) for order, found in known.items()}

    def _pairs(self, orders: Collection[str]) -> str:
        """Return the parameter of `_IDS_OF`."""
        pairs = [(one, stored) for one in orders for stored in (one, self._hidden(one))]
        return _encode(pairs).decode()

    async def _stored_ids(self, orders: Collection[str]) -> list[str]:
        """Return every id under which the redemptions of an order may be stored."""
        named = [*orders, *(self._hidden(one) for one in orders)]
        return [one for (one,) in await self._read(SAME_ORDER, (_list(named),))]

    def _hidden(self, order: str) -> str:
        if is_digest(order) or self._secret is None:
            return order
        return erasure_digest(self._secret, "order", order)


def _list(values: Collection[str]) -> str:
    return _encode(sorted({*values})).decode()
