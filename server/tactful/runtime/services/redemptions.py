"""What does the checkout get when it redeems, cancels or refunds, and who else must hear of it?

An error of the ledger means "unknown", never "no": the same call with the same order finds out.
"""

import hashlib
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Final, Protocol

import msgspec
from msgspec import Struct

from tactful.core.offers.tokens import HolderKind, TokenClaims, TokenRefusal
from tactful.core.redemption import redeem as redemption
from tactful.core.redemption import rollback as giving_back
from tactful.core.redemption.order_totals import RequestedLine, SkuNow
from tactful.core.redemption.redeem import RedemptionRequest
from tactful.core.redemption.redemption_rows import RedemptionLogic, RedemptionOutcome
from tactful.core.values.ids import ID_BYTES, redemption_id
from tactful.core.values.money import Money
from tactful.runtime.ports.environment import Clock, Entropy
from tactful.runtime.ports.fact_store import FactStore
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.ports.offer_store import OfferStore
from tactful.runtime.ports.session_store import SessionStore

RETRY_S: Final = 2
"""When to ask again after "unknown", in seconds: a group commit and a restart later."""

SHIPPED: Final = frozenset({"shipped", "delivered"})
"""What was shipped comes back as a refund."""

Verify = Callable[[str], TokenClaims | TokenRefusal]
"""The claims of a token that one of our keys signed, **whether or not it has expired**."""
HolderOf = Callable[[HolderKind, str], str]
ReadShelves = Callable[[Collection[str], str], Awaitable[dict[str, SkuNow]]]
"""(SKUs, territory) → price, stock and recall of each, as last reported."""
Shipped = Callable[[str], Awaitable[bool]]
"""Whether the shop reported an order as shipped or delivered."""
Heard = Callable[[RedemptionOutcome], None]
"""Told of each ruling with an effect, after it is durable; must not fail."""


class _Use(Struct, frozen=True):
    """What matters here of an order that the shop reported."""

    order: str
    status: str


_USE: Final = msgspec.json.Decoder(_Use).decode


class RedemptionResponse(Struct, frozen=True):
    """HTTP status and exact body; `retry`: after how many seconds the same call should be repeated."""

    status: int
    body: bytes
    retry: int | None = None


class RedemptionCall(Struct, frozen=True, kw_only=True):
    """What a checkout asks for. `customer` and `session` are checked against the token, where given."""

    token: str
    order: str
    territory: str
    lines: tuple[RequestedLine, ...]
    shipping: Money | None = None
    customer: str | None = None
    session: str | None = None


class RedemptionLedger(FactStore, OfferStore, SessionStore, Protocol):
    """The roles of the ledger that a redemption uses."""


