"""The price quote of an offer: its unit price, or why there is none.

All amounts are minor units of one currency, as the shopper sees them in one territory: gross where prices are
shown with tax, net elsewhere. The rules are those of `server/SEMANTICS.md`, section 3.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from msgspec import Struct, structs

from tactful.core.facts.fact_types import Cost, Price, RemedyValue
from tactful.core.rules.rule import PriceTerms
from tactful.core.values.allocation import Deduction
from tactful.core.values.money import (
    BP,
    Money,
    cost_floor,
    discounted,
    divide_up,
    ending_down,
    markup_floor,
)

PriceReason = Literal["price.missing", "price.floor", "price.no_improvement", "price.zero"]
FloorKind = Literal[
    "cost", "minimum_advertised", "target", "rule", "max_total_discount", "smallest_unit"
]

Missing = Literal["a cost", "a target price", "an amount in this currency"]
"""What a rule's price needs beside the public price."""


class PriceBasis(Struct, frozen=True, gc=False):
    """The current public price of an SKU in a territory, and the bounds of an offer below it."""

    amount: int
    """The base of an offer: the current public price, which includes the storefront's own sale."""
    currency: str
    tax_rate_bp: int = 0
    """The tax rate contained in `amount`, in basis points; 0 where prices are shown net."""
    list: int | None = None
    """The list price, from which the policy's maximum total discount counts."""
    target: int | None = None
    """The territory's target price; an offer undercuts it only if its rule says so."""
    minimum_advertised: int | None = None
    cost: int | None = None
    """Net of tax; `None`: unknown."""


class PriceDigits(Struct, frozen=True, gc=False):
    """The digits that a price should have in its currency."""

    ending: int | None = None
    """The last digits in minor units; None: any."""
    step: int = 1
    """Prices are multiples of this, in minor units."""


class PriceFloor(Struct, frozen=True, gc=False):
    """The price below which an offer cannot go, and which bound sets it."""

    amount: int
    kind: FloorKind


class Quote(Struct, frozen=True, gc=False):
    """A unit price that may be offered, or a possible deduction from the order or its shipping."""

    unit: int
    """The price of one unit if nothing else is ordered."""
    saved: int
    """What one unit saves; for an offer on the order or its shipping, the largest deduction."""
    asked: int
    """The price that the rule's mode gives, before the floor and the ending."""
    clamped: bool
    """Whether the floor raised the price."""
    floor: int
    floor_kind: FloorKind


class PriceRefusal(Struct, frozen=True, gc=False):
    """Why there is no price."""

    reason: PriceReason
    actual: int | None = None
    """The price that was found; where even the floor saves too little, the highest possible one."""
    needed: int | None = None
    """The bound that the price missed.

    It is a minimum for `price.floor` and `price.zero`, and a maximum for the other reasons.
    """
    floor_kind: FloorKind | None = None


NO_DIGITS: Final[Mapping[str, int]] = MappingProxyType({})
"""No digits are asked for in any currency."""
_EXACT: Final = PriceDigits()


def price_basis(price: Price, cost: Cost | None) -> PriceBasis | None:
    """Return the price facts as one basis; `None` where the price fact mixes currencies.

    A cost in another currency counts as unknown, because nothing is converted.
    """
    money = price.price
    for bound in (price.list, price.target, price.minimum_advertised):
        if bound is not None and bound.currency != money.currency:
            return None
    return PriceBasis(
        amount=money.amount,
        currency=money.currency,
        tax_rate_bp=price.tax_rate_bp if price.tax_included else 0,
        list=_amount(price.list),
        target=_amount(price.target),
        minimum_advertised=_amount(price.minimum_advertised),
        cost=cost.cost.amount if cost and cost.cost.currency == money.currency else None,
    )


