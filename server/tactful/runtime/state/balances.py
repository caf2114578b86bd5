"""Campaign balances and stock commitments at this instant, exact and in memory."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from tactful.core.facts.item import Item
from tactful.core.offers.budget import COUNT, Balance, BudgetMove
from tactful.core.offers.offer import PROMISED, Offer
from tactful.core.redemption.redemption_rows import BudgetRow
from tactful.core.rules.rule import Campaign
from tactful.core.values.calendar import period_key

Shelf = tuple[str, str]
"""(SKU, territory)."""


class BalanceReading:
    """One read of the ledger's balances that is under way, and the moves since it began."""

    __slots__ = ("disturbed", "moves")

    def __init__(self) -> None:
        self.moves: list[Sequence[BudgetMove]] = []
        """The moves of turns that began after the read, which its rows cannot contain."""
        self.disturbed = False
        """Whether the rows may or may not contain a move that was applied meanwhile."""


class Balances:
    """The balance of every campaign, for each period in which something is reserved or settled.

    Amounts are minor units of the currency; under `COUNT` they are numbers of offers.
    """

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str, str], Balance] = {}
        """(campaign, period, currency or `COUNT`) → balance."""
        self._campaigns: Mapping[str, Campaign] = {}
        self._view: dict[tuple[str, str], Balance] = {}
        """The rows of each campaign's present period, by (campaign, currency or `COUNT`)."""
        self._periods: dict[str, str] = {}
        """Campaign → the period in the view."""
        self._readings: list[BalanceReading] = []
        """Reads of the ledger that are under way."""

    def restore(self, rows: Iterable[BudgetRow]) -> None:
        """Replace the balances by the ledger's."""
        found = {(row.campaign, row.period, row.currency): row for row in rows}
        for key, known in self._rows.items():
            self._rows[key] = Balance(known.limit)
        for key, row in found.items():
            self._rows[key] = Balance(row.limit, row.reserved, row.settled)
        self._periods.clear()

    def begin_reading(self) -> BalanceReading:
        """Note that a read of the ledger's balances is queued now; end it with `finish_reading`."""
        reading = BalanceReading()
        self._readings.append(reading)
        return reading

    def finish_reading(self, reading: BalanceReading, rows: Iterable[BudgetRow] | None) -> bool:
        """Replace the balances by the rows of a read, and keep the moves of turns in flight.

        The read is ordered among the writes: its rows contain the turns that were queued before it
        and none that was queued after it.

        Args:
            reading: The read, from `begin_reading`.
            rows: The ledger's balances; None: the read failed.

        Returns:
            Whether the balances were replaced. False: read again.
        """
        self._readings.remove(reading)
        if rows is None or reading.disturbed:
            return False
        self.restore(rows)
        for moves in reading.moves:
            self._add(moves, 1)
        return True

    def use_campaigns(self, campaigns: Mapping[str, Campaign]) -> None:
        """Apply the limits of these campaigns from now on."""
        self._campaigns = campaigns
        self._periods.clear()

    def view(self, now: int) -> Mapping[tuple[str, str], Balance]:
        """Return the balances of the period at `now`; the mapping is live, so do not keep it.

        Args:
            now: Milliseconds since the Unix epoch, UTC.

        Returns:
            (campaign, currency or `COUNT`) → balance.
        """
        for campaign in self._campaigns.values():
            if campaign.per != "total" or campaign.id not in self._periods:
                period = period_key(campaign.per, now, campaign.timezone)
                if self._periods.get(campaign.id) != period:
                    self._enter(campaign, period)
        return self._view

    def _enter(self, campaign: Campaign, period: str) -> None:
        """Replace a campaign's balances in the view by those of another period."""
        self._periods[campaign.id] = period
        limits: dict[str, int] = dict(campaign.money)
        if campaign.count is not None:
            limits[COUNT] = campaign.count
        for key in [key for key in self._view if key[0] == campaign.id]:
            del self._view[key]
        known = {key[2] for key in self._rows if key[:2] == (campaign.id, period)}
        for currency in sorted(known | limits.keys()):
            row = self._rows.get((campaign.id, period, currency), Balance(None))
            self._set((campaign.id, period, currency), row, limits.get(currency))

    def _set(self, key: tuple[str, str, str], known: Balance, limit: int | None) -> None:
        balance = Balance(limit, known.reserved, known.settled)
        self._rows[key] = balance
        campaign, period, currency = key
        if self._periods.get(campaign) == period:
            self._view[campaign, currency] = balance

    def apply(self, moves: Sequence[BudgetMove]) -> None:
        """Apply the moves of a turn whose write is queued at the same time."""
        for reading in self._readings:
            reading.moves.append(moves)
        self._add(moves, 1)

    def reverse(self, moves: Sequence[BudgetMove]) -> None:
        """Reverse the moves of a turn that was not written; pass the object given to `apply`."""
        for reading in self._readings:
            reading.moves = [one for one in reading.moves if one is not moves]
        self._add(moves, -1)

    def apply_written(self, moves: Sequence[BudgetMove]) -> None:
        """Apply moves that were written at an earlier, unknown instant, such as a redemption's."""
        for reading in self._readings:
            reading.disturbed = True
        self._add(moves, 1)

    def _add(self, moves: Iterable[BudgetMove], sign: int) -> None:
        for move in moves:
            key = move.campaign, move.period, move.currency
            known = self._rows.get(key, Balance(move.limit))
            changed = Balance(
                known.limit,
                known.reserved + sign * move.reserve,
                known.settled + sign * move.settle,
            )
            self._set(key, changed, known.limit)

    def rows(self) -> list[BudgetRow]:
        """Return all balances, ordered by campaign, period and currency."""
        return [
            BudgetRow(*key, balance.limit, balance.reserved, balance.settled)
            for key, balance in sorted(self._rows.items())
        ]


