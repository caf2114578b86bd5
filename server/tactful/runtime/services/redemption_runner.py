"""Runs redemptions in the ledger: read the shop, decide in one transaction, tell memory.

A failure of the ledger means an unknown outcome, never a refusal. Redemptions are idempotent, so
the same call with the same order finds out the outcome.

Price, stock, recalls and reported orders are read before the transaction. The transaction checks that
they have not changed since; if they have, nothing is decided, and they are read again.
"""

from collections.abc import Awaitable, Callable, Collection
from typing import Final, Protocol

import structlog
from msgspec import Struct

from tactful.core.redemption.answers import EncodeAnswer, OutcomeUnknown, RedemptionResponse
from tactful.core.redemption.order_totals import SkuNow
from tactful.core.redemption.redemption_rows import (
    RedemptionOutcome,
    RedemptionResult,
    RedemptionState,
    with_response,
)
from tactful.runtime.ports.code_store import CodeStore
from tactful.runtime.ports.fact_store import FactStore
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.ports.ledger_rows import CommitRefusal, ReadSet, Subject
from tactful.runtime.ports.offer_store import OfferStore
from tactful.runtime.ports.session_store import SessionStore
from tactful.runtime.services.restored_tokens import UnconfirmedRestoreError

log = structlog.get_logger("tactful.redemption")

ATTEMPTS: Final = 20
"""The most times that one call reads the shop again, because facts changed before its write."""

DecideRedemption = Callable[[RedemptionState], RedemptionResult]


class Reading(Struct, frozen=True):
    """A redemption that is ready to be decided in the ledger's transaction."""

    decide: DecideRedemption
    subjects: frozenset[Subject] = frozenset()
    """What was read outside of the transaction; if it has changed, nothing is decided."""
    also: frozenset[str] = frozenset()
    """Other ids of the order, as the shop reported them."""


ReadShop = Callable[[], Awaitable[Reading]]


class RedemptionLedger(FactStore, OfferStore, SessionStore, CodeStore, Protocol):
    """The roles of the ledger that a redemption uses."""


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

    async def is_shipped(self, orders: Collection[str]) -> bool:
        """Return whether the shop reported an order, under one of its ids, as shipped or delivered.

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

    @property
    def keeps_remainders(self) -> bool:
        """Whether the rest of a voucher that is worth more than its order stays a voucher."""

    async def settle(self) -> None:
        """Return when everything received so far has reached memory and the sessions concerned.

        Raises:
            LedgerError: The ledger cannot be read; the redemption is durable nevertheless.
        """


class RedemptionRunner:
    """Runs the redemptions of one shop, each in one ledger transaction."""

    def __init__(self, ledger: RedemptionLedger, shop: ShopFacts, encode: EncodeAnswer) -> None:
        """Run redemptions in a ledger.

        Args:
            ledger: Where they are durable.
            shop: What a redemption reads of the shop, and what learns of it.
            encode: Writes an answer as a response.
        """
        self._ledger = ledger
        self._shop = shop
        self._encode = encode

    async def decide(
        self,
        read: ReadShop,
        *,
        offers: Collection[str] = (),
        order: str,
        refund: str | None = None,
    ) -> RedemptionResponse:
        """Read, decide and write; read again if what was read changed before the write.

        Args:
            read: Reads the shop.
            offers: The offers to redeem; none: those that the order has used.
            order: An id of the order.
            refund: The shop's id of a partial refund; None: no refund.
        """
        try:
            for _ in range(ATTEMPTS):
                position = self._shop.position
                reading = await read()
                outcome = await self.run(
                    reading, position=position, offers=offers, order=order, refund=refund
                )
                if outcome is not None:
                    return RedemptionResponse(outcome.status, outcome.body)
                await self._shop.catch_up()
        except (LedgerError, UnconfirmedRestoreError):
            return self._encode(OutcomeUnknown())
        log.warning("redemption.outrun", attempts=ATTEMPTS)
        return self._encode(OutcomeUnknown())

    async def run(
        self,
        reading: Reading,
        *,
        position: int = 0,
        offers: Collection[str] = (),
        order: str,
        refund: str | None = None,
    ) -> RedemptionOutcome | None:
        """Run a redemption in the ledger; None: what was read has changed, and nothing was run.

        Args:
            reading: The redemption.
            position: The position in the change log as of which it was read.
            offers: The offers to redeem; none: those that the order has used.
            order: An id of the order.
            refund: The shop's id of a partial refund; None: no refund.

        Raises:
            LedgerError: Nothing is written, or, if `retry` is set, the outcome is unknown.
        """
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
                logic, offers=offers, order=order, also=reading.also, refund=refund, reads=reads
            )
            if isinstance(outcome, CommitRefusal):
                return None
            if outcome.has_effect:
                await self._shop.settle()
        finally:
            self._shop.finish(call, order)
        return outcome
