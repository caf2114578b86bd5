"""The state of one shopper's browsing, and its detachment from a customer.

No value here, in facts, offers or signals can be part of a reference cycle: each is frozen and made
of values that existed before it. With `gc=False` the garbage collector does not walk over every
session and the whole catalogue. That walk took 100 ms with 1,000 sessions and delayed every offer.
"""

from typing import Final

from msgspec import Struct, field

from tactful.core.offers.offer import Offer
from tactful.core.rules.rule import NEEDS_ACTIVITY, NOW
from tactful.core.session.contact_history import NO_CONTACT, ContactHistory
from tactful.core.session.signals import CartLine, Consent, LandingVisit, PageKind
from tactful.core.values.money import Money

REMEMBERED_ITEMS: Final = 32
"""How many viewed items, and how many bought products, a session remembers; bounds its memory."""
REMEMBERED_SHADOWS: Final = 16
"""How many offers of rules in shadow mode a session remembers, so that each is counted once."""
REMEMBERED_ENDS: Final = 16
"""How many ended offers a session remembers."""


class Tab(Struct, frozen=True, gc=False, array_like=True):
    """One connection of the session."""

    number: int
    """The number of the connection within the session."""
    visible: bool = True
    """Whether its page can be seen."""


class ViewedItem(Struct, frozen=True, gc=False, array_like=True):
    """An item that was viewed in this session."""

    sku: str
    views: int
    """How often it was viewed."""
    first: int
    """The first view, milliseconds since the Unix epoch, UTC."""
    last: int
    """The last view, milliseconds since the Unix epoch, UTC."""


class ShownPrice(Struct, frozen=True, gc=False, array_like=True):
    """The price that the page of an item showed at its last view."""

    sku: str
    price: Money


class BoughtProduct(Struct, frozen=True, gc=False, array_like=True):
    """A product that was bought in this session."""

    product: str
    at: int
    """When the order was placed, milliseconds since the Unix epoch, UTC."""
    order: str
    """The shop's id of the order; a later report of it replaces this entry."""


