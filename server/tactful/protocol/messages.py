"""The messages of a session connection, as `server/PROTOCOL.md` describes them.

Every string, number and list of a client is bounded here, so no code after the codec has to check them.
An optional field that is `null` counts as absent. The docstrings of messages become the summaries of
the AsyncAPI document.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

SAFE_INTEGER = 2**53 - 1
"""The largest integer that JavaScript represents exactly."""

Count = Annotated[int, Meta(ge=1, le=SAFE_INTEGER)]
Sequence = Annotated[int, Meta(ge=0, le=SAFE_INTEGER)]
Quantity = Annotated[int, Meta(ge=1, le=9_999)]
MinorUnits = Annotated[int, Meta(ge=0, le=SAFE_INTEGER)]
# In Python `$` also matches before a final line feed; `(?!\n)` excludes it, in ECMAScript too.
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$(?!\n)")]
Sku = Annotated[str, Meta(min_length=1, max_length=128)]
OfferId = Annotated[str, Meta(min_length=1, max_length=64)]
Territory = Annotated[str, Meta(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$(?!\n)")]
Locale = Annotated[str, Meta(min_length=2, max_length=35)]  # RFC 5646, section 4.4.1
Url = Annotated[str, Meta(max_length=2_048)]
Query = Annotated[str, Meta(max_length=2_048)]
Secret = Annotated[str, Meta(min_length=1, max_length=512)]
# Only lengths are checked. An identity that cannot be verified is no error; its shopper stays
# anonymous.
Channel = Annotated[str, Meta(min_length=1, max_length=128)]
Jwt = Annotated[str, Meta(max_length=4_096)]
CustomerId = Annotated[str, Meta(max_length=128)]
HexHmac = Annotated[str, Meta(max_length=128)]

ConsentLevel = Literal["none", "anonymous", "personal"]
PageKind = Literal[
    "home", "category", "product", "search", "cart", "checkout", "payment", "account", "cancel",
    "other",
]  # fmt: skip
ActivityKind = Literal[
    "input", "idle", "visible", "hidden", "exit", "compare", "chat_open", "chat_closed"
]
RefusalCode = Literal["ended", "not_yours", "quantity", "time", "later"]
InputKind = Literal[
    "price", "item", "stock", "browsing", "cart", "source", "account", "purchases", "area", "time",
    "earlier_offers", "voucher", "averages",
]  # fmt: skip


class Money(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """An amount of money."""

    amount: MinorUnits
    """Minor units of the currency, such as cents."""
    currency: Currency
    """An ISO 4217 code in capitals."""


class HmacIdentity(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """A customer id, signed by the shop's server."""

    customer: CustomerId
    """The shop's own id of the customer."""
    hmac: HexHmac | None = None
    """HMAC-SHA-256 over `<customer>|<expires>` under the shop's derived key, 64 hexadecimal digits."""
    expires: Sequence | None = None
    """When the signature ends, in seconds since the Unix epoch; absent: the form of 0.1.0."""


Identity = Jwt | HmacIdentity


