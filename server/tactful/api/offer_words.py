"""An offer in plain words, for the customer whose data rests in it.

Regulation (EU) 2016/679, Article 15(1)(h): the export says how an automated decision came about. The
words name kinds of data, never a rule, a value or a fact about anybody else.
"""

from collections.abc import Mapping
from typing import Any, Final

from tactful.core.offers.offer import InputKind
from tactful.core.values.calendar import format_rfc3339
from tactful.core.values.money import Money, format_plain

KINDS: Final[dict[InputKind, str]] = {
    "price": "the price in the shop",
    "item": "what the item is",
    "stock": "how many of it are in stock",
    "browsing": "what you did in that visit",
    "cart": "what was in your cart",
    "source": "the link that led you to the shop",
    "account": "your customer account",
    "purchases": "your earlier purchases",
    "area": "the country or area of the shop",
    "time": "the date and time",
    "earlier_offers": "the offers that you had seen in that visit",
    "voucher": "a voucher that was issued to you",
    "averages": "how often shoppers buy with an offer and without",
}
"""Kind of input → what was used."""


def offer_in_words(offer: Mapping[str, Any]) -> str:
    """Return what was offered, at which price, from which kinds of data, and what became of it.

    Args:
        offer: The stored fields of an offer.
    """
    currency = offer["currency"]
    price, public = (format_plain(Money(offer[name], currency)) for name in ("unit", "public"))
    when = format_rfc3339(offer["issued_at"])
    inputs = [KINDS[kind] for kind in offer.get("inputs", ())]
    used = f" It was computed from {_listed(inputs)}." if inputs else ""
    if offer["state"] == "held_out":
        return (
            f"At {when} the shop could have offered {offer['sku']} for {price} instead of {public}."
            " No offer was shown to you, so that the shop can measure what its offers change."
            f"{used}"
        )
    if offer["state"] == "shadow":
        return (
            f"At {when} the shop tried a rule that would have offered {offer['sku']} for {price}"
            f" instead of {public}. No offer was shown to you.{used}"
        )
    return (
        f"At {when} {offer['sku']} was offered to you for {price} instead of {public}.{used}"
        f" The offer is now {offer['state']}."
    )


def _listed(words: list[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last
