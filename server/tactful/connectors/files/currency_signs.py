"""Currencies as prices name them, by codes, signs and abbreviations."""

import re
from typing import Final

from tactful.connectors.files.results import RowError

_SIGNS: Final = """
€ euro = EUR
£ = GBP
$ = USD CAD AUD NZD SGD HKD TWD MXN ARS CLP COP UYU
us$ = USD
ca$ c$ = CAD
au$ a$ = AUD
nz$ = NZD
hk$ = HKD
nt$ = TWD
s$ = SGD
mx$ = MXN
r$ = BRL
¥ ￥ = JPY CNY
円 = JPY
元 = CNY TWD
kr = SEK NOK DKK ISK
zł zl = PLN
kč kc = CZK
ft = HUF
lei leu = RON MDL
лв lv = BGN
руб ₽ = RUB
₴ грн = UAH
₺ tl = TRY
₹ = INR
rs = INR PKR LKR NPR MUR
₩ 원 = KRW
₫ đ = VND
฿ = THB
₪ = ILS
₱ = PHP
₸ = KZT
₾ = GEL
fr sfr = CHF
din = RSD
kd = KWD
bd = BHD
dh dhs = AED MAD
rm = MYR
rp = IDR
"""
CURRENCIES: Final[dict[str, tuple[str, ...]]] = {
    sign: tuple(codes.split())
    for signs, codes in (line.split(" = ") for line in _SIGNS.strip().splitlines())
    for sign in signs.split()
}
"""Sign or abbreviation in lower case and without points → the currencies that it stands for."""
_CODE = re.compile(r"[A-Za-z]{3}", re.ASCII)
_NO_DECIMALS = re.compile(r"[.,:]?\s?[-\u2013\u2014]+")
"""What stands for missing decimals, as in `349:-`, `12,–` and `12.-`."""
_DECIMALS = re.compile(r"[.,][0-9]{1,2}\Z", re.ASCII)
_DIGIT = re.compile(r"[0-9]", re.ASCII)


def split_price(text: str) -> tuple[str, list[str]]:
    """Return the number in a price, with its separators, and what names the currency around it.

    Args:
        text: A price such as `1 299,00 kr`, `US$ 12.50` or `349:-`.

    Raises:
        RowError: The text contains no number.
    """
    digits = [found.start() for found in _DIGIT.finditer(text)]
    if not digits:
        raise RowError(f"{text[:40]!r} is not a price. Write plain digits, as in 12.50.")
    before, number, after = (
        text[: digits[0]],
        text[digits[0] : digits[-1] + 1],
        text[digits[-1] + 1 :],
    )
    if before.endswith((".", ",")) and _plain_sign(before) not in CURRENCIES:
        before, number = before[:-1], before[-1] + number
    if before.endswith("-"):
        before, number = before[:-1], "-" + number
    if found := _NO_DECIMALS.match(after):
        # Behind decimals a sign is none for missing ones: SAP writes -5,00 as 5,00-.
        if _DECIMALS.search(number):
            raise RowError(f"{text[:40]!r} is not a price. Write plain digits, as in 12.50.")
        after = after[found.end() :]
    names = [_plain_sign(name) for name in f"{before} {after}".split()]
    return number, [name for name in names if name]


def currency_of(names: list[str], given: str | None, text: str) -> str:
    """Return the currency of a price.

    Args:
        names: What stands before and behind its number; see `split_price`.
        given: ISO 4217 code of the import; None: none.
        text: The price, for the error.

    Raises:
        RowError: The price names no currency, several, one that is unknown, or one that `given`
            contradicts although the sign alone is ambiguous.
    """
    found = given or ""
    named: set[str] = set()
    # A code such as CAD decides what a `$` beside it means.
    for codes in sorted((_codes_of(name, text) for name in names), key=len):
        if len(codes) == 1:
            named.add(codes[0])
            found = codes[0]
        elif found not in codes:
            raise RowError(
                f"{text[:40]!r} is in {', '.join(codes)}. Name the currency with --currency."
            )
    if not found:
        raise RowError(f"{text[:40]!r} is not a price. Name its currency with --currency.")
    if len(named) > 1:
        raise RowError(f"{text[:40]!r} names two currencies. Keep one of them.")
    return found


def currency_in(text: str, given: str | None) -> str:
    """Return the currency that a cell of its own names: `EUR`, `eur`, `€` or `kr`.

    A text that names none is returned as it is: the price of its row says that it is no currency.

    Args:
        text: The content of the cell.
        given: ISO 4217 code of the import, which decides what `kr` means; None: none.

    Raises:
        RowError: The sign stands for several currencies, and `given` is none of them.
    """
    name = _plain_sign(text)
    codes = CURRENCIES.get(name) or ((name.upper(),) if _CODE.fullmatch(name) else (text,))
    if len(codes) == 1:
        return codes[0]
    if given in codes:
        return given or ""
    raise RowError(f"{text[:40]!r} is one of {', '.join(codes)}. Write the code of the currency.")


def _codes_of(name: str, text: str) -> tuple[str, ...]:
    codes = CURRENCIES.get(name)
    if codes is None and _CODE.fullmatch(name):
        codes = (name.upper(),)
    if codes is None:
        raise RowError(f"{text[:40]!r} is not a price. Write plain digits, as in 12.50.")
    return codes


def _plain_sign(text: str) -> str:
    return text.replace(".", "").strip().lower()
