"""What the shop knows about one SKU."""

from collections.abc import Mapping

from msgspec import Struct

from tactful.core.facts.fact_types import Cost, Price, Product, ReportedFact, Stock


class PublicPrice(Struct, frozen=True, gc=False, array_like=True):
    """The public price was `amount` (minor units) from `since` on."""

    since: int
    amount: int
    currency: str
    offered: bool = False
    """Whether it was an offer that reached so many that it was one to everybody."""


class Item(Struct, frozen=True, gc=False, kw_only=True):
    """An SKU with all its facts; whatever is missing is unknown, and unknown means no offer."""

    sku: str
    product: ReportedFact[Product] | None = None
    prices: Mapping[str, ReportedFact[Price]] = {}
    """Territory → the public price."""
    costs: Mapping[str, ReportedFact[Cost]] = {}
    """Territory, or else currency → the net cost."""
    stock: Mapping[str, tuple[ReportedFact[Stock], ...]] = {}
    """Territory → what each location has."""
    recalls: tuple[str, ...] = ()
    """The active recalls of the product, in whichever variant."""
    variants: tuple[str, ...] = ()
    """Every SKU of the product."""
    components: tuple["Item", ...] = ()
    """The parts of a bundle; a part that is not known is an `Item` without a product."""
    history: Mapping[str, tuple[PublicPrice, ...]] = {}
    """Territory → the ledger of public prices, oldest first."""
    upto: int = 0
    """The number of the newest fact when it was read; by that the same item can be read again."""

    @property
    def product_id(self) -> str:
        """The product; an unknown SKU is its own product."""
        return self.product.fact.product if self.product else self.sku

    @property
    def brand(self) -> str | None:
        """The brand, where the shop named one."""
        return self.product.fact.brand if self.product else None

    def available(self, territory: str) -> int | None:
        """How many can be sold there, over all locations; None: unknown."""
        kept = self.stock.get(territory)
        return sum([stock.fact.available for stock in kept]) if kept else None

    def stock_at(self, territory: str) -> int | None:
        """When the stock there was last reported (ms)."""
        kept = self.stock.get(territory)
        return max(stock.at for stock in kept) if kept else None

    def cost(self, territory: str, currency: str) -> ReportedFact[Cost] | None:
        """The net cost there, or else wherever it is sold in that currency."""
        return self.costs.get(territory) or self.costs.get(currency)
