"""How does an accepted offer become a promise that a checkout can verify?"""

from typing import Protocol

from msgspec import Struct

from tactful.core.offers.offer import Offer
from tactful.core.offers.tokens import HolderKind, TokenClaims, numeric_date


class TokenKeys(Protocol):
    """The shop's signing keys (`runtime.keys.Keys`)."""

    def sign(self, claims: TokenClaims) -> str:
        """The token of these claims."""
        ...

    def holder_of(self, kind: HolderKind, ident: str) -> str:
        """The digest by which a token names its session or customer."""
        ...


class IssuedOffer(Struct, frozen=True, gc=False):
    """An accepted offer with its token; `hold` is for how long (s) it is kept."""

    offer: Offer
    token: str
    hold: int


def issue_token(offer: Offer, keyring: TokenKeys, now: int, hold: int) -> IssuedOffer:
    """Sign an accepted offer; the same offer always has the same token. `hold`: the policy's, ms."""
    until = offer.accept_until or now
    off = offer.order_deduction
    claims = TokenClaims(
        at_most=off.at_most if off else None,
        currency=offer.currency,
        exp=numeric_date(until, end=True),
        holder=holder_digest(offer, keyring),
        iat=numeric_date(until - hold),
        level=off.level if off else None,
        max_qty=offer.qty,
        offer=offer.id,
        percent_bp=off.percent_bp if off else None,
        rulebook=offer.rulebook,
        sku=offer.sku,
        territory=offer.territory,
        unit=offer.unit,
    )
    return IssuedOffer(offer, keyring.sign(claims), max(0, (until - now) // 1000))


def holder_digest(offer: Offer, keyring: TokenKeys) -> str:
    """Whom an offer is for: the verified customer, else the session."""
    if offer.customer:
        return keyring.holder_of("customer", offer.customer)
    return keyring.holder_of("session", offer.session)
