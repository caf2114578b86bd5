"""The events for the shop's other systems: a type for each, and so a schema for each."""

from typing import Any, Final

from msgspec import Struct

from tactful.core.values.money import Money


class OfferData(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What happened to which offer."""

    offer: str
    session: str
    customer: str | None = None
    """Absent, unless the offer was made to an identified shopper whose consent covers it."""
    sku: str
    territory: str
    price: Money
    """What one unit costs with the offer."""
    rule: str
    reason: str | None = None
    """The stable code of the reason; absent: there is none."""


class UsedOfferData(OfferData, frozen=True, kw_only=True, omit_defaults=True):
    """What an order did with which offer."""

    order: str | None = None
    """The order; absent: it was erased."""


class AlertData(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What needs a person, or is mended."""

    alert: str
    kind: str
    subject: str
    evidence: dict[str, Any]


class OutboundEvent(
    Struct, frozen=True, kw_only=True, tag_field="type", forbid_unknown_fields=True
):
    """One event. Names of fields are on the wire."""

    id: str
    """The same whenever the event is read or sent."""
    at: str
    """When it happened, RFC 3339 in UTC."""

    @property
    def type(self) -> str:
        """The type, such as `offer.pushed`."""
        return str(self.__struct_config__.tag)


class OfferPushedEvent(OutboundEvent, frozen=True, kw_only=True, tag="offer.pushed"):
    """An offer was made."""

    data: OfferData


class OfferShownEvent(OutboundEvent, frozen=True, kw_only=True, tag="offer.shown"):
    """An offer was seen."""

    data: OfferData


class OfferAcceptedEvent(OutboundEvent, frozen=True, kw_only=True, tag="offer.accepted"):
    """A shopper accepted an offer."""

    data: OfferData


class OfferWithdrawnEvent(OutboundEvent, frozen=True, kw_only=True, tag="offer.withdrawn"):
    """An offer was ended before its time."""

    data: OfferData


class OfferHeldEvent(OutboundEvent, frozen=True, kw_only=True, tag="offer.held"):
    """An order uses an offer provisionally."""

    data: UsedOfferData


class OfferRedeemedEvent(OutboundEvent, frozen=True, kw_only=True, tag="offer.redeemed"):
    """An order uses an offer."""

    data: UsedOfferData


class OfferGivenBackEvent(OutboundEvent, frozen=True, kw_only=True, tag="offer.given_back"):
    """The order of an offer was cancelled or lapsed, so that the offer can be used again."""

    data: UsedOfferData


class AlertRaisedEvent(OutboundEvent, frozen=True, kw_only=True, tag="alert.raised"):
    """Something needs a person."""

    data: AlertData


class AlertResolvedEvent(OutboundEvent, frozen=True, kw_only=True, tag="alert.resolved"):
    """Something that needed a person is mended."""

    data: AlertData


AnyEvent = (
    OfferPushedEvent
    | OfferShownEvent
    | OfferAcceptedEvent
    | OfferWithdrawnEvent
    | OfferHeldEvent
    | OfferRedeemedEvent
    | OfferGivenBackEvent
    | AlertRaisedEvent
    | AlertResolvedEvent
)
OfferEvent = OfferPushedEvent | OfferShownEvent | OfferAcceptedEvent | OfferWithdrawnEvent
UsedOfferEvent = OfferHeldEvent | OfferRedeemedEvent | OfferGivenBackEvent
EVENTS: Final[tuple[type[AnyEvent], ...]] = (
    OfferPushedEvent,
    OfferShownEvent,
    OfferAcceptedEvent,
    OfferHeldEvent,
    OfferRedeemedEvent,
    OfferWithdrawnEvent,
    OfferGivenBackEvent,
    AlertRaisedEvent,
    AlertResolvedEvent,
)
"""Every type of event."""
