"""Tokens for accepted offers, which a checkout can verify without asking the server."""

from msgspec import Struct

from tactful.core.offers.offer import Offer
from tactful.core.offers.tokens import TokenClaims, numeric_date
from tactful.runtime.security.signing_keys import SigningKeys


class IssuedOffer(Struct, frozen=True, gc=False):
    """An accepted offer with its token."""

    offer: Offer
    token: str
    """A JSON Web Token (RFC 7519), signed with Ed25519 (RFC 8037)."""
    hold: int
    """Seconds for which the offer is kept from now on."""


def issue_token(offer: Offer, keys: SigningKeys, now: int, hold: int) -> IssuedOffer:
    """Sign an accepted offer. With the same key, every call returns the same token for an offer.

    Args:
        offer: An accepted offer.
        keys: The shop's signing keys.
        now: Milliseconds since the Unix epoch, UTC.
        hold: Milliseconds for which the policy keeps accepted offers.

    Raises:
        KeyFileError: The key folder has changed and cannot be read.
    """
    until = offer.accept_until or now
    off = offer.order_deduction
    claims = TokenClaims(
        at_most=off.at_most if off else None,
        currency=offer.currency,
        exp=numeric_date(until, end=True),
        holder=holder_digest(offer, keys),
        iat=numeric_date(until - hold),
        level=off.level if off else None,
        max_qty=offer.qty,
        min_order=offer.min_order,
        offer=offer.id,
        percent_bp=off.percent_bp if off else None,
        rulebook=offer.rulebook,
        sku=offer.sku,
        territory=offer.territory,
        unit=offer.unit,
    )
    return IssuedOffer(offer, keys.sign(claims), max(0, (until - now) // 1000))


def holder_digest(offer: Offer, keys: SigningKeys) -> str:
    """Return the digest of an offer's holder.

    The holder is the verified customer who accepted it. It is the session where nobody was logged
    in at that time, even if the offer has become a customer's since.
    """
    if offer.customer and not offer.session_bound:
        return keys.holder_of("customer", offer.customer)
    return keys.holder_of("session", offer.session)
