"""What does an order pay with an offer, and what does it save by it, line by line?"""

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
    """`qty` of an SKU in the order; `unit`: what the shop means to charge for one, where it says so.

    For an offer on the order that is before the offer, and after those on the items.
    """

    sku: str
    qty: int
    unit: Money | None = None


class SkuNow(Struct, frozen=True, kw_only=True):
    """The public price and the stock of one SKU now; None: not known, and what is not known stands."""

    price: int | None = None
    currency: str | None = None
    available: int | None = None
    recalled: bool = False


UNKNOWN_SKU: Final = SkuNow()
SkusNow = Mapping[str, SkuNow]


class LineTotals(Struct, frozen=True):
    """What is charged: the price and quantity answered, the saving, and its share of each line."""

    unit: int
    qty: int
    saved: int
    lines: tuple[SoldLine, ...]


class EarlierOffer(Struct, frozen=True):
    """What an offer that the same order used before sold."""

    level: Level
    lines: tuple[SoldLine, ...]


class NotApplicable(Struct, frozen=True):
    """Why an order has nothing that an offer could come off."""

    code: RedemptionErrorCode
    detail: str


def item_sale(offer: Offer, qty: int, shelf: SkuNow) -> LineTotals:
    """The lower of the offer's and the present public price; a saving on what was public then or now.

    A price that rose since does not enlarge the saving: the budget holds what was promised.
    """
    public = _public(offer, shelf)
    unit = min(offer.unit, public)
    saved = (public - unit) * qty
    return LineTotals(unit, qty, saved, (SoldLine(offer.sku, qty, unit * qty, saved),))


def order_sale(
    offer: Offer,
    off: Deduction,
    lines: Sequence[RequestedLine],
    shelves: SkusNow,
    before: Sequence[EarlierOffer],
) -> LineTotals | NotApplicable:
    """What comes off all that is in the order, on the result of the offers that it used before.

    Each line bears its share; the item that the offer was shown for counts at the price shown, if
    that has risen.
    """
    missing = _missing(lines, before)
    if missing:
        return NotApplicable(
            "redemption.sku", f"The order used an offer for {missing}: name all its lines."
        )
    prices = [_price(offer, line, shelves) for line in lines]
    unpriced = [line.sku for line, price in zip(lines, prices, strict=True) if price is None]
    if unpriced:
        return NotApplicable(
            "redemption.sku", f"Nothing is known of a price of {', '.join(unpriced)}."
        )
    amounts = [*_reduced(lines, [price or 0 for price in prices], before)]
    total = sum(amounts)
    if not 0 < total <= AMOUNT_MAX:
        return NotApplicable("redemption.nothing", f"The order comes to {total} {offer.currency}.")
    saved = off.amount_off(total)
    sold = tuple(
        SoldLine(line.sku, line.qty, amount - share, share)
        for line, amount, share in zip(lines, amounts, allocate(saved, amounts), strict=True)
    )
    return LineTotals(total - saved, 1, saved, sold)


def shipping_sale(
    offer: Offer, off: Deduction, charge: Money | None, before: Sequence[EarlierOffer]
) -> LineTotals | NotApplicable:
    """What comes off the shipping charge, on the result of the offers that the order used before.

    Each minor unit of the charge counts as one piece, so that a part of it can be refunded.
    """
    if charge is None or charge.currency != offer.currency:
        return NotApplicable(
            "redemption.shipping", f"Name the shipping charge, in {offer.currency}."
        )
    taken = sum(line.saved for sold in before if sold.level == "shipping" for line in sold.lines)
    rest = charge.amount - taken
    if rest <= 0:
        return NotApplicable("redemption.nothing", "Nothing is left of the shipping charge.")
    saved = off.amount_off(rest)
    line = SoldLine(SHIPPING, charge.amount, rest - saved, saved)
    return LineTotals(rest - saved, 1, saved, (line,))


def _public(offer: Offer, shelf: SkuNow) -> int:
    """The public price then or now, whichever is lower; what is not known now is as it was."""
    if shelf.price is None or shelf.currency != offer.currency:
        return offer.public
    return min(offer.public, shelf.price)


def _price(offer: Offer, line: RequestedLine, shelves: SkusNow) -> int | None:
    """What one of a line costs before the offer; None: nobody knows."""
    shelf = shelves.get(line.sku, UNKNOWN_SKU)
    price = _public(offer, shelf) if line.sku == offer.sku else shelf.price
    if line.unit is not None:
        if line.unit.currency != offer.currency or line.unit.amount < 0:
            return None
        return min(line.unit.amount, price or 0) if line.sku == offer.sku else line.unit.amount
    return price if line.sku == offer.sku or shelf.currency == offer.currency else None


def _reduced(
    lines: Sequence[RequestedLine], prices: Sequence[int], before: Sequence[EarlierOffer]
) -> Iterator[int]:
    """What each line comes to after the offers that were used before."""
    cheaper = {line.sku: line for line in _of(before, "item")}
    left = Counter({sku: line.qty for sku, line in cheaper.items()})
    taken = Counter[str]()
    for sold in _of(before, "order"):
        taken[sold.sku] += sold.saved
    for line, price in zip(lines, prices, strict=True):
        amount = price * line.qty
        if line.unit is None:
            promised = min(line.qty, left[line.sku])
            left[line.sku] -= promised
            if promised:
                unit = cheaper[line.sku].paid // cheaper[line.sku].qty
                amount -= max(price - unit, 0) * promised
        share = min(amount, taken[line.sku])
        taken[line.sku] -= share
        yield amount - share


def _of(before: Sequence[EarlierOffer], level: Level) -> Iterator[SoldLine]:
    return (line for sold in before if sold.level == level for line in sold.lines)


def _missing(lines: Sequence[RequestedLine], before: Sequence[EarlierOffer]) -> str | None:
    """An SKU that an offer was used for and of which the order now names fewer; None: there is none."""
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
