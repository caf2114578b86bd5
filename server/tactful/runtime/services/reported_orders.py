"""Orders as the shop reports them, and what they confirm or give back."""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import partial
from typing import Final

import msgspec
from msgspec import Struct

from tactful.core.facts.fact_codec import decode_stored
from tactful.core.facts.fact_types import Order
from tactful.core.redemption import code_use, confirmation, rollback
from tactful.core.values.calendar import to_ms
from tactful.core.values.ids import ID_BYTES, redemption_id
from tactful.runtime.ports.environment import Clock, Entropy
from tactful.runtime.services.redemption_runner import (
    Reading,
    RedemptionLedger,
    RedemptionRunner,
    ShopFacts,
)
from tactful.runtime.services.voucher_remainders import VoucherRemainders

SHIPPED: Final = frozenset({"shipped", "delivered"})
"""The states in which an order can be refunded but no longer cancelled."""


class _LineUse(Struct, frozen=True):
    """The field of an order's line that a redemption depends on."""

    offer: str | None = None


class _OrderUse(Struct, frozen=True):
    """The fields of a reported order that a redemption depends on."""

    order: str
    status: str
    version: datetime | int | None = None
    paid: bool = True
    also: tuple[str, ...] = ()
    lines: tuple[_LineUse, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        """Every id of the order."""
        return (self.order, *self.also)

    @property
    def is_paid(self) -> bool:
        """Whether the order is paid and not cancelled."""
        return self.paid and self.status != "cancelled"

    def reported_at(self, now: int) -> int | None:
        """Return the instant of the report; `None`: its version is a number, which says no instant."""
        if isinstance(self.version, int):
            return None
        return to_ms(self.version) if self.version else now


_decode_use = msgspec.json.Decoder(_OrderUse).decode


class OrderUses(Struct, frozen=True):
    """What the shop has reported about an order, and about the orders that used some offers."""

    ids: frozenset[str]
    """Every id of the order that its reports name."""
    used_by: dict[str, tuple[tuple[str, ...], ...]]
    """Offer → the ids of each order that names it and is not cancelled."""


async def order_uses(
    ledger: RedemptionLedger, order: str, offers: Collection[str] = ()
) -> OrderUses:
    """Return what the shop has reported about an order, and about the use of some offers.

    Raises:
        LedgerError: The ledger cannot be read.
    """
    subjects = [("order", order), *(("offer", offer) for offer in offers)]
    stored = await ledger.facts_about(subjects, ("order",))
    uses = [_decode_use(fact.body) for fact in stored]
    used_by: dict[str, tuple[tuple[str, ...], ...]] = {}
    for use in uses:
        for offer in {line.offer for line in use.lines}.intersection(offers):
            if use.status != "cancelled" and offer is not None:
                used_by[offer] = (*used_by.get(offer, ()), use.ids)
    return OrderUses(
        frozenset({order, *(one for use in uses if order in use.ids for one in use.ids)}), used_by
    )


async def all_ids(ledger: RedemptionLedger, order: str) -> frozenset[str]:
    """Return every id of an order: those that its reports name, and those of its redemptions.

    Raises:
        LedgerError: The ledger cannot be read.
    """
    known = frozenset({order})
    while True:
        found = frozenset(await ledger.order_ids(known))
        for one in found:
            found |= (await order_uses(ledger, one)).ids
        if found == known:
            return known
        known = found


class ReportedOrders:
    """Confirms and gives back redemptions because of what the shop reports about their orders."""

    def __init__(
        self,
        ledger: RedemptionLedger,
        clock: Clock,
        entropy: Entropy,
        runner: RedemptionRunner,
        shop: ShopFacts,
        remainders: VoucherRemainders,
    ) -> None:
        """Follow the reported orders of one shop.

        Args:
            ledger: Has the reports.
            clock: The shop's clock.
            entropy: Makes ids of redemptions.
            runner: Runs what follows.
            shop: Says what becomes of the rest of vouchers.
            remainders: Issues the rest of the vouchers that a paid order has used.
        """
        self._ledger = ledger
        self._clock = clock
        self._entropy = entropy
        self._runner = runner
        self._shop = shop
        self._remainders = remainders

    async def follow(self, orders: Sequence[Order]) -> None:
        """Confirm what paid orders hold, and roll back what cancelled orders use.

        Only the version in force counts. The call may be repeated for the same reports.

        Args:
            orders: Reports that are stored, also repeated and late ones.

        Raises:
            LedgerError: It may have happened or not; the next report repeats it.
        """
        cancelled = [fact for fact in orders if fact.status == "cancelled"]
        for order in dict.fromkeys(fact.order for fact in cancelled):
            await self._cancel(order)
        paid = {
            one: fact
            for fact in orders
            if fact.paid and fact.status != "cancelled"
            for one in fact.ids
        }
        unpaid = await self._ledger.unpaid_orders(paid) if paid else set()
        for order in dict.fromkeys(paid[one].order for one in sorted(unpaid)):
            await self._confirm(order)
        for order in dict.fromkeys(fact.order for fact in orders if fact.codes):
            await self._record_codes(order)

    async def _confirm(self, order: str) -> None:
        """Confirm what an order holds, or held, if the report in force says that it is paid."""
        for stored in await self._ledger.fact_versions("order", order):
            use = _decode_use(stored.body)
            if stored.ended is None and use.is_paid:
                now, keeps = self._clock.now(), self._shop.keeps_remainders
                confirm = partial(confirmation.confirm, now=now, keeps_remainder=keeps)
                await self._runner.run(Reading(confirm, also=frozenset(use.ids)), order=order)
                if keeps:
                    await self._remainders.issue(use.ids)

    async def _record_codes(self, order: str) -> None:
        """Redeem the offers whose discount codes a paid order has used.

        The shop's platform has honoured the code already, so neither the end of an offer nor its
        budget refuses it.
        """
        for stored in await self._ledger.fact_versions("order", order):
            fact = decode_stored(stored.body)
            if stored.ended is not None or not isinstance(fact, Order):
                continue
            if not fact.paid or fact.status == "cancelled":
                continue
            await self._ledger.spend_free_codes(fact.codes)
            for code in await self._ledger.find_codes(fact.codes):
                if code.offer is not None:
                    await self._record_code(fact, code.offer)

    async def _record_code(self, fact: Order, offer: str) -> None:
        use = partial(
            code_use.record_code_use,
            offer=offer,
            order=fact,
            redemption=redemption_id(self._entropy.token_bytes(ID_BYTES)),
            now=self._clock.now(),
        )
        reading = Reading(use, also=frozenset(fact.ids))
        await self._runner.run(reading, offers=(offer,), order=fact.order)

    async def _cancel(self, order: str) -> None:
        """Roll back what an order uses, if its report in force is a cancellation before shipment.

        A redemption that is younger than the report stands: it is of a later payment attempt.
        """
        versions = await self._ledger.fact_versions("order", order)
        uses = [(_decode_use(stored.body), stored.ended) for stored in versions]
        in_force = next((use for use, ended in uses if ended is None), None)
        if in_force is None or in_force.status != "cancelled":
            return
        if any(use.status in SHIPPED for use, _ in uses):
            return
        now = self._clock.now()
        cancel = partial(
            rollback.cancel, now=now, shipped=False, reported_at=in_force.reported_at(now)
        )
        await self._runner.run(Reading(cancel, also=frozenset(in_force.ids)), order=order)
