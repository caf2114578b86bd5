"""Medusa 2.21.2 in small: the events that a subscriber passes on, and its lists by offset."""

from collections.abc import Mapping
from typing import Any

from support.deliveries import read_payload
from support.fake_shop import Answer, FakeShop, Json, by_id

VARIANT = read_payload("shops/medusa", "variants")["variants"][0]
PRICE = read_payload("shops/medusa", "prices")["variants"][0]
ORDER = read_payload("shops/medusa", "orders")["orders"][0]
RETURN = read_payload("shops/medusa", "returns")["returns"][0]
CLAIM = read_payload("shops/medusa", "claims")["claims"][0]


class FakeMedusa(FakeShop):
    """Variants of products, their prices in a region, orders, returns and claims."""

    def __init__(self, now: int) -> None:
        super().__init__(now)
        self.prices: dict[int, int] = {}
        self.returns: dict[int, Json] = {}
        self.claims: dict[int, Json] = {}

    def send_event(self, name: str, **data: Any) -> None:
        """Send the name of an event and the ids that it is about."""
        metadata = {"eventGroupId": f"group-{len(self.sent)}", "created_at": self.stamp(".000Z")}
        self.send(name, {"name": name, "data": data, "metadata": metadata})

    def add_product(self, price: int, stock: int) -> int:
        """Create a product with one variant."""
        ident = self.new_id()
        item = VARIANT["inventory_items"][0]
        level = {**item["inventory"]["location_levels"][0], "stocked_quantity": stock}
        self.products[ident] = {
            **VARIANT, "id": ident, "sku": f"M-{ident}",
            "product": {**VARIANT["product"], "id": ident},
            "inventory_items": [
                {**item, "inventory": {"id": ident, "location_levels": [{**level, "reserved_quantity": 0}]}}
            ],
        }  # fmt: skip
        self.prices[ident] = price
        self.send_event("product.created", id=ident)
        self.send_event("product-variant.created", id=ident)
        return ident

    def reprice(self, ident: int, price: int) -> None:
        """Change the price of a variant."""
        self.prices[ident] = price
        self.send_event("product-variant.updated", id=ident)

    def sell(self, ident: int, count: int) -> None:
        """Reserve units of a variant."""
        (item,) = self.products[ident]["inventory_items"]
        (level,) = item["inventory"]["location_levels"]
        left = level["stocked_quantity"] - level["reserved_quantity"]
        level["reserved_quantity"] += min(left, count)
        self.send_event("inventory-level.updated", id=f"level-{ident}", inventory_item_id=ident)

    def _change(self, ident: int, **product: Any) -> None:
        self.products[ident]["product"] = {**self.products[ident]["product"], **product}
        self.send_event("product.updated", id=ident)

    def bin(self, ident: int) -> None:
        """Take a product off the shop."""
        self._change(ident, status="draft")

    def restore(self, ident: int) -> None:
        """Sell a product again."""
        self._change(ident, status="published")

    def edit(self, ident: int) -> None:
        """Change the category of a product to and fro."""
        names = [one["name"] for one in self.products[ident]["product"]["categories"]]
        self._change(ident, categories=[{"name": "Boots" if names == ["Shoes"] else "Shoes"}])

    def delete(self, ident: int) -> None:
        """Delete a product."""
        del self.products[ident]
        self.send_event("product.deleted", id=ident)

    def order(self, ident: int, quantity: int = 2) -> int:
        """Place an order of one variant."""
        order = self.new_id()
        line = {
            **ORDER["items"][0], "id": self.new_id(), "variant_id": ident,
            "variant_sku": self.products[ident]["sku"], "quantity": quantity,
        }  # fmt: skip
        self.orders[order] = {
            **ORDER, "id": order, "display_id": order, "items": [line], "returns": [],
            "fulfillments": [], "payment_collections": [], "created_at": self.stamp(".000Z"),
            "tactful_status": "pending", "status": "pending", "payment_status": "authorized",
            "fulfillment_status": "not_fulfilled", "updated_at": self.stamp(".000Z"),
        }  # fmt: skip
        self.send_event("order.placed", id=order)
        return order

    def set_status(self, order: int, status: str) -> None:
        """Change an order: `processing` (paid), `completed` (sent) or `cancelled`."""
        row = self.orders[order]
        row |= {
            "tactful_status": status,
            "status": "canceled" if status == "cancelled" else "pending",
            "payment_status": "captured",
            "fulfillment_status": "shipped" if status == "completed" else "not_fulfilled",
        }
        if status == "processing":
            # Seen on the real one: a captured payment moves no stamp of its order.
            self.send_event("payment.captured", id=f"payment-{order}", order_id=order)
            return
        row["updated_at"] = self.stamp(".000Z")
        name = "order.canceled" if status == "cancelled" else "shipment.created"
        self.send_event(name, id=order, order_id=order)

    def refund(self, order: int, quantity: int) -> None:
        """Take units of an order back."""
        line, ident = self.orders[order]["items"][0], self.new_id()
        item = {
            **RETURN["items"][0], "quantity": quantity, "received_quantity": quantity,
            "item": {"variant_id": line["variant_id"], "variant_sku": line["variant_sku"]},
        }  # fmt: skip
        self.returns[ident] = {
            **RETURN, "id": ident, "order_id": order, "items": [item], "status": "received",
            **dict.fromkeys(("requested_at", "received_at", "updated_at"), self.stamp(".000Z")),
        }  # fmt: skip
        known = self.orders[order]["returns"]
        self.orders[order]["returns"] = [*known, {"id": ident, "status": "received"}]
        self.orders[order]["updated_at"] = self.stamp(".000Z")
        self.send_event("order.return_received", order_id=order, return_id=ident)

    def claim(self, order: int, reason: str) -> int:
        """Complain about the line of an order."""
        line, ident = self.orders[order]["items"][0], self.new_id()
        item = {
            **CLAIM["claim_items"][0], "reason": reason, "item_id": line["id"],
            "item": {"variant_id": line["variant_id"], "variant_sku": line["variant_sku"]},
        }  # fmt: skip
        self.claims[ident] = {
            **CLAIM, "id": ident, "order_id": order, "claim_items": [item],
            **dict.fromkeys(("created_at", "updated_at"), self.stamp(".000Z")),
        }  # fmt: skip
        self.send_event("order.claim_created", order_id=order, claim_id=ident)
        return ident

    def answer(
        self,
        method: str,  # noqa: ARG002
        path: str,
        query: Mapping[str, str],
        body: Json,  # noqa: ARG002
    ) -> Answer:
        """Answer below `/admin` and `/store`."""
        tables = {
            "product-variants": ("variants", self.products), "orders": ("orders", self.orders),
            "returns": ("returns", self.returns), "claims": ("claims", self.claims),
            "customers": ("customers", self.customers),
        }  # fmt: skip
        match path.strip("/").split("/"):
            case ["store", "product-variants"]:
                assert query["region_id"] == "reg_1"
                rows = [self._priced(ident) for ident in sorted(self.products)]
                return self._listed(query, "variants", rows)
            case ["admin", "products", product, "variants"]:
                rows = [one for one in by_id(self.products) if one["id"] == int(product)]
                return self._listed(query, "variants", rows)
            case ["admin", "inventory-items"]:
                rows = [{"id": one, "variants": [{"id": one}]} for one in sorted(self.products)]
                return self._listed(query, "inventory_items", rows)
            case ["admin", "payments"]:
                order = int(query["id"].removeprefix("payment-"))
                row = {"id": query["id"], "payment_collection": {"order": {"id": order}}}
                return self._listed({}, "payments", [row])
            case ["admin", name] if name in tables:
                field, table = tables[name]
                return self._listed(query, field, by_id(table))
        return Answer(404, {"type": "not_found"})

    def _priced(self, ident: int) -> Json:
        price = self.prices[ident]
        amount = {"calculated_amount": price / 100, "original_amount": price / 100}
        return {
            "id": ident, "sku": self.products[ident]["sku"],
            "calculated_price": {**PRICE["calculated_price"], **amount},
        }  # fmt: skip

    def _listed(self, query: Mapping[str, str], field: str, rows: list[Json]) -> Answer:
        if wanted := query.get("id"):
            rows = [one for one in rows if str(one["id"]) == wanted]
        if since := query.get("updated_at[$gte]"):
            rows = [one for one in rows if one["updated_at"][:19] >= since[:19]]
        offset, limit = int(query.get("offset", 0)), int(query.get("limit", 50))
        size = min(limit, self.page_size)
        body = {field: rows[offset : offset + size], "count": len(rows), "offset": offset}
        return Answer(200, body)


def facts_of_shop(shop: FakeMedusa) -> dict[str, Any]:
    """Return what is true about products and orders, without a mapper."""
    found: dict[str, Any] = {}
    for ident, row in shop.products.items():
        (level,) = row["inventory_items"][0]["inventory"]["location_levels"]
        if row["product"]["status"] == "published":
            left = level["stocked_quantity"] - level["reserved_quantity"]
            categories = tuple(one["name"] for one in row["product"]["categories"])
            found[row["sku"]] = (shop.prices[ident], left, categories)
    for order, row in shop.orders.items():
        back = [
            one["items"][0]["received_quantity"]
            for one in shop.returns.values()
            if one["order_id"] == order
        ]
        found[str(order)] = (row["tactful_status"], tuple(sorted(back)))
    return found
