"""What one shopper's browsing has shown so far.

No value here or in facts, offers and signals can be part of a cycle, for it is frozen and made of
what was there before it: `gc=False` spares the garbage collector a walk over every session and the
whole catalogue, which took 100 ms with 1,000 sessions and held up whatever was to be offered.
"""

from typing import Final

from msgspec import Struct, field

from tactful.core.offers.offer import Offer
from tactful.core.rules.rule import NEEDS_ACTIVITY, NOW
from tactful.core.session.contact_history import NO_CONTACT, ContactHistory
from tactful.core.session.signals import CartLine, Consent, LandingVisit, PageKind

REMEMBERED_ITEMS: Final = 32
"""How many items of a session are remembered; bounds its memory."""


REMEMBERED_HELD: Final = 16
"""How many held-out decisions of a session are remembered, so that each is counted once."""
REMEMBERED_ENDS: Final = 16
"""How many ended offers of a session are remembered."""


class Tab(Struct, frozen=True, gc=False, array_like=True):
    """One connection of the session and whether its page can be seen."""

    number: int
    visible: bool = True


class ViewedItem(Struct, frozen=True, gc=False, array_like=True):
    """How often, and when first and last, an item was viewed in this session."""

    sku: str
    views: int
    first: int
    last: int


class BoughtProduct(Struct, frozen=True, gc=False, array_like=True):
    """A product that was bought in this session, and when (ms)."""

    product: str
    at: int
    order: str


class Session(Struct, frozen=True, gc=False, kw_only=True):
    """One shopper's browsing, across tabs, page loads and reconnects. Instants are ms since the epoch."""

    id: str
    shopper: str
    """The anonymous shopper; a new one after a logout."""
    created_at: int
    customer: str | None = None
    """The shop's id of a verified identity."""
    consent: Consent = "none"
    gpc: bool = False
    territory: str | None = None
    declared: bool = False
    """Whether the shop's signature says so: that goes before what a page says."""
    locale: str | None = None
    visit: LandingVisit = LandingVisit()
    page: PageKind | None = None
    query: str | None = None
    rescue: bool = False
    tabs: tuple[Tab, ...] = ()
    focus: str | None = None
    """The SKU whose page is open."""
    dwell_before_ms: int = field(default=0, name="dwelt")
    """Engaged ms on the focus, and in the cart it leads to, before `running_since`."""
    running_since: int | None = None
    """Since when the engaged time runs; None while no tab is visible."""
    last_input: int = 0
    chat_open: bool = False
    viewed_items: tuple[ViewedItem, ...] = field(default=(), name="looks")
    """The last items viewed, the most recent last."""
    views: int = 0
    pages: int = 0
    searches: int = 0
    compares: int = 0
    exits: int = 0
    cart: tuple[CartLine, ...] = ()
    bought: tuple[BoughtProduct, ...] = ()
    """What a guest bought in this session, as the shop reported it."""
    contact: ContactHistory = NO_CONTACT
    """The contact history of the anonymous shopper."""
    offers: tuple[Offer, ...] = ()
    """The offers that stand, in order of issue."""
    ended: tuple[str, ...] = ()
    """The last offers that ended, to tell `ended` from `not_yours`."""
    held_out: tuple[str, ...] = ()
    """What was deliberately not shown: rule and SKU, NUL between them."""
    seq: int = 0
    next_rule_check: int | None = field(default=None, name="again")
    """When the rules are to be looked at next, if the shopper does nothing."""
    wake_at: int | None = None
    """When something happens by itself next: `again`, the end of an offer, a parcel turning late."""

    @property
    def personal(self) -> bool:
        """Whether history and cases may be used."""
        return self.consent == "personal" and not self.gpc

    @property
    def visible(self) -> bool:
        """Whether a page of the session can be seen."""
        for tab in self.tabs:  # noqa: SIM110 - a generator costs more than the whole look
            if tab.visible:
                return True
        return False

    def dwell(self, now: int) -> int:
        """Engaged ms on the focus."""
        running = 0 if self.running_since is None else now - self.running_since
        return self.dwell_before_ms + running

    def dwell_reaches(self, duration: int) -> int:
        """The instant at which the engaged time on the focus is `duration`; `WAITING` while it rests."""
        if self.dwell_before_ms >= duration:
            return NOW
        if self.running_since is None:
            return NEEDS_ACTIVITY
        return self.running_since + duration - self.dwell_before_ms

    def viewed_item(self, sku: str) -> ViewedItem | None:
        """What is remembered of an item."""
        for look in self.viewed_items:
            if look.sku == sku:
                return look
        return None


def detached_customer(before: Session, after: Session) -> str | None:
    """The customer whose history could be used before a turn and cannot after it; None: nobody's."""
    who = before.customer
    if who is None or not before.personal:
        return None
    return None if who == after.customer and after.personal else who


def without_unseen_offers(
    contact: ContactHistory, customer: str, session: Session
) -> ContactHistory:
    """A customer's history without what a session reserved in it and will not show them any more."""
    theirs = {offer.id for offer in session.offers if offer.customer == customer}
    unseen = {
        mark.offer for mark in contact.approaches if mark.session == session.id and not mark.shown
    }
    for offer in unseen - theirs:
        contact = contact.without_reservation(offer)
    return contact