def quote(
    terms: PriceTerms,
    price: PriceBasis | None,
    *,
    step: int = 0,
    min_margin_bp: int = 0,
    max_total_discount_bp: int = BP,
    endings: Mapping[str, int] = NO_DIGITS,
    rounding: Mapping[str, int] = NO_DIGITS,
) -> Quote | PriceRefusal:
    """Return the price of a rule's offer, or why there is none.

    A rule that names a margin or a markup has no price while the cost is unknown, because it could not
    be guaranteed.

    Args:
        terms: The rule's price terms.
        price: The public price; `None`: unknown.
        step: The number of earlier offers of this rule in the session, as the index into a ladder.
        min_margin_bp: The policy's minimum margin in basis points, for a rule that names none.
        max_total_discount_bp: The policy's maximum discount from the list price, in basis points.
        endings: Currency → the policy's last digits of a price, for a rule that names none.
        rounding: Currency → the policy's step of prices in minor units.
    """
    if price is None or (price.cost is None and terms.needs_cost):
        return PriceRefusal("price.missing")
    if terms.mode == "gift":
        return Quote(0, price.amount, 0, clamped=False, floor=0, floor_kind="rule")
    off = deduction(terms, price.currency)
    if off is None and terms.level != "item":
        return PriceRefusal("price.missing")
    if off and off.level == "shipping":
        return Quote(
            price.amount, off.at_most, price.amount, clamped=False, floor=0, floor_kind="rule"
        )
    asked = price.amount - off.amount_off(price.amount) if off else asked_price(terms, price, step)
    if asked is None:
        return PriceRefusal("price.missing")
    floor = floor_of(terms, price, min_margin_bp, max_total_discount_bp)
    if asked <= 0 and floor.amount <= 1:
        return PriceRefusal("price.zero", actual=asked, needed=1)
    if off:
        found = _above_floor(terms, price, asked, floor, _EXACT)
        return structs.replace(found, saved=off.at_most) if isinstance(found, Quote) else found
    ending = endings.get(price.currency) if terms.ending is None else terms.ending
    step_of_price = rounding.get(price.currency, 1)
    is_exact = ending is None and step_of_price == 1
    digits = _EXACT if is_exact else PriceDigits(ending, step_of_price)
    return _above_floor(terms, price, asked, floor, digits)


def missing_input(terms: PriceTerms, price: PriceBasis) -> Missing:
    """Return what a rule's price lacks although the public price is known.

    Args:
        terms: The terms of a rule whose quote is `price.missing`.
        price: The public price.
    """
    if terms.needs_cost and price.cost is None:
        return "a cost"
    targeted = any(one.mode == "to_target" for one in (terms, *terms.ladder))
    return "a target price" if targeted and price.target is None else "an amount in this currency"


def deduction(terms: PriceTerms, currency: str) -> Deduction | None:
    """Return a rule's deduction from the order or its shipping.

    `None` means that the rule applies to the item, or names no amount in this currency. A
    percentage needs a bound too, because the worst case must be reserved before the order is known.
    """
    if terms.level == "item":
        return None
    share = terms.mode == "percent"
    at_most = (terms.at_most if share else terms.amounts).get(currency)
    if at_most is None:
        return None
    return Deduction(terms.level, at_most, terms.percent_bp if share else None)


def voucher(value: RemedyValue, price: PriceBasis) -> Quote | PriceRefusal:
    """Return the price after a compensation voucher, which has no floor.

    A voucher takes at most the price off one item. The rest of an amount counts in the order.
    """
    if value.percent_bp is not None:
        saved = price.amount - discounted(price.amount, value.percent_bp)
    elif value.amount is not None and value.currency == price.currency:
        saved = value.amount
    else:
        return PriceRefusal("price.missing")
    unit = max(price.amount - saved, 0)
    if unit >= price.amount:
        return PriceRefusal("price.no_improvement", actual=unit, needed=price.amount - 1)
    return Quote(unit, saved, unit, clamped=False, floor=0, floor_kind="smallest_unit")


