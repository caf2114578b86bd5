"""Gate 7: the price that the page shows is a warning sign, never a reason to charge more.

It enforces server/SEMANTICS.md, section 3, rule 9. Where the page sells the item for less than the
reported price, an offer at or above that would be no offer.
"""

from collections.abc import Iterator

from tactful.core.context import Scene
from tactful.core.pricing.quote import PriceBasis
from tactful.core.values.money import BP, Money
from tactful.core.verdicts.reasons import Reason
from tactful.core.verdicts.verdict import Finding


def contradicting_price(shown: Money | None, basis: PriceBasis | None) -> int | None:
    """Return the price that the page shows, where it contradicts the reported one.

    Args:
        shown: The price that the page shows; None: it shows none.
        basis: The reported public price; None: there is none.

    Returns:
        Minor units of the reported price's currency. None: the page shows no price, or one that is
        not below the reported price, in another currency, or the reported price without its tax.
    """
    if shown is None or basis is None or shown.currency != basis.currency:
        return None
    contradicts = shown.amount < basis.amount and not _without_tax(shown.amount, basis)
    return shown.amount if contradicts else None


def check_page_price(scene: Scene, shown: int | None, offered: int) -> Iterator[Finding]:
    """Yield `price.disagrees` for an offer at or above the price that the page shows.

    Args:
        scene: The item in front of the shopper.
        shown: What `contradicting_price` returns.
        offered: The price of one unit with the offer, in minor units.
    """
    if shown is not None and shown <= offered:
        at = scene.price.at if scene.price else None
        yield Finding(Reason.PRICE_DISAGREES, actual=offered, needed=shown - 1, at=at)


def _without_tax(shown: int, basis: PriceBasis) -> bool:
    """Return whether the page shows the reported price net of tax, give or take its rounding."""
    if basis.tax_rate_bp == 0:
        return False
    net = basis.amount * BP // (BP + basis.tax_rate_bp)
    return net - 1 <= shown <= net + 1
