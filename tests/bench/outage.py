"""An hour without the server while a shop sends 50 deliveries a second: what is lost afterwards.

Real are the signatures, the inbox, the mappers, the readers of lists and the ledger in SQLite. Simulated
are time and the two senders. Shopify repeats a delivery eight times in four hours under its id, with
its old payload. WooCommerce repeats nothing, and switches its webhook off after five failures.
`outage.py --platform woocommerce --deliveries 180000`; three of four are about an order of their own, the
fourth is a sale of one of 400 products.
"""

import argparse
import asyncio
import heapq
import json
import sys
import tempfile
import time
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import harness

sys.path[:0] = [str(harness.ROOT / "tests"), str(harness.ROOT / "server")]

from support.fake_shop import HOST, Answer, Delivery, Json  # noqa: E402
from support.fake_shopify import ORDER as SHOPIFY_ORDER  # noqa: E402
from support.fake_shopify import PRODUCT as SHOPIFY_PRODUCT  # noqa: E402
from support.fake_shopify import FakeShopify  # noqa: E402
from support.fake_woocommerce import ORDER as WOO_ORDER  # noqa: E402
from support.fake_woocommerce import PRODUCT as WOO_PRODUCT  # noqa: E402
from support.fake_woocommerce import FakeWoocommerce  # noqa: E402
from support.inbox import NOW  # noqa: E402
from support.reconciled_shop import ReconciledShop  # noqa: E402
from tactful.connectors.shops.shopify import API, SHOPIFY  # noqa: E402
from tactful.connectors.shops.woocommerce import WOOCOMMERCE  # noqa: E402
from tactful.core.facts.fact_codec import decode_stored  # noqa: E402
from tactful.core.facts.fact_types import Order  # noqa: E402
from tactful.runtime.facts.fact_reader import FactReader  # noqa: E402
from tactful.stores.sqlite.ledger import SqliteLedger  # noqa: E402

HOUR: Final = 3_600
RATE: Final = 50
PRODUCTS: Final = 400
FIRST: Final = 1_000_000
"""The id of the first order."""
REPEATS_S: Final = (60, 120, 300, 600, 1_200, 2_400, 3_600, 6_120)
"""Seconds from one attempt of Shopify to the next: eight in four hours."""
AT_ONCE: Final = 64
PAGE: Final = 100


