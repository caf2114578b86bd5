"""The sweep: a comparison of all holds with the platform's orders."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

from tactful_bridge.attempts import Attempt, AttemptEvent, AttemptState, after
from tactful_bridge.checkout import Checkout
from tactful_bridge.client import TactfulClient, now_ms
from tactful_bridge.delivery import Delivery, DeliveryReport
from tactful_bridge.errors import BridgeError
from tactful_bridge.store import CheckoutStore, EntryKind, OutboxEntry

YOUNG_MS: Final = 120_000
"""Milliseconds for which a hold that the tables lack is left alone.

The platform may commit its row only when the request that holds has ended.
"""
_LIVE: Final = frozenset(
    {AttemptState.ASKED, AttemptState.HELD, AttemptState.CONFIRMING, AttemptState.CONFIRMED}
)
"""States in which a hold at Tactful is as the platform expects it."""

_log: Final = logging.getLogger("tactful_bridge")


class OrderState(StrEnum):
    """What the platform knows of an order id."""

    PLACED = "placed"
    CANCELLED = "cancelled"
    PENDING = "pending"
    """A payment may still be under way."""
    ABANDONED = "abandoned"
    """The shopper is back at the cart, or the cart is gone."""
    UNKNOWN = "unknown"
    """The id is not this platform's."""


class PlatformOrders(Protocol):
    """Reads the platform's orders."""

    def state_of(self, order: str) -> OrderState:
        """Return the state of an order or a cart under payment."""
        ...

    def uses_offers(self, order: str) -> bool:
        """Return whether a line of a placed order has the price of an offer."""
        ...


@dataclass(slots=True)
class SweepReport:
    """What one sweep found and did."""

    confirmed: int = 0
    released: int = 0
    lapsed: int = 0
    strays: int = 0
    """Holds at Tactful that the platform's tables lacked."""
    failure: str = ""
    """Why Tactful's holds could not be compared; empty: they were."""
    delivery: DeliveryReport = field(default_factory=DeliveryReport)


class Sweep:
    """Settles holds that no request settles any more; run it every ten minutes."""

    def __init__(
        self,
        checkout: Checkout,
        client: TactfulClient,
        store: CheckoutStore,
        delivery: Delivery,
        orders: PlatformOrders,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        """Join the parts.

        Args:
            checkout: The state machine of the same store.
            client: The server that made the offers.
            store: The platform's tables.
            delivery: Sends the outbox of the same store.
            orders: Reads the platform's orders.
            clock: Returns milliseconds since the Unix epoch, UTC.
        """
        self._checkout: Final = checkout
        self._client: Final = client
        self._store: Final = store
        self._delivery: Final = delivery
        self._orders: Final = orders
        self._clock: Final = clock

    def run(self) -> SweepReport:
        """Compare both sides, and deliver what is due."""
        report = SweepReport()
        for attempt in self._store.open_attempts():
            self._settle(attempt, report)
        try:
            self._settle_strays(report)
        except BridgeError as error:
            report.failure = str(error)
            _log.warning("The holds of Tactful cannot be compared now: %s", error)
        report.delivery = self._delivery.deliver()
        return report

    def _settle(self, attempt: Attempt, report: SweepReport) -> None:
        match self._orders.state_of(attempt.order):
            case OrderState.PLACED:
                uses = self._orders.uses_offers(attempt.order)
                self._checkout.placed(attempt.order, uses_offers=uses)
                report.confirmed += uses
                report.released += not uses
            case OrderState.ABANDONED | OrderState.CANCELLED:
                self._checkout.release(attempt.order)
                report.released += 1
            case OrderState.PENDING | OrderState.UNKNOWN if attempt.until <= self._clock():
                # Tactful ends the hold by itself. A payment that ends later is still confirmed.
                self._store.record(after(attempt, AttemptEvent.EXPIRED))
                report.lapsed += 1
            case _:
                pass

    def _settle_strays(self, report: SweepReport) -> None:
        """Settle holds that Tactful has and the tables do not.

        A hold may reach Tactful after its cancellation, or the platform has restored a backup. Ids
        that the platform does not know belong to another shop system of the same server; their holds
        lapse by themselves.
        """
        for row in self._client.redemptions(state="held"):
            order, number = str(row.get("order", "")), row.get("attempt", 1)
            if not isinstance(number, int) or self._clock() - _made_at(row) < YOUNG_MS:
                continue
            known = self._store.latest_attempt(order)
            if known is not None and known.number == number and known.state in _LIVE:
                continue
            entry = self._entry_for(order, number, known)
            if entry is not None:
                self._store.record(None, entry)
                report.strays += 1

    def _entry_for(self, order: str, number: int, known: Attempt | None) -> OutboxEntry | None:
        """Return what settles a stray hold; `None`: it is not this platform's, or not decided yet."""
        state = self._orders.state_of(order)
        if state in {OrderState.UNKNOWN, OrderState.PENDING}:
            return None
        body: dict[str, object] = {"attempt": number}
        has_no_other = known is None or known.state == AttemptState.LOST
        if state == OrderState.PLACED and has_no_other and self._orders.uses_offers(order):
            return OutboxEntry(kind=EntryKind.CONFIRM, subject=order, body=body, attempt=number)
        return OutboxEntry(kind=EntryKind.CANCEL, subject=order, body=body)


def _made_at(row: Mapping[str, object]) -> int:
    """Return when a redemption was made, in milliseconds since the Unix epoch, UTC."""
    return int(datetime.fromisoformat(str(row["at"])).timestamp() * 1000)
