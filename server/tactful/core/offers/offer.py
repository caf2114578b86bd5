"""An offer and its lifecycle (`server/SEMANTICS.md`, section 4)."""

from collections.abc import Collection
from enum import StrEnum
from typing import Final, Literal

from msgspec import Struct

from tactful.core.values.allocation import Deduction, Level, may_stack


class OfferState(StrEnum):
    """The state of an offer."""

    PUSHED = "pushed"
    SHOWN = "shown"
    ACCEPTED = "accepted"
    HELD = "held"
    """An order uses it provisionally; see `core/redemption/use_states.py`."""
    REDEEMED = "redeemed"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"
    HELD_OUT = "held_out"
    SHADOW = "shadow"


OfferEvent = Literal[
    "show", "accept", "hold", "redeem", "confirm", "roll_back", "decline", "expire", "withdraw",
    "supersede",
]  # fmt: skip

InputKind = Literal[
    "price", "item", "stock", "browsing", "cart", "source", "account", "purchases", "area", "time",
    "earlier_offers", "voucher", "averages",
]  # fmt: skip
"""A kind of input behind an offer, as its shopper may be told; part of the wire protocol."""

TRANSITIONS: Final[dict[tuple[OfferState, OfferEvent], OfferState]] = {
    (OfferState.PUSHED, "show"): OfferState.SHOWN,
    (OfferState.PUSHED, "accept"): OfferState.ACCEPTED,
    (OfferState.PUSHED, "decline"): OfferState.DECLINED,
    (OfferState.PUSHED, "expire"): OfferState.EXPIRED,
    (OfferState.PUSHED, "withdraw"): OfferState.WITHDRAWN,
    (OfferState.PUSHED, "supersede"): OfferState.SUPERSEDED,
    (OfferState.SHOWN, "accept"): OfferState.ACCEPTED,
    (OfferState.SHOWN, "decline"): OfferState.DECLINED,
    (OfferState.SHOWN, "expire"): OfferState.EXPIRED,
    (OfferState.SHOWN, "withdraw"): OfferState.WITHDRAWN,
    (OfferState.SHOWN, "supersede"): OfferState.SUPERSEDED,
    (OfferState.ACCEPTED, "hold"): OfferState.HELD,
    (OfferState.ACCEPTED, "redeem"): OfferState.REDEEMED,
    (OfferState.ACCEPTED, "confirm"): OfferState.REDEEMED,
    (OfferState.ACCEPTED, "expire"): OfferState.EXPIRED,
    (OfferState.ACCEPTED, "withdraw"): OfferState.WITHDRAWN,
    (OfferState.HELD, "confirm"): OfferState.REDEEMED,
    (OfferState.HELD, "roll_back"): OfferState.ACCEPTED,
    (OfferState.REDEEMED, "roll_back"): OfferState.ACCEPTED,
    # The payment of a hold that has lapsed arrived late, after the promise had ended as well.
    (OfferState.EXPIRED, "confirm"): OfferState.REDEEMED,
}
"""The whole lifecycle: (state, event) → state. A pair that is missing is a programming error."""

ADVERTISED: Final = frozenset({OfferState.PUSHED, OfferState.SHOWN})
"""The states in which an offer is, or may be, on the screen."""
STANDING: Final = frozenset({OfferState.PUSHED, OfferState.SHOWN, OfferState.ACCEPTED})
"""The states in which an offer is its shopper's."""
RESERVING: Final = STANDING | {OfferState.HELD}
"""The states in which an offer reserves budget and stock."""
PROMISED: Final = frozenset({OfferState.ACCEPTED, OfferState.HELD})
"""The states in which an offer reserves the accepted quantity, and not the largest one."""

UNSHOWN: Final = frozenset({OfferState.HELD_OUT, OfferState.SHADOW})
"""The states of offers that were decided and deliberately not shown."""


