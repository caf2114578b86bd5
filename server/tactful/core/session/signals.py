"""Signals: everything that can happen to a session and change a decision.

Each name is a noun and a past participle. The turn log stores them: a `tag` is the name under which
releases since 0.1.0 store a signal, and never changes.
"""

from typing import Literal

from msgspec import Struct, field

from tactful.core.offers.offer import Offer
from tactful.core.values.money import Money

Consent = Literal["none", "anonymous", "personal"]
"""What the shopper allows (server/SEMANTICS.md, section 8, rule 4)."""
PageKind = Literal[
    "home",
    "category",
    "product",
    "search",
    "cart",
    "checkout",
    "payment",
    "account",
    "cancel",
    "other",
]
ActivityKind = Literal[
    "input", "idle", "visible", "hidden", "exit", "compare", "chat_open", "chat_closed"
]


class LandingVisit(Struct, frozen=True, gc=False):
    """Where a visit came from, as the address of the landing page says."""

    source: str | None = None
    """`utm_source`."""
    campaign: str | None = None
    """`utm_campaign`."""
    medium: str | None = None
    """`utm_medium`."""
    referrer: str | None = None
    """The host of the site that linked to the shop."""
    link: str | None = None
    """The purpose of a link with a verified signature."""


class ConnectionOpened(Struct, frozen=True, gc=False, tag="Arrived"):
    """A client of the session connected: a new visit, a page load, a tab or a reconnect."""

    tab: int
    """The number of the connection within the session."""
    consent: Consent
    gpc: bool = False
    """Whether the browser sends Global Privacy Control."""
    territory: str | None = None
    """ISO 3166-1 or 3166-2 code, as the page declares it."""
    locale: str | None = None
    """BCP 47 tag of the page."""
    page: PageKind | None = None
    visit: LandingVisit | None = None
    currency: str | None = None
    """ISO 4217 code of the page's prices."""
    channel: str | None = None
    """The sales channel of the page."""


class ConnectionClosed(Struct, frozen=True, gc=False, tag="Left"):
    """A connection of the session closed."""

    tab: int
    """The number of the connection within the session."""


class CustomerIdentified(Struct, frozen=True, gc=False, tag="Identified"):
    """The shop's signature on the shopper's identity was verified."""

    customer: str
    """The shop's id of the customer."""
    territory: str | None = None
    """ISO 3166-1 or 3166-2 code, if the signed identity names one."""
    group: str | None = None
    """The customer's price group, if the signed identity names one."""


class CustomerLoggedOut(Struct, frozen=True, gc=False, tag="LoggedOut"):
    """The shopper is anonymous again."""

    shopper: str
    """The id of the new anonymous shopper."""


class PageViewed(Struct, frozen=True, gc=False, tag="Paged"):
    """The shopper went to another page."""

    kind: PageKind
    url: str = ""
    query: str | None = None
    """The words of a search."""
    moment: Literal["rescue"] | None = None
    """`rescue`: a page for cancelling, unsubscribing or returning."""
    currency: str | None = None
    """ISO 4217 code of the page's prices; None: as before."""
    channel: str | None = None
    """The sales channel of the page; None: as before."""


class ItemViewed(Struct, frozen=True, gc=False, tag="Viewed", omit_defaults=True):
    """The shopper views the page of an item."""

    sku: str
    price: Money | None = None
    """The price that the page shows; None: it shows none. It is a hint, and never trusted."""


class CartLine(Struct, frozen=True, gc=False, array_like=True):
    """One line of a cart."""

    sku: str
    qty: int
    """Units."""


class CartChanged(Struct, frozen=True, gc=False, tag="Carted"):
    """The cart changed."""

    lines: tuple[CartLine, ...]
    """The whole cart as it is now."""


class ActivityReported(Struct, frozen=True, gc=False, tag="Acted"):
    """The shopper, or one of their tabs, did something that is not a page or item view."""

    kind: ActivityKind
    tab: int = 0
    """The number of the connection; it matters only for `visible` and `hidden`."""


class ConsentChanged(Struct, frozen=True, gc=False, tag="Consented"):
    """The shopper's consent changed."""

    consent: Consent
    gpc: bool = False
    """Whether the browser sends Global Privacy Control."""


class OfferSeen(Struct, frozen=True, gc=False, tag="Seen"):
    """An offer was visible on the shopper's screen."""

    offer: str
    """The id of the offer."""


class OfferDismissed(Struct, frozen=True, gc=False, tag="Dismissed"):
    """The shopper dismissed an offer."""

    offer: str
    """The id of the offer."""


class OfferAccepted(Struct, frozen=True, gc=False, tag="Accepted"):
    """The shopper accepted an offer."""

    offer: str
    """The id of the offer."""
    qty: int | None = None
    """Units; None: as many as the offer allows."""


class MoreTimeRequested(Struct, frozen=True, gc=False, tag="MoreTime"):
    """The shopper asked for more time to decide about an offer."""

    offer: str
    """The id of the offer."""


class VoucherIssued(Struct, frozen=True, gc=False, tag="Vouchered"):
    """The shop gave the session's customer a voucher."""

    remedy: str
    """The id of the voucher."""


class TimerFired(Struct, frozen=True, gc=False, tag="Woken"):
    """The instant has come for which an earlier decision set `Session.wake_at`."""


class FactsChanged(Struct, frozen=True, gc=False, tag="Changed", omit_defaults=True):
    """Facts, rules or the staleness of feeds changed in a way that may concern this session."""

    withdrawn: str | None = None
    """The offer whose withdrawal was sent ahead of this turn, which withdraws it in any case."""
    reason: str = ""
    """The `Reason` of that withdrawal; it counts if all gates pass again by now."""


class OrderReported(Struct, frozen=True, gc=False, tag="Bought"):
    """The shop reported an order of this session."""

    order: str
    """The shop's id of the order."""
    products: tuple[str, ...]
    """The products that the order holds now; a cancelled order holds none."""
    at: int
    """When it was placed, milliseconds since the Unix epoch, UTC."""


class OfferRedeemed(Struct, frozen=True, gc=False, tag="Redeemed"):
    """A checkout redeemed an offer of this session, or ended it otherwise."""

    offer: Offer
    """The offer as the ledger has recorded it already."""


class RedemptionRolledBack(Struct, frozen=True, gc=False, tag="RolledBack"):
    """A checkout cancelled the order that had redeemed an offer of this session."""

    offer: Offer
    """The offer as the ledger has recorded it already: accepted again."""


class OfferRevoked(Struct, frozen=True, gc=False, tag="Revoked"):
    """An operator ended an offer, accepted or not (server/SEMANTICS.md, section 4, rule 7)."""

    offer: str
    """The id of the offer."""
    reason: Literal["price.error", "fraud", "customer.asked"]
    operator: str = field(default="", name="who")
    """The operator's name, for the record; no decision reads it."""


Signal = (
    ConnectionOpened
    | ConnectionClosed
    | CustomerIdentified
    | CustomerLoggedOut
    | PageViewed
    | ItemViewed
    | CartChanged
    | ActivityReported
    | ConsentChanged
    | OfferSeen
    | OfferDismissed
    | OfferAccepted
    | MoreTimeRequested
    | VoucherIssued
    | TimerFired
    | FactsChanged
    | OrderReported
    | OfferRedeemed
    | RedemptionRolledBack
    | OfferRevoked
)
"""Any signal. A new one needs a reducer in `stages/reducer.py`."""
