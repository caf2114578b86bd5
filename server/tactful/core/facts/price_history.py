"""The public prices of an SKU over time, as facts and general offers give them."""

from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct

from tactful.core.facts.fact_types import Price, ReportedFact, ms
from tactful.core.facts.price_plan import version_order

GENERAL_KIND: Final = "general"
"""The kind under which the ledger keeps a `GeneralPrice` beside the reported facts."""


class PublicPrice(Struct, frozen=True, gc=False, array_like=True):
    """A public price and when it began; it holds until the next one begins."""

    since: int
    """When it began, in milliseconds since the Unix epoch, UTC."""
    amount: int
    """The price of one unit, in minor units of `currency`."""
    currency: str
    offered: bool = False
    """Whether the entry comes from a general offer, and not from a reported price."""


class GeneralPrice(Struct, frozen=True):
    """An offer that reached so many shoppers that it was a public price, over [`since`, `until`)."""

    rule: str
    territory: str
    amount: int
    """The price of one unit, in minor units of `currency`."""
    currency: str
    since: int
    """When it began, in milliseconds since the Unix epoch, UTC."""
    until: int
    """When it ends, in milliseconds since the Unix epoch, UTC."""


def public_prices(versions: Iterable[ReportedFact[Price]]) -> tuple[PublicPrice, ...]:
    """Return the public prices given by the versions of one price fact, oldest first.

    A price without `since` holds from its report on. If two prices start at one instant, the higher
    version counts as later, whatever the order of the reports. A higher version that states an
    earlier start than a price in force, as at the end of a sale, also begins again at its report.

    A price that is reported again, for example with another target, is no new price: the entry stays
    the one of its beginning.
    """
    found = []
    latest, announced = 0, list[int]()
    ordered = sorted(enumerate(versions), key=lambda pair: (version_order(pair[1]), pair[0]))
    for number, one in ordered:
        price = one.fact.price
        since = ms(one.fact.since) if one.fact.since else one.at
        latest = max([latest, *(start for start in announced if start <= one.at)])
        announced = [start for start in announced if start > one.at]
        starts = {since, one.at} if since < latest else {since}
        for start in starts:
            # The number preserves the order of equal versions, so that prices are never compared.
            entry = PublicPrice(start, price.amount, price.currency)
            found.append((start, version_order(one), number, entry))
        if since > one.at:
            announced.append(since)
        else:
            latest = max(latest, *starts)
    found.sort()
    entries: list[PublicPrice] = []
    for _, _, _, entry in found:
        before = entries[-1] if entries else None
        if before is None or (before.amount, before.currency) != (entry.amount, entry.currency):
            entries.append(entry)
    return tuple(entries)


def with_general_prices(
    public: tuple[PublicPrice, ...], general: Sequence[GeneralPrice]
) -> tuple[PublicPrice, ...]:
    """Return the public prices, with the general offers inserted.

    After each general offer the reported public price applies again. An offer that reached most
    shoppers counts as a public price: `server/SEMANTICS.md`, section 9.
    """
    if not general:
        return public
    ledger = list(public)
    for one in general:
        ledger.append(PublicPrice(one.since, one.amount, one.currency, offered=True))
        before = [entry for entry in public if entry.since <= one.until]
        if before:
            back = before[-1]
            ledger.append(PublicPrice(one.until, back.amount, back.currency, offered=True))
    return tuple(sorted(ledger, key=lambda entry: entry.since))
