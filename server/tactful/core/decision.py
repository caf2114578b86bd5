"""The decision as data: what follows from one signal, and the effects that deliver it."""

from typing import Literal

from msgspec import Struct

from tactful.core.offers.budget import BudgetMove
from tactful.core.offers.offer import Offer, OfferStep
from tactful.core.session.contact_history import ContactHistory
from tactful.core.session.session import Session
from tactful.core.verdicts.verdict import DecisionTrace

RefusalCode = Literal["ended", "not_yours", "quantity", "time", "later"]
"""Why a request about an offer is refused; the codes are part of the wire protocol."""


class PushOffer(Struct, frozen=True, gc=False):
    """Effect: show an offer."""

    offer: Offer
    replaces: str | None = None
    """The id of the superseded offer that it replaces on the screen."""


class WithdrawOffer(Struct, frozen=True, gc=False):
    """Effect: remove an offer from the screen. The reason stays in the audit."""

    offer: str
    """The id of the offer."""
    seq: int
    """The sequence number of the step that ended it."""


class ConfirmAcceptance(Struct, frozen=True, gc=False):
    """Effect: confirm an acceptance to the shopper, with a token issued for the offer."""

    offer: Offer


class RefuseRequest(Struct, frozen=True, gc=False):
    """Effect: answer that an offer cannot be accepted, or not be extended."""

    offer: str
    """The id that the shopper's client sent."""
    code: RefusalCode


class ExtendOffer(Struct, frozen=True, gc=False):
    """Effect: tell the shopper that an offer ends later."""

    offer: Offer
    """The offer with its new end."""


Effect = PushOffer | WithdrawOffer | ConfirmAcceptance | ExtendOffer | RefuseRequest


class Decision(Struct, frozen=True, gc=False, kw_only=True):
    """What follows from one signal. The ledger commits it before any effect is delivered."""

    session: Session
    """The session after the signal."""
    contact: ContactHistory | None = None
    """The known customer's contact history; None: it did not change, or no customer is known."""
    offers: tuple[Offer, ...] = ()
    """Every offer that changed, as it is now, in the order of its first change."""
    steps: tuple[OfferStep, ...] = ()
    """One audit row per transition, in order, numbered without a gap."""
    moves: tuple[BudgetMove, ...] = ()
    """The reservations and releases that belong to the transitions."""
    effects: tuple[Effect, ...] = ()
    """What to deliver after the commit, in order."""
    trace: DecisionTrace = DecisionTrace()
    evaluated: bool = False
    """Whether rules or standing offers were evaluated; otherwise the signal was only applied."""
