"""Values that shop platforms write in their own ways, as facts spell them."""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, Final

from tactful.connectors.connector import Terms
from tactful.core.values.money import divide_to_shopper, exponent_of
from tactful.core.values.territories import is_territory

MONTHS_DATE: Final = len("2026-03-31T12:00:00")
"""Characters of an instant without a zone."""
MAX_CODE: Final = 255
"""Characters of a discount code that an order fact takes."""
MAX_CODES: Final = 20
"""Discount codes that an order fact takes."""


def minor_units(number: object, currency: str) -> int:
    """Return an amount in minor units, rounded to the nearest one.

    Platforms calculate with more decimals than a currency has, such as net prices.

    Args:
        number: A whole number, or the text of a decimal one such as `92.1429`.
        currency: ISO 4217 code.

    Raises:
        ValueError: It is no amount.
    """
    try:
        amount = Decimal(str(number)).scaleb(exponent_of(currency))
        return int(amount.quantize(Decimal(1), ROUND_HALF_UP))
    except InvalidOperation as error:
        raise ValueError(f"{str(number)[:40]!r} is not an amount.") from error


def money(number: object, currency: str) -> dict[str, Any]:
    """Return an amount as facts have it; `minor_units` says how it is read."""
    return {"amount": minor_units(number, currency), "currency": currency}


def unit_of_line(total: int, quantity: int, currency: str) -> dict[str, Any]:
    """Return what was paid for one unit of a line; the total of the line is exact, this is rounded."""
    return {"amount": divide_to_shopper(total, quantity), "currency": currency}


def discount_codes(named: Iterable[object]) -> list[str] | None:
    """Return the discount codes that an order has used, each once; `None`: it has used none."""
    codes = [str(code)[:MAX_CODE] for code in dict.fromkeys(named) if code]
    return codes[:MAX_CODES] or None


def instant(text: object) -> str | None:
    """Return an instant with its zone, which is UTC where it names none; `None`: there is none."""
    if not isinstance(text, str) or not text:
        return None
    stamp = text.replace(" ", "T", 1)
    return f"{stamp}Z" if len(stamp) == MONTHS_DATE else stamp


def territory_of(country: object, subdivision: object, otherwise: str | None) -> str | None:
    """Return the territory of an address.

    Args:
        country: ISO 3166-1 code, or nothing.
        subdivision: The part of an ISO 3166-2 code after the hyphen, or nothing.
        otherwise: The territory where the address names none.
    """
    code = str(country or "").upper()
    if not is_territory(code):
        return otherwise
    whole = f"{code}-{str(subdivision or '').upper()}"
    return whole if is_territory(whole) else code


def present(fact: dict[str, Any]) -> dict[str, Any]:
    """Return a fact without the fields that are `None`."""
    return {name: value for name, value in fact.items() if value is not None}


def price_fact(
    sku: str, price: int, regular: int, currency: str, terms: Terms, version: str | None
) -> dict[str, Any]:
    """Return a `price` fact; the regular price is its list price if it is above the price.

    Args:
        sku: The SKU.
        price: What the item costs now, in minor units.
        regular: What it costs without a sale, in minor units.
        currency: ISO 4217 code of both.
        terms: The territory and tax of the connector's prices.
        version: The platform's own stamp; `None`: the fact is versioned by its arrival.
    """
    return present(
        {
            "type": "price",
            "sku": sku,
            "territory": terms.territory,
            "price": {"amount": price, "currency": currency},
            "list": {"amount": regular, "currency": currency} if regular > price else None,
            "tax_included": terms.tax_included,
            "tax_rate_bp": terms.tax_rate_bp,
            "version": version,
        }
    )
