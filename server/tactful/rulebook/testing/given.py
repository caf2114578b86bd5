"""Turns `given`, and the steps of a scenario, into facts."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from tactful.core.facts import fact_types as facts
from tactful.core.pricing.conversion_rates import NO_OFFER, ConversionRates, Tally
from tactful.core.values.calendar import DAY
from tactful.core.values.money import Money
from tactful.rulebook.language.mappings import ParsedMapping
from tactful.rulebook.source.tree import Node

_PRICE_AGE = 200 * DAY
"""Default age of a price, in milliseconds: more than the 30 days that a prior price covers."""
_TERRITORY = "DE"
_REMEDY_LIFE = 30 * DAY
_PRODUCT_FIELDS = set(facts.Product.__struct_fields__) - {"attributes"}
"""Keys of an item that are copied into its product fact; attributes are read from the node."""


def as_datetime(at: int) -> datetime:
    """Return an instant (milliseconds since the Unix epoch) as facts have it, in UTC."""
    return datetime.fromtimestamp(at / 1000, UTC)


def single_amount(amounts: dict[str, int] | None) -> Money | None:
    """Return the first amount of currency → minor units, or None without one."""
    for currency, amount in (amounts or {}).items():
        return Money(amount, currency)
    return None


class GivenFacts:
    """Builds facts from the blocks of a scenario, and gives ids to those without one.

    `now` is the instant of the step, in milliseconds since the Unix epoch, UTC: `ago` counts back
    from it. The runner advances `now`.
    """

    def __init__(self, given: ParsedMapping | None, now: int) -> None:
        self.given = given
        self.now = now
        self._number = 0

    @property
    def territory(self) -> str:
        """The territory of the whole scenario."""
        return str(self._get("territory", _TERRITORY))

    def _get(self, name: str, otherwise: Any = None) -> Any:
        return self.given.get(name, otherwise) if self.given else otherwise

    def _id(self, block: ParsedMapping | None, kind: str) -> str:
        self._number += 1
        return str((block.get("id") if block else None) or f"{kind}-{self._number}")

    def _ago(self, block: ParsedMapping, name: str = "ago") -> datetime:
        return as_datetime(self.now - block.get(name, 0))

    def initial_facts(self) -> Iterator[facts.AnyFact]:
        """Yield the facts of all items and customers of `given`."""
        for sku, (_, block) in self._get("items", {}).items():
            yield from self.item(sku, block)
        for id_, (_, block) in self._get("customers", {}).items():
            yield from self.customer(id_, block)

    def conversion_rates(self) -> ConversionRates:
        """Return the conversion rates of `given.log`."""
        log = {}
        for sku, (_, rules) in self._get("log", {}).items():
            item = self._get("items", {}).get(sku)
            product = item[1].get("product", sku) if item else sku
            log[product, self.territory] = {
                NO_OFFER if rule == "silence" else rule: Tally(
                    block.get("shoppers", 0), block.get("bought", 0)
                )
                for rule, (_, block) in rules.items()
            }
        return ConversionRates(log)

    def item(self, sku: str, block: ParsedMapping) -> Iterator[facts.AnyFact]:
        """Yield the facts of an item: product, and price, cost and stock where they are given.

        Keys of the block that are fields of the product fact are copied as they are.
        """
        consumable = block.get("consumable")
        fields = {name: block.values[name] for name in _PRODUCT_FIELDS & block.values.keys()}
        yield facts.Product(
            sku=sku,
            consumable_days=consumable // DAY if consumable else None,
            attributes=attributes(block),
            **{"product": sku, "title": sku, **fields},
        )
        price = single_amount(block.get("price"))
        if price:
            yield self.price(
                sku, price, block, as_datetime(self.now - block.get("price_since", _PRICE_AGE))
            )
        cost = single_amount(block.get("cost"))
        if cost:
            yield facts.Cost(sku=sku, cost=cost)
        if block.get("stock") is not None:
            yield self.stock(sku, block.get("stock"))

    def price(
        self, sku: str, price: Money, block: ParsedMapping | None, since: datetime | None = None
    ) -> facts.Price:
        """Return a price fact for the territory.

        Args:
            sku: the item.
            price: the public price.
            block: the item of `given`, for its list, target and minimum advertised prices.
            since: since when the price is valid; None: now.
        """
        rate = self._get("tax")
        bounds = block or ParsedMapping(Node(""))
        return facts.Price(
            sku=sku,
            territory=self.territory,
            price=price,
            tax_included=rate is not None,
            tax_rate_bp=rate or 0,
            since=since or as_datetime(self.now),
            list=single_amount(bounds.get("list")),
            target=single_amount(bounds.get("target")),
            minimum_advertised=single_amount(bounds.get("minimum_advertised")),
        )

    def stock(self, sku: str, available: int) -> facts.Stock:
        """Return a stock fact for the territory."""
        return facts.Stock(sku=sku, territory=self.territory, available=available)

    def customer(self, id_: str, block: ParsedMapping) -> Iterator[facts.AnyFact]:
        """Yield the facts of a customer: orders, cases, returns, reviews, vouchers."""
        yield facts.Customer(
            customer=id_,
            tier=block.get("tier"),
            segments=block.get("segments", ()),
            opted_out=block.get("opted_out", False),
            attributes=attributes(block),
        )
        for one in block.get("orders", ()):
            yield self.order(id_, one)
        for one in block.get("cases", ()):
            yield self.case(id_, one)
        for one in block.get("returns", ()):
            yield self.return_(id_, one)
        for one in block.get("reviews", ()):
            yield self.review(id_, one)
        for one in block.get("remedies", ()):
            yield self.remedy(id_, one)

    def order(self, customer: str, block: ParsedMapping) -> facts.Order:
        """Return an order; it is delivered unless the block has another status."""
        late, cancelled_by = block.get("late"), block.get("cancelled_by")
        usual = "cancelled" if cancelled_by else "shipped" if late else "delivered"
        status = block.get("status", usual)
        placed = self._ago(block)
        return facts.Order(
            order=self._id(block, "order"),
            customer=customer,
            territory=self.territory,
            placed_at=placed,
            status=status,
            promised_by=as_datetime(self.now - late) if late else None,
            delivered_at=placed if status == "delivered" else None,
            cancelled_by=cancelled_by,
            lines=tuple(
                facts.OrderLine(sku, 1, single_amount(block.get("paid")) or self._paid(sku))
                for sku in block.get("items", ())
            ),
        )

    def _paid(self, sku: str) -> Money:
        found = self._get("items", {}).get(sku)
        price = single_amount(found[1].get("price")) if found else None
        return price or Money(1, "EUR")

    def case(self, customer: str, block: ParsedMapping) -> facts.Case:
        """Return a support case, open unless the block says since when it is resolved."""
        resolved = block.get("resolved")
        return facts.Case(
            case=self._id(block, "case"),
            customer=customer,
            order=block.get("order"),
            skus=block.get("items", ()),
            kind=block.get("kind", "other"),
            status="open" if resolved is None else "resolved",
            opened_at=self._ago(block),
            resolved_at=None if resolved is None else self._ago(block, "resolved"),
        )

    def return_(self, customer: str, block: ParsedMapping) -> facts.Return:
        """Return a return that the shop has received."""
        return facts.Return(
            return_=self._id(None, "return"),
            order=block.get("order"),
            customer=customer,
            at=self._ago(block),
            status="received",
            lines=tuple(
                facts.ReturnLine(sku, 1, block.get("reason", "unknown"))
                for sku in block.get("items", ())
            ),
        )

    def review(self, customer: str, block: ParsedMapping) -> facts.Review:
        """Return a review; a customer has one per item."""
        return facts.Review(
            review=f"{customer}/{block.get('item')}",
            customer=customer,
            sku=block.get("item", ""),
            rating=block.get("rating", 5),
            at=self._ago(block),
        )

    def remedy(self, customer: str, block: ParsedMapping) -> facts.Remedy:
        """Return a voucher that support issued."""
        value = block.get("value", {})
        paid = single_amount(value) if isinstance(value, dict) else None
        return facts.Remedy(
            remedy=self._id(None, "remedy"),
            customer=customer,
            value=facts.RemedyValue(amount=paid.amount, currency=paid.currency)
            if paid
            else facts.RemedyValue(percent_bp=value),
            cause=facts.RemedyCause(skus=block.get("items", ())),
            expires_at=as_datetime(self.now + block.get("expires", _REMEDY_LIFE)),
        )


def attributes(block: ParsedMapping) -> dict[str, Any] | None:
    """Return the attributes of an item or customer as facts have them: text, number or flag."""
    nodes = block.nodes.get("attributes")
    return {key.text: _plain(value) for key, value in nodes.pairs} if nodes else None


def _plain(node: Node) -> str | int | bool:
    if node.plain and node.text in {"true", "false"}:
        return node.text == "true"
    return int(node.text) if node.plain and node.text.isdecimal() else node.text


def as_builtins(node: Node) -> Any:
    """Return a node as plain data, for facts in the form of the facts API."""
    if node.kind == "map":
        return {key.text: as_builtins(value) for key, value in node.pairs}
    if node.kind == "list":
        return [as_builtins(item) for item in node.items]
    return _plain(node)