class Offer(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """An offer of one item to one session.

    Amounts are in minor units of `currency`; instants are in milliseconds since the Unix epoch, UTC.
    Fields at their defaults are not stored, which makes the stored form less than half as long. So a
    default never changes, and SQL that reads a stored field with a default names the default.
    """

    id: str
    session: str
    customer: str | None = None
    rule: str
    rule_digest: str = ""
    campaign: str | None = None
    period: str = ""
    """The key of the budget period in which it was reserved."""
    rulebook: str
    sku: str
    product: str
    territory: str
    currency: str
    unit: int
    """The price of one unit with the offer."""
    public: int
    """The public price when it was pushed."""
    deduction: Deduction | None = None
    """The deduction from the order or its shipping, instead of from the item.

    Then `unit` is the price of one unit with the offer, if nothing else is ordered.
    """
    min_order: int | None = None
    """The least total of an order's items that a deduction from the order or its shipping needs."""
    since: int
    """When this reduction first applied (t0 of the prior price)."""
    was: int | None = None
    """The prior price shown beside it; `None`: it makes no reduction claim."""
    percent: int | None = None
    """The whole percentage shown beside it."""
    cost: int | None = None
    """The net cost of one unit when it was pushed; `None`: unknown."""
    pool: str | None = None
    """The pool of discount codes that it draws on."""
    code: str | None = None
    """Its single-use discount code, which only an acceptance shows; `None`: none, or given back."""
    code_ends_at: int | None = None
    """When the platform stops taking the code; `None`: never."""
    max_qty: int = 1
    qty: int = 1
    """How many units the shopper accepted."""
    hold: int = 0
    """What is reserved for it, its worst case: (public − unit) × `max_qty`, or the largest deduction.

    While an order holds it, it is what the order saves.
    """
    state: OfferState = OfferState.PUSHED
    issued_at: int
    ends_at: int
    """When it expires if it is not accepted."""
    extensions: int = 0
    """How often the shopper was given more time."""
    extended_by: int = 0
    """The time that was given in all, in milliseconds."""
    more_time: bool = False
    """Whether the shopper may ask for more time."""
    countdown: bool = True
    """Whether the time that is left may be shown."""
    accept_until: int | None = None
    """When an accepted offer expires; `None`: it was not accepted."""
    title: str = ""
    message: str = ""
    placement: str = "corner"
    disclosure: str | None = None
    inputs: tuple[InputKind, ...] = ()
    """The kinds of inputs that it rests on; empty: it was made by release 0.1.0."""
    image: str | None = None
    url: str | None = None
    personal: bool = False
    """Whether it depends on data that only a verified identity gives access to."""
    on_change: Literal["keep", "drain", "withdraw"] = "keep"
    remedy: str | None = None
    stacks_with: tuple[str, ...] = ()
    """The rules that its own rule named when it was made, sorted.

    They are part of the promise, which does not change with the rulebook.
    """
    notes: tuple[str, ...] = ()
    """Marks that only operators see, such as `price.general`."""
    bought: bool = False
    """For a held-out offer: whether the shopper bought the product anyway."""
    seq: int = 0
    """The sequence number of its last step; it only grows within a session."""
    withdrawn: str | None = None
    """The reason code of its withdrawal; it never leaves the server."""
    session_bound: bool = False
    """Whether its token names the session although a customer owns it.

    That is so where it was accepted before the customer logged in: the token does not change.
    """
    parked: bool = False
    """Whether its customer has left the session; then only that customer can see or use it."""

    @property
    def order_deduction(self) -> Deduction | None:
        """The deduction from the order or its shipping; `None`: the offer is a price of the item.

        A voucher is deducted from the order, by the amount that it takes off the item.
        """
        if self.deduction is None and self.remedy:
            return Deduction("order", self.public - self.unit)
        return self.deduction

    @property
    def level(self) -> Level:
        """What the offer is deducted from: the item, the order or the shipping."""
        off = self.order_deduction
        return off.level if off else "item"

    @property
    def price_after_discount(self) -> int:
        """The least that remains of the public price, if one unit and nothing else is ordered."""
        off = self.order_deduction
        return self.unit - off.at_most if off and off.level == "shipping" else self.unit

    @property
    def saved(self) -> int:
        """The most that the shopper saves; for an offer on the item, the saving on one unit."""
        off = self.order_deduction
        return off.at_most if off else self.public - self.unit

    @property
    def reduces_price(self) -> bool:
        """Whether it reduces the price of the item for the public.

        A voucher belongs to one customer, and a discount on the shipping leaves the price as it is.
        """
        off = self.deduction
        return not self.remedy and (off is None or off.level != "shipping")

    def may_stand_beside(self, rule: str, level: Level, stacks_with: Collection[str]) -> bool:
        """Return whether an offer of another rule may stand beside it, or be used by the same order.

        Offers of two rules may if each rule names the other. One rule's prices of several items may
        too.

        Args:
            rule: The rule of the other offer.
            level: What the other offer is deducted from.
            stacks_with: The rules that the other offer's rule names.
        """
        if rule == self.rule:
            return level == self.level == "item"
        return may_stack(rule, self.rule, {rule: stacks_with, self.rule: self.stacks_with})

    @property
    def advertised(self) -> bool:
        """Whether it is, or may be, on the screen."""
        return self.state in ADVERTISED

    @property
    def takes_screen(self) -> bool:
        """Whether it is, or may be, on the screen, or would be if it were not held out."""
        return self.state in ADVERTISED or self.state is OfferState.HELD_OUT

    @property
    def standing(self) -> bool:
        """Whether it is pushed, shown or accepted."""
        return self.state in STANDING

    @property
    def reserving(self) -> bool:
        """Whether it reserves budget and stock: it is standing, or held by an order."""
        return self.state in RESERVING

    @property
    def was_accepted(self) -> bool:
        """Whether it was ever accepted, so that its shopper may know its code."""
        return self.accept_until is not None

    @property
    def reserved_units(self) -> int:
        """The units of stock that it reserves: those accepted, or before that the most allowed."""
        if self.state in PROMISED:
            return self.qty
        return self.max_qty if self.state in STANDING else 0

    @property
    def lapses_at(self) -> int | None:
        """When it expires by itself: at the end of the hold if it is accepted; `None`: never."""
        return self.accept_until if self.state is OfferState.ACCEPTED else self.ends_at


def not_held_out(offers: Collection[Offer]) -> Collection[Offer]:
    """Return the offers that are not held out; a voucher does not wait for those that are."""
    return [one for one in offers if one.state is not OfferState.HELD_OUT]


class OfferStep(Struct, frozen=True, gc=False):
    """One audited step of an offer."""

    offer: str
    at: int
    """When it happened, in milliseconds since the Unix epoch, UTC."""
    seq: int
    to: OfferState
    reason: str | None = None
    """The reason code; it never leaves the server."""


def next_state(state: OfferState, event: OfferEvent) -> OfferState:
    """Return the state after an event.

    Raises:
        LookupError: The event cannot happen in that state; the caller has a programming error.
    """
    return TRANSITIONS[state, event]
