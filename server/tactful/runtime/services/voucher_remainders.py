"""Vouchers for the rest of vouchers that were worth more than the order that used them."""

from collections.abc import Awaitable, Callable, Collection
from typing import Final

from msgspec import structs

from tactful.core.facts.fact_codec import decode_stored
from tactful.core.facts.fact_types import Remedy
from tactful.core.redemption.redemption_rows import Status
from tactful.core.redemption.voucher_remainder import next_part, split
from tactful.runtime.ports.environment import Clock
from tactful.runtime.ports.ledger_rows import FactRow, StoredRedemption
from tactful.runtime.services.redemption_runner import RedemptionLedger

REDEEMED: Final[tuple[Status, ...]] = ("redeemed",)
RowOfFact = Callable[[Remedy, int], FactRow]
"""(voucher, now) → the voucher as the ledger stores it."""


class VoucherRemainders:
    """Issues the rest of each used voucher, once, after the use is durable.

    A crash may come between the two. The retry of the redemption or of its confirmation makes up for it.
    """

    def __init__(
        self,
        ledger: RedemptionLedger,
        clock: Clock,
        row_of: RowOfFact,
        settle: Callable[[], Awaitable[None]],
    ) -> None:
        """Issue vouchers into a ledger.

        Args:
            ledger: Has the vouchers and their uses.
            clock: The shop's clock.
            row_of: Returns a voucher as the ledger stores it.
            settle: Returns when the sessions concerned know what was stored.
        """
        self._ledger = ledger
        self._clock = clock
        self._row_of = row_of
        self._settle = settle

    async def issue(self, orders: Collection[str]) -> None:
        """Issue the rest of every voucher that an order has redeemed, unless it was issued before.

        Args:
            orders: The ids of the order.

        Raises:
            LedgerError: Some may have been issued; the same call may be repeated.
        """
        issued = False
        order, *also = orders
        for use in await self._ledger.redemptions(order=order, also=also, statuses=REDEEMED):
            if use.offer.remedy is not None:
                issued |= await self._issue_rest(use, use.offer.remedy)
        if issued:
            await self._settle()

    async def _issue_rest(self, use: StoredRedemption, voucher: str) -> bool:
        known = await self._voucher(voucher)
        parts = split(known, use.row.granted, use.offer.currency) if known else None
        if parts is None:
            return False
        used, rest = parts
        while await self._ledger.fact_versions("remedy", rest.remedy):
            # An earlier order had left a rest too, and gave its part back.
            rest = structs.replace(rest, remedy=next_part(rest.remedy))
        now = self._clock.now()
        # Both or none: a used voucher that is worth less without its rest would lose money.
        await self._ledger.record_facts([self._row_of(used, now), self._row_of(rest, now)])
        return True

    async def _voucher(self, remedy: str) -> Remedy | None:
        """Return a voucher as it is in force; None: it is unknown, or its customer was erased."""
        for stored in await self._ledger.fact_versions("remedy", remedy):
            fact = decode_stored(stored.body)
            if stored.ended is None and isinstance(fact, Remedy):
                return fact
        return None