def asked_price(terms: PriceTerms, price: PriceBasis, step: int = 0) -> int | None:
    """Return the price that the mode gives, possibly 0 or less; `None`: no amount in this currency."""
    if terms.mode == "percent":
        return discounted(price.amount, terms.percent_bp)
    if terms.mode == "to_target":
        return price.target
    if terms.mode == "ladder":
        return _ladder_price(terms, price, step)
    named = terms.amounts.get(price.currency)
    if named is None or terms.mode == "fixed":
        return named
    return price.amount - named


def floor_of(
    terms: PriceTerms, price: PriceBasis, min_margin_bp: int, max_total_discount_bp: int
) -> PriceFloor:
    """Return the highest bound; of equal bounds, the first in the order of `server/SEMANTICS.md`, section 3."""
    margin_bp = min_margin_bp if terms.margin_bp is None else terms.margin_bp
    limit = BP - max_total_discount_bp
    amount: int = 1
    kind: FloorKind = "smallest_unit"
    if price.cost is not None:
        least = cost_floor(price.cost, margin_bp, price.tax_rate_bp)
        if terms.markup_bp or margin_bp < 0:
            # Without a markup, this is the bare cost, which is lower than the cost with a margin.
            markup = terms.markup_bp or 0
            least = max(least, markup_floor(price.cost, markup, price.tax_rate_bp))
        if least >= amount:
            amount, kind = least, "cost"
    if price.minimum_advertised is not None and price.minimum_advertised > amount:
        amount, kind = price.minimum_advertised, "minimum_advertised"
    if price.target is not None and price.target > amount and not terms.may_undercut_target:
        amount, kind = price.target, "target"
    minimum = terms.minimum.get(price.currency)
    if minimum is not None and minimum > amount:
        amount, kind = minimum, "rule"
    cumulative = divide_up((price.list or price.amount) * limit, BP)
    if cumulative > amount:
        amount, kind = cumulative, "max_total_discount"
    return PriceFloor(amount, kind)


def _above_floor(
    terms: PriceTerms, price: PriceBasis, asked: int, floor: PriceFloor, digits: PriceDigits
) -> Quote | PriceRefusal:
    clamped = asked < floor.amount
    if clamped and terms.on_floor == "withhold":
        return PriceRefusal("price.floor", asked, floor.amount, floor.kind)
    unit = floor.amount if clamped else asked
    if digits is not _EXACT:
        unit = _with_digits(digits, unit, floor.amount)
    highest = price.amount - _least_saving(terms, price)
    if unit > highest:
        if clamped:
            return PriceRefusal("price.floor", highest, unit, floor.kind)
        return PriceRefusal("price.no_improvement", unit, highest)
    return Quote(unit, price.amount - unit, asked, clamped, floor.amount, floor.kind)


def _least_saving(terms: PriceTerms, price: PriceBasis) -> int:
    # At least one minor unit: an offer is strictly below the public price.
    if not terms.min_saving_bp and not terms.min_saving:
        return 1
    share = divide_up(price.amount * terms.min_saving_bp, BP)
    return max(1, terms.min_saving.get(price.currency, 0), share)


def _with_digits(digits: PriceDigits, unit: int, floor: int) -> int:
    """Return a price with the digits that its currency asks for, or the price where none fit.

    The ending moves a price down only. The step moves it down, or up where it would be below the
    floor otherwise.
    """
    if digits.ending is not None:
        ended = ending_down(unit, digits.ending)
        if ended >= floor:
            return ended
    rounded = unit - unit % digits.step
    return rounded if rounded >= floor else divide_up(unit, digits.step) * digits.step


def _ladder_price(terms: PriceTerms, price: PriceBasis, step: int) -> int | None:
    """Return the lowest price of the steps so far: a ladder never goes back up within a session."""
    prices = [asked_price(rung, price) for rung in terms.ladder[: step + 1]]
    named = [asked for asked in prices if asked is not None]
    return min(named) if len(named) == len(prices) and named else None


def _amount(money: Money | None) -> int | None:
    return money.amount if money else None
