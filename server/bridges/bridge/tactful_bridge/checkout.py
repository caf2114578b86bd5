"""The state machine of a checkout: hold, confirm, release, cancel, refund."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from tactful_bridge.attempts import OPEN, Attempt, AttemptEvent, AttemptState, after
from tactful_bridge.client import TactfulClient, now_ms
from tactful_bridge.delivery import Delivery
from tactful_bridge.errors import OutcomeUnknownError, RefusedError
from tactful_bridge.store import CheckoutStore, EntryKind, OutboxEntry

HOLD_S: Final = 1_800
"""Seconds of a hold: longer than shoppers need for a bank's page."""
_FRESH_NUMBERS: Final = 3
"""Attempt numbers that are tried before a hold counts as refused."""
_NUMBER_IS_TAKEN: Final = frozenset({"redemption.cancelled", "redemption.mismatch"})
"""Codes for an attempt number that this order has used before, though the platform's table lacks it."""

_log: Final = logging.getLogger("tactful_bridge")


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldLine:
    """A line of the order that uses an offer."""

    token: str
    sku: str
    qty: int
    unit: int
    """The price that is charged for one unit, in minor units: read back from the platform."""
    currency: str
    """ISO 4217 code."""
    line: str = ""
    """The platform's id of the line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRequest:
    """What an order needs to hold before its payment."""

    order: str
    """The platform's id of the order; it must be unique and exist before the payment."""
    territory: str
    lines: Sequence[HoldLine]
    """At least one."""
    customer: str = ""
    """The id of the customer who is logged in, from the platform's own login; empty: nobody."""
    session: str = ""
    """The shopper's Tactful session, if the page named it."""
    seconds: int = HOLD_S

    def body(self, number: int) -> dict[str, object]:
        """Return the body of `POST /v1/redemptions` for one attempt."""
        lines: list[dict[str, object]] = []
        for one in self.lines:
            unit = {"amount": one.unit, "currency": one.currency}
            line = {"line": one.line} if one.line else {}
            lines.append({"sku": one.sku, "qty": one.qty, "unit": unit, **line})
        body: dict[str, object] = {
            "tokens": [line.token for line in self.lines],
            "order": self.order,
            "attempt": number,
            "hold": self.seconds,
            "territory": self.territory,
            "lines": lines,
        }
        if self.customer:
            body["customer"] = self.customer
        if self.session:
            body["session"] = self.session
        return body


