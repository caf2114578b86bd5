"""Events for the shop's other systems, read from the steps of offers and from the alerts.

There is no second outbox: a step is durable with its offer, and its number is the cursor. An event can
be read again for as long as its offer is kept. Decision record 0020 says why.
"""

import re
from collections.abc import Mapping
from typing import Final

from msgspec import Struct, structs

from tactful.core.offers.offer import OfferState
from tactful.core.values.calendar import SECOND, format_rfc3339
from tactful.core.values.money import Money
from tactful.runtime.ports.alert_store import Alert
from tactful.runtime.ports.environment import Clock
from tactful.runtime.ports.ledger import Ledger
from tactful.runtime.ports.ledger_rows import NumberedStep
from tactful.runtime.services.event_types import (
    AlertData,
    AlertRaisedEvent,
    AlertResolvedEvent,
    AnyEvent,
    OfferAcceptedEvent,
    OfferData,
    OfferEvent,
    OfferGivenBackEvent,
    OfferHeldEvent,
    OfferPushedEvent,
    OfferRedeemedEvent,
    OfferShownEvent,
    OfferWithdrawnEvent,
    UsedOfferData,
    UsedOfferEvent,
)

MAX_EVENTS: Final = 500
"""The most steps of one page, and the most alerts of each kind."""
SETTLED_MS: Final = SECOND
"""Milliseconds after which no alert with an earlier instant is still being stored."""
LATEST: Final = "latest"
"""The cursor after everything that has happened."""
_CURSOR: Final = re.compile(r"(\d{1,18})\.(\d{1,18})", re.ASCII)
_TYPES: Final[Mapping[OfferState, type[OfferEvent | UsedOfferEvent]]] = {
    OfferState.PUSHED: OfferPushedEvent,
    OfferState.SHOWN: OfferShownEvent,
    OfferState.ACCEPTED: OfferAcceptedEvent,
    OfferState.HELD: OfferHeldEvent,
    OfferState.REDEEMED: OfferRedeemedEvent,
    OfferState.WITHDRAWN: OfferWithdrawnEvent,
}
"""State after a step → the event; the other states give none."""
_USED: Final = frozenset({OfferState.HELD, OfferState.REDEEMED})


class EventCursorError(Exception):
    """A cursor that this ledger has not given out; the text says what to do."""


class EventPage(Struct, frozen=True):
    """Some events, and where the next ones begin."""

    events: tuple[AnyEvent, ...]
    next: str
    """The cursor for the next page."""


class EventReader:
    """Reads events on from a cursor."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        """Read the events of a ledger, up to the present of a clock."""
        self._ledger = ledger
        self._clock = clock

    async def read(self, after: str, limit: int = MAX_EVENTS) -> EventPage:
        """Return the events after a cursor: those of offers in the order of their commits, then alerts.

        Args:
            after: The `next` of a page, `latest`, or nothing for the first event that is kept.
            limit: The most steps and alerts to read.

        Raises:
            EventCursorError: The cursor is none, or is ahead of the ledger.
            LedgerError: The ledger cannot be read.
        """
        newest = await self._ledger.newest_step()
        until = self._clock.now() - SETTLED_MS
        if after == LATEST:
            return EventPage((), f"{newest}.{until}")
        number, since = _places(after)
        if number > newest:
            message = (
                "The cursor is ahead of the ledger, because a backup was restored or the last offers"
                " were deleted. Begin with `after=latest`, or without `after`."
            )
            raise EventCursorError(message)
        steps = await self._ledger.steps_after(number, limit)
        events = [event for step in steps if (event := await self._of_step(step))]
        alerts = await self._of_alerts(since, until)
        last = steps[-1].number if steps else number
        alerted_at = alerts[-1][0] if alerts else since
        return EventPage((*events, *(event for _, event in alerts)), f"{last}.{alerted_at}")

    async def _of_step(self, found: NumberedStep) -> AnyEvent | None:
        step, offer = found.step, found.offer
        kind = _TYPES.get(step.to)
        if kind is OfferAcceptedEvent and found.before in _USED:
            kind = OfferGivenBackEvent
        if kind is None:
            return None
        data = OfferData(
            offer=offer.id,
            session=offer.session,
            customer=offer.customer,
            sku=offer.sku,
            territory=offer.territory,
            price=Money(offer.unit, offer.currency),
            rule=offer.rule,
            reason=step.reason,
        )
        named = {"id": f"ev_{found.number}", "at": format_rfc3339(step.at)}
        if issubclass(kind, UsedOfferEvent):
            order = await self._order(offer.id, step.at)
            return kind(**named, data=UsedOfferData(**structs.asdict(data), order=order))
        return kind(**named, data=data)

    async def _order(self, offer: str, at: int) -> str | None:
        """Return the order that used an offer last at an instant."""
        rows = [one.row for one in await self._ledger.redemptions(offer=offer)]
        used = [row.order for row in rows if row.at <= at]
        return used[-1] if used else None

    async def _of_alerts(self, since: int, until: int) -> list[tuple[int, AnyEvent]]:
        """Return the alerts that were raised or resolved in (since, until], in order of the instant."""
        ledger = self._ledger
        found: list[tuple[int, AnyEvent]] = []
        for is_resolved in (False, True):
            for alert in await ledger.alerts(resolved=is_resolved, limit=MAX_EVENTS):
                found.append((alert.raised_at, _alert(AlertRaisedEvent, alert, alert.raised_at)))
                if alert.resolved is not None:
                    at = alert.resolved.at
                    found.append((at, _alert(AlertResolvedEvent, alert, at)))
        found.sort(key=lambda pair: (pair[0], pair[1].id))
        return [(at, event) for at, event in found if since < at <= until]


def _alert(kind: type[AlertRaisedEvent | AlertResolvedEvent], alert: Alert, at: int) -> AnyEvent:
    data = AlertData(
        alert=alert.id, kind=alert.kind, subject=alert.subject, evidence=dict(alert.evidence)
    )
    what = "raised" if kind is AlertRaisedEvent else "resolved"
    return kind(id=f"{alert.id}.{what}", at=format_rfc3339(at), data=data)


def _places(after: str) -> tuple[int, int]:
    """Return the number of the last step, and the instant of the last alerts, of a cursor."""
    if not after:
        return 0, 0
    found = _CURSOR.fullmatch(after)
    if found is None:
        message = f"{after[:40]!r} is no cursor. Write the `next` of a page, or `latest`."
        raise EventCursorError(message)
    return int(found[1]), int(found[2])
