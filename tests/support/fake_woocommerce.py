"""WooCommerce 11.0.1 in small: what it sends, what it does not send, and its lists."""

from collections.abc import Mapping
from typing import Any

from support.deliveries import read_payload
from support.fake_shop import HOST, Answer, FakeShop, Json, by_id
from tactful.connectors.shops.woocommerce_items import API

PRODUCT = read_payload("shops/woocommerce", "webhook.product.updated.sale_price")["body"]
VARIATION = read_payload("shops/woocommerce", "webhook.product.updated.variation")["body"]
ORDER = read_payload("shops/woocommerce", "webhook.order.updated.processing")["body"]
REFUND = read_payload("shops/woocommerce", "rest.refund")["body"]


class FakeWoocommerce(FakeShop):
    """Products with and without variations, orders, refunds, reviews and subscriptions."""

    def __init__(self, now: int) -> None:
        super().__init__(now)
        self.refunds: dict[int, list[Json]] = {}
        self.reviews: dict[int, Json] = {}
        self.hooks: dict[int, Json] = {
            5: {"id": 5, "status": "active", "delivery_url": "https://t.example/v1/in/shop"},
            6: {"id": 6, "status": "disabled", "delivery_url": "https://other.example/hook"},
        }

    def add_product(self, price: int, stock: int, *, parent: int = 0) -> int:
        """Create a simple product, or a variation of a parent."""
        ident = self.new_id()
        base = VARIATION if parent else PRODUCT
        self.products[ident] = {
            **base, "id": ident, "parent_id": parent, "sku": f"W-{ident}", "stock_quantity": stock,
        }  # fmt: skip
        self._save(ident, price, "created" if not parent else "updated")
        return ident

    def add_parent(self) -> int:
        """Create a product that is sold in variations."""
        ident = self.new_id()
        self.products[ident] = {
            **PRODUCT, "id": ident, "type": "variable", "sku": "", "name": "Trail",
        }  # fmt: skip
        self._save(ident, 10_000, "created")
        return ident

    def _save(self, ident: int, price: int, event: str) -> None:
        text = f"{price // 100}.{price % 100:02}"
        changed = {"price": text, "regular_price": text, "date_modified_gmt": self.stamp()}
        self.products[ident] |= changed
        self.send(f"product.{event}", self.products[ident])

    def reprice(self, ident: int, price: int) -> None:
        """Change the price of a product or variation."""
        self._save(ident, price, "updated")

    def sell(self, ident: int, count: int) -> None:
        """Take units out of stock, which moves the stamp of what was sold, and not of its parent."""
        left = max(0, self.products[ident]["stock_quantity"] - count)
        self.products[ident] |= {"stock_quantity": left, "date_modified_gmt": self.stamp()}
        self.send("product.updated", self.products[ident])

    def bin(self, ident: int) -> None:
        """Put a product into the bin."""
        self.products[ident] |= {"status": "trash", "date_modified_gmt": self.stamp()}
        self.send("product.deleted", {"id": ident})

    def restore(self, ident: int) -> None:
        """Take a product out of the bin."""
        self.products[ident] |= {"status": "publish", "date_modified_gmt": self.stamp()}
        self.send("product.restored", self.products[ident])

    def delete(self, ident: int) -> None:
        """Delete a product for good, about which nothing is sent."""
        del self.products[ident]
        for child in [one for one, row in self.products.items() if row["parent_id"] == ident]:
            del self.products[child]

    def order(self, ident: int, quantity: int = 2) -> int:
        """Place an order of one product."""
        order = self.new_id()
        row = self.products[ident]
        line = {
            **ORDER["line_items"][0], "id": self.new_id(), "product_id": row["parent_id"] or ident,
            "variation_id": ident if row["parent_id"] else 0, "quantity": quantity,
            "sku": row["sku"], "total": "100.00", "total_tax": "19.00", "meta_data": [],
        }  # fmt: skip
        self.orders[order] = {
            **ORDER, "id": order, "number": str(order), "status": "pending", "customer_id": 7,
            "line_items": [line], "refunds": [], "date_created_gmt": self.stamp(),
            "date_modified_gmt": self.stamp(),
        }  # fmt: skip
        self.send("order.created", self.orders[order])
        return order

    def set_status(self, order: int, status: str) -> None:
        """Change the status of an order."""
        self.orders[order] |= {"status": status, "date_modified_gmt": self.stamp()}
        self.send("order.updated", self.orders[order])

    def refund(self, order: int, quantity: int) -> None:
        """Refund units of an order."""
        line = self.orders[order]["line_items"][0]
        ident = self.new_id()
        own = {**REFUND["line_items"][0], "sku": line["sku"], "quantity": -quantity}
        made = {**REFUND, "id": ident, "date_created_gmt": self.stamp(), "line_items": [own]}
        self.refunds.setdefault(order, []).append(made)
        self.orders[order]["refunds"] = [
            *self.orders[order]["refunds"],
            {"id": ident, "reason": "defect", "total": f"-{made['amount']}"},
        ]
        self.orders[order]["date_modified_gmt"] = self.stamp()
        self.send("order.updated", self.orders[order])

    def edit(self, ident: int) -> None:
        """Change the categories of a product to and fro, which moves its own stamp only."""
        row = self.products[ident]
        names = [one["name"] for one in row["categories"]]
        changed = [{"name": "Boots" if names == ["Shoes"] else "Shoes"}]
        row |= {"categories": changed, "date_modified_gmt": self.stamp()}
        self.send("product.updated", row)

    def edit_review(self, review: int) -> None:
        """Change the rating of a review to and fro, which moves no stamp and sends nothing."""
        self.reviews[review]["rating"] = 6 - self.reviews[review]["rating"]

    def review(self, ident: int, rating: int) -> int:
        """Review a product, about which nothing is sent."""
        review = self.new_id()
        self.reviews[review] = {
            "id": review, "product_id": ident, "rating": rating, "status": "approved",
            "date_created_gmt": self.stamp(), "reviewer_email": "ada@shop.example",
        }  # fmt: skip
        return review

    def answer(self, method: str, path: str, query: Mapping[str, str], body: Json) -> Answer:
        """Answer below `/wp-json/wc/v3`."""
        match path.removeprefix(f"{API}/").split("/"):
            case ["products"]:
                kept = [
                    one
                    for one in by_id(self.products)
                    if not one["parent_id"] and one.get("status") != "trash"
                ]
                return self._listed(path, query, kept)
            case ["products", "reviews"]:
                return self._listed(path, query, by_id(self.reviews), "date_created_gmt")
            case ["products", parent, "variations"]:
                own = [one for one in by_id(self.products) if one["parent_id"] == int(parent)]
                return self._listed(
                    path, query, [one for one in own if one.get("status") != "trash"]
                )
            case ["products", ident] if int(ident) in self.products:
                return Answer(200, self.products[int(ident)])
            case ["orders"]:
                return self._listed(path, query, by_id(self.orders))
            case ["orders", ident] if int(ident) in self.orders:
                return Answer(200, self.orders[int(ident)])
            case ["orders", ident, "refunds"]:
                return self._listed(path, query, self.refunds.get(int(ident), []))
            case ["customers"]:
                return self._listed(path, query, by_id(self.customers))
            case ["webhooks"]:
                return self._listed(path, query, by_id(self.hooks))
            case ["webhooks", ident] if method == "PUT":
                self.hooks[int(ident)] |= body
                return Answer(200, self.hooks[int(ident)])
        return Answer(404, {"code": "woocommerce_rest_invalid_id"})

    def _listed(
        self,
        path: str,
        query: Mapping[str, str],
        rows: list[Json],
        created: str = "date_created_gmt",
    ) -> Answer:
        for name, field in (("modified_after", "date_modified_gmt"), ("after", created)):
            if since := query.get(name, "").removesuffix("Z"):
                rows = [one for one in rows if one[field] > since]
        size = min(int(query.get("per_page", 10)), self.page_size)
        page = int(query.get("page", 1))
        headers = {"x-wp-total": str(len(rows))}
        if page * size < len(rows):
            rest = "".join(f"&{name}={value}" for name, value in query.items() if name != "page")
            headers["link"] = f'<{HOST}{path}?page={page + 1}{rest}>; rel="next"'
        return Answer(200, rows[(page - 1) * size : page * size], headers)


def facts_of_shop(shop: FakeWoocommerce) -> dict[str, Any]:
    """Return what is true about products and orders, without a mapper."""
    found: dict[str, Any] = {}
    for row in shop.products.values():
        parent = shop.products.get(row["parent_id"], row)
        is_sold = row["status"] == parent["status"] == "publish"
        if row["type"] != "variable" and is_sold:
            price = round(float(row["price"]) * 100)
            categories = tuple(one["name"] for one in parent["categories"])
            found[row["sku"]] = (price, row["stock_quantity"], categories)
    for review, row in shop.reviews.items():
        product = shop.products.get(row["product_id"])
        if product and product["sku"] in found:
            found[f"review wc-{review}"] = row["rating"]
    for order, row in shop.orders.items():
        back = [one["line_items"][0]["quantity"] for one in shop.refunds.get(order, [])]
        found[str(order)] = (row["status"], tuple(sorted(-one for one in back)))
    return found
