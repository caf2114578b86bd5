"""Every type of event that a reader gives is as its schema says."""

from typing import Any

import msgspec
import pytest

from support.documented_events import event_problems
from support.ledger_rows import T0
from tactful.core.values.money import Money
from tactful.runtime.services.event_types import (
    EVENTS,
    AlertData,
    AnyEvent,
    OfferData,
    OfferWithdrawnEvent,
    UsedOfferData,
)

OFFER = {
    "offer": "of_1", "session": "se_1", "sku": "S1", "territory": "DE", "rule": "R1",
    "price": Money(1_990, "EUR"),
}  # fmt: skip
DATA: dict[Any, Any] = {
    OfferData: OfferData(**OFFER),  # type: ignore[arg-type]
    UsedOfferData: UsedOfferData(**OFFER, order="o1", reason="redemption.cancelled"),  # type: ignore[arg-type]
    AlertData: AlertData(alert="al_1", kind="feed.stale", subject="stock", evidence={"age": T0}),
}


def sent(kind: type[AnyEvent]) -> dict[str, Any]:
    """An event of a type, as it is sent."""
    (data,) = (field.type for field in msgspec.structs.fields(kind) if field.name == "data")
    event = kind(id="ev_1", at="2026-03-10T12:00:00Z", data=DATA[data])
    found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(event))
    return found


@pytest.mark.parametrize("kind", EVENTS)
def test_an_event_is_sent_as_the_document_says(kind: type[AnyEvent]) -> None:
    event = sent(kind)
    assert event["type"] == kind(id="", at="", data=None).type  # type: ignore[arg-type]
    assert event_problems(event) == []
    assert event_problems({**event, "more": 1}) == ["$: unknown more"]
    assert event_problems({name: one for name, one in event.items() if name != "at"})


def test_every_type_has_a_name_of_its_own_and_what_is_not_known_is_absent() -> None:
    assert len({sent(kind)["type"] for kind in EVENTS}) == len(EVENTS) == 9
    assert {"customer", "reason"} & set(sent(OfferWithdrawnEvent)["data"]) == set()
    assert event_problems({"type": "offer.lost"}) == ["offer.lost: unknown type"]
