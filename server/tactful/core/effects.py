"""What a decision asks the outside to do; data, in the order in which it should happen."""

from typing import Literal

from msgspec import Struct

from tactful.core.offers import Offer

RefusalCode = Literal["ended", "not_yours", "quantity"]


class Push(Struct, frozen=True, gc=False):
    """Show an offer; `replaces` is the id of one that it takes the place of."""

    offer: Offer
    replaces: str | None = None


class Withdraw(Struct, frozen=True, gc=False):
    """Take an offer off the screen. The reason stays in the audit."""

    offer: str
    seq: int


class Confirm(Struct, frozen=True, gc=False):
    """Tell the shopper that an accepted offer is theirs; `offer` is sealed into a token."""

    offer: Offer


class Refuse(Struct, frozen=True, gc=False):
    """Tell the shopper that an offer cannot be accepted."""

    offer: str
    code: RefusalCode


Effect = Push | Withdraw | Confirm | Refuse
