"""The redemption service: redeem an offer, cancel an order, refund a part of it.

A failure of the ledger means an unknown outcome, never a refusal. Redemptions are idempotent, so
the same call with the same order finds out the outcome.

Price, stock, recalls and reported orders are read before the transaction. The transaction checks that
they have not changed since; if they have, nothing is decided, and they are read again.
"""

import hashlib
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Final, Protocol

import msgspec
import structlog
from msgspec import Struct

from tactful.core.offers.tokens import HolderKind, TokenClaims, TokenRefusal
from tactful.core.redemption import redeem as redemption
from tactful.core.redemption import rollback
from tactful.core.redemption.answers import EncodeAnswer, OutcomeUnknown, RedemptionResponse
from tactful.core.redemption.order_totals import RequestedLine, SkuNow
from tactful.core.redemption.redeem import RedemptionRequest
from tactful.core.redemption.redemption_rows import (
    RedemptionOutcome,
    RedemptionResult,
    RedemptionState,
    with_response,
)
from tactful.core.values.ids import ID_BYTES, SHOPPER, is_id, redemption_id
from tactful.core.values.money import Money
from tactful.runtime.ports.environment import Clock, Entropy
from tactful.runtime.ports.fact_store import FactStore
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.ports.ledger_rows import CommitRefusal, ReadSet, Subject
from tactful.runtime.ports.offer_store import OfferStore
from tactful.runtime.ports.session_store import SessionStore
from tactful.runtime.services.restored_tokens import (
    UnconfirmedRestoreError,
    with_lost_acceptance,
)

log = structlog.get_logger("tactful.redemption")

SHIPPED: Final = frozenset({"shipped", "delivered"})
"""The states in which an order can be refunded but no longer cancelled."""

ATTEMPTS: Final = 20
"""The most times that one call reads the shop again, because facts changed before its write."""

DecideRedemption = Callable[[RedemptionState], RedemptionResult]


class Reading(Struct, frozen=True):
    """A redemption that is ready to be decided in the ledger's transaction."""

    decide: DecideRedemption
    subjects: frozenset[Subject] = frozenset()
    """What was read outside of the transaction; if it has changed, nothing is decided."""


ReadShop = Callable[[], Awaitable[Reading]]


class TokenKeys(Protocol):
    """The keys with which this shop signed its tokens."""

    def verify(self, token: str, *, ever: bool = False) -> TokenClaims | TokenRefusal:
        """Return the claims of a token that one of the keys signed; `ever`: even if it has expired."""

    def holder_of(self, kind: HolderKind, ident: str) -> str:
        """Return the digest by which a token names its session or customer."""


class ShopFacts(Protocol):
    """The shop as a redemption sees it: facts in memory, and the change log that brings them."""

    @property
    def position(self) -> int:
        """The position in the change log as of which memory answers."""

    async def catch_up(self) -> None:
        """Bring memory in line with everything that is durable now.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def skus_now(
        self, skus: Collection[str], territory: str
    ) -> tuple[dict[str, SkuNow], set[Subject]]:
        """Return price, stock and recall of each SKU, and the subjects on which they rest.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def is_shipped(self, order: str) -> bool:
        """Return whether the shop reported the order as shipped or delivered.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def customer_of(self, session: str) -> str | None:
        """Return the verified customer of a session now; None: an anonymous or unknown session.

        Args:
            session: The internal id of the session.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    def expect(self, call: object, order: str, outcome: RedemptionOutcome) -> None:
        """Keep the outcome of a call until its change is received; runs on the ledger's thread."""

    def finish(self, call: object, order: str) -> None:
        """Drop what `expect` kept, because the call has ended."""

    async def settle(self) -> None:
        """Return when everything received so far has reached memory and the sessions concerned.

        Raises:
            LedgerError: The ledger cannot be read; the redemption is durable nevertheless.
        """


class _OrderUse(Struct, frozen=True):
    """The fields of a reported order that a redemption depends on."""

    order: str
    status: str


_decode_use = msgspec.json.Decoder(_OrderUse).decode


class RedemptionCall(Struct, frozen=True, kw_only=True):
    """The request of the shop's checkout for a redemption."""

    token: str
    order: str
    territory: str
    lines: tuple[RequestedLine, ...]
    shipping: Money | None = None
    """The order's shipping charge before any offer."""
    customer: str | None = None
    """The customer who orders; a customer's token needs it, or `session`."""
    session: str | None = None
    """The internal id of the session that orders."""


