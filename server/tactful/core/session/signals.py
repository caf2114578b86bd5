"""What may happen that can change a decision about one session."""

from typing import Literal

from msgspec import Struct, field

from tactful.core.offers.offer import Offer

Consent = Literal["none", "anonymous", "personal"]
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
    """Where this visit came from; read off the landing page's address."""

    source: str | None = None
    campaign: str | None = None
    medium: str | None = None
    referrer: str | None = None
    link: str | None = None
    """The purpose of a link whose signature was verified."""


class ConnectionOpened(Struct, frozen=True, gc=False, tag="Arrived"):
    """A connection of the session said hello; `tab` numbers the connection."""

    tab: int
    consent: Consent
    gpc: bool = False
    territory: str | None = None
    locale: str | None = None
    page: PageKind | None = None
    visit: LandingVisit | None = None


class ConnectionClosed(Struct, frozen=True, gc=False, tag="Left"):
    """A connection of the session is gone."""

    tab: int


class CustomerIdentified(Struct, frozen=True, gc=False, tag="Identified"):
    """The shopper's identity was verified."""

    customer: str
    territory: str | None = None


class CustomerLoggedOut(Struct, frozen=True, gc=False, tag="LoggedOut"):
    """The shopper is anonymous again, under a new id."""

    shopper: str


class PageViewed(Struct, frozen=True, gc=False, tag="Paged"):
    """The shopper went to another page."""

    kind: PageKind
    url: str = ""
    query: str | None = None
    moment: Literal["rescue"] | None = None


class ItemViewed(Struct, frozen=True, gc=False, tag="Viewed"):
    """The shopper looks at an item."""

    sku: str


class CartLine(Struct, frozen=True, gc=False, array_like=True):
    """So many of an SKU."""

    sku: str
    qty: int


class CartChanged(Struct, frozen=True, gc=False, tag="Carted"):
    """The whole cart as it now is."""

    lines: tuple[CartLine, ...]


class ActivityReported(Struct, frozen=True, gc=False, tag="Acted"):
    """The shopper, or a tab of theirs, did something."""

    kind: ActivityKind
    tab: int = 0


class ConsentChanged(Struct, frozen=True, gc=False, tag="Consented"):
    """The shopper's consent changed."""

    consent: Consent
    gpc: bool = False


class OfferSeen(Struct, frozen=True, gc=False, tag="Seen"):
    """An offer was on the screen."""

    offer: str


class OfferDismissed(Struct, frozen=True, gc=False, tag="Dismissed"):
    """The shopper does not want this offer."""

    offer: str


class OfferAccepted(Struct, frozen=True, gc=False, tag="Accepted"):
    """The shopper wants this offer."""

    offer: str
    qty: int | None = None
    """None: as many as it allows."""


class TimerFired(Struct, frozen=True, gc=False, tag="Woken"):
    """An instant that an earlier decision asked for has come."""


class FactsChanged(Struct, frozen=True, gc=False, tag="Changed"):
    """Facts, rules or freshness changed in a way that may concern this session."""


class OrderReported(Struct, frozen=True, gc=False, tag="Bought"):
    """The shop reported an order of this session: what it holds now, and when it was placed (ms)."""

    order: str
    products: tuple[str, ...]
    at: int


class OfferRedeemed(Struct, frozen=True, gc=False, tag="Redeemed"):
    """A checkout redeemed an offer of this session, or ended it; the ledger has it already."""

    offer: Offer


class RedemptionRolledBack(Struct, frozen=True, gc=False, tag="RolledBack"):
    """A checkout cancelled the order that had redeemed an offer of this session; it is accepted again."""

    offer: Offer


class OfferRevoked(Struct, frozen=True, gc=False, tag="Revoked"):
    """A person ended an offer, accepted or not: a wrong price or fraud."""

    offer: str
    reason: Literal["price.error", "fraud"]
    operator: str = field(default="", name="who")
    """Who it was; for the record only."""


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
    | TimerFired
    | FactsChanged
    | OrderReported
    | OfferRedeemed
    | RedemptionRolledBack
    | OfferRevoked
)
