"""Totals of an order with an offer: the amount paid and saved on each line.

Amounts are minor units of the offer's currency.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct

from tactful.core.offers.offer import Offer
from tactful.core.redemption.error_codes import RedemptionErrorCode
from tactful.core.redemption.redemption_rows import SHIPPING, SoldLine
from tactful.core.values.allocation import Deduction, Level, allocate
from tactful.core.values.money import AMOUNT_MAX, Money


class RequestedLine(Struct, frozen=True, kw_only=True):
    """One line of the order, as the shop's checkout states it."""

    sku: str
    qty: int
    unit: Money | None = None
    """What the shop means to charge for one unit; `None`: not stated.

    For an offer on the order, it is the price before that offer and after those on the items.
    """


class SkuNow(Struct, frozen=True, kw_only=True):
    """The public price, the price floor and the stock of one SKU now.

    `None` means unknown; unknown values do not block a redemption, because the offer was promised.
    """

    price: int | None = None
    """The public price of one unit, in minor units of `currency`."""
    currency: str | None = None
    available: int | None = None
    """How many units can be sold."""
    recalled: bool = False
    floor: int | None = None
    """The price below which no discount may take one unit, in minor units of `currency`."""


UNKNOWN_SKU: Final = SkuNow()
SkusNow = Mapping[str, SkuNow]
"""SKU → its price and stock; an SKU that is missing is unknown."""


class LineTotals(Struct, frozen=True):
    """What is charged with an offer."""

    unit: int
    """The price of one unit; for an offer on the order or its shipping, the total after the offer."""
    qty: int
    saved: int
    lines: tuple[SoldLine, ...]
    """The share of each line."""


class EarlierOffer(Struct, frozen=True):
    """The lines that an earlier offer of the same order sold."""

    level: Level
    lines: tuple[SoldLine, ...]


class NotApplicable(Struct, frozen=True):
    """Why an offer cannot be applied to this order."""

    code: RedemptionErrorCode
    detail: str | None = None
    """What is wrong with this order; `None`: the code needs no further detail."""
    ends_offer: bool = False
    """Whether the reason ends the offer, so that no order can use it."""
    missing: Money | None = None
    """The money by which the order falls short of the offer's minimum."""


def item_sale(
    offer: Offer, lines: Sequence[RequestedLine], sku_now: SkuNow
) -> LineTotals | NotApplicable:
    """Return what the lines of the offer's item cost, or why they cannot be sold at these prices.

    A unit costs the lower of the offer's price and the public price now. The shop may charge less, as
    where its own price fell before it was reported; such a line saves nothing.
    The saving counts from the public price at the push or now, whichever is lower. A price that has
    risen since does not increase it, because the budget reserved only what was promised.

    Args:
        offer: The offer.
        lines: The lines of the offer's item, at least one.
        sku_now: Price and stock of the item.
    """
    public = _public(offer, sku_now)
    promised = min(offer.unit, public)
    unit = paid = saved = qty = 0
    for line in lines:
        charged = line.unit or Money(promised, offer.currency)
        if charged.currency != offer.currency or not 0 <= charged.amount <= promised:
            detail = f"The offer's price is {promised} {offer.currency}."
            return NotApplicable("redemption.price", detail)
        unit = max(unit, charged.amount)
        qty += line.qty
        paid += charged.amount * line.qty
        saved += (public - promised) * line.qty if charged.amount == promised else 0
    return LineTotals(unit, qty, saved, (SoldLine(offer.sku, qty, paid, saved),))


def order_sale(
    offer: Offer,
    off: Deduction,
    lines: Sequence[RequestedLine],
    skus_now: SkusNow,
    before: Sequence[EarlierOffer],
) -> LineTotals | NotApplicable:
    """Return what an offer takes off the whole order, or why it cannot.

    The offer applies to the result of the order's earlier offers, and each line bears its share. If
    the price of the offer's own item has risen, the item counts at the price shown.

    Args:
        offer: The offer.
        off: The deduction.
        lines: All lines of the order.
        skus_now: Price and stock of each SKU.
        before: What earlier offers of this order sold.
    """
    prices = _prices(offer, lines, skus_now, before)
    if isinstance(prices, NotApplicable):
        return prices
    amounts = [*_reduced(lines, prices, before)]
    total = sum(amounts)
    if not 0 < total <= AMOUNT_MAX:
        return NotApplicable("redemption.nothing", f"The order comes to {total} {offer.currency}.")
    saved = off.amount_off(total)
    left = _above_floors(offer, lines, amounts, skus_now)
    if saved > left and not offer.remedy:
        # A larger order has the whole of a fixed discount to bear.
        short = (saved if off.percent_bp is not None else off.at_most) - left
        detail = f"The order is {short} {offer.currency} too small to be sold with the offer."
        return NotApplicable("redemption.minimum", detail, missing=Money(short, offer.currency))
    sold = tuple(
        SoldLine(line.sku, line.qty, amount - share, share)
        for line, amount, share in zip(lines, amounts, allocate(saved, amounts), strict=True)
    )
    return LineTotals(total - saved, 1, saved, sold)


def _above_floors(
    offer: Offer, lines: Sequence[RequestedLine], amounts: Sequence[int], skus_now: SkusNow
) -> int:
    """Return how much may come off an order before it is below the sum of its lines' floors.

    The offer's own item was promised at its price, whatever its floor is now. A line without a known
    floor may become free, and one that is below its floor already bears nothing.
    """
    found = 0
    for line, amount in zip(lines, amounts, strict=True):
        sku_now = skus_now.get(line.sku, UNKNOWN_SKU)
        floor = sku_now.floor if sku_now.currency == offer.currency else None
        least = floor or 0
        if line.sku == offer.sku:
            least = min(least, offer.unit)
        found += max(amount - least * line.qty, 0)
    return found


