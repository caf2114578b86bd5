"""What an offer is, and which lives it can lead."""

from collections.abc import Collection
from enum import StrEnum
from typing import Final, Literal

from msgspec import Struct

from tactful.core.values.allocation import Deduction, Level, may_stack


class OfferState(StrEnum):
    """Where an offer stands."""

    PUSHED = "pushed"
    SHOWN = "shown"
    ACCEPTED = "accepted"
    REDEEMED = "redeemed"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"
    HELD_OUT = "held_out"


OfferEvent = Literal[
    "show", "accept", "redeem", "roll_back", "decline", "expire", "withdraw", "supersede"
]

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
    (OfferState.ACCEPTED, "redeem"): OfferState.REDEEMED,
    (OfferState.ACCEPTED, "expire"): OfferState.EXPIRED,
    (OfferState.ACCEPTED, "withdraw"): OfferState.WITHDRAWN,
    (OfferState.REDEEMED, "roll_back"): OfferState.ACCEPTED,
}
"""The whole lifecycle; a pair that is not here is a programming error."""

ADVERTISED: Final = frozenset({OfferState.PUSHED, OfferState.SHOWN})
STANDING: Final = frozenset({OfferState.PUSHED, OfferState.SHOWN, OfferState.ACCEPTED})


class Offer(Struct, frozen=True, gc=False, kw_only=True):
    """A price for an item, to one session, until a time. Amounts in minor units of `currency`."""

    id: str
    session: str
    customer: str | None = None
    rule: str
    rule_digest: str = ""
    campaign: str | None = None
    period: str = ""
    """The budget period in which it was reserved."""
    rulebook: str
    sku: str
    product: str
    territory: str
    currency: str
    unit: int
    public: int
    """The public price when it was pushed."""
    deduction: Deduction | None = None
    """What comes off the order or its shipping instead: then `unit` is what the item costs with it, alone."""
    since: int
    """When this reduction first applied (t0 of the prior price)."""
    was: int | None = None
    percent: int | None = None
    cost: int | None = None
    max_qty: int = 1
    qty: int = 1
    """What the shopper accepted."""
    hold: int = 0
    """What is reserved for it, its worst case: (public − unit) × max_qty, or the most that comes off."""
    state: OfferState = OfferState.PUSHED
    issued_at: int
    ends_at: int
    accept_until: int | None = None
    title: str = ""
    message: str = ""
    placement: str = "corner"
    disclosure: str | None = None
    image: str | None = None
    url: str | None = None
    personal: bool = False
    """Whether it rests on what only a verified identity lets us know."""
    on_change: Literal["keep", "drain", "withdraw"] = "keep"
    remedy: str | None = None
    stacks_with: tuple[str, ...] = ()
    """The rules that its own rule names, sorted: a promise does not change with the rulebook."""
    notes: tuple[str, ...] = ()
    """Marks for the shop's own people, such as `price.general`."""
    bought: bool = False
    """Of an offer that was deliberately not shown: whether the shopper bought the product all the same."""
    seq: int = 0
    withdrawn: str | None = None
    """Why it was taken back; never leaves the server."""

    @property
    def order_deduction(self) -> Deduction | None:
        """What comes off the order or its shipping; a voucher is worth what it takes off the item."""
        if self.deduction is None and self.remedy:
            return Deduction("order", self.public - self.unit)
        return self.deduction

    @property
    def level(self) -> Level:
        """What it comes off."""
        off = self.order_deduction
        return off.level if off else "item"

    @property
    def price_after_discount(self) -> int:
        """What is left of the public price at worst, if one of the item is all that is ordered."""
        off = self.order_deduction
        return self.unit - off.at_most if off and off.level == "shipping" else self.unit

    @property
    def saved(self) -> int:
        """What the shopper saves with it at most; an item's, on one."""
        off = self.order_deduction
        return off.at_most if off else self.public - self.unit

    def may_stand_beside(self, rule: str, level: Level, stacks_with: Collection[str]) -> bool:
        """Whether an offer of a rule may stand beside it, or come off the same order.

        Rules that name each other may, and one rule's prices of several items.
        """
        if rule == self.rule:
            return level == self.level == "item"
        return may_stack(rule, self.rule, {rule: stacks_with, self.rule: self.stacks_with})

    @property
    def advertised(self) -> bool:
        """Whether it is, or may be, on the screen."""
        return self.state in ADVERTISED

    @property
    def standing(self) -> bool:
        """Whether it is pushed, and neither withdrawn, expired, declined nor redeemed."""
        return self.state in STANDING

    @property
    def lapses_at(self) -> int | None:
        """When it, or the promise that it has become, ends by itself; None: never."""
        return self.accept_until if self.state is OfferState.ACCEPTED else self.ends_at


class OfferStep(Struct, frozen=True, gc=False):
    """One audited move of an offer. `reason` never leaves the server."""

    offer: str
    at: int
    seq: int
    to: OfferState
    reason: str | None = None


def next_state(state: OfferState, event: OfferEvent) -> OfferState:
    """The state that follows; `LookupError` for a move that the table does not have."""
    return TRANSITIONS[state, event]
