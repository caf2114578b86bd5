"""The form of a connector: what another system sends, and how it becomes facts.

A connector is a value: names, tables and two pure functions. It reads no clock, file or network. The
inbox checks the signature of a delivery, keeps the fields of the allow-list, and maps them later.
"""

import base64
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from tactful.connectors.allow_list import Shape, Subject
from tactful.core.facts.fact_types import AnyFact
from tactful.core.values.calendar import MINUTE

Json = dict[str, Any]
"""A JSON object. A number with a fraction is its text, because no float touches an amount."""
Headers = Mapping[str, str]
"""Name of a request header in lower case → its value."""


class UnreadableDeliveryError(ValueError):
    """A delivery with a valid signature has no expected form. The text says what is missing."""


class Envelope(Struct, frozen=True, kw_only=True):
    """What a delivery is about."""

    id: str
    """The sender's id of the delivery. A second delivery with it is a duplicate."""
    topic: str
    """What happened, such as `order.updated`; a key of `Connector.kept`."""
    about: str
    """The object, such as `order 1001`. Deliveries about one object are mapped in order of arrival."""
    sent_at: int | None = None
    """When the payload was made, milliseconds since the Unix epoch, UTC; `None`: it does not say."""


class Terms(Struct, frozen=True, kw_only=True):
    """What the other system does not say, from the settings of the connector."""

    territory: str | None = None
    """Territory of prices, stock and orders that name none (ISO 3166-1 or 3166-2)."""
    currency: str | None = None
    """ISO 4217 code of amounts that name none."""
    tax_included: bool = True
    """Whether the prices of products include tax."""
    tax_rate_bp: int = 0
    """Tax rate of prices that name none, in basis points."""
    locations: Mapping[str, str] = {}
    """The other system's id of a stock location → territory; empty: all are in `territory`."""
    regions: Mapping[str, str] = {}
    """The other system's id of a region with prices of its own → territory."""
    words: Mapping[str, str] = {}
    """A word of the shop, such as a reason for returns → the word of the facts."""
    sku_from_id: bool = False
    """Whether a product without an SKU is known by its id in the other system."""
    known: tuple[AnyFact, ...] = ()
    """The facts in force about what `Connector.reads` names, as they are stored."""


class Fetch(Struct, frozen=True, kw_only=True):
    """A request for the present state of an object, whose response is mapped under a topic.

    A response that is a list is mapped object by object.
    """

    path: str
    """The path below the address of the other system, with its query."""
    topic: str
    """A key of `Connector.kept`."""
    base: Json = {}
    """Fields that are added to each object of the response, such as those of its parent."""
    otherwise: tuple[Json, ...] = ()
    """Facts that stand where nothing can be fetched."""


class Listing(Struct, frozen=True, kw_only=True):
    """A list of objects that the other system serves page by page, as data for a reader."""

    name: str
    """What is listed, such as `orders`."""
    path: str
    """The path of the first page below the address, with its query."""
    topic: str
    """A key of `Connector.kept`, under which each object is mapped."""
    rows: str = ""
    """The path of the objects in a page, such as `data.collection`; empty: the page is the list."""
    base: Json = {}
    """Fields that are added to each object, such as the territory of its prices."""
    following: str = ""
    """The path of the next page's URL in a page; empty: the header `Link` names it (RFC 8288)."""
    offset: str = ""
    """The parameter of the path with the number of objects before a page; `total` says how many there
    are. Empty: pages name the next one."""
    total: str = ""
    """The header with the number of all objects, in small letters, or the path of it in a page.

    A list of numbered pages moves while it is read; it came whole if it has that many objects. Empty: the
    last page shows that it came whole, because pages follow one another by a cursor.
    """
    each: str = ""
    """The path of a whole object, with `{id}` for its id; empty: the page has whole objects."""
    changed: str = ""
    """What is added to the path to list only what changed since `{since}`; empty: it cannot be."""
    instants: str = "%Y-%m-%dT%H:%M:%SZ"
    """How `{since}` is written, as for `strftime`; it is in UTC."""
    every_ms: int = 15 * MINUTE
    """Milliseconds between two readings of what changed."""
    often: bool = False
    """Whether the whole list is read as often as the changes of others, because not every change has
    a stamp."""
    stamp: str = ""
    """The path of the last change in an object, from which the next `{since}` follows."""
    bounded: str = ""
    """What is added to the path to list only what was made since `{since}`, on the first read."""
    gone: bool = False
    """Whether a product that a whole list no longer has is reported as gone."""
    feeds: tuple[str, ...] = ()
    """The feeds for which a list that was read is a heartbeat."""
    is_used: Callable[[Terms], bool] = lambda _terms: True
    """Whether a connector with these settings reads the list."""


