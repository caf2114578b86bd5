"""What is promised at this instant: campaign balances and stock, in memory and exact."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from tactful.core.offers.budget import COUNT, Balance, BudgetMove
from tactful.core.offers.offer import Offer, OfferState
from tactful.core.redemption.redemption_rows import BudgetRow
from tactful.core.rules.rule import Campaign
from tactful.core.values.calendar import period_key


class Balances:
    """The balance of every campaign in every period that something is held in."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str, str], Balance] = {}
        self._campaigns: Mapping[str, Campaign] = {}
        self._view: dict[tuple[str, str], Balance] = {}
        self._periods: dict[str, str] = {}

    def restore(self, rows: Iterable[BudgetRow]) -> None:
        """Take over what the ledger holds."""
        for row in rows:
            key = row.campaign, row.period, row.currency
            self._rows[key] = Balance(row.limit, row.reserved, row.settled)
        self._periods.clear()

    def use_campaigns(self, campaigns: Mapping[str, Campaign]) -> None:
        """Keep to these campaigns' limits from now on."""
        self._campaigns = campaigns
        self._periods.clear()

    def view(self, now: int) -> Mapping[tuple[str, str], Balance]:
        """(campaign, currency or `COUNT`) → its balance in the period of `now`; live, do not keep."""
        for campaign in self._campaigns.values():
            if campaign.per != "total" or campaign.id not in self._periods:
                period = period_key(campaign.per, now, campaign.timezone)
                if self._periods.get(campaign.id) != period:
                    self._enter(campaign, period)
        return self._view

    def _enter(self, campaign: Campaign, period: str) -> None:
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

    def apply(self, moves: Iterable[BudgetMove], sign: int = 1) -> None:
        """Carry out moves; −1 takes them back."""
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
        """All balances, in a stable order."""
        return [
            BudgetRow(*key, balance.limit, balance.reserved, balance.settled)
            for key, balance in sorted(self._rows.items())
        ]


class StockCommitments:
    """How many of each SKU the standing offers promise, per territory."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str], dict[str, Offer]] = defaultdict(dict)
        self._ahead: dict[tuple[str, str], dict[str, int]] = {}
        self.totals: dict[tuple[str, str], int] = {}

    def update(self, offer: Offer) -> None:
        """Take over an offer as it now is."""
        key = offer.sku, offer.territory
        held = self._held[key]
        before = held.pop(offer.id, None)
        if offer.standing:
            held[offer.id] = offer
        total = self.totals.get(key, 0) - _promised(before) + _promised(held.get(offer.id))
        if held:
            self.totals[key] = total
        else:
            self._held.pop(key, None)
            self.totals.pop(key, None)
            self._ahead.pop(key, None)

    def invalidate(self, sku: str) -> None:
        """The stock of an SKU changed: who stands behind whom is worked out anew."""
        for key in [key for key in self._ahead if key[0] == sku]:
            del self._ahead[key]

    def ahead(self, offer: Offer) -> int:
        """How many were promised before an offer: accepted ones first, then the older ones."""
        key = offer.sku, offer.territory
        known = self._ahead.get(key)
        if known is None or offer.id not in known:
            known = self._ahead[key] = self._count(key)
        return known.get(offer.id, 0)

    def _count(self, key: tuple[str, str]) -> dict[str, int]:
        held = self._held.get(key, {}).values()
        order = sorted(held, key=lambda o: (o.state is not OfferState.ACCEPTED, o.issued_at, o.id))
        counted, before = {}, 0
        for offer in order:
            counted[offer.id] = before
            before += _promised(offer)
        return counted


def _promised(offer: Offer | None) -> int:
    if offer is None:
        return 0
    return offer.qty if offer.state is OfferState.ACCEPTED else offer.max_qty