class Checkout:
    """Honours offers exactly once, whatever fails between platform and Tactful."""

    def __init__(
        self,
        client: TactfulClient,
        store: CheckoutStore,
        delivery: Delivery,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        """Join the parts.

        Args:
            client: The server that made the offers.
            store: The platform's tables.
            delivery: Sends the outbox of the same store.
            clock: Returns milliseconds since the Unix epoch, UTC.
        """
        self._client: Final = client
        self._store: Final = store
        self._delivery: Final = delivery
        self._clock: Final = clock

    def hold(self, request: HoldRequest) -> Attempt:
        """Hold the offers of an order before its payment, and return the attempt.

        The same request for an order that already holds them is answered alike. An order whose lines
        have changed since releases what it held, and holds anew.

        Raises:
            RefusedError: The offers cannot be used. Nothing is held, and nothing may be charged.
            OutcomeUnknownError: It is not known whether they are held. Nothing may be charged; the
                shopper tries again, or the platform gives the attempt back.
        """
        latest = self._without_open_differences(request)
        number = 1 if latest is None else latest.number + (latest.state not in OPEN)
        refusal: RefusedError | None = None
        for _ in range(_FRESH_NUMBERS):
            try:
                attempt = self._ask(request, number)
            except RefusedError as refused:
                if refused.code not in _NUMBER_IS_TAKEN:
                    raise
                refusal = refused
                number = 1 + max(number, self._highest_number(request.order))
                continue
            if attempt.state == AttemptState.HELD:
                return attempt
            number += 1
        raise refusal or RefusedError(409, "redemption.lapsed")

    def placed(self, order: str, *, uses_offers: bool) -> None:
        """Note that an order was placed, in the transaction of the platform that places it.

        Args:
            order: The platform's id of the order.
            uses_offers: Whether a line of the order has the price of an offer.
        """
        attempt = self._store.latest_attempt(order)
        if attempt is None:
            if uses_offers:
                _log.error(
                    "Order %s was placed at the price of an offer that was never held.", order
                )
            return
        if not uses_offers:
            self.release(order)
            return
        placed = after(attempt, AttemptEvent.PLACED)
        if placed.state == attempt.state:
            return
        if placed.state == AttemptState.LOST:
            _log.error(
                "Order %s was placed at the price of an offer after the offer was released. "
                "The order stands; the redemption is not recorded.", order,
            )  # fmt: skip
            self._store.record(placed)
            return
        entry = OutboxEntry(
            kind=EntryKind.CONFIRM,
            subject=order,
            body={"attempt": attempt.number},
            attempt=attempt.number,
        )
        self._store.record(placed, entry)

    def release(self, order: str) -> None:
        """Abandon the open attempt of an order: its payment failed, or the shopper went back.

        Orders that were placed are not touched; `cancel` is for them.
        """
        attempt = self._store.latest_attempt(order)
        if attempt is not None and attempt.state in OPEN:
            self._record_cancellation(attempt, {"attempt": attempt.number})

    def cancel(self, order: str) -> None:
        """Give back everything that a cancelled order used; an order without offers is ignored."""
        attempt = self._store.latest_attempt(order)
        if attempt is None:
            return
        if after(attempt, AttemptEvent.ABANDONED).state != attempt.state:
            self._record_cancellation(attempt, {})

    def refund(
        self,
        order: str,
        refund: str,
        *,
        lines: Sequence[tuple[str, int]] = (),
        amount: tuple[int, str] | None = None,
    ) -> None:
        """Report a refund of lines that used offers; an order without a redemption is ignored.

        Args:
            order: The platform's id of the order.
            refund: The platform's id of the refund; a repetition changes nothing.
            lines: SKU and returned units of each line.
            amount: Minor units and currency that were paid back, where no lines are known.
        """
        attempt = self._store.latest_attempt(order)
        if attempt is None or attempt.state not in {
            AttemptState.CONFIRMING,
            AttemptState.CONFIRMED,
        }:
            return
        body: dict[str, object] = {"refund": refund}
        if amount is not None:
            body["amount"] = {"amount": amount[0], "currency": amount[1]}
        else:
            body["lines"] = [{"sku": sku, "qty": qty} for sku, qty in lines]
        self._store.record(None, OutboxEntry(kind=EntryKind.REFUND, subject=order, body=body))

    def _without_open_differences(self, request: HoldRequest) -> Attempt | None:
        """Return the latest attempt, after an open one for other lines was released."""
        if not self._delivery.deliver_all(request.order):
            raise OutcomeUnknownError(
                f"What was released for order {request.order} has not reached Tactful yet."
            )
        latest = self._store.latest_attempt(request.order)
        if latest is not None and latest.state in OPEN and latest.until <= self._clock():
            latest = after(latest, AttemptEvent.EXPIRED)
            self._store.record(latest)
        if latest is None:
            return None
        if latest.state in {AttemptState.CONFIRMING, AttemptState.CONFIRMED}:
            raise RefusedError(409, "order.placed", f"Order {request.order} was placed already.")
        same = (request.body(latest.number), replace(request, customer="").body(latest.number))
        if latest.state not in OPEN or latest.request in same:
            return latest
        self.release(request.order)
        return self._without_open_differences(request)

    def _ask(self, request: HoldRequest, number: int) -> Attempt:
        """Ask for one attempt, which is stored first: after the request it may be held."""
        body = request.body(number)
        now = self._clock()
        attempt = Attempt(
            order=request.order,
            number=number,
            state=AttemptState.ASKED,
            request=body,
            until=now + request.seconds * 1000,
        )
        self._store.record(attempt)
        try:
            answer = self._client.redeem(body)
        except RefusedError as refused:
            if refused.code == "redemption.holder" and request.customer:
                # The session accepted the offer and never identified its customer, for want of
                # consent. A token that another customer accepted is refused without one too.
                return self._ask(replace(request, customer=""), number)
            self._store.record(after(attempt, AttemptEvent.HOLD_REFUSED))
            raise
        until = until_of(answer, attempt.until)
        # A repetition gets the first answer, also when that hold has lapsed since.
        event = AttemptEvent.HOLD_ANSWERED if until > now else AttemptEvent.EXPIRED
        held = replace(after(attempt, event), until=until)
        self._store.record(held)
        return held

    def _highest_number(self, order: str) -> int:
        rows = self._client.redemptions(order=order)
        numbers = [row.get("attempt") for row in rows]
        return max((number for number in numbers if isinstance(number, int)), default=0)

    def _record_cancellation(self, attempt: Attempt, body: Mapping[str, object]) -> None:
        entry = OutboxEntry(
            kind=EntryKind.CANCEL, subject=attempt.order, body=body, attempt=attempt.number
        )
        self._store.record(after(attempt, AttemptEvent.ABANDONED), entry)


def until_of(answer: Mapping[str, object], otherwise: int) -> int:
    """Return when the hold of an answer ends, in milliseconds since the Unix epoch, UTC.

    Args:
        answer: The answer to a hold; `until` stands beside `state` or in each redemption.
        otherwise: The result where the answer names no end.
    """
    rows = answer.get("redemptions")
    places = [answer, *(row for row in (rows if isinstance(rows, list) else ()) if row)]
    texts = [place.get("until") for place in places if isinstance(place, dict)]
    ends = [datetime.fromisoformat(text) for text in texts if isinstance(text, str)]
    return min((int(end.timestamp()) * 1000 for end in ends), default=otherwise)
