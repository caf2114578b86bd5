"""The shapes of all messages on a session's connection, as `contract.md` fixes them.

Every string, number and list from a client is bounded here, so nothing behind the codec has to ask.
An optional field that is `null` counts as absent.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

SAFE_INTEGER = 2**53 - 1  # the largest integer that JavaScript keeps exact

Count = Annotated[int, Meta(ge=1, le=SAFE_INTEGER)]
Sequence = Annotated[int, Meta(ge=0, le=SAFE_INTEGER)]
Quantity = Annotated[int, Meta(ge=1, le=9_999)]
MinorUnits = Annotated[int, Meta(ge=0, le=SAFE_INTEGER)]
# In Python `$` also matches before a last line feed; `(?!\n)` says no, in ECMAScript too.
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$(?!\n)")]
Sku = Annotated[str, Meta(min_length=1, max_length=128)]
OfferId = Annotated[str, Meta(min_length=1, max_length=64)]
Territory = Annotated[str, Meta(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$(?!\n)")]
Locale = Annotated[str, Meta(min_length=2, max_length=35)]  # RFC 5646 section 4.4.1 allows 35
Url = Annotated[str, Meta(max_length=2_048)]
Query = Annotated[str, Meta(max_length=2_048)]
Secret = Annotated[str, Meta(min_length=1, max_length=512)]
# Whether an identity holds is judged by whoever verifies it: a claim of any make leaves its shopper anonymous.
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
RefusalCode = Literal["ended", "not_yours", "quantity"]


class Money(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """An amount in minor units of a currency."""

    amount: MinorUnits
    currency: Currency


class HmacIdentity(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """A customer id with the shop server's HMAC over it."""

    customer: CustomerId
    hmac: HexHmac | None = None


Identity = Jwt | HmacIdentity


class Landing(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """The page on which a connection begins."""

    url: Url
    referrer: Url | None = None
    kind: PageKind | None = None


class CartLine(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """One line of the cart."""

    sku: Sku
    qty: Quantity


class _FromClient(
    Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, gc=False, tag_field="t",
    omit_defaults=True,
):  # fmt: skip
    n: Count | None = None


class Hello(_FromClient, frozen=True, tag="hello"):
    """Opens the conversation, anew or where it was left."""

    consent: ConsentLevel
    page: Landing
    resume: Secret | None = None
    territory: Territory | None = None
    locale: Locale | None = None
    gpc: bool | None = None
    identity: Identity | None = None
    seq: Sequence | None = None


class Identify(_FromClient, frozen=True, tag="identify"):
    """The shopper has logged in."""

    identity: Identity


class Logout(_FromClient, frozen=True, tag="logout"):
    """The shopper has logged out."""


class Page(_FromClient, frozen=True, tag="page"):
    """The shopper is on another page."""

    url: Url
    kind: PageKind
    query: Query | None = None
    moment: Literal["rescue"] | None = None


class View(_FromClient, frozen=True, tag="view"):
    """The shopper looks at an item; the price is a hint and never trusted."""

    sku: Sku
    price: Money | None = None


class Cart(_FromClient, frozen=True, tag="cart"):
    """The whole cart as it now is."""

    lines: Annotated[list[CartLine], Meta(max_length=200)]


class Activity(_FromClient, frozen=True, tag="activity"):
    """A sign of what the shopper does."""

    kind: ActivityKind


class Consent(_FromClient, frozen=True, tag="consent"):
    """The shopper's consent has changed."""

    consent: ConsentLevel
    gpc: bool | None = None


class Seen(_FromClient, frozen=True, tag="seen"):
    """The offer is on the screen."""

    offer: OfferId


class Dismiss(_FromClient, frozen=True, tag="dismiss"):
    """The shopper does not want the offer."""

    offer: OfferId


class Accept(_FromClient, frozen=True, tag="accept"):
    """The shopper takes the offer."""

    offer: OfferId
    qty: Quantity | None = None


ClientMessage = (
    Hello | Identify | Logout | Page | View | Cart | Activity | Consent | Seen | Dismiss | Accept
)


class Offer(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An offer as a shopper may see it; `ends_in` is in seconds from now."""

    id: str
    sku: str
    price: Money
    title: str
    message: str
    ends_in: int
    max_qty: int
    placement: str
    was: Money | None = None
    percent: int | None = None
    disclosure: str | None = None
    image: str | None = None
    url: str | None = None
    level: Literal["order", "shipping"] | None = None
    at_most: Money | None = None
    percent_bp: int | None = None


class _FromServer(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag_field="t"):
    pass


class Welcome(_FromServer, frozen=True, tag="welcome"):
    """The whole state; `heartbeat` and `idle` are in seconds."""

    session: str
    resume: str
    offers: tuple[Offer, ...]
    seq: int
    heartbeat: int
    idle: int


class OfferPushed(_FromServer, frozen=True, tag="offer"):
    """An offer now stands, in place of another where `replaces` names one."""

    seq: int
    offer: Offer
    replaces: str | None = None


class Withdraw(_FromServer, frozen=True, tag="withdraw"):
    """An offer no longer stands; nobody says why."""

    seq: int
    offer: str


class Accepted(_FromServer, frozen=True, tag="accepted"):
    """The offer is held for `hold` seconds; the token redeems it."""

    seq: int
    offer: str
    token: str
    hold: int
    code: str | None = None


class Refused(_FromServer, frozen=True, tag="refused"):
    """What the client asked for does not happen."""

    code: RefusalCode
    n: int | None = None
    offer: str | None = None


class Ack(_FromServer, frozen=True, tag="ack"):
    """Everything up to `n` is taken in."""

    n: int


class Heartbeat(_FromServer, frozen=True, tag="heartbeat"):
    """The server is there."""


class Bye(_FromServer, frozen=True, tag="bye"):
    """The connection closes soon with `code`; come back after `retry` seconds."""

    code: int
    retry: int


class StreamOpened(_FromServer, frozen=True, tag="stream"):
    """First event of the fallback stream: where to post."""

    stream: str


class Closed(_FromServer, frozen=True, tag="closed"):
    """Last event of the fallback stream: the close code a WebSocket would have carried."""

    code: int
    reason: str


ServerMessage = (
    Welcome
    | OfferPushed
    | Withdraw
    | Accepted
    | Refused
    | Ack
    | Heartbeat
    | Bye
    | StreamOpened
    | Closed
)
