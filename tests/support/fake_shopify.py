"""Shopify in small: what it sends, what gets lost, and its lists by cursor."""

from collections.abc import Mapping
from typing import Any

from support.deliveries import read_payload
from support.fake_shop import HOST, Answer, FakeShop, Json, by_id
from tactful.connectors.shops.shopify import API

PRODUCT = read_payload("shops/shopify", "product")
ORDER = read_payload("shops/shopify", "order")
REFUND = read_payload("shops/shopify", "refund")


class FakeShopify(FakeShop):
    """Products with variants, orders and refunds; requests flow out of a bucket."""

    def __init__(self, now: int) -> None:
        super().__init__(now)
        self.used = 1
        """Requests in the bucket of 40."""

    def add_product(self, price: int, stock: int) -> int:
        """Create a product with one variant."""
        ident = self.new_id()
        variant = {
            **PRODUCT["variants"][0], "id": self.new_id(), "sku": f"S-{ident}",
            "inventory_quantity": stock, "inventory_policy": "deny",
        }  # fmt: skip
        self.products[ident] = {**PRODUCT, "id": ident, "variants": [variant]}
        self._save(ident, "create", price=f"{price // 100}.{price % 100:02}")
        return ident

    def _save(self, ident: int, event: str = "update", **variant: Any) -> None:
        row = self.products[ident]
        row["updated_at"] = self.stamp("Z")
        row["variants"] = [{**row["variants"][0], **variant, "updated_at": self.stamp("Z")}]
        self.send(f"products/{event}", row)

    def reprice(self, ident: int, price: int) -> None:
        """Change the price of a variant."""
        self._save(ident, price=f"{price // 100}.{price % 100:02}")

    def sell(self, ident: int, count: int) -> None:
        """Take units out of stock."""
        left = self.products[ident]["variants"][0]["inventory_quantity"] - count
        self._save(ident, inventory_quantity=max(0, left))

    def bin(self, ident: int) -> None:
        """Archive a product."""
        self.products[ident]["status"] = "archived"
        self._save(ident)

    def restore(self, ident: int) -> None:
        """Sell an archived product again."""
        self.products[ident]["status"] = "active"
        self._save(ident)

    def delete(self, ident: int) -> None:
        """Delete a product."""
        del self.products[ident]
        self.send("products/delete", {"id": ident})

    def edit(self, ident: int) -> None:
        """Change the type of a product to and fro."""
        row = self.products[ident]
        row["product_type"] = "Boots" if row["product_type"] == "Shoes" else "Shoes"
        self._save(ident)

    def order(self, ident: int, quantity: int = 2) -> int:
        """Place an order of one product."""
        order = self.new_id()
        variant = self.products[ident]["variants"][0]
        line = {
            **ORDER["line_items"][0], "id": self.new_id(), "sku": variant["sku"],
            "variant_id": variant["id"], "quantity": quantity, "current_quantity": quantity,
            "discount_allocations": [], "tax_lines": [],
        }  # fmt: skip
        self.orders[order] = {
            **ORDER, "id": order, "order_number": order, "checkout_token": f"co-{order}",
            "cart_token": f"ca-{order}", "created_at": self.stamp("Z"), "line_items": [line],
            "refunds": [], "fulfillments": [],
        }  # fmt: skip
        self.set_status(order, "pending", event="create")
        return order

    def set_status(self, order: int, status: str, event: str = "updated") -> None:
        """Change an order: `pending`, `processing` (paid), `completed` (sent) or `cancelled`."""
        self.orders[order] |= {
            "financial_status": "pending" if status == "pending" else "paid",
            "fulfillment_status": "fulfilled" if status == "completed" else None,
            "cancelled_at": self.stamp("Z") if status == "cancelled" else None,
            "updated_at": self.stamp("Z"),
            "tactful_status": status,
        }
        self.send(f"orders/{event}", self.orders[order])

    def refund(self, order: int, quantity: int) -> None:
        """Refund units of an order; the order and the refund are sent."""
        line = self.orders[order]["line_items"][0]
        own = {
            **REFUND["refund_line_items"][0], "line_item_id": line["id"], "quantity": quantity,
            "line_item": {"sku": line["sku"], "variant_id": line["variant_id"]},
        }  # fmt: skip
        made = {
            **REFUND, "id": self.new_id(), "order_id": order, "created_at": self.stamp("Z"),
            "refund_line_items": [own],
        }  # fmt: skip
        line["current_quantity"] -= quantity
        self.orders[order]["refunds"] = [*self.orders[order]["refunds"], made]
        self.orders[order]["updated_at"] = self.stamp("Z")
        self.send("refunds/create", made)
        self.send("orders/updated", self.orders[order])

    def answer(
        self,
        method: str,  # noqa: ARG002
        path: str,
        query: Mapping[str, str],
        body: Json,  # noqa: ARG002
    ) -> Answer:
        """Answer below `/admin/api`."""
        tables = {"products": self.products, "orders": self.orders, "customers": self.customers}
        match path.removeprefix(f"{API}/").removesuffix(".json").split("/"):
            case [name] if name in tables:
                return self._listed(path, query, name, by_id(tables[name]))
            case [name, ident] if int(ident) in tables.get(name, {}):
                return Answer(200, {name.removesuffix("s"): tables[name][int(ident)]})
        return Answer(404, {"errors": "Not Found"})

    def _listed(self, path: str, query: Mapping[str, str], name: str, rows: list[Json]) -> Answer:
        # A cursor holds what was asked for, and takes nothing else but the limit.
        after, since = 0, query.get("updated_at_min", "")
        if cursor := query.get("page_info"):
            assert set(query) == {"limit", "page_info"}, query
            text, since = cursor.split("~")
            after = int(text)
        rows = [one for one in rows if one["id"] > after and one["updated_at"] >= since]
        size = min(int(query["limit"]), self.page_size)
        headers = {"x-shopify-shop-api-call-limit": f"{self.used}/40"}
        if len(rows) > size:
            cursor = f"{rows[size - 1]['id']}~{since}"
            url = f"{HOST}{path}?limit={query['limit']}&page_info={cursor}"
            headers["link"] = f'<{url}>; rel="next"'
        return Answer(200, {name: rows[:size]}, headers)


def facts_of_shop(shop: FakeShopify) -> dict[str, Any]:
    """Return what is true about products and orders, without a mapper."""
    found: dict[str, Any] = {}
    for row in shop.products.values():
        variant = row["variants"][0]
        if row["status"] == "active":
            price = round(float(variant["price"]) * 100)
            categories = (row["product_type"],)
            found[variant["sku"]] = (price, variant["inventory_quantity"], categories)
    for order, row in shop.orders.items():
        back = (one["refund_line_items"][0]["quantity"] for one in row["refunds"])
        found[str(order)] = (row["tactful_status"], tuple(sorted(back)))
    return found
