"""What the shop knows about one SKU."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from tactful.core.facts.fact_types import Cost, Gone, Price, Product, ReportedFact, Stock
from tactful.core.facts.price_history import PublicPrice
from tactful.core.facts.price_plan import PricePlan, next_change, planned_price
from tactful.core.facts.price_rows import EVERYBODY, Audience, PriceRow, price_among, rows_for
from tactful.core.values.territories import country_of, nearest_row


class Item(Struct, frozen=True, gc=False, kw_only=True):
    """An SKU with all facts about it. Unreported facts are unknown, and lead to no offer."""

    sku: str
    product: ReportedFact[Product] | None = None
    prices: Mapping[str, ReportedFact[Price]] = {}
    """Territory → the price of the highest version; `price_at` says which price is in force."""
    price_rows: Mapping[str, tuple[PriceRow, ...]] = {}
    """Territory → its prices, where it has several: per currency, channel or customer group."""
    plans: Mapping[str, PricePlan] = {}
    """Territory → the plan of a price that was announced for a later instant."""
    costs: Mapping[str, ReportedFact[Cost]] = {}
    """Territory, or currency for a cost without a territory → the net cost."""
    stock: Mapping[str, tuple[ReportedFact[Stock], ...]] = {}
    """Territory → the stock of each location, or the whole stock."""
    end: ReportedFact[Gone] | None = None
    """The report that the product does not exist any more; `None`: it does."""
    recalls: tuple[str, ...] = ()
    """The ids of the active recalls of the product or any of its variants, sorted."""
    variants: tuple[str, ...] = ()
    """Every SKU of the product, sorted."""
    components: tuple["Item", ...] = ()
    """The components of a bundle; one that nobody reported is an `Item` without a product."""
    history: Mapping[str, tuple[PublicPrice, ...]] = {}
    """Territory → the public prices, oldest first."""
    upto: int = 0
    """The number of the ledger's newest fact at the time of reading; it makes the reading repeatable."""

    @property
    def product_id(self) -> str:
        """The product's id; an SKU that nobody reported is its own product."""
        return self.product.fact.product if self.product else self.sku

    @property
    def brand(self) -> str | None:
        """The brand, where the shop named one."""
        return self.product.fact.brand if self.product else None

    def price_at(
        self, territory: str, now: int, audience: Audience = EVERYBODY
    ) -> ReportedFact[Price] | None:
        """Return the public price in force in a territory; `None`: there is none.

        A subdivision without a price of its own has that of its country.

        Args:
            territory: ISO 3166-1 or 3166-2 code.
            now: Milliseconds since the Unix epoch, UTC.
            audience: For whom the price is asked.
        """
        found = self._price_in(territory, now, audience)
        if found is None and len(territory) > 2:
            return self._price_in(country_of(territory), now, audience)
        return found

    def _price_in(self, territory: str, now: int, audience: Audience) -> ReportedFact[Price] | None:
        rows = self.price_rows.get(territory)
        if rows is not None:
            return price_among(rows, audience, now)
        plan = self.plans.get(territory)
        found = planned_price(plan, now) if plan else self.prices.get(territory)
        if found is None or audience.currency in {None, found.fact.price.currency}:
            return found
        return None

    def public_prices(
        self, territory: str, now: int, audience: Audience = EVERYBODY
    ) -> tuple[PublicPrice, ...]:
        """Return the public prices that an audience had in a territory, oldest first.

        Args:
            territory: ISO 3166-1 or 3166-2 code.
            now: Milliseconds since the Unix epoch, UTC. Where the audience has no currency, it is that
                of the price in force then.
            audience: For whom the prices are asked.
        """
        country = country_of(territory)
        for place in (territory,) if territory == country else (territory, country):
            rows = self.price_rows.get(place)
            found = self.history.get(place, ())
            if rows is not None:
                found = next((row.history for row in rows_for(rows, audience, now)), ())
            if found:
                return found
        return ()

    def next_price_change(self, territory: str, now: int) -> int | None:
        """Return when an announced price takes effect next (ms since the Unix epoch), or `None`."""
        # Nearly every item has neither an announced price nor several prices in a territory.
        if not self.plans and not self.price_rows:
            return None
        places = dict.fromkeys((territory, country_of(territory)))
        plans = [self.plans[place] for place in places if place in self.plans]
        plans += [row.plan for place in places for row in self.price_rows.get(place, ())]
        changes = (next_change(plan, now) for plan in plans)
        return min((change for change in changes if change is not None), default=None)

    @property
    def is_reported(self) -> bool:
        """Whether any fact is about the SKU or its product."""
        parts = (self.prices, self.costs, self.stock, self.recalls)
        return self.product is not None or self.end is not None or any(parts)

    @property
    def ended(self) -> Literal["gone", "discontinued"] | None:
        """Why the product is not sold any more; `None`: it is."""
        if self.end is not None:
            return "gone"
        product = self.product
        return "discontinued" if product and product.fact.status == "discontinued" else None

    def stock_rows(self, territory: str) -> tuple[ReportedFact[Stock], ...]:
        """Return the stock that can be sold in a territory: its own, or else that of its country."""
        return nearest_row(self.stock, territory) or ()

    def stock_place(self, territory: str) -> str:
        """Return the territory whose stock is sold in a territory: itself, or its country."""
        return territory if territory in self.stock else country_of(territory)

    def is_counted(self, territory: str) -> bool:
        """Return whether the number of units there limits what can be sold."""
        return all(stock.fact.is_counted for stock in self.stock_rows(territory))

    def available(self, territory: str) -> int | None:
        """Return how many units can be sold there, over all locations.

        Returns:
            0 for a product that is not sold any more; `None`: unknown, or not counted.
        """
        if self.ended:
            return 0
        reported, total = self.stock_rows(territory), 0
        for stock in reported:
            if not stock.fact.is_counted:
                return None
            total += stock.fact.available or 0
        return total if reported else None

    def stock_at(self, territory: str) -> int | None:
        """Return when the stock there was last reported (ms since the Unix epoch); `None`: never."""
        return max((stock.at for stock in self.stock_rows(territory)), default=None)

    def cost(self, territory: str, currency: str) -> ReportedFact[Cost] | None:
        """Return the net cost for the territory or its country, or else the one for the currency."""
        return nearest_row(self.costs, territory) or self.costs.get(currency)