def below_minimum(
    offer: Offer,
    least: int,
    lines: Sequence[RequestedLine],
    skus_now: SkusNow,
    before: Sequence[EarlierOffer],
) -> NotApplicable | None:
    """Return by how much the order falls short of an offer's minimum, or `None` if it does not.

    The items count at their prices after the offers on items, without shipping.

    Args:
        offer: The offer.
        least: Its minimum order, in minor units.
        lines: All lines of the order.
        skus_now: Price and stock of each SKU.
        before: What earlier offers of this order sold.
    """
    prices = _prices(offer, lines, skus_now, before)
    if isinstance(prices, NotApplicable):
        return prices
    on_items = [sold for sold in before if sold.level == "item"]
    missing = least - sum(_reduced(lines, prices, on_items))
    if missing <= 0:
        return None
    detail = f"The offer needs an order of {least} {offer.currency}; {missing} are missing."
    return NotApplicable("redemption.minimum", detail, missing=Money(missing, offer.currency))


def _prices(
    offer: Offer,
    lines: Sequence[RequestedLine],
    skus_now: SkusNow,
    before: Sequence[EarlierOffer],
) -> list[int] | NotApplicable:
    """Return what one unit of each line costs before the offer, or why the lines cannot be priced."""
    missing = _missing(lines, before)
    if missing:
        return NotApplicable(
            "redemption.sku", f"The order used an offer for {missing}: name all its lines."
        )
    prices = [_price(offer, line, skus_now) for line in lines]
    unpriced = [line.sku for line, price in zip(lines, prices, strict=True) if price is None]
    if unpriced:
        return NotApplicable(
            "redemption.sku", f"Nothing is known of a price of {', '.join(unpriced)}."
        )
    return [price or 0 for price in prices]


def shipping_sale(
    offer: Offer, off: Deduction, charge: Money | None, before: Sequence[EarlierOffer]
) -> LineTotals | NotApplicable:
    """Return what an offer takes off the shipping charge, or why it cannot.

    Each minor unit of the charge counts as one piece, so that a part of it can be refunded.

    Args:
        offer: The offer.
        off: The deduction.
        charge: The charge before any offer; `None`: the shop named none.
        before: What earlier offers of this order sold.
    """
    if charge is None or charge.currency != offer.currency:
        return NotApplicable(
            "redemption.shipping", f"Name the shipping charge, in {offer.currency}."
        )
    already_off = sum(
        line.saved for sold in before if sold.level == "shipping" for line in sold.lines
    )
    rest = charge.amount - already_off
    if rest <= 0:
        return NotApplicable("redemption.nothing", "Nothing is left of the shipping charge.")
    saved = off.amount_off(rest)
    line = SoldLine(SHIPPING, charge.amount, rest - saved, saved)
    return LineTotals(rest - saved, 1, saved, (line,))


def _public(offer: Offer, sku_now: SkuNow) -> int:
    """Return the lower of the public prices at the push and now; an unknown price now is ignored."""
    if sku_now.price is None or sku_now.currency != offer.currency:
        return offer.public
    return min(offer.public, sku_now.price)


def _price(offer: Offer, line: RequestedLine, skus_now: SkusNow) -> int | None:
    """Return what one unit of a line costs before the offer; `None`: unknown."""
    sku_now = skus_now.get(line.sku, UNKNOWN_SKU)
    price = _public(offer, sku_now) if line.sku == offer.sku else sku_now.price
    if line.unit is not None:
        if line.unit.currency != offer.currency or line.unit.amount < 0:
            return None
        return min(line.unit.amount, price or 0) if line.sku == offer.sku else line.unit.amount
    return price if line.sku == offer.sku or sku_now.currency == offer.currency else None


def _reduced(
    lines: Sequence[RequestedLine], prices: Sequence[int], before: Sequence[EarlierOffer]
) -> Iterator[int]:
    """Yield the amount of each line after the offers that were used before."""
    cheaper = {line.sku: line for line in _of(before, "item")}
    left = Counter({sku: line.qty for sku, line in cheaper.items()})
    already_off = Counter[str]()
    for sold in _of(before, "order"):
        already_off[sold.sku] += sold.saved
    for line, price in zip(lines, prices, strict=True):
        amount = price * line.qty
        if line.unit is None:
            promised = min(line.qty, left[line.sku])
            left[line.sku] -= promised
            if promised:
                unit = cheaper[line.sku].paid // cheaper[line.sku].qty
                amount -= max(price - unit, 0) * promised
        share = min(amount, already_off[line.sku])
        already_off[line.sku] -= share
        yield amount - share


def _of(before: Sequence[EarlierOffer], level: Level) -> Iterator[SoldLine]:
    return (line for sold in before if sold.level == level for line in sold.lines)


def _missing(lines: Sequence[RequestedLine], before: Sequence[EarlierOffer]) -> str | None:
    """Return an SKU of which an earlier offer sold more units than the order names now, or `None`."""
    there = Counter[str]()
    for line in lines:
        there[line.sku] += line.qty
    for sold in before:
        wanted = Counter[str]()
        for one in sold.lines:
            wanted[one.sku] += one.qty - one.returned
        short = wanted - there
        if short:
            return min(short)
    return None