class _StandingUnits(Struct, frozen=True, gc=False):
    """The units that one standing offer promises. It names no customer, so no erasure concerns it."""

    order: tuple[bool, int, str]
    """Sorts the offers of an item: accepted ones come first, then older ones."""
    units: int


class StockCommitments:
    """How many units the standing offers promise, by SKU and territory.

    Those of this process are always known. Those of other processes are known only after they were
    read, because nothing reports when they begin and end.
    """

    def __init__(self) -> None:
        self._own: dict[Shelf, dict[str, _StandingUnits]] = defaultdict(dict)
        """(SKU, territory) → id → offer of this process."""
        self._elsewhere: dict[Shelf, dict[str, _StandingUnits]] = {}
        """(SKU, territory) → id → offer of another process."""
        self._ahead: dict[Shelf, dict[str, int]] = {}
        """(SKU, territory) → offer id → units promised before it; computed when it is asked for."""
        self.totals: dict[Shelf, int] = {}
        """(SKU, territory) → units promised by all standing offers that are known; live."""
        self._places: dict[str, set[str]] = defaultdict(set)
        """SKU → the territories in which offers promise units of it."""
        self._subdivided = 0
        """The number of subdivisions of countries in `totals`."""

    def update(self, offer: Offer) -> None:
        """Store the present state of an offer; an offer that reserves no units is dropped."""
        self._replace(offer, _standing_units(offer) if offer.reserving else None)

    def drop(self, offer: Offer) -> None:
        """Drop an offer, because its session belongs to another process now."""
        self._replace(offer, None)

    def _replace(self, offer: Offer, now: _StandingUnits | None) -> None:
        key = offer.sku, offer.territory
        own = self._own[key]
        before = own.pop(offer.id, None)
        if now is not None:
            own[offer.id] = now
        total = self.totals.get(key, 0)
        total += (now.units if now else 0) - (before.units if before else 0)
        if own or key in self._elsewhere:
            self._set_total(key, total)
        else:
            del self._own[key]
            self._set_total(key, None)
            self._ahead.pop(key, None)

    def _set_total(self, shelf: Shelf, units: int | None) -> None:
        """Set the units that are promised; `None`: none are."""
        sku, territory = shelf
        was_known = shelf in self.totals
        if units is None:
            self.totals.pop(shelf, None)
            self._places[sku].discard(territory)
            if not self._places[sku]:
                del self._places[sku]
        else:
            self.totals[shelf] = units
            self._places[sku].add(territory)
        self._subdivided += ("-" in territory) * ((shelf in self.totals) - was_known)

    def view(
        self, items: Mapping[str, Item], territories: Sequence[str | None]
    ) -> Mapping[Shelf, int]:
        """Return (SKU, territory) → the units promised from the stock that is sold there.

        A subdivision without stock of its own is sold the stock of its country. Without offers in
        subdivisions, the totals are the answer.

        Args:
            items: SKU → item.
            territories: Where the shopper may be.
        """
        if not self._subdivided:
            for one in territories:
                if one is not None and "-" in one:
                    break
            else:
                return self.totals
        places = [one for one in territories if one is not None]
        return {
            (sku, place): sum(self.totals[shelf] for shelf in self._sharing(item, place))
            for sku, item in items.items()
            for place in places
        }

    def promised_beside(self, item: Item, territory: str) -> int:
        """Return the units promised from the stock sold in a territory by offers in others."""
        if not self._subdivided:
            return 0
        sharing = self._sharing(item, territory)
        return sum(self.totals[shelf] for shelf in sharing if shelf[1] != territory)

    def _sharing(self, item: Item, territory: str) -> list[Shelf]:
        """Return the keys of `totals` whose offers are sold the stock that a territory is sold."""
        place = item.stock_place(territory)
        known = self._places.get(item.sku, ())
        return [(item.sku, one) for one in known if item.stock_place(one) == place]

    def skus(self) -> set[str]:
        """Return the SKUs of the standing offers of this process."""
        return {sku for sku, _ in self._own}

    def learn_elsewhere(self, shelf: Shelf, offers: Iterable[Offer]) -> None:
        """Take over which other offers stand, in place of those that were known.

        Args:
            shelf: (SKU, territory).
            offers: Standing offers of the shelf; those of this process are skipped.
        """
        self.forget_elsewhere(shelf)
        own = self._own.get(shelf, {})
        found = {offer.id: _standing_units(offer) for offer in offers if offer.id not in own}
        if found:
            self._elsewhere[shelf] = found
            self._set_total(shelf, self.totals.get(shelf, 0) + _sum(found))

    def forget_elsewhere(self, shelf: Shelf) -> None:
        """Count only the offers of this process from now on, because the others may have ended."""
        left = self.totals.get(shelf, 0) - _sum(self._elsewhere.pop(shelf, {}))
        self._ahead.pop(shelf, None)
        self._set_total(shelf, left or None)

    def invalidate(self, sku: str) -> None:
        """Drop what was computed about an SKU's offers, because its stock has changed."""
        for key in [key for key in self._elsewhere if key[0] == sku]:
            self.forget_elsewhere(key)
        for key in [key for key in self._ahead if key[0] == sku]:
            del self._ahead[key]

    def ahead(self, offer: Offer, item: Item | None) -> int:
        """Return the units promised before an offer: by accepted offers, then by older ones.

        Args:
            offer: A standing offer.
            item: Its item, which says what offers share its stock; `None`: it is not known.
        """
        key = offer.sku, offer.territory
        sharing = self._sharing(item, offer.territory) if item and self._subdivided else []
        if len(sharing) > 1:
            return self._count_ahead(sharing).get(offer.id, 0)
        known = self._ahead.get(key)
        if known is None or offer.id not in known:
            known = self._ahead[key] = self._count_ahead([key])
        return known.get(offer.id, 0)

    def _count_ahead(self, shelves: Iterable[Shelf]) -> dict[str, int]:
        standing = [
            pair
            for shelf in shelves
            for known in (self._own, self._elsewhere)
            for pair in known.get(shelf, {}).items()
        ]
        counted, before = {}, 0
        for ident, offer in sorted(standing, key=lambda pair: pair[1].order):
            counted[ident] = before
            before += offer.units
        return counted


def _standing_units(offer: Offer) -> _StandingUnits:
    """Return what an offer promises: the units accepted, or before that the most allowed."""
    order = (offer.state not in PROMISED, offer.issued_at, offer.id)
    return _StandingUnits(order, offer.reserved_units)


def _sum(standing: Mapping[str, _StandingUnits]) -> int:
    return sum(offer.units for offer in standing.values())