class Landing(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """The page on which a connection is opened."""

    url: Url
    referrer: Url | None = None
    kind: PageKind | None = None


class CartLine(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """One line of a cart."""

    sku: Sku
    qty: Quantity


class _FromClient(
    Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, gc=False, tag_field="t",
    omit_defaults=True,
):  # fmt: skip
    n: Count | None = None


class Hello(_FromClient, frozen=True, tag="hello"):
    """Open a new session or resume an earlier one."""

    consent: ConsentLevel
    page: Landing
    resume: Secret | None = None
    """The secret of the last `welcome`."""
    territory: Territory | None = None
    """ISO 3166-1 alpha-2 code, with a subdivision (ISO 3166-2) where prices differ."""
    locale: Locale | None = None
    """BCP 47 language tag."""
    currency: Currency | None = None
    """ISO 4217 code of the page's prices."""
    channel: Channel | None = None
    """The sales channel of the page, where prices differ by it."""
    gpc: bool | None = None
    """Global Privacy Control; `true` refuses the consent `personal`."""
    identity: Identity | None = None
    seq: Sequence | None = None
    """The last `seq` that the client has seen."""


class Identify(_FromClient, frozen=True, tag="identify"):
    """The shopper logged in."""

    identity: Identity


class Logout(_FromClient, frozen=True, tag="logout"):
    """The shopper logged out."""


class Page(_FromClient, frozen=True, tag="page"):
    """The shopper opened another page."""

    url: Url
    kind: PageKind
    query: Query | None = None
    """What the shopper searched for."""
    moment: Literal["rescue"] | None = None
    """`rescue`: a cancel, unsubscribe or return page."""
    currency: Currency | None = None
    """ISO 4217 code of the page's prices; absent: as before."""
    channel: Channel | None = None
    """The sales channel of the page; absent: as before."""


class View(_FromClient, frozen=True, tag="view"):
    """The shopper views an item; the price on the page is a hint and never trusted."""

    sku: Sku | None = None
    url: Url | None = None
    """The address of the page. It counts where the shop never reported `sku`, or none is given."""
    price: Money | None = None

    def __post_init__(self) -> None:
        """Refuse a view of nothing.

        Raises:
            ValueError: The view names neither an SKU nor an address.
        """
        if self.sku is None and self.url is None:
            raise ValueError("A `view` needs `sku` or `url`")


class Cart(_FromClient, frozen=True, tag="cart"):
    """The whole cart after a change."""

    lines: Annotated[list[CartLine], Meta(max_length=200)]


class Activity(_FromClient, frozen=True, tag="activity"):
    """The shopper did something on the page."""

    kind: ActivityKind


class Consent(_FromClient, frozen=True, tag="consent"):
    """The shopper's consent changed."""

    consent: ConsentLevel
    gpc: bool | None = None


class Seen(_FromClient, frozen=True, tag="seen"):
    """The offer was shown on the screen."""

    offer: OfferId


class Dismiss(_FromClient, frozen=True, tag="dismiss"):
    """The shopper dismissed the offer."""

    offer: OfferId


class Accept(_FromClient, frozen=True, tag="accept"):
    """The shopper accepted the offer."""

    offer: OfferId
    qty: Quantity | None = None


class MoreTime(_FromClient, frozen=True, tag="more_time"):
    """The shopper asks for more time to decide about the offer."""

    offer: OfferId


ClientMessage = (
    Hello | Identify | Logout | Page | View | Cart | Activity | Consent | Seen | Dismiss | Accept
    | MoreTime
)  # fmt: skip


class Offer(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The part of an offer that a shopper may see."""

    id: str
    sku: str
    price: Money
    """What the shopper pays for one unit, in minor units."""
    title: str
    message: str
    ends_in: int
    """Seconds from the arrival of the message to the end of the offer."""
    max_qty: int
    placement: str
    was: Money | None = None
    """The prior price; absent if no reduction may be announced."""
    percent: int | None = None
    """The reduction in percent, rounded down; absent without `was`."""
    disclosure: str | None = None
    """A text that must be shown with the price."""
    image: str | None = None
    url: str | None = None
    level: Literal["order", "shipping"] | None = None
    """What the offer reduces; absent for the price of the item."""
    at_most: Money | None = None
    """With `level`: the reduction, or the most that `percent_bp` comes to."""
    percent_bp: int | None = None
    """With `level`: the reduction in basis points."""
    voucher: bool = False
    """Whether it is a voucher of the customer's own."""
    countdown: Literal["none"] | None = None
    """`none`: the time that is left must not be shown."""
    more_time: bool = False
    """Whether `more_time` may be sent for it."""
    inputs: tuple[InputKind, ...] | None = None
    """The kinds of inputs that the price rests on, for "Why this price?"."""


class _FromServer(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag_field="t"):
    pass


class Welcome(_FromServer, frozen=True, tag="welcome"):
    """The whole state of the session."""

    session: str
    resume: str
    offers: tuple[Offer, ...]
    seq: int
    """The highest `seq` used so far."""
    heartbeat: int
    """Seconds between two heartbeats."""
    idle: int
    """Seconds without a message after which a client may disconnect."""


class OfferPushed(_FromServer, frozen=True, tag="offer"):
    """An offer stands now, instead of the one that `replaces` names."""

    seq: int
    offer: Offer
    replaces: str | None = None


class Withdraw(_FromServer, frozen=True, tag="withdraw"):
    """An offer no longer stands; there is never a reason."""

    seq: int
    offer: str


class Accepted(_FromServer, frozen=True, tag="accepted"):
    """The offer is held for the shopper, and the token redeems it."""

    seq: int
    offer: str
    token: str
    hold: int
    """Seconds for which the offer is held."""
    code: str | None = None
    """A discount code of the shop's platform, if there is one."""


class Extended(_FromServer, frozen=True, tag="extended"):
    """The offer ends later."""

    offer: str
    ends_in: int
    """Seconds from the arrival of the message to the new end."""
    more_time: bool = False
    """Whether `more_time` may be sent once more."""


class Refused(_FromServer, frozen=True, tag="refused"):
    """The client's request is refused."""

    code: RefusalCode
    n: int | None = None
    """The number of the refused message."""
    offer: str | None = None


class Ack(_FromServer, frozen=True, tag="ack"):
    """Everything up to `n` has been received."""

    n: int


class Heartbeat(_FromServer, frozen=True, tag="heartbeat"):
    """The server is still there."""


class Bye(_FromServer, frozen=True, tag="bye"):
    """The connection closes soon; the client reconnects after `retry` seconds."""

    code: int
    retry: int


class StreamOpened(_FromServer, frozen=True, tag="stream"):
    """First event of a stream: the id to which the client posts."""

    stream: str


class Closed(_FromServer, frozen=True, tag="closed"):
    """Last event of a stream: the close code that a WebSocket would have carried."""

    code: int
    reason: str


ServerMessage = (
    Welcome
    | OfferPushed
    | Withdraw
    | Accepted
    | Extended
    | Refused
    | Ack
    | Heartbeat
    | Bye
    | StreamOpened
    | Closed
)
