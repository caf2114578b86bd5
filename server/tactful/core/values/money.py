"""Money: amounts in minor units of an ISO 4217 currency, and exact integer arithmetic.

Percentages are basis points (1 % = 100). Nothing here uses a float, converts a currency or assumes one.
See `server/SEMANTICS.md`, section 1.
"""

import re
from typing import TYPE_CHECKING, Annotated, Final, Literal, TypeAlias

import msgspec

from tactful.core.values.counts import counted

BP: Final = 10_000
"""Basis points in the whole."""

AMOUNT_MIN: Final = -(2**63)
AMOUNT_MAX: Final = 2**63 - 1
"""The range of an amount: a signed 64-bit integer, as SQLite and every client can hold."""

Amount = Annotated[int, msgspec.Meta(ge=AMOUNT_MIN, le=AMOUNT_MAX)]

# ISO 4217, List One, as of 2026-01-01, by minor unit. Codes without a minor unit (gold, test codes) cannot
# be the currency of a price. ANG and BGN left the list in 2025 and stay here, because orders and prior
# prices in them are still read.
_CODES_BY_EXPONENT: Final = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: """AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP
          BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD
          FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD
          KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD
          NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP
          SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED
          VES WST XCD XCG YER ZAR ZMW ZWG""",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
EXPONENTS: Final[dict[str, int]] = {
    code: exponent
    for exponent, codes in sorted(_CODES_BY_EXPONENT.items())
    for code in codes.split()
}
"""Currency → the number of decimals of its minor unit (ISO 4217, column "Minor unit")."""

# Decoders check a currency against the table. A literal is a look-up, which costs less than a pattern.
if TYPE_CHECKING:
    Currency: TypeAlias = str
else:
    Currency = Literal[tuple(EXPONENTS)]

# 19 digits hold every signed 64-bit amount. The bound protects `int()`, which is quadratic, from
# hostile text.
_PLAIN = re.compile(r"(-?)(0|[1-9][0-9]{0,18})(?:\.([0-9]{1,4}))?", re.ASCII)


class MoneyError(ValueError):
    """An amount that cannot be money.

    Attributes:
        problem: What is wrong, stable: `syntax`, `decimals`, `range`, `currency` or `mixed`.
        value: What was given.
        currency: The currency that was given or expected.
    """

    def __init__(self, problem: str, message: str, *, value: object, currency: str) -> None:
        super().__init__(message)
        self.problem = problem
        self.value = value
        self.currency = currency


