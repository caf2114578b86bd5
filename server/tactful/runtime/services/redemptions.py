"""The redemption service: redeem or hold offers, confirm, cancel or refund an order.

Each call is idempotent, and one that failed may be repeated: `redemption_runner` says how it is decided.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import structlog
from msgspec import Struct, structs

from tactful.core.offers.tokens import HolderKind, TokenClaims, TokenRefusal
from tactful.core.redemption import confirmation, rollback
from tactful.core.redemption import redeem as redemption
from tactful.core.redemption.answers import EncodeAnswer, OutcomeUnknown, RedemptionResponse
from tactful.core.redemption.order_totals import RequestedLine
from tactful.core.redemption.redeem import PresentedToken, RedemptionRequest, RepeatedRequest
from tactful.core.redemption.redemption_rows import RedemptionResult, RedemptionState, Status
from tactful.core.redemption.refunds import Refund, refund
from tactful.core.values.ids import ID_BYTES, SHOPPER, is_id, redemption_id
from tactful.core.values.money import Money
from tactful.runtime.ports.environment import Clock, Entropy
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.ports.ledger_rows import StoredRedemption
from tactful.runtime.services.ingest import fact_row
from tactful.runtime.services.redemption_runner import (
    Reading,
    ReadShop,
    RedemptionLedger,
    RedemptionRunner,
    ShopFacts,
)
from tactful.runtime.services.reported_orders import ReportedOrders, all_ids, order_uses
from tactful.runtime.services.restored_tokens import with_lost_acceptance
from tactful.runtime.services.voucher_remainders import VoucherRemainders

log = structlog.get_logger("tactful.redemption")

SUCCESS: Final = 200
"""The status of an answer that used or confirmed something."""


class TokenKeys(Protocol):
    """The keys with which this shop signed its tokens."""

    def verify(self, token: str, *, ever: bool = False) -> TokenClaims | TokenRefusal:
        """Return the claims of a token that one of the keys signed; `ever`: even if it has expired."""

    def holder_of(self, kind: HolderKind, ident: str) -> str:
        """Return the digest by which a token names its session or customer."""


class RedemptionCall(Struct, frozen=True, kw_only=True):
    """The request of the shop's checkout for a redemption."""

    tokens: tuple[str, ...]
    """At least one."""
    order: str
    territory: str
    lines: tuple[RequestedLine, ...]
    shipping: Money | None = None
    """The order's shipping charge before any offer."""
    customer: str | None = None
    """The customer who orders; a customer's token needs it, or `session`."""
    session: str | None = None
    """The internal id of the session that orders."""
    attempt: int = 1
    """The payment attempt of the order."""
    hold: int | None = None
    """Milliseconds after which the use lapses unless it is confirmed; None: it is for good."""
    is_joint: bool = False
    """Whether the checkout named a list of tokens, so that the answer is a list of uses."""


