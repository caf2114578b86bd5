"""What rules in shadow mode would have offered, for the ledger in memory."""

from collections.abc import Iterable

from tactful.core.offers.offer import Offer, OfferState
from tactful.runtime.ports.ledger_rows import ShadowRow


def made_in_shadow(offers: Iterable[Offer], since: int, until: int) -> list[Offer]:
    """Return the offers of rules in shadow mode that were issued in [`since`, `until`), newest first.

    Args:
        offers: Offers in any state.
        since: Milliseconds since the Unix epoch, UTC.
        until: The same.
    """
    shadow = (one for one in offers if one.state is OfferState.SHADOW)
    found = [one for one in shadow if since <= one.issued_at < until]
    return sorted(found, key=lambda one: (one.issued_at, one.id), reverse=True)


def sum_shadow_offers(offers: Iterable[Offer]) -> list[ShadowRow]:
    """Return the sums of each rule and currency, in that order."""
    groups: dict[tuple[str, str], list[Offer]] = {}
    for offer in offers:
        groups.setdefault((offer.rule, offer.currency), []).append(offer)
    return [
        ShadowRow(
            *key,
            decisions=len(made),
            shoppers=len({one.customer or one.session for one in made}),
            items=len({one.sku for one in made}),
            public=sum(one.public for one in made),
            discount=sum(one.saved for one in made),
            first=min(one.issued_at for one in made),
            last=max(one.issued_at for one in made),
        )
        for key, made in sorted(groups.items())
    ]
