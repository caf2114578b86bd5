"""Since when, and to how many, has each rule's reduction been offered?"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Final, Protocol

import msgspec
import structlog

from tactful.core.compliance.prior_price import WINDOW
from tactful.core.compliance.reduction_history import VIEWERS, ReductionHistory
from tactful.core.facts.item import GENERAL_KIND, GeneralPrice, Item
from tactful.core.offers.offer import Offer, OfferState
from tactful.core.session.session import Session
from tactful.core.stages.offer_builder import GENERAL
from tactful.core.values.calendar import DAY, HOUR
from tactful.runtime.facts.fact_cache import FactCache
from tactful.runtime.ports.environment import Clock
from tactful.runtime.ports.fact_store import FactStore
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.ports.ledger_rows import FactRow
from tactful.runtime.ports.offer_statistics import OfferStatistics
from tactful.runtime.telemetry import Telemetry

log = structlog.get_logger("tactful.reach")

HOURS: Final = DAY // HOUR
Where = tuple[str, str]


class ReductionLedger(FactStore, OfferStatistics, Protocol):
    """The roles of the ledger that the tracker uses: past reductions, and general prices as facts."""


class ReductionTracker:
    """Counts viewers and offers by the hour, and keeps when each reduction began.

    An offer that reached most of a product's viewers is a public price in truth, and is written to
    the ledger of these. The counts start anew with the process; the reductions do not.
    """

    def __init__(
        self, *, ledger: ReductionLedger, clock: Clock, world: FactCache, telemetry: Telemetry
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._world = world
        self._telemetry = telemetry
        self._since: dict[Where, dict[str, int]] = {}
        self._last: dict[tuple[Where, str], int] = {}
        self._counts: dict[Where, dict[str, int]] = {}
        self._hours: dict[int, dict[tuple[Where, str], int]] = {}
        self._general: dict[tuple[str, str, str, int], GeneralPrice] = {}
        self.view = ReductionHistory(self._since, self._counts)
        """Live, for a turn to read."""

    async def start(self) -> None:
        """Take over when the reductions of before began."""
        for row in await self._ledger.reductions(self._clock.now() - WINDOW):
            where = row.sku, row.territory
            self._since.setdefault(where, {})[row.rule] = row.since
            self._last[where, row.rule] = row.last

    def record_view(self, session: Session, item: Item) -> None:
        """A shopper looks at an item; `session` is as it was before."""
        if session.viewed_item(item.sku) is None:
            self.record_first_view(session, item, self._clock.now())

    def record_first_view(self, session: Session, item: Item, now: int) -> None:
        """A shopper looks at an item for the first time; one variant per session is enough to count."""
        if session.territory and not (len(item.variants) > 1 and _knows(session, item.variants)):
            self._count((item.product_id, session.territory), VIEWERS, now)

    def forget_old(self) -> None:
        """Reductions that were not offered for a whole window are over, counts of yesterday too."""
        now = self._clock.now()
        for (where, rule), last in [*self._last.items()]:
            if last + WINDOW < now:
                del self._last[where, rule]
                self._since[where].pop(rule)
        this = now // HOUR
        for hour in [hour for hour in self._hours if hour <= this - HOURS]:
            for (where, name), count in self._hours.pop(hour).items():
                self._counts[where][name] -= count

    async def record_pushed(self, offers: Iterable[Offer]) -> None:
        """Offers that are recorded and about to be shown."""
        for offer in offers:
            if offer.state is OfferState.PUSHED:
                where = offer.sku, offer.territory
                self._since.setdefault(where, {}).setdefault(offer.rule, offer.issued_at)
                self._last[where, offer.rule] = offer.issued_at
                self._count((offer.product, offer.territory), offer.rule, self._clock.now())
                if GENERAL in offer.notes:
                    await self._publish(offer)

    async def _publish(self, offer: Offer) -> None:
        """Write a general offer to the ledger of public prices, for a day from now; hourly will do."""
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
        try:
            await self._ledger.record_facts([row])
        except LedgerError as error:  # the offer itself is durable; the next one tries again
            log.error("general.unrecorded", sku=offer.sku, error=str(error))  # noqa: TRY400
            return
        self._general[key] = price
        self._world.invalidate_item(offer.sku)

    def _count(self, where: Where, name: str, now: int) -> None:
        hour = now // HOUR
        counted = self._hours.get(hour)
        if counted is None:
            self.forget_old()
            counted = self._hours[hour] = defaultdict(int)
        counted[where, name] += 1
        counts = self._counts.setdefault(where, {})
        counts[name] = counts.get(name, 0) + 1


def _knows(session: Session, variants: tuple[str, ...]) -> bool:
    """Whether one of them was looked at."""
    for look in session.viewed_items:  # noqa: SIM110 - a generator costs more than the whole look
        if look.sku in variants:
            return True
    return False