class Session(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """One shopper's browsing, across tabs, page loads and reconnects.

    The ledger stores it with every decision. Fields with `name=` keep the name under which releases
    since 0.1.0 store them. Fields at their defaults are not stored: most are, and leaving them out makes
    the stored form a third as long. So a default never changes.
    """

    id: str
    shopper: str
    """The id of the anonymous shopper; a logout gives a new one."""
    created_at: int
    """Milliseconds since the Unix epoch, UTC."""
    customer: str | None = None
    """The shop's id of the verified customer; None: anonymous."""
    consent: Consent = "none"
    gpc: bool = False
    """Whether the browser sends Global Privacy Control, which refuses `personal`."""
    territory: str | None = None
    """ISO 3166-1 or 3166-2 code; None: unknown, and then nothing is offered."""
    declared: bool = False
    """Whether the territory is from the shop's signed identity, which overrides that of a page."""
    currency: str | None = None
    """ISO 4217 code of the page's prices; None: the only one of the territory."""
    channel: str | None = None
    """The sales channel of the page; None: the shop's own."""
    group: str | None = None
    """The customer's price group, as the shop's signed identity names it."""
    locale: str | None = None
    """BCP 47 tag of the page, which chooses the language of messages."""
    visit: LandingVisit = LandingVisit()
    """Where the visit came from."""
    page: PageKind | None = None
    """The kind of the last page."""
    query: str | None = None
    """The words of the search on the last page; None: it was no search."""
    rescue: bool = False
    """Whether the last page is one for cancelling, unsubscribing or returning."""
    tabs: tuple[Tab, ...] = ()
    """The open connections; the one that reported last is last."""
    focus: str | None = None
    """The SKU whose page is open."""
    dwell_before_ms: int = field(default=0, name="dwelt")
    """Engaged milliseconds on the focus, and in the cart it leads to, before `running_since`."""
    running_since: int | None = None
    """When engaged time started to run, milliseconds since the Unix epoch, UTC; None: it does not."""
    last_input: int = 0
    """The last input of the shopper, milliseconds since the Unix epoch, UTC."""
    chat_open: bool = False
    """Whether a support chat is open."""
    viewed_items: tuple[ViewedItem, ...] = field(default=(), name="looks")
    """The last items viewed, each once, the most recent last."""
    shown_prices: tuple[ShownPrice, ...] = ()
    """The prices that the pages of these items showed."""
    views: int = 0
    """Item views in this session."""
    pages: int = 0
    """Page views in this session."""
    searches: int = 0
    """Searches in this session."""
    compares: int = 0
    """Comparisons of items in this session."""
    exits: int = 0
    """How often the pointer left a page at its upper edge, towards the browser's controls."""
    cart: tuple[CartLine, ...] = ()
    """The cart as the page last reported it."""
    bought: tuple[BoughtProduct, ...] = ()
    """What was bought in this session, as the shop reported it; counts while no customer is verified."""
    contact: ContactHistory = NO_CONTACT
    """The contact history of the anonymous shopper."""
    offers: tuple[Offer, ...] = ()
    """The standing offers of the present shopper, in order of issue."""
    parked: tuple[Offer, ...] = ()
    """Accepted offers of customers who left the session; each returns with its customer."""
    left_at: int = 0
    """When a customer last left, milliseconds since the Unix epoch, UTC; 0: none did."""
    ended: tuple[str, ...] = ()
    """The ids of the last ended offers, to answer `ended` instead of `not_yours`."""
    unseen: tuple[Offer, ...] = ()
    """Held-out offers for as long as they would be on the screen, in order of issue.

    Gates and arbitration read them as visible offers, so that both arms of an experiment trigger alike.
    """
    held_out: tuple[str, ...] = ()
    """What release 0.1.0 noted of held-out offers; no longer read or written, see `unseen`."""
    in_shadow: tuple[str, ...] = ()
    """Offers of rules in shadow mode that were recorded, each as rule id and SKU with a NUL between."""
    seq: int = 0
    """The last number of the session's sequence; it only grows."""
    next_rule_check: int | None = field(default=None, name="again")
    """When rules are evaluated next without a signal, milliseconds since the Unix epoch, UTC."""
    wake_at: int | None = None
    """When the session next needs a turn by itself, milliseconds since the Unix epoch, UTC.

    The first of `next_rule_check`, the end of a standing or held-out offer and a parcel that becomes late.
    """

    @property
    def personal(self) -> bool:
        """Whether history and cases of the customer may be used."""
        return self.consent == "personal" and not self.gpc

    @property
    def visible(self) -> bool:
        """Whether a page of the session can be seen."""
        for tab in self.tabs:  # noqa: SIM110 - a generator costs more than the whole check
            if tab.visible:
                return True
        return False

    def dwell(self, now: int) -> int:
        """Return the engaged time on the focus at `now`, in milliseconds."""
        running = 0 if self.running_since is None else now - self.running_since
        return self.dwell_before_ms + running

    def dwell_reaches(self, duration: int) -> int:
        """Return when the engaged time on the focus reaches a duration.

        Args:
            duration: Milliseconds.

        Returns:
            Milliseconds since the Unix epoch, UTC. `NOW` if it is reached, `NEEDS_ACTIVITY` while
            engaged time does not run.
        """
        if self.dwell_before_ms >= duration:
            return NOW
        if self.running_since is None:
            return NEEDS_ACTIVITY
        return self.running_since + duration - self.dwell_before_ms

    def viewed_item(self, sku: str) -> ViewedItem | None:
        """Return what is remembered of an item; None: it was not viewed lately."""
        for item in self.viewed_items:
            if item.sku == sku:
                return item
        return None

    def shown_price(self, sku: str) -> Money | None:
        """Return the price that the page of an item showed last; None: it showed none."""
        for shown in self.shown_prices:
            if shown.sku == sku:
                return shown.price
        return None


def detached_customer(before: Session, after: Session) -> str | None:
    """Return the customer whose history was usable before a turn, but is not after it.

    This happens after a logout, a switch to another account, or a withdrawn consent.

    Args:
        before: The session before the turn.
        after: The session after the turn.

    Returns:
        The shop's id of the customer; None where no customer was detached.
    """
    customer = before.customer
    if customer is None or not before.personal:
        return None
    return None if customer == after.customer and after.personal else customer


def without_unseen_offers(
    contact: ContactHistory, customer: str, session: Session
) -> ContactHistory:
    """Return a contact history without a session's reservations for offers never shown.

    The session has left the customer, so it will not show them these offers any more. What the
    customer saw stays counted.

    Args:
        contact: The customer's contact history.
        customer: The shop's id of the customer.
        session: The session after it left the customer. Standing offers that are still the
            customer's keep their reservation.

    Returns:
        The history without these reservations.
    """
    still_theirs = {offer.id for offer in session.offers if offer.customer == customer}
    unseen = {
        one.offer for one in contact.approaches if one.session == session.id and not one.shown
    }
    for offer in unseen - still_theirs:
        contact = contact.without_reservation(offer)
    return contact
