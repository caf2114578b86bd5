"""The prices of one SKU in a territory: per currency, sales channel and customer group.

Most territories have one price for everybody. `Item.prices` has it, and no rows are kept beside it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from msgspec import Struct

from tactful.core.facts.fact_types import Gone, Price, ReportedFact
from tactful.core.facts.price_history import (
    GeneralPrice,
    PublicPrice,
    public_prices,
    with_general_prices,
)
from tactful.core.facts.price_plan import (
    PricePlan,
    planned_price,
    price_plan,
    version_order,
)
from tactful.core.facts.succession import end_of, is_newer
from tactful.core.values.territories import country_of


class Audience(Struct, frozen=True, gc=False):
    """For whom a price is asked."""

    currency: str | None = None
    """ISO 4217 code; `None`: the only one of the territory."""
    channel: str | None = None
    group: str | None = None


EVERYBODY: Final = Audience()


class RowKey(NamedTuple):
    """What tells the prices of an SKU apart; two facts with one key are versions of each other."""

    territory: str
    currency: str
    channel: str | None
    group: str | None

    @property
    def is_plain(self) -> bool:
        """Whether it is the price for everybody."""
        return self.channel is None and self.group is None


class PriceRow(Struct, frozen=True, gc=False):
    """One price, with what was announced and what was public before."""

    key: RowKey
    price: ReportedFact[Price] | None
    """The price of the highest version; `None`: it is gone."""
    plan: PricePlan = ()
    history: tuple[PublicPrice, ...] = ()

    def price_at(self, now: int) -> ReportedFact[Price] | None:
        """Return the price in force (`now`: ms since the Unix epoch, UTC); `None`: there is none."""
        return planned_price(self.plan, now) if self.plan else self.price


def row_key(price: Price) -> RowKey:
    """Return the key of a price."""
    return RowKey(price.territory, price.price.currency, price.channel, price.group)


def versions_by_row(
    versions: Iterable[Sequence[ReportedFact[Price]]],
) -> dict[RowKey, list[ReportedFact[Price]]]:
    """Return row → its retained versions.

    Release 0.1.0 stored the prices of a territory under one key, whatever their currency. Versions
    that are older than the newest of these are left out, as they would have been then.

    Args:
        versions: For each key under which prices are stored, its retained versions.
    """
    found: dict[RowKey, list[ReportedFact[Price]]] = defaultdict(list)
    for reported in sorted(versions, key=lambda each: min((one.number for one in each), default=0)):
        parts: dict[RowKey, list[ReportedFact[Price]]] = defaultdict(list)
        for one in reported:
            parts[row_key(one.fact)].append(one)
        for key, part in parts.items():
            newest = max(map(version_order, found[key]), default=0)
            found[key] += (one for one in part if one.fact.since or version_order(one) >= newest)
    return found


def price_rows(
    in_force: Iterable[ReportedFact[Price]],
    versions: Iterable[Sequence[ReportedFact[Price]]],
    general: Iterable[GeneralPrice],
    gone: Sequence[ReportedFact[Gone]] = (),
) -> list[PriceRow]:
    """Return every price of an SKU.

    A version that has ended is never planned again, although it stays in the history of prices: until
    an announced price takes effect, an SKU whose price is gone has none.

    Args:
        in_force: The price facts in force that are not gone.
        versions: For each key under which prices are stored, its retained versions.
        general: The general offers on the SKU.
        gone: The reports of what does not exist any more.
    """
    prices: dict[RowKey, ReportedFact[Price]] = {}
    for one in in_force:
        key = row_key(one.fact)
        if key not in prices or is_newer(one, prices[key]):
            prices[key] = one
    general = tuple(general)
    return [
        PriceRow(
            key,
            prices.get(key),
            price_plan([one for one in found if not end_of(one, gone)]) if key in prices else (),
            with_general_prices(
                public_prices(found),
                [one for one in general if (one.territory, one.currency) == key[:2]],
            ),
        )
        for key, found in versions_by_row(versions).items()
    ]


def plain_rows(rows: Iterable[PriceRow]) -> dict[str, PriceRow]:
    """Return territory → its price for everybody; of several currencies, the newest that is not gone."""
    found: dict[str, PriceRow] = {}
    for row in rows:
        known = found.get(row.key.territory)
        if row.key.is_plain and (known is None or _replaces(row, known)):
            found[row.key.territory] = row
    return found


def _replaces(row: PriceRow, known: PriceRow) -> bool:
    if row.price is None or known.price is None:
        return row.price is not None
    return is_newer(row.price, known.price)


def histories(
    plain: Mapping[str, PriceRow], general: Iterable[GeneralPrice]
) -> dict[str, tuple[PublicPrice, ...]]:
    """Return territory → its public prices, also of subdivisions that have only general offers."""
    found = {territory: row.history for territory, row in plain.items()}
    apart: dict[str, list[GeneralPrice]] = defaultdict(list)
    for one in general:
        if one.territory not in plain and country_of(one.territory) in plain:
            apart[one.territory].append(one)
    for territory, offers in apart.items():
        found[territory] = with_general_prices(found[country_of(territory)], offers)
    return found


def rows_for(rows: Sequence[PriceRow], audience: Audience, now: int) -> Iterator[PriceRow]:
    """Yield the rows of a territory that an audience may pay, the most specific first.

    A channel is more specific than a group. Without a currency, the prices in force at `now` (ms since
    the Unix epoch, UTC) must have only one.
    """
    currency = audience.currency
    if currency is None:
        currencies = {row.key.currency for row in rows if row.price_at(now) is not None}
        if len(currencies) != 1:
            return
        (currency,) = currencies
    fitting = (
        row
        for row in rows
        if row.key.currency == currency
        and row.key.channel in {None, audience.channel}
        and row.key.group in {None, audience.group}
    )
    yield from sorted(fitting, key=lambda row: (row.key.channel is None, row.key.group is None))


def price_among(
    rows: Sequence[PriceRow], audience: Audience, now: int
) -> ReportedFact[Price] | None:
    """Return the price in force of the most specific row; `None`: there is none."""
    for row in rows_for(rows, audience, now):
        found = row.price_at(now)
        if found is not None:
            return found
    return None


def special_rows(rows: Iterable[PriceRow]) -> Mapping[str, tuple[PriceRow, ...]]:
    """Return territory → rows, for the territories that have more than one price for everybody."""
    found: dict[str, list[PriceRow]] = defaultdict(list)
    for row in rows:
        found[row.key.territory].append(row)
    return {
        territory: tuple(each)
        for territory, each in found.items()
        if any(not row.key.is_plain for row in each)
        or sum(row.price is not None for row in each) > 1
    }
