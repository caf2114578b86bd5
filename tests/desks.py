"""A desk in memory at which offers are redeemed and given back."""

import msgspec
from msgspec import structs

from ledgers import T0, accepted, push
from tactful.core import giving_back, redemption
from tactful.core.redemption import Request
from tactful.core.rulings import Ruling
from tactful.core.sales import Line, Shelf
from tactful.core.tokens import Claims
from tactful.stores.memory import MemoryLedger

MINUTE = 60_000
CART = (Line(sku="RUN-42", qty=1),)
PLENTY = {"RUN-42": Shelf(price=12900, currency="EUR", available=6)}


def claims(**changes):
    """What the token of the accepted offer says."""
    made = Claims(
        currency="EUR", exp=T0 // 1000 + 1800, holder="h" * 22, iat=T0 // 1000, max_qty=1,
        offer="of_1", rulebook="rb", sku="RUN-42", territory="DE", unit=10965,
    )  # fmt: skip
    return structs.replace(made, **changes)


def request(order="o1", lines=CART, **changes):
    """A checkout's question."""
    made = Request(id=f"rd_{order}", token=b"t", order=order, territory="DE", lines=lines)
    return structs.replace(made, **changes)


class Shop:
    """A ledger in memory with one accepted offer, and the judgements made on it."""

    def __init__(self, *offers, limit=10_000, count=None):
        self.ledger = MemoryLedger()
        self.offers = offers or (accepted(),)
        self.limit, self.count = limit, count

    async def opened(self):
        for made in self.offers:
            assert await self.ledger.commit(push(made, limit=self.limit, count=self.count)) is None
        return self

    async def redeem(
        self, asked=None, *, now=T0 + MINUTE, shelves=PLENTY, offer="of_1", **claimed
    ) -> Ruling:
        asked = asked or request()
        made = claims(offer=offer, **claimed)
        return await self.ledger.judge(
            lambda desk: redemption.redeem(desk, asked, now, made, shelves),
            offer=offer,
            order=asked.order,
        )

    async def cancel(self, order="o1", *, now=T0 + 2 * MINUTE, shipped=False) -> Ruling:
        return await self.ledger.judge(
            lambda desk: giving_back.cancel(desk, order, now, shipped=shipped), order=order
        )

    async def refund(self, ident="f1", *lines, order="o1") -> Ruling:
        return await self.ledger.judge(
            lambda desk: giving_back.refund(desk, order, ident, lines, T0 + 3 * MINUTE),
            order=order,
            refund=ident,
        )

    async def budget(self):
        assert await self.ledger.reconcile() == []
        return {row.currency: (row.reserved, row.settled) for row in await self.ledger.balances()}

    async def state(self, offer="of_1"):
        return (await self.ledger.offer(offer)).state


def told(ruling: Ruling):
    """(status, code) of a refusal, or the answer."""
    body = msgspec.json.decode(ruling.body)
    return (ruling.status, body["code"]) if ruling.status != 200 else body


EUR = {"currency": "EUR"}