class Money(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """An amount of money: `Money(1990, "EUR")` is 19.90 EUR.

    Sums, differences and multiples raise `MoneyError` where they mix currencies or leave 64 bits.
    """

    amount: Amount
    """In minor units of `currency`."""
    currency: Currency
    """An ISO 4217 code."""

    def __add__(self, other: "Money") -> "Money":
        return bounded(self.amount + same_currency(self, other).amount, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return bounded(self.amount - same_currency(self, other).amount, self.currency)

    def __mul__(self, quantity: int) -> "Money":
        return bounded(self.amount * quantity, self.currency)


def exponent_of(currency: str) -> int:
    """Return the number of decimals of a currency's minor unit: EUR 2, JPY 0, KWD 3.

    Raises:
        MoneyError: `currency`: the code is not in the table.
    """
    exponent = EXPONENTS.get(currency)
    if exponent is None:
        message = (
            f"{currency!r} is not an ISO 4217 currency with a minor unit; use a code such as EUR"
        )
        raise MoneyError("currency", message, value=currency, currency=currency)
    return exponent


def bounded(amount: int, currency: str) -> Money:
    """Return the amount as money.

    Raises:
        MoneyError: `range`: the amount does not fit in 64 bits.
    """
    if not AMOUNT_MIN <= amount <= AMOUNT_MAX:
        message = f"{amount} {currency} minor units do not fit in 64 bits"
        raise MoneyError("range", message, value=amount, currency=currency)
    return Money(amount, currency)


def same_currency(money: Money, other: Money) -> Money:
    """Return `other`, if it is in the currency of `money`.

    Raises:
        MoneyError: `mixed`: the two are in different currencies.
    """
    if money.currency != other.currency:
        message = f"{money.currency} and {other.currency} do not mix; nothing is converted"
        raise MoneyError("mixed", message, value=other.currency, currency=money.currency)
    return other


def parse(text: str, currency: str) -> Money:
    """Parse an amount: `"19.9"` in EUR gives 1990 minor units.

    Args:
        text: Plain ASCII digits with a point. Thousands separators, exponents, plus signs, blanks,
            leading zeros, minus zero and more decimals than the currency has are refused.
        currency: An ISO 4217 code.

    Raises:
        MoneyError: `syntax`, `decimals`, `range` or `currency`.
    """
    exponent = exponent_of(currency)
    found = _PLAIN.fullmatch(text)
    if found is None:
        message = f"{text[:40]!r} is not an amount; write plain digits with a point, such as 19.90"
        raise MoneyError("syntax", message, value=text[:40], currency=currency)
    sign, whole, decimals = found[1], found[2], found[3] or ""
    if len(decimals) > exponent:
        message = f"{text!r} has {counted(len(decimals), 'decimal')}; {currency} has {exponent}"
        raise MoneyError("decimals", message, value=text, currency=currency)
    amount = int(whole + decimals.ljust(exponent, "0"))
    if sign and amount == 0:
        message = f"{text!r} is minus zero; write 0"
        raise MoneyError("syntax", message, value=text, currency=currency)
    return bounded(-amount if sign else amount, currency)


def parse_plain(text: str) -> Money:
    """Parse `"12.50 EUR"`; the inverse of `format_plain`.

    Raises:
        MoneyError: `syntax`, `decimals`, `range` or `currency`.
    """
    number, blank, currency = text.partition(" ")
    if not blank:
        message = f"{text[:40]!r} names no currency; write it after a space, such as 12.50 EUR"
        raise MoneyError("syntax", message, value=text[:40], currency="")
    return parse(number, currency)


def format_plain(money: Money) -> str:
    """Return `19.90 EUR`: every decimal of the currency, no grouping, the code after a space."""
    exponent = exponent_of(money.currency)
    sign = "-" if money.amount < 0 else ""
    digits = str(abs(money.amount)).rjust(exponent + 1, "0")
    cut = len(digits) - exponent
    decimals = f".{digits[cut:]}" if exponent else ""
    return f"{sign}{digits[:cut]}{decimals} {money.currency}"


def divide_to_shopper(numerator: int, denominator: int) -> int:
    """Return the integer nearest to numerator / denominator, an exact tie rounded down; denominator > 0.

    Rounding down favours the shopper, because the result is a price.
    """
    return (2 * numerator + denominator - 1) // (2 * denominator)


def divide_up(numerator: int, denominator: int) -> int:
    """Return the smallest integer at or above numerator / denominator; denominator > 0."""
    return -(-numerator // denominator)


def discounted(list_amount: int, bp: int) -> int:
    """Return the price after `bp` basis points off, rounded once: 12900 at 1500 → 10965; 1990 at 2500 → 1492."""
    return divide_to_shopper(list_amount * (BP - bp), BP)


def percent_off(prior: int, offer: int) -> int:
    """Return the whole percentage that may be displayed, rounded down; 0 where there is no reduction."""
    return 100 * (prior - offer) // prior if 0 <= offer < prior else 0


def gross_from_net(net: int, rate_bp: int) -> int:
    """Return a net price with its tax (basis points), to nearest, a tie down: 4167 at 2000 → 5000."""
    return divide_to_shopper(net * (BP + rate_bp), BP)


def meets_net_floor(offer: int, floor_net: int, rate_bp: int) -> bool:
    """Return whether a gross offer leaves at least `floor_net` after tax; the net is never rounded."""
    return offer * BP >= floor_net * (BP + rate_bp)


def gross_floor(floor_net: int, rate_bp: int) -> int:
    """Return the smallest gross price for which `meets_net_floor` holds."""
    return divide_up(floor_net * (BP + rate_bp), BP)


def cost_floor(cost: int, margin_bp: int, rate_bp: int) -> int:
    """Return the smallest price that keeps a margin above a net cost; the net is never rounded.

    7000 with a margin of 2000 and a tax of 1900 gives 10413, because 7000 / 0.8 · 1.19 = 10412.5.

    Args:
        cost: The net cost of one unit, in minor units.
        margin_bp: The margin as a share of the net price, in basis points; below 10000.
        rate_bp: The tax rate in basis points; 0 for a price that is shown net.
    """
    return divide_up(cost * (BP + rate_bp), BP - margin_bp)


def markup_floor(cost: int, markup_bp: int, rate_bp: int) -> int:
    """Return the lowest price that keeps a markup on the cost, in minor units.

    Args:
        cost: The net cost, in minor units.
        markup_bp: The markup as a share of the cost, in basis points.
        rate_bp: The tax rate that the price includes, in basis points; 0 for a net price.
    """
    return divide_up(cost * (BP + markup_bp) * (BP + rate_bp), BP * BP)


def ending_down(amount: int, ending: int) -> int:
    """Return the highest amount at or below `amount` whose last digits are `ending`.

    10965 with 95 gives 10895, with 5 it gives 10965. The result is negative where there is no such amount.
    """
    modulus: int = 10 ** len(str(ending))
    return amount - (amount - ending) % modulus
