"""When each rule's reduction began, and how many viewers of a product it reached."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from typing import Final, Protocol

import msgspec
import structlog

from tactful.core.compliance.prior_price import WINDOW
from tactful.core.compliance.reduction_history import ANY_RULE, VIEWERS, ReductionHistory
from tactful.core.facts.item import Item
from tactful.core.facts.price_history import GENERAL_KIND, GeneralPrice
from tactful.core.offers.offer import Offer, OfferState
from tactful.core.session.session import Session
from tactful.core.stages.offer_builder import GENERAL
from tactful.core.values.calendar import DAY, HOUR
from tactful.core.values.territories import is_territory, nearest_row
from tactful.runtime.facts.fact_cache import FactCache
from tactful.runtime.ports.environment import Clock
from tactful.runtime.ports.fact_store import FactStore
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.ports.ledger_rows import Commit, FactRow, TallyRow
from tactful.runtime.ports.offer_statistics import OfferStatistics, Tallies
from tactful.runtime.ports.turn_store import TurnStore
from tactful.runtime.telemetry import Telemetry

log = structlog.get_logger("tactful.reach")

COUNTED_HOURS: Final = DAY // HOUR
"""Counts go back this many hours."""
Where = tuple[str, str]
"""(SKU or product, territory)."""


VIEWER_TALLY: Final = "viewers"
"""What the ledger counts viewers as, per hour, product and territory."""
OFFER_TALLY: Final = "offers"
"""What the ledger counts pushed offers as, per hour, product, territory and rule."""
WRITE_DELAY_S: Final = 1
"""Seconds for which counted viewers may wait to be written, as folded signals do."""


class ReductionLedger(FactStore, OfferStatistics, Tallies, TurnStore, Protocol):
    """The roles of the ledger that the tracker uses.

    It reads past reductions and the counts of the last day, writes counts, and records general prices
    as facts.
    """


class ReductionTracker:
    """Keeps when each reduction first applied, and counts viewers and offers by the hour.

    An offer that reached most of a product's viewers is in fact a public price. Such a price is
    recorded with the public prices, on which later claims of a reduction rest (Directive 98/6/EC,
    Article 6a).

    A decision counts its offers at once, so that every later decision of the same instant sees them.
    Offers are stored with the commit that promises them, and viewers about a second later, so a
    restart goes on with the same counts.
    """

    def __init__(
        self, *, ledger: ReductionLedger, clock: Clock, fact_cache: FactCache, telemetry: Telemetry
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._fact_cache = fact_cache
        self._telemetry = telemetry
        self._since: dict[Where, dict[str, int]] = {}
        """(SKU, territory) → rule or `ANY_RULE` → when its reduction first applied (ms since the epoch)."""
        self._last: dict[tuple[Where, str], int] = {}
        """((SKU, territory), rule or `ANY_RULE`) → when it was last pushed (ms since the Unix epoch)."""
        self._counts: dict[Where, dict[str, int]] = {}
        """(product, territory) → `VIEWERS` or rule → how many in the last `COUNTED_HOURS`."""
        self._hours: dict[int, dict[tuple[Where, str], int]] = {}
        """Hour since the Unix epoch → the counts of that hour, which are subtracted later."""
        self._unwritten: dict[tuple[int, Where], int] = {}
        """(hour since the Unix epoch, (product, territory)) → viewers that are not written yet."""
        self._writing: asyncio.TimerHandle | None = None
        self._general: dict[tuple[str, str, str, int], GeneralPrice] = {}
        """(SKU, territory, rule, unit price) → its newest public price that is written, or about to be."""
        self.view = ReductionHistory(self._since, self._counts)
        """Live view for one turn."""

    async def start(self) -> None:
        """Read the start of every reduction that still counts, and the counts of the last day.

        A node reads them again and again. What it has counted itself and is not stored yet stays.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        first_hour = self._clock.now() // HOUR - COUNTED_HOURS + 1
        for tally in await self._ledger.tally_sums(first_hour):
            if tally.what in {VIEWER_TALLY, OFFER_TALLY}:
                where = tally.product, tally.territory
                known = self._hours.get(tally.hour, {}).get((where, tally.name), 0)
                if tally.count > known:
                    self._add(where, tally.name, tally.hour, tally.count - known)
        for row in await self._ledger.reductions(self._clock.now() - WINDOW):
            where = row.sku, row.territory
            rules = self._since.setdefault(where, {})
            rules[row.rule] = min(row.since, rules.get(row.rule, row.since))
            key = where, row.rule
            self._last[key] = max(row.last, self._last.get(key, row.last))
        # Release 0.1.0 noted reductions by rule alone.
        for where, rules in self._since.items():
            if ANY_RULE not in rules:
                self._last[where, ANY_RULE] = max(self._last[where, rule] for rule in rules)
                rules[ANY_RULE] = min(rules.values())

    def record_view(self, session: Session, item: Item, now: int, times: int = 1) -> None:
        """Count a viewer of a product, once per session.

        Args:
            session: The state before the view.
            item: What is viewed.
            now: When it is viewed, milliseconds since the Unix epoch, UTC.
            times: −1 reverses the count of a view that is decided again.
        """
        if session.viewed_item(item.sku) is None:
            self.record_first_view(session, item, now, times)

    def record_first_view(self, session: Session, item: Item, now: int, times: int = 1) -> None:
        """Count a session's first view of an item, unless it has viewed another variant before.

        Args:
            session: The state before the view.
            item: What is viewed.
            now: Milliseconds since the Unix epoch, UTC.
            times: −1 reverses the count.
        """
        # A page names the territory. Only a real one with a price is counted, so that no client can
        # make up more counters than the shop's countries have subdivisions.
        territory = session.territory
        if territory is None:
            return
        # A subdivision may have the price of its country.
        if territory not in item.prices and not (
            is_territory(territory) and nearest_row(item.prices, territory) is not None
        ):
            return
        viewed_before = len(item.variants) > 1 and _has_viewed(session, item.variants)
        if not viewed_before:
            where, hour = (item.product_id, territory), now // HOUR
            self._add(where, VIEWERS, hour, times)
            self._unwritten[hour, where] = self._unwritten.get((hour, where), 0) + times
            if self._writing is None:
                loop = asyncio.get_running_loop()
                self._writing = loop.call_later(WRITE_DELAY_S, self.flush)

    def flush(self) -> None:
        """Queue the viewers that are not written yet."""
        if self._writing is not None:
            self._writing.cancel()
            self._writing = None
        if self._unwritten:
            rows = [
                TallyRow(hour, VIEWER_TALLY, *where, VIEWERS, count)
                for (hour, where), count in self._unwritten.items()
            ]
            self._unwritten = {}
            self._ledger.record(Commit(tallies=tuple(rows)))

    def forget_old(self) -> None:
        """Drop reductions not pushed within `WINDOW`, and counts older than `COUNTED_HOURS`."""
        now = self._clock.now()
        for (where, rule), last in [*self._last.items()]:
            if last + WINDOW < now:
                del self._last[where, rule]
                self._since[where].pop(rule)
        this = now // HOUR
        for hour in [hour for hour in self._hours if hour <= this - COUNTED_HOURS]:
            for (where, name), count in self._hours.pop(hour).items():
                counts = self._counts[where]
                counts[name] -= count
                if not counts[name]:
                    del counts[name]

    async def prune(self) -> None:
        """Delete the stored counts that are older than `COUNTED_HOURS`.

        Raises:
            LedgerError: Some may be deleted; the next call deletes the others.
        """
        first_hour = self._clock.now() // HOUR - COUNTED_HOURS + 1
        for what in (VIEWER_TALLY, OFFER_TALLY):
            await self._ledger.prune_tallies(first_hour, what)

    def count_decided(self, offers: Iterable[Offer], times: int = 1) -> None:
        """Count the offers that a decision pushes; −1 reverses a decision that was refused."""
        for offer in offers:
            if offer.state is OfferState.PUSHED:
                where = offer.product, offer.territory
                self._add(where, offer.rule, offer.issued_at // HOUR, times)

    async def record_pushed(self, offers: Iterable[Offer]) -> None:
        """Note offers that are recorded and about to be shown, and publish the general ones."""
        for offer in offers:
            if offer.state is OfferState.PUSHED and offer.reduces_price:
                where = offer.sku, offer.territory
                for rule in (offer.rule, ANY_RULE):
                    self._since.setdefault(where, {}).setdefault(rule, offer.issued_at)
                    self._last[where, rule] = offer.issued_at
                if GENERAL in offer.notes:
                    await self._publish(offer)

    async def _publish(self, offer: Offer) -> None:
        """Write a general offer to the ledger of public prices, for a day from now.

        The entry is extended once an hour at most. A failed write is only logged: the offer itself
        is durable, and the next general offer tries again.
        """
        self._telemetry.record_general_offer()
        key = offer.sku, offer.territory, offer.rule, offer.unit
        now, known = offer.issued_at, self._general.get(key)
        if known and known.until > now + DAY - HOUR:
            return
        since = known.since if known and known.until > now else now
        price = GeneralPrice(
            offer.rule, offer.territory, offer.unit, offer.currency, since, now + DAY
        )
        row = FactRow(
            kind=GENERAL_KIND,
            key=f"{offer.sku}|{offer.territory}|{offer.rule}|{offer.unit}|{since}",
            version=None,
            subjects=(("sku", offer.sku),),
            body=msgspec.json.encode(price),
            at=now,
        )
        # Many offers are made while the first one is written; each would write an entry of its own.
        self._general[key] = price
        try:
            await self._ledger.record_facts([row])
        except LedgerError as error:
            log.error("general.unrecorded", sku=offer.sku, error=str(error))  # noqa: TRY400
            if known:
                self._general[key] = known
            else:
                del self._general[key]
            return
        self._fact_cache.invalidate_item(offer.sku)

    def _add(self, where: Where, name: str, hour: int, count: int) -> None:
        """Count viewers or offers under an hour since the Unix epoch."""
        counted = self._hours.get(hour)
        if counted is None:
            self.forget_old()
            counted = self._hours[hour] = defaultdict(int)
        counted[where, name] += count
        counts = self._counts.setdefault(where, {})
        counts[name] = counts.get(name, 0) + count


def offer_tallies(offers: Iterable[Offer]) -> tuple[TallyRow, ...]:
    """Return the counts that the commit of a decision stores: one for each pushed offer."""
    return tuple(
        [
            TallyRow(
                offer.issued_at // HOUR, OFFER_TALLY, offer.product, offer.territory, offer.rule, 1
            )
            for offer in offers
            if offer.state is OfferState.PUSHED
        ]
    )


def _has_viewed(session: Session, variants: tuple[str, ...]) -> bool:
    """Return whether a session remembers a view of any of the variants."""
    for viewed in session.viewed_items:  # noqa: SIM110 - a generator costs more than the whole loop
        if viewed.sku in variants:
            return True
    return False