def stamp(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S")


class Changes:
    """What happened in the shop, by number: 50 a second from the beginning of the outage."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.begun = NOW // 1000
        self.orders = [number for number in range(count) if number % 4]
        """The changes that are orders."""

    def at(self, number: int) -> int:
        """When a change happened, in seconds since the Unix epoch."""
        return self.begun + number * HOUR // max(self.count, 1)

    def until(self, now: int) -> int:
        """How many changes there were until an instant."""
        if now < self.begun:
            return 0
        return min(self.count, (now - self.begun) * self.count // HOUR + 1)

    def stock(self, product: int, now: int) -> int:
        """What was left of a product at an instant."""
        return 1_000_000 - len(range(4 * product, self.until(now), 4 * PRODUCTS))

    def sales_until(self, number: int) -> int:
        """How often the product of a sale was sold until then."""
        return number // (4 * PRODUCTS) + 1


class BusyWoocommerce(FakeWoocommerce):
    """A WooCommerce whose rows are made when they are asked for."""

    def __init__(self, changes: Changes) -> None:
        super().__init__(changes.begun)
        self.changes = changes
        self.hooks[5]["status"] = "active"

    def delivery(self, number: int) -> Delivery:
        """What is sent about a change: the state at that instant."""
        if number % 4:
            return Delivery("order.updated", self._order(number), number, self.changes.at(number))
        left = 1_000_000 - self.changes.sales_until(number)
        row = self._product(number // 4 % PRODUCTS, left)
        return Delivery("product.updated", row, number, self.changes.at(number))

    def _order(self, number: int) -> Json:
        at = stamp(self.changes.at(number))
        return {
            **WOO_ORDER, "id": FIRST + number, "number": str(FIRST + number), "refunds": [],
            "date_created_gmt": at, "date_modified_gmt": at, "date_modified": at,
        }  # fmt: skip

    def _product(self, product: int, left: int) -> Json:
        return {**WOO_PRODUCT, "id": product, "sku": f"P-{product}", "stock_quantity": left}

    def answer(self, method: str, path: str, query: Mapping[str, str], body: Json) -> Answer:
        """Answer the lists of products and orders page by page."""
        if path.endswith("/products"):
            rows: list[Any] = list(range(PRODUCTS))
            make = lambda one: self._product(one, self.changes.stock(one, self.now))  # noqa: E731
        elif path.endswith("/orders"):
            since = query.get("modified_after", query.get("after", "")).removesuffix("Z")
            orders = self.changes.orders
            first = bisect_right(orders, since, key=lambda one: stamp(self.changes.at(one)))
            rows = orders[first : bisect_left(orders, self.changes.until(self.now))]
            make = self._order
        else:
            return super().answer(method, path, query, body)
        page = int(query.get("page", 1))
        headers = {"x-wp-total": str(len(rows))}
        if page * PAGE < len(rows):
            rest = "".join(f"&{name}={value}" for name, value in query.items() if name != "page")
            headers["link"] = f'<{HOST}{path}?page={page + 1}{rest}>; rel="next"'
        return Answer(200, [make(one) for one in rows[(page - 1) * PAGE : page * PAGE]], headers)


class BusyShopify(FakeShopify):
    """A Shopify whose rows are made when they are asked for."""

    def __init__(self, changes: Changes) -> None:
        super().__init__(changes.begun)
        self.changes = changes

    def delivery(self, number: int) -> Delivery:
        """What is sent about a change, and is repeated as it is."""
        if number % 4:
            return Delivery("orders/create", self._order(number), number, self.changes.at(number))
        left = 1_000_000 - self.changes.sales_until(number)
        row = self._product(number // 4 % PRODUCTS, left, self.changes.at(number))
        return Delivery("products/update", row, number, self.changes.at(number))

    def _order(self, number: int) -> Json:
        at = stamp(self.changes.at(number)) + "Z"
        return {
            **SHOPIFY_ORDER, "id": FIRST + number, "order_number": number, "refunds": [],
            "created_at": at, "updated_at": at,
        }  # fmt: skip

    def _product(self, product: int, left: int, at: int) -> Json:
        variant = {
            **SHOPIFY_PRODUCT["variants"][0], "id": product, "sku": f"P-{product}",
            "inventory_quantity": left, "updated_at": stamp(at) + "Z",
        }  # fmt: skip
        changed = {"id": product, "variants": [variant], "updated_at": stamp(at) + "Z"}
        return {**SHOPIFY_PRODUCT, **changed}

    def _present(self, product: int) -> Json:
        return self._product(product, self.changes.stock(product, self.now), self.now)

    def answer(self, method: str, path: str, query: Mapping[str, str], body: Json) -> Answer:
        """Answer an order, a product, or the products page by page."""
        match path.removeprefix(f"{API}/").removesuffix(".json").split("/"):
            case ["orders", ident]:
                return Answer(200, {"order": self._order(int(ident) - FIRST)})
            case ["products", ident]:
                return Answer(200, {"product": self._present(int(ident))})
            case ["products"]:
                return Answer(200, {"products": [self._present(one) for one in range(PRODUCTS)]})
        return super().answer(method, path, query, body)


def shopify_attempts(changes: Changes) -> Iterator[tuple[int, int]]:
    """Yield (seconds, change) of every attempt after the outage that is the first to succeed."""
    up_at = changes.begun + HOUR
    waiting: list[tuple[int, int]] = []
    for number in range(changes.count):
        at = changes.at(number)
        for pause in REPEATS_S:
            at += pause
            if at >= up_at:
                heapq.heappush(waiting, (at, number))
                break
    while waiting:
        yield heapq.heappop(waiting)


async def run(platform: str, count: int, folder: Path) -> dict[str, Any]:
    """Play the hour and what comes after it; return the figures."""
    changes = Changes(count)
    ledger: Any = SqliteLedger(folder / "tactful.db")
    await ledger.open()
    shop: Any = BusyWoocommerce(changes) if platform == "woocommerce" else BusyShopify(changes)
    one = ReconciledShop(shop, WOOCOMMERCE if platform == "woocommerce" else SHOPIFY, ledger)
    begun = time.process_time()
    one.shop.now -= HOUR
    one.clock.at -= HOUR * 1000
    await one.reconciler.read_due()
    one.later(HOUR)
    given_up = 0
    taken: set[int] = set()
    if platform == "woocommerce":
        # No attempt during the outage succeeds, and none follows: the webhook is off.
        given_up = count
        shop.hooks[5]["status"] = "disabled"
        one.later(HOUR)
    else:
        gathered: list[int] = []
        attempts = shopify_attempts(changes)
        for at, number in attempts:
            if gathered and (at > shop.now or len(gathered) == AT_ONCE):
                await take(one, shop, gathered, taken)
                gathered = []
            one.later(max(0, at - shop.now))
            gathered.append(number)
        await take(one, shop, gathered, taken)
        given_up = count - len(taken)
    one.later(5)
    await one.reconciler.read_due()
    lost = await missing(ledger, changes)
    wrong = [
        sku
        for sku in (f"P-{product}" for product in range(PRODUCTS))
        if await left_of(ledger, sku) != changes.stock(int(sku[2:]), shop.now)
    ]
    await ledger.close()
    return {
        "changes of the hour": count,
        "deliveries that the sender gave up": given_up,
        "deliveries taken after the outage": len(taken),
        "subscriptions switched on again": one.installed.activated.total(),
        "facts that only the lists brought": sum(one.installed.drift.values()),
        "orders lost": len(lost),
        "products with a wrong stock": len(wrong),
        "processor seconds": round(time.process_time() - begun),
    }


async def take(one: ReconciledShop, shop: Any, numbers: list[int], taken: set[int]) -> None:
    """Deliver some changes at once, and map them."""
    sent = [shop.delivery(number) for number in numbers]
    receipts = await asyncio.gather(*(one.deliver(each, f"{stamp(each.at)}Z") for each in sent))
    assert {each.value for each in receipts} <= {"stored"}, receipts
    taken.update(numbers)
    await one.map_all()


async def missing(ledger: Any, changes: Changes) -> set[str]:
    """Return the orders that no fact has, or in another state."""
    wanted = {str(FIRST + number) for number in changes.orders}
    after = ""
    while rows := await ledger.facts_of_kind("order", after, 5_000):
        for row in rows:
            order = decode_stored(row.body)
            assert isinstance(order, Order)
            if order.status == "placed" and order.paid:
                wanted.discard(order.order)
        after = rows[-1].key
    return wanted


async def left_of(ledger: Any, sku: str) -> int | None:
    """Return the stock of an item as the facts have it."""
    item = await FactReader(ledger).item(sku)
    (stock,) = item.stock.get("DE", (None,))
    return stock and stock.fact.available


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--platform", choices=("woocommerce", "shopify"), default="woocommerce")
    asked.add_argument("--deliveries", type=int, default=HOUR * RATE)
    options = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(run(options.platform, options.deliveries, Path(folder)))
    print(json.dumps({"platform": options.platform, **found}, indent=1))


if __name__ == "__main__":
    main()
