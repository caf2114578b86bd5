"""Redemptions, cancellations and refunds against a ledger in memory."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import structs

from support.ledger_rows import T0, accepted, push, run_redemption
from tactful.api.redemption_responses import encode_answer
from tactful.core.offers.offer import Offer, OfferState
from tactful.core.offers.tokens import TokenClaims
from tactful.core.redemption import confirmation, rollback
from tactful.core.redemption import redeem as redemption
from tactful.core.redemption.error_codes import RedemptionErrorCode
from tactful.core.redemption.order_totals import RequestedLine, SkuNow
from tactful.core.redemption.redeem import PresentedToken, RedemptionRequest, RepeatedRequest
from tactful.core.redemption.redemption_rows import RedemptionOutcome, with_response
from tactful.core.redemption.refunds import Refund, refund
from tactful.core.values.allocation import Deduction, Level
from tactful.core.values.money import Money
from tactful.stores.memory.ledger import MemoryLedger

MINUTE = 60_000
CART = (RequestedLine(sku="RUN-42", qty=1),)
IN_STOCK = {"RUN-42": SkuNow(price=12900, currency="EUR", available=6)}


def claims(**changes: Any) -> TokenClaims:
    """What the token of the accepted offer promises."""
    made = TokenClaims(
        currency="EUR", exp=T0 // 1000 + 1800, holder="h" * 22, iat=T0 // 1000, max_qty=1,
        offer="of_1", rulebook="rb", sku="RUN-42", territory="DE", unit=10965,
    )  # fmt: skip
    return structs.replace(made, **changes)


def request(
    order: str = "o1",
    lines: tuple[RequestedLine, ...] = CART,
    *,
    ident: str | None = None,
    token: bytes = b"t",
    is_holder: bool | None = None,
    **changes: Any,
) -> RedemptionRequest:
    """One call that redeems one offer."""
    presented = PresentedToken(
        id=ident or f"rd_{order}", digest=token, claims=claims(), is_holder=is_holder
    )
    made = RedemptionRequest(tokens=(presented,), order=order, territory="DE", lines=lines)
    return structs.replace(made, **changes)


class Redemptions:
    """A ledger in memory with accepted offers, and what is redeemed and given back in it."""

    def __init__(
        self, *offers: Offer, limit: int | None = 10_000, count: int | None = None
    ) -> None:
        self.ledger = MemoryLedger()
        self.offers = offers or (accepted(),)
        self.limit, self.count = limit, count

    async def opened(self) -> "Redemptions":
        for made in self.offers:
            assert await self.ledger.commit(push(made, limit=self.limit, count=self.count)) is None
        return self

    async def redeem(
        self,
        asked: RedemptionRequest | None = None,
        *,
        now: int = T0 + MINUTE,
        skus_now: Mapping[str, SkuNow] = IN_STOCK,
        offer: str = "of_1",
        used_elsewhere: bool = False,
        **claimed: Any,
    ) -> RedemptionOutcome:
        asked = asked or request()
        (token,) = asked.tokens
        token = structs.replace(
            token,
            claims=claims(offer=offer, **claimed),
            used_by=(("another",),) if used_elsewhere else (),
        )
        return await self.redeem_all(
            structs.replace(asked, tokens=(token,)), now=now, skus_now=skus_now
        )

    async def redeem_all(
        self,
        asked: RedemptionRequest,
        *,
        now: int = T0 + MINUTE,
        skus_now: Mapping[str, SkuNow] = IN_STOCK,
        also: Collection[str] = (),
    ) -> RedemptionOutcome:
        """Redeem the offers of all tokens of a call."""
        return await run_redemption(
            self.ledger,
            lambda state: with_response(
                redemption.redeem(state, asked, now, skus_now), encode_answer
            ),
            offers=asked.offers,
            order=asked.order,
            also=also,
        )

    async def hold(
        self, asked: RedemptionRequest | None = None, *, minutes: int = 10, **given: Any
    ) -> RedemptionOutcome:
        """Hold the offer for some minutes."""
        held = structs.replace(asked or request(), hold=minutes * MINUTE)
        return await self.redeem(held, **given)

    async def confirm(
        self,
        order: str = "o1",
        *,
        now: int = T0 + 2 * MINUTE,
        attempt: int | None = None,
        alias: str | None = None,
        also: Collection[str] = (),
        keeps_remainder: bool = False,
    ) -> RedemptionOutcome:
        return await run_redemption(
            self.ledger,
            lambda state: with_response(
                confirmation.confirm(
                    state, now, attempt=attempt, alias=alias, keeps_remainder=keeps_remainder
                ),
                encode_answer,
            ),
            order=order,
            also=also,
        )

    async def expire(self, offer: str = "of_1", *, now: int) -> RedemptionOutcome:
        return await run_redemption(
            self.ledger,
            lambda state: with_response(rollback.expire(state, offer, now), encode_answer),
            offer=offer,
            order="",
        )

    async def lapse(self, order: str = "o1", *, now: int = T0 + 11 * MINUTE) -> RedemptionOutcome:
        return await run_redemption(
            self.ledger,
            lambda state: with_response(rollback.lapse(state, now), encode_answer),
            order=order,
        )

    async def repeat(
        self, asked: RedemptionRequest, refusal: RedemptionErrorCode
    ) -> RedemptionOutcome:
        again = RepeatedRequest(
            token=asked.tokens[0].digest,
            order=asked.order,
            territory=asked.territory,
            lines=asked.lines,
            shipping=asked.shipping,
            attempt=asked.attempt,
        )
        return await run_redemption(
            self.ledger,
            lambda state: with_response(redemption.repeat(state, again, refusal), encode_answer),
            order=asked.order,
        )

    async def cancel(
        self,
        order: str = "o1",
        *,
        now: int = T0 + 2 * MINUTE,
        shipped: bool = False,
        attempt: int | None = None,
        reported_at: int | None = None,
    ) -> RedemptionOutcome:
        return await run_redemption(
            self.ledger,
            lambda state: with_response(
                rollback.cancel(
                    state, now, shipped=shipped, attempt=attempt, reported_at=reported_at
                ),
                encode_answer,
            ),
            order=order,
        )

    async def refund(
        self,
        ident: str = "f1",
        *lines: RequestedLine,
        order: str = "o1",
        amount: Money | None = None,
    ) -> RedemptionOutcome:
        return await run_redemption(
            self.ledger,
            lambda state: with_response(
                refund(state, Refund(id=ident, order=order, lines=lines, amount=amount), T0),
                encode_answer,
            ),
            order=order,
            refund=ident,
        )

    async def budget(self) -> dict[str, tuple[int, int]]:
        """Currency or `#` → what is reserved and what is settled."""
        assert await self.ledger.reconcile() == []
        return {row.currency: (row.reserved, row.settled) for row in await self.ledger.balances()}

    async def state(self, offer: str = "of_1") -> OfferState:
        found = await self.ledger.offer(offer)
        assert found is not None
        return found.state


RULES = ("r0", "r1", "r2", "r3", "r4", "r5")


def eur(amount: int) -> Money:
    """Minor units of EUR."""
    return Money(amount, "EUR")


def made(number: int, level: Level, **changes: Any) -> Offer:
    """An accepted offer of rule `r<number>`, which names all others."""
    ident = f"of_{number}"
    others: dict[str, Any] = {
        "rule": f"r{number}",
        "stacks_with": RULES,
        "session": f"se_{number}",
    }
    if level == "item":
        return accepted(ident, **others, **changes)
    at_most = changes.pop("at_most")
    off = Deduction(level, at_most, changes.pop("percent_bp", None))
    return accepted(ident, **others, deduction=off, hold=at_most, **changes)


class Order:
    """One order that may use several offers, with the public prices of its SKUs."""

    def __init__(self, *offers: Offer, **prices: int) -> None:
        self.offers = offers
        self.ledger = MemoryLedger()
        self.skus_now = {sku: SkuNow(price=price, currency="EUR") for sku, price in prices.items()}

    async def opened(self) -> "Order":
        for one in self.offers:
            assert await self.ledger.commit(push(one, limit=10**12)) is None
        return self

    async def use(
        self, offer: Offer, *lines: RequestedLine, shipping: Money | None = None
    ) -> RedemptionOutcome:
        promised = claims(max_qty=9, offer=offer.id, sku=offer.sku, unit=offer.unit)
        token = PresentedToken(id=f"rd_{offer.id}", digest=b"t", claims=promised)
        return await self.use_all((token,), *lines, shipping=shipping, is_joint=False)

    async def use_all(
        self,
        tokens: Sequence[PresentedToken],
        *lines: RequestedLine,
        shipping: Money | None = None,
        is_joint: bool = True,
    ) -> RedemptionOutcome:
        """Use the offers of several tokens by one call."""
        asked = RedemptionRequest(
            tokens=(*tokens,), order="o1", territory="DE", lines=lines, shipping=shipping,
            is_joint=is_joint,
        )  # fmt: skip
        return await run_redemption(
            self.ledger,
            lambda state: with_response(
                redemption.redeem(state, asked, T0 + 60_000, self.skus_now), encode_answer
            ),
            offers=asked.offers,
            order="o1",
        )

    async def refund(
        self,
        ident: str,
        *lines: RequestedLine,
        shipping: int | None = None,
        amount: int | None = None,
    ) -> RedemptionOutcome:
        asked = Refund(
            id=ident, order="o1", lines=lines,
            shipping=None if shipping is None else eur(shipping),
            amount=None if amount is None else eur(amount),
        )  # fmt: skip
        return await run_redemption(
            self.ledger,
            lambda state: with_response(refund(state, asked, T0), encode_answer),
            order="o1",
            refund=ident,
        )

    async def cancel(self) -> RedemptionOutcome:
        return await run_redemption(
            self.ledger,
            lambda state: with_response(
                rollback.cancel(state, T0 + 60_000, shipped=False), encode_answer
            ),
            order="o1",
        )

    async def state(self, offer: Offer) -> OfferState:
        found = await self.ledger.offer(offer.id)
        assert found is not None
        return found.state

    async def balance(self) -> tuple[int, int]:
        """What is reserved and what is settled."""
        assert await self.ledger.reconcile() == []
        (row,) = await self.ledger.balances()
        return row.reserved, row.settled


def line(sku: str, qty: int = 1, unit: int | None = None) -> RequestedLine:
    """A line of an order."""
    return RequestedLine(sku=sku, qty=qty, unit=None if unit is None else eur(unit))


def answered(outcome: RedemptionOutcome) -> Any:
    """(status, code) of a refusal, or the decoded answer."""
    body = msgspec.json.decode(outcome.body)
    return (outcome.status, body["code"]) if outcome.status != 200 else body


EUR: dict[str, Any] = {"currency": "EUR"}
