"""What the shop knows about one SKU."""

from collections.abc import Mapping
from typing import Final, Literal

from msgspec import Struct

from tactful.core.facts.fact_types import Cost, Gone, Price, Product, ReportedFact, Stock
from tactful.core.facts.price_plan import PricePlan, next_change, planned_price

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


class Item(Struct, frozen=True, gc=False, kw_only=True):
    """An SKU with all facts about it. Unreported facts are unknown, and lead to no offer."""

    sku: str
    product: ReportedFact[Product] | None = None
    prices: Mapping[str, ReportedFact[Price]] = {}
    """Territory → the price of the highest version; `price_at` says which price is in force."""
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

    def price_at(self, territory: str, now: int) -> ReportedFact[Price] | None:
        """Return the public price in force in a territory; `None`: there is none.

        Args:
            territory: ISO 3166-1 or 3166-2 code.
            now: Milliseconds since the Unix epoch, UTC.
        """
        plan = self.plans.get(territory)
        return planned_price(plan, now) if plan else self.prices.get(territory)

    def next_price_change(self, territory: str, now: int) -> int | None:
        """Return when an announced price takes effect next (ms since the Unix epoch), or `None`."""
        plan = self.plans.get(territory)
        return next_change(plan, now) if plan else None

    @property
    def ended(self) -> Literal["gone", "discontinued"] | None:
        """Why the product is not sold any more; `None`: it is."""
        if self.end is not None:
            return "gone"
        product = self.product
        return "discontinued" if product and product.fact.status == "discontinued" else None

    def is_counted(self, territory: str) -> bool:
        """Return whether the number of units there limits what can be sold."""
        return all(stock.fact.is_counted for stock in self.stock.get(territory, ()))

    def available(self, territory: str) -> int | None:
        """Return how many units can be sold there, over all locations.

        Returns:
            0 for a product that is not sold any more; `None`: unknown, or not counted.
        """
        if self.ended:
            return 0
        reported = self.stock.get(territory)
        if not reported or not self.is_counted(territory):
            return None
        return sum([stock.fact.available or 0 for stock in reported])

    def stock_at(self, territory: str) -> int | None:
        """Return when the stock there was last reported (ms since the Unix epoch); `None`: never."""
        reported = self.stock.get(territory)
        return max(stock.at for stock in reported) if reported else None

    def cost(self, territory: str, currency: str) -> ReportedFact[Cost] | None:
        """Return the net cost for the territory, or else the one for the currency."""
        return self.costs.get(territory) or self.costs.get(currency)