class RedemptionService:
    """The checkout's desk of one shop."""

    def __init__(
        self,
        *,
        ledger: RedemptionLedger,
        clock: Clock,
        entropy: Entropy,
        verify: Verify,
        holder_of: HolderOf,
        shelves: ReadShelves,
        shipped: Shipped,
        heard: Heard,
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._entropy = entropy
        self._verify = verify
        self._holder_of = holder_of
        self._shelves = shelves
        self._shipped = shipped
        self._heard = heard

    async def redeem(self, asked: RedemptionCall) -> RedemptionResponse:
        """Use an offer for an order, or say why not; the same pair is always answered alike."""
        claims = self._verify(asked.token)
        request = RedemptionRequest(
            id=redemption_id(self._entropy.token_bytes(ID_BYTES)),
            token=hashlib.sha256(asked.token.encode("utf-8", "surrogatepass")).digest(),
            order=asked.order,
            territory=asked.territory,
            lines=asked.lines,
            shipping=asked.shipping,
        )
        if isinstance(claims, TokenRefusal):
            return await self._repeat(request, claims)
        try:
            request = msgspec.structs.replace(request, holds=await self._holds(asked, claims))
            skus = {claims.sku, *(line.sku for line in asked.lines)}
            shelves = await self._shelves(skus, claims.territory)
            taken = await self._taken(claims.offer, asked.order)
        except LedgerError:
            return _unknown()

        now = self._clock.now()
        return await self._judge(
            lambda desk: redemption.redeem(desk, request, now, claims, shelves, taken=taken),
            offer=claims.offer,
            order=asked.order,
        )

    async def cancel(self, order: str) -> RedemptionResponse:
        """Give back everything that an order redeemed."""
        try:
            shipped = await self._shipped(order)
        except LedgerError:
            return _unknown()
        now = self._clock.now()
        return await self._judge(
            lambda desk: giving_back.cancel(desk, order, now, shipped=shipped), order=order
        )

    async def cancelled(self, order: str) -> None:
        """The shop reported it cancelled: as `cancel`, unless it was ever reported as shipped.

        Raises `LedgerError`; it may be asked again.
        """
        versions = await self._ledger.fact_versions("order", order)
        said = [(_USE(stored.body).status, stored.ended) for stored in versions]
        if ("cancelled", None) in said and not any(status in SHIPPED for status, _ in said):
            now = self._clock.now()
            self._tell(
                await self._ledger.run_redemption(
                    lambda desk: giving_back.cancel(desk, order, now, shipped=False), order=order
                )
            )

    async def refund(
        self, order: str, refund: str, lines: Sequence[RequestedLine], shipping: Money | None = None
    ) -> RedemptionResponse:
        """Give back some units of an order, and of its shipping charge."""
        now = self._clock.now()
        return await self._judge(
            lambda desk: giving_back.refund(desk, order, refund, lines, now, shipping=shipping),
            order=order,
            refund=refund,
        )

    async def _repeat(
        self, request: RedemptionRequest, refused: TokenRefusal
    ) -> RedemptionResponse:
        code = "token.key" if refused.code == "token.expired" else refused.code
        return await self._judge(
            lambda desk: redemption.repeat(desk, request, code), order=request.order
        )

    async def _holds(self, asked: RedemptionCall, claims: TokenClaims) -> bool | None:
        """Whether the shopper that the checkout names is the one that the token is for."""
        if asked.customer is None and asked.session is None:
            return None
        named: list[tuple[HolderKind, str | None]] = [
            ("customer", asked.customer),
            ("session", asked.session),
        ]
        if any(ident and self._holder_of(kind, ident) == claims.holder for kind, ident in named):
            return True
        return await self._of_that_session(asked, claims)

    async def _of_that_session(self, asked: RedemptionCall, claims: TokenClaims) -> bool:
        """A customer's offer was made to a session, and a guest's session may have become a customer's."""
        offer = await self._ledger.offer(claims.offer)
        if offer is None or asked.session not in {None, offer.session}:
            return False
        if asked.customer in {None, offer.customer}:
            return True
        saved = await self._ledger.session(offer.session)
        return offer.customer is None and saved is not None and saved.customer == asked.customer

    async def _taken(self, offer: str, order: str) -> bool:
        """Whether the shop reported another order that used the offer, and was not cancelled."""
        stored = await self._ledger.facts_about([("offer", offer)], ("order",))
        uses = [_USE(fact.body) for fact in stored]
        return any(use.order != order and use.status != "cancelled" for use in uses)

    async def _judge(
        self,
        judge: RedemptionLogic,
        *,
        offer: str | None = None,
        order: str,
        refund: str | None = None,
    ) -> RedemptionResponse:
        try:
            ruling = await self._ledger.run_redemption(
                judge, offer=offer, order=order, refund=refund
            )
        except LedgerError:
            return _unknown()
        self._tell(ruling)
        return RedemptionResponse(ruling.status, ruling.body)

    def _tell(self, ruling: RedemptionOutcome) -> None:
        if ruling.offers or ruling.moves:
            self._heard(ruling)


def _unknown() -> RedemptionResponse:
    """The outcome is not known: what was asked may have happened."""
    detail = (
        "It is not known whether this was recorded. Ask again with the same order id:"
        " the answer will be the true one, and nothing happens twice."
    )
    fields = {
        "type": "about:blank",
        "title": "Unknown, retry with the same order id",
        "status": 503,
        "code": "ledger.unknown",
        "detail": detail,
    }
    return RedemptionResponse(503, msgspec.json.encode(fields), RETRY_S)
