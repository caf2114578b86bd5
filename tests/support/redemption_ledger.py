"""A desk in memory at which offers are redeemed and given back."""

import msgspec
from msgspec import structs

from support.ledger_rows import T0, accepted, push
from tactful.core.offers.offer import Offer
from tactful.core.offers.tokens import TokenClaims
from tactful.core.redemption import redeem as redemption
from tactful.core.redemption import rollback as giving_back
from tactful.core.redemption.order_totals import RequestedLine, SkuNow
from tactful.core.redemption.redeem import RedemptionRequest
from tactful.core.redemption.redemption_rows import RedemptionOutcome
from tactful.core.values.allocation import Deduction
from tactful.core.values.money import Money
from tactful.stores.memory.ledger import MemoryLedger

MINUTE = 60_000
CART = (RequestedLine(sku="RUN-42", qty=1),)
PLENTY = {"RUN-42": SkuNow(price=12900, currency="EUR", available=6)}


def claims(**changes):
    """What the token of the accepted offer says."""
    made = TokenClaims(
        currency="EUR", exp=T0 // 1000 + 1800, holder="h" * 22, iat=T0 // 1000, max_qty=1,
        offer="of_1", rulebook="rb", sku="RUN-42", territory="DE", unit=10965,
    )  # fmt: skip
    return structs.replace(made, **changes)


def request(order="o1", lines=CART, **changes):
    """A checkout's question."""
    made = RedemptionRequest(id=f"rd_{order}", token=b"t", order=order, territory="DE", lines=lines)
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
    ) -> RedemptionOutcome:
        asked = asked or request()
        made = claims(offer=offer, **claimed)
        return await self.ledger.run_redemption(
            lambda desk: redemption.redeem(desk, asked, now, made, shelves),
            offer=offer,
            order=asked.order,
        )

    async def cancel(self, order="o1", *, now=T0 + 2 * MINUTE, shipped=False) -> RedemptionOutcome:
        return await self.ledger.run_redemption(
            lambda desk: giving_back.cancel(desk, order, now, shipped=shipped), order=order
        )

    async def refund(self, ident="f1", *lines, order="o1") -> RedemptionOutcome:
        return await self.ledger.run_redemption(
            lambda desk: giving_back.refund(desk, order, ident, lines, T0 + 3 * MINUTE),
            order=order,
            refund=ident,
        )

    async def budget(self):
        assert await self.ledger.reconcile() == []
        return {row.currency: (row.reserved, row.settled) for row in await self.ledger.balances()}

    async def state(self, offer="of_1"):
        return (await self.ledger.offer(offer)).state


RULES = ("r0", "r1", "r2", "r3", "r4", "r5")


def eur(amount: int) -> Money:
    """Minor units of EUR."""
    return Money(amount, "EUR")


def made(number: int, level: str, **changes) -> Offer:
    """An accepted offer of rule `r<number>`, which names all others."""
    ident = f"of_{number}"
    others = {"rule": f"r{number}", "stacks_with": RULES, "session": f"se_{number}"}
    if level == "item":
        return accepted(ident, **others, **changes)
    at_most = changes.pop("at_most")
    off = Deduction(level, at_most, changes.pop("percent_bp", None))
    return accepted(ident, **others, deduction=off, hold=at_most, **changes)


class Order:
    """One order at a checkout that knows these prices."""

    def __init__(self, *offers: Offer, **prices: int) -> None:
        self.offers = offers
        self.ledger = MemoryLedger()
        self.shelves = {sku: SkuNow(price=price, currency="EUR") for sku, price in prices.items()}

    async def opened(self) -> "Order":
        for one in self.offers:
            assert await self.ledger.commit(push(one, limit=10**12)) is None
        return self

    async def use(
        self, offer: Offer, *lines: RequestedLine, shipping: Money | None = None
    ) -> RedemptionOutcome:
        claims = TokenClaims(
            currency="EUR", exp=T0 // 1000 + 1800, holder="h" * 22, iat=T0 // 1000, max_qty=9,
            offer=offer.id, rulebook="rb", sku=offer.sku, territory="DE", unit=offer.unit,
        )  # fmt: skip
        asked = RedemptionRequest(
            id=f"rd_{offer.id}", token=b"t", order="o1", territory="DE", lines=lines,
            shipping=shipping,
        )  # fmt: skip
        return await self.ledger.run_redemption(
            lambda desk: redemption.redeem(desk, asked, T0 + 60_000, claims, self.shelves),
            offer=offer.id,
            order="o1",
        )

    async def refund(
        self, ident: str, *lines: RequestedLine, shipping: int | None = None
    ) -> RedemptionOutcome:
        part = None if shipping is None else eur(shipping)
        return await self.ledger.run_redemption(
            lambda desk: giving_back.refund(desk, "o1", ident, lines, T0, shipping=part),
            order="o1",
            refund=ident,
        )

    async def cancel(self) -> RedemptionOutcome:
        return await self.ledger.run_redemption(
            lambda desk: giving_back.cancel(desk, "o1", T0, shipped=False), order="o1"
        )

    async def books(self) -> tuple[int, int]:
        assert await self.ledger.reconcile() == []
        (row,) = await self.ledger.balances()
        return row.reserved, row.settled


def line(sku: str, qty: int = 1, unit: int | None = None) -> RequestedLine:
    """A line of an order."""
    return RequestedLine(sku=sku, qty=qty, unit=None if unit is None else eur(unit))


def told(ruling: RedemptionOutcome):
    """(status, code) of a refusal, or the answer."""
    body = msgspec.json.decode(ruling.body)
    return (ruling.status, body["code"]) if ruling.status != 200 else body


EUR = {"currency": "EUR"}