class Hooks(Struct, frozen=True, kw_only=True):
    """The subscriptions of deliveries that the other system lists, and can be told to go on with."""

    path: str
    """The path of the list."""
    of_one: str
    """The path of one subscription, with `{id}`."""
    address: str
    """The field with the URL of deliveries."""
    state: str
    """The field with the state."""
    active: str
    """The state in which deliveries are sent."""


class Mapped(Struct, frozen=True, kw_only=True):
    """What a payload means."""

    facts: tuple[Json, ...] = ()
    """Facts as `POST /v1/facts` takes them."""
    fetch: tuple[Fetch, ...] = ()
    """What has to be fetched because the payload does not hold it."""
    dropped: tuple[str, ...] = ()
    """What was left out or assumed, one sentence for each; equal ones are counted together."""


def bearer(key: str) -> Headers:
    """Return the header of a bearer token (RFC 6750)."""
    return {"Authorization": f"Bearer {key}"}


def token(key: str) -> Headers:
    """Return the header of a token of Request Tracker."""
    return {"Authorization": f"token {key}"}


def basic(key: str) -> Headers:
    """Return the header of basic authentication (RFC 7617) for `user:password`.

    Raises:
        ValueError: The key has no colon.
    """
    if ":" not in key:
        raise ValueError("The key is not `user:password`.")
    return {"Authorization": f"Basic {base64.b64encode(key.encode()).decode()}"}


class Connector(Struct, frozen=True, kw_only=True):
    """One kind of shop platform or help desk."""

    name: str
    """The value of `kind` in the settings, such as `woocommerce`."""
    signature: str
    """A key of `signatures.SCHEMES`."""
    envelope: Callable[[Headers, Json], Envelope]
    """Returns what a delivery is about, or raises `UnreadableDeliveryError`."""
    kept: Mapping[str, Shape]
    """Topic → the fields that are kept of a payload. Everything else is dropped on arrival."""
    map: Callable[[str, Json, Terms], Mapped]
    """Returns what the kept fields of a payload mean, given its topic.

    A field that is missing or has another type may raise `KeyError`, `TypeError` or `ValueError`: the
    delivery is then kept as failed, with the error.
    """
    reads: Callable[[str, Json], tuple[Subject, ...]] = lambda _topic, _fields: ()
    """Returns the subjects whose facts `map` needs in `Terms.known`, such as an order that a ticket names."""
    is_ping: Callable[[Headers, bytes], bool] = lambda _headers, _body: False
    """Whether a delivery only tests the address. It is answered with 200 without a signature."""
    authorize: Callable[[str], Headers] = bearer
    """Returns the request headers with the credentials of the settings; `ValueError`: they are none."""
    lists: tuple[Listing, ...] = ()
    """What the other system can list; empty: it is never compared with the facts."""
    region_lists: Callable[[str, str], tuple[Listing, ...]] | None = None
    """Returns the lists of a region, given its id and its territory; `None`: prices need no region."""
    hooks: Hooks | None = None
    """How its subscriptions are read and activated; `None`: not at all."""
    refetch: Callable[[Envelope], Fetch | None] = lambda _envelope: None
    """Returns how to fetch what a delivery is about; `None`: that is not possible."""

    def lists_for(self, terms: Terms) -> tuple[Listing, ...]:
        """Return the lists that a connector with these settings reads."""
        used = tuple(one for one in self.lists if one.is_used(terms))
        if self.region_lists is None:
            return used
        of_regions = (self.region_lists(*region) for region in terms.regions.items())
        return used + tuple(one for lists in of_regions for one in lists)
