"""The rest of a voucher that is worth more than the order that used it."""

import re
from typing import Final

from msgspec import structs

from tactful.core.facts.customer_facts import Remedy, RemedyValue
from tactful.core.offers.offer import Offer
from tactful.core.values.allocation import Deduction

_PART: Final = re.compile(r"(.+)/([2-9]|[1-9][0-9]+)")


def without_remainder(offer: Offer, saved: int) -> Offer:
    """Return a used voucher as it comes back if the order gives it back: worth what the order used.

    The rest is a voucher of its own, and stays so.

    Args:
        offer: The offer of a voucher.
        saved: What the order saves, in minor units.
    """
    off = offer.order_deduction
    if not offer.remedy or off is None or off.percent_bp is not None or saved >= off.at_most:
        return offer
    hold = min(offer.hold, saved)
    return structs.replace(offer, deduction=Deduction("order", saved), hold=hold)


def split(voucher: Remedy, used: int, currency: str) -> tuple[Remedy, Remedy] | None:
    """Return a used voucher, worth what the order used of it, and the voucher of the rest.

    Together they are worth what the voucher was, so that nothing is given twice if the order gives its part
    back. A voucher that was split before has nothing left to split.

    Args:
        voucher: The voucher as it is in force.
        used: What the order saved, in minor units.
        currency: The currency of `used`.

    Returns:
        Both have the same cause and end, and the rest has the id `<id>/2`. `None`: nothing is left, or
        the voucher is a share of the price.
    """
    value = voucher.value.amount
    if value is None or voucher.value.currency != currency or not 0 < used < value:
        return None
    rest = structs.replace(
        voucher,
        remedy=next_part(voucher.remedy),
        value=RemedyValue(amount=value - used, currency=currency),
        version=1,
    )
    return structs.replace(voucher, value=RemedyValue(amount=used, currency=currency)), rest


def next_part(remedy: str) -> str:
    """Return the id of a voucher's rest: `r1` → `r1/2` → `r1/3`."""
    found = _PART.fullmatch(remedy)
    return f"{found[1]}/{int(found[2]) + 1}" if found else f"{remedy}/2"