class RedemptionLedger(FactStore, OfferStore, SessionStore, Protocol):
    """The roles of the ledger that a redemption uses."""


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
        self._encode = encode

    async def redeem(self, call: RedemptionCall) -> RedemptionResponse:
        """Redeem an offer for an order, or refuse; the same pair always gets the same response."""
        # Expired tokens pass this check, so that a retry after expiry still gets the first
        # response.
        claims = self._keys.verify(call.token, ever=True)
        request = RedemptionRequest(
            id=redemption_id(self._entropy.token_bytes(ID_BYTES)),
            token=hashlib.sha256(call.token.encode("utf-8", "surrogatepass")).digest(),
            order=call.order,
            territory=call.territory,
            lines=call.lines,
            shipping=call.shipping,
        )
        if isinstance(claims, TokenRefusal):
            return await self._repeat(request, claims)
        skus = {claims.sku, *(line.sku for line in call.lines)}

        async def read() -> Reading:
            # Read before the reported orders: once they are confirmed, they are seen.
            gap = await self._ledger.restored_gap()
            skus_now, subjects = await self._shop.skus_now(skus, claims.territory)
            elsewhere = await self._used_elsewhere(claims.offer, call.order)
            asked = msgspec.structs.replace(request, is_holder=await self._is_holder(call, claims))
            now = self._clock.now()
            return Reading(
                lambda state: redemption.redeem(
                    with_lost_acceptance(state, claims, call.order, gap, skus_now.get(claims.sku)),
                    asked,
                    now,
                    claims,
                    skus_now,
                    used_elsewhere=elsewhere,
                ),
                frozenset({*subjects, ("offer", claims.offer)}),
            )

        return await self._decide(read, offer=claims.offer, order=call.order)

    async def cancel(self, order: str) -> RedemptionResponse:
        """Roll back everything that an order redeemed, unless the order was shipped."""

        async def read() -> Reading:
            shipped = await self._shop.is_shipped(order)
            now = self._clock.now()
            return Reading(
                lambda state: rollback.cancel(state, order, now, shipped=shipped),
                frozenset({("order", order)}),
            )

        return await self._decide(read, order=order)

    async def cancel_reported(self, order: str) -> None:
        """Roll back the redemptions of an order reported as cancelled and never as shipped.

        The call may be repeated for the same order.

        Raises:
            LedgerError: The cancellation may have happened or not; the next report repeats it.
        """
        versions = await self._ledger.fact_versions("order", order)
        statuses = [(_decode_use(stored.body).status, stored.ended) for stored in versions]
        in_force = ("cancelled", None) in statuses
        if in_force and not any(status in SHIPPED for status, _ in statuses):
            now = self._clock.now()
            cancel = Reading(lambda state: rollback.cancel(state, order, now, shipped=False))
            await self._run(cancel, order=order)

    async def refund(
        self, order: str, refund: str, lines: Sequence[RequestedLine], shipping: Money | None = None
    ) -> RedemptionResponse:
        """Roll back some units of an order, and a part of its shipping charge."""
        now = self._clock.now()
        decided = Reading(
            lambda state: rollback.refund(state, order, refund, lines, now, shipping=shipping)
        )
        return await self._decide(_known(decided), order=order, refund=refund)

    async def _repeat(
        self, request: RedemptionRequest, refused: TokenRefusal
    ) -> RedemptionResponse:
        code = "token.key" if refused.code == "token.expired" else refused.code
        decided = Reading(lambda state: redemption.repeat(state, request, code))
        return await self._decide(_known(decided), order=request.order)

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

    async def _used_elsewhere(self, offer: str, order: str) -> bool:
        """Return whether the shop reported the offer in another order that is not cancelled."""
        stored = await self._ledger.facts_about([("offer", offer)], ("order",))
        uses = [_decode_use(fact.body) for fact in stored]
        return any(use.order != order and use.status != "cancelled" for use in uses)

    async def _decide(
        self,
        read: ReadShop,
        *,
        offer: str | None = None,
        order: str,
        refund: str | None = None,
    ) -> RedemptionResponse:
        """Read, decide and write; read again if what was read changed before the write."""
        try:
            for _ in range(ATTEMPTS):
                position = self._shop.position
                reading = await read()
                outcome = await self._run(
                    reading, position=position, offer=offer, order=order, refund=refund
                )
                if outcome is not None:
                    return RedemptionResponse(outcome.status, outcome.body)
                await self._shop.catch_up()
        except (LedgerError, UnconfirmedRestoreError):
            return self._encode(OutcomeUnknown())
        log.warning("redemption.outrun", attempts=ATTEMPTS)
        return self._encode(OutcomeUnknown())

    async def _run(
        self,
        reading: Reading,
        *,
        position: int = 0,
        offer: str | None = None,
        order: str,
        refund: str | None = None,
    ) -> RedemptionOutcome | None:
        """Run the redemption in the ledger; None: what was read has changed, and nothing was run."""
        call = object()

        def logic(state: RedemptionState) -> RedemptionOutcome:
            outcome = with_response(reading.decide(state), self._encode)
            if outcome.has_effect:
                self._shop.expect(call, order, outcome)
            return outcome

        subjects = tuple(reading.subjects)
        reads = ReadSet(position, subjects) if subjects else None
        try:
            outcome = await self._ledger.run_redemption(
                logic, offer=offer, order=order, refund=refund, reads=reads
            )
            if isinstance(outcome, CommitRefusal):
                return None
            if outcome.has_effect:
                await self._shop.settle()
        finally:
            self._shop.finish(call, order)
        return outcome


def _known(reading: Reading) -> ReadShop:
    """Return a reader of what depends on nothing outside of the ledger's transaction."""

    async def read() -> Reading:
        return reading

    return read
