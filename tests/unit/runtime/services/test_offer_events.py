"""Steps of offers and alerts become events, which a cursor reads on without a gap."""

import msgspec
import pytest
from msgspec import structs

from support.inbox import SettableClock
from support.ledger_rows import T0, leave, offer, push, redeem, run_redemption
from tactful.core.offers.offer import OfferState, OfferStep
from tactful.core.redemption.redemption_rows import RedemptionOutcome, RedemptionState, Status
from tactful.core.values.calendar import format_rfc3339
from tactful.runtime.ports.alert_store import Alert, Resolution
from tactful.runtime.services.event_types import OfferWithdrawnEvent
from tactful.runtime.services.offer_events import (
    LATEST,
    EventCursorError,
    EventPage,
    EventReader,
)
from tactful.stores.memory.ledger import MemoryLedger


class Reading:
    """A reader that goes on from page to page."""

    def __init__(self) -> None:
        self.ledger = MemoryLedger()
        self.clock = SettableClock()
        self.reader = EventReader(self.ledger, self.clock)
        self.cursor = ""

    async def types(self) -> list[str]:
        """Return the types of the next events."""
        page = await self.reader.read(self.cursor)
        self.cursor = page.next
        return [event.type for event in page.events]


def given_back(state: RedemptionState) -> RedemptionOutcome:
    """Cancel the only redemption."""
    (row,) = state.redemptions
    made = structs.replace(state.offers[row.offer], state=OfferState.ACCEPTED)
    step = OfferStep(row.offer, T0 + 9, made.seq + 9, OfferState.ACCEPTED, "redemption.cancelled")
    cancelled: Status = "cancelled"
    return RedemptionOutcome(
        status=200, body=b"", offers=(made,), steps=(step,),
        redemptions=(structs.replace(row, status=cancelled),),
    )  # fmt: skip


async def test_the_life_of_an_offer_is_read_in_order() -> None:
    one = Reading()
    await one.ledger.commit(push(offer(customer="mia")))
    assert await one.types() == ["offer.pushed"]
    await run_redemption(one.ledger, redeem, offer="of_1", order="o1")
    await one.ledger.run_redemption(given_back, order="o1")
    assert await one.types() == ["offer.redeemed", "offer.given_back"]
    assert await one.types() == []


async def test_an_event_names_the_offer_its_price_the_order_and_only_a_known_customer() -> None:
    one = Reading()
    await one.ledger.commit(push(offer(customer="mia")))
    await one.ledger.commit(push(offer("of_2", session="se_2")))
    await run_redemption(one.ledger, redeem, offer="of_1", order="o1")
    events = (await one.reader.read("")).events
    first, second, third = (msgspec.to_builtins(event.data) for event in events)
    assert first["customer"] == "mia"
    assert "customer" not in second
    assert first["price"] == {"amount": 10965, "currency": "EUR"}
    assert {"offer", "session", "sku", "territory", "price", "rule"} <= first.keys()
    assert ("order" in first, third["order"]) == (False, "o1")
    assert (events[0].id, events[0].at) == ("ev_1", format_rfc3339(T0))


async def test_a_withdrawal_has_its_reason_and_an_expiry_is_no_event() -> None:
    one = Reading()
    made = offer()
    await one.ledger.commit(push(made))
    await one.types()
    await one.ledger.commit(leave(made, OfferState.WITHDRAWN, "complaint.open"))
    (event,) = (await one.reader.read(one.cursor)).events
    assert isinstance(event, OfferWithdrawnEvent)
    assert event.data.reason == "complaint.open"


async def test_alerts_are_read_once_when_no_earlier_one_can_follow() -> None:
    one = Reading()
    await one.types()
    now = one.clock.at
    alert = Alert(id="al_1", kind="feed.stale", subject="stock", raised_at=now)
    await one.ledger.put_alert(alert)
    assert await one.types() == []
    one.clock.at += 5_000
    ended = structs.replace(alert, resolved=Resolution(at=now + 2_000, by="tactful", act="x"))
    await one.ledger.put_alert(ended)
    assert await one.types() == ["alert.raised", "alert.resolved"]
    cursor = one.cursor
    one.clock.at += 60_000
    assert await one.types() == []
    assert one.cursor == cursor, "a reader sees that it has everything"


@pytest.mark.parametrize(
    ("cursor", "message"), [("x", "is no cursor"), ("1.2.3", "is no cursor"), ("7.0", "is ahead")]
)
async def test_a_cursor_of_another_ledger_is_refused(cursor: str, message: str) -> None:
    with pytest.raises(EventCursorError, match=message):
        await Reading().reader.read(cursor)


async def test_reading_can_begin_now() -> None:
    one = Reading()
    await one.ledger.commit(push(offer()))
    page = await one.reader.read(LATEST)
    assert isinstance(page, EventPage)
    assert page.events == ()
    one.cursor = page.next
    assert await one.types() == []