class RedemptionService:
    """Decides redemptions, cancellations and refunds of one shop, each in one ledger transaction."""

    def __init__(
        self,
        *,
        ledger: RedemptionLedger,
        clock: Clock,
        entropy: Entropy,
        keys: TokenKeys,
        shop: ShopFacts,
        encode: EncodeAnswer,
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._entropy = entropy
        self._keys = keys
        self._shop = shop
        self._runner = RedemptionRunner(ledger, shop, encode)
        self._encode = encode
        self._remainders = VoucherRemainders(ledger, clock, fact_row, shop.settle)
        self.reported = ReportedOrders(ledger, clock, entropy, self._runner, shop, self._remainders)

    async def redeem(self, call: RedemptionCall) -> RedemptionResponse:
        """Redeem or hold offers for an order, or refuse; the same call always gets the same response."""
        verified: dict[str, tuple[str, TokenClaims]] = {}
        for token in call.tokens:
            # Expired tokens pass this check, so that a retry after expiry still gets the first
            # response.
            claims = self._keys.verify(token, ever=True)
            if isinstance(claims, TokenRefusal):
                return await self._repeat(call, token, claims)
            verified.setdefault(claims.offer, (token, claims))
        presented = tuple(
            PresentedToken(
                id=redemption_id(self._entropy.token_bytes(ID_BYTES)),
                digest=_digest(token),
                claims=claims,
            )
            for token, claims in verified.values()
        )
        request = RedemptionRequest(
            tokens=presented,
            order=call.order,
            territory=call.territory,
            lines=call.lines,
            shipping=call.shipping,
            attempt=call.attempt,
            hold=call.hold,
            is_joint=call.is_joint,
        )

        async def read() -> Reading:
            return await self._read(call, request)

        response = await self._runner.decide(read, offers=request.offers, order=call.order)
        is_on_order = any(claims.level == "order" for _, claims in verified.values())
        return await self._with_remainders(call.order, response) if is_on_order else response

    async def _with_remainders(
        self, order: str, response: RedemptionResponse
    ) -> RedemptionResponse:
        """Issue the rest of the vouchers that an order has used, and return the response."""
        if response.status != SUCCESS or not self._shop.keeps_remainders:
            return response
        try:
            await self._remainders.issue(await all_ids(self._ledger, order))
        except LedgerError:
            # The retry gets the same response, and issues what is missing.
            return self._encode(OutcomeUnknown())
        return response

    async def _read(self, call: RedemptionCall, request: RedemptionRequest) -> Reading:
        """Read what the shop has reported about the offers, the order and its items."""
        claims = [token.claims for token in request.tokens]
        skus = {*(one.sku for one in claims), *(line.sku for line in call.lines)}
        # Read before the reported orders: once they are confirmed, they are seen.
        gap = await self._ledger.restored_gap()
        # All tokens of an order are of its territory, or they are refused.
        skus_now, subjects = await self._shop.skus_now(skus, claims[0].territory)
        reported = await order_uses(self._ledger, call.order, request.offers)
        tokens = [
            structs.replace(
                token,
                is_holder=await self._is_holder(call, token.claims),
                used_by=reported.used_by.get(token.claims.offer, ()),
            )
            for token in request.tokens
        ]
        asked = structs.replace(
            request, tokens=tuple(tokens), keeps_remainder=self._shop.keeps_remainders
        )
        now = self._clock.now()

        def decide(state: RedemptionState) -> RedemptionResult:
            for one in claims:
                sku_now = skus_now.get(one.sku)
                state = with_lost_acceptance(state, one, gap, sku_now)
            return redemption.redeem(state, asked, now, skus_now)

        named = {("order", call.order), *(("offer", offer) for offer in request.offers)}
        return Reading(decide, frozenset({*subjects, *named}), reported.ids)

    async def confirm(
        self, order: str, *, alias: str | None = None, attempt: int | None = None
    ) -> RedemptionResponse:
        """Redeem for good what an order holds, or held: the order is paid.

        Args:
            order: An id of the order.
            alias: Another id that the order has from now on; None: none.
            attempt: The payment attempt that was paid; None: what is held, else the latest attempt.
        """
        keeps = self._shop.keeps_remainders
        response = await self._runner.decide(
            self._reader(
                order,
                lambda state, now: confirmation.confirm(
                    state, now, attempt=attempt, alias=alias, keeps_remainder=keeps
                ),
            ),
            order=order,
        )
        return await self._with_remainders(order, response)

    async def cancel(self, order: str, *, attempt: int | None = None) -> RedemptionResponse:
        """Roll back everything that an order uses, unless the order was shipped.

        Args:
            order: An id of the order.
            attempt: Only what this payment attempt uses; None: what all attempts use.
        """

        async def read() -> Reading:
            ids = await all_ids(self._ledger, order)
            shipped = await self._shop.is_shipped(ids)
            now = self._clock.now()
            return Reading(
                lambda state: rollback.cancel(state, now, shipped=shipped, attempt=attempt),
                frozenset(("order", one) for one in ids),
                ids,
            )

        return await self._runner.decide(read, order=order)

    async def refund(self, asked: Refund) -> RedemptionResponse:
        """Give back some units of an order and a part of its shipping charge, or an amount."""
        return await self._runner.decide(
            self._reader(asked.order, lambda state, now: refund(state, asked, now)),
            order=asked.order,
            refund=asked.id,
        )

    async def lapse_due(self) -> int | None:
        """Roll back every held redemption whose end has come.

        Returns:
            When the next one lapses, in milliseconds since the Unix epoch, UTC; None: none is held.

        Raises:
            LedgerError: Some may have been rolled back; the next call finds the others.
        """
        now = self._clock.now()
        before: list[str] = []
        while due := await self._ledger.orders_with_lapsing_holds(now):
            if due == before:
                log.error("redemption.not_lapsed", orders=len(due))
                break
            for order in due:
                lapse = Reading(lambda state: rollback.lapse(state, now))
                await self._runner.run(lapse, order=order)
            before = due
        return await self._ledger.next_hold_end()

    async def expire_promise(self, offer: str) -> None:
        """Expire an accepted offer that no session keeps, if its end has come.

        Raises:
            LedgerError: It may have expired or not; the same call may be repeated.
        """
        now = self._clock.now()
        expiry = Reading(lambda state: rollback.expire(state, offer, now))
        await self._runner.run(expiry, offers=(offer,), order="")

    async def list(
        self,
        *,
        order: str | None = None,
        offer: str | None = None,
        statuses: Sequence[Status] = (),
        after: int = 0,
        limit: int,
    ) -> "list[StoredRedemption]":
        """Return redemptions in the order in which they were stored; see `OfferStore.redemptions`.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        also = await all_ids(self._ledger, order) if order is not None else ()
        return await self._ledger.redemptions(
            order=order, also=also, offer=offer, statuses=statuses, after=after, limit=limit
        )

    def _reader(
        self, order: str, decide: Callable[[RedemptionState, int], RedemptionResult]
    ) -> ReadShop:
        """Return a reader of what depends only on the ids of the order and the clock."""

        async def read() -> Reading:
            ids = (await order_uses(self._ledger, order)).ids
            now = self._clock.now()
            return Reading(lambda state: decide(state, now), frozenset({("order", order)}), ids)

        return read

    async def _repeat(
        self, call: RedemptionCall, token: str, refused: TokenRefusal
    ) -> RedemptionResponse:
        code = "token.key" if refused.code == "token.expired" else refused.code
        request = RepeatedRequest(
            token=_digest(token),
            order=call.order,
            territory=call.territory,
            lines=call.lines,
            shipping=call.shipping,
            attempt=call.attempt,
        )
        read = self._reader(call.order, lambda state, _: redemption.repeat(state, request, code))
        return await self._runner.decide(read, order=call.order)

    async def _is_holder(self, call: RedemptionCall, claims: TokenClaims) -> bool | None:
        """Return whether the checkout names the holder of the offer; None: it names no shopper.

        A customer's offer is redeemed for that customer alone, so the call must name the customer
        or one of their sessions. An offer that was accepted before its customer logged in also
        belongs to its session, and its token may be redeemed without a name.
        """
        offer = await self._ledger.offer(claims.offer)
        owner = offer.customer if offer else None
        # The digest is compared too: after an erasure the offer names an alias of the customer.
        if call.customer and self._keys.holder_of("customer", call.customer) == claims.holder:
            return True
        if offer is None or (call.customer is None and call.session is None):
            # Nobody can name the holder of an erased customer's offer. Its token is enough.
            erased = owner is not None and is_id(owner, SHOPPER)
            return False if owner and offer and not (offer.session_bound or erased) else None
        if owner:
            return owner == (call.customer or await self._shop.customer_of(call.session or ""))
        if call.session not in {None, offer.session}:
            return False
        # The session may have become a customer's after the offer.
        known = await self._shop.customer_of(offer.session)
        return call.customer is None or known == call.customer or (not known and bool(call.session))


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
