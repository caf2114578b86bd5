"""A shop on `tactful-bridge` with a test driver, as `tactful connect bridge` needs it.

Carts, orders and prices are dictionaries; everything that touches offers is the bridge's. Each method
of `Shop` is a verb of the driver.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Thread
from typing import Any, Final

import msgspec

from tactful.bridge_check.check_run import SERVER_KEY
from tactful.bridge_check.fault_proxy import FaultProxy
from tactful.bridge_check.offer_server import OfferServer, ShopItem
from tactful.bridge_check.probe import Probe
from tactful.bridge_check.shop_driver import ShopDriver
from tactful_bridge.attempts import Attempt
from tactful_bridge.cart import CartItem, LinePrice, price_of, reason_against
from tactful_bridge.checkout import Checkout, HoldLine, HoldRequest
from tactful_bridge.client import TactfulClient
from tactful_bridge.delivery import Delivery, NoFacts
from tactful_bridge.errors import BridgeError, RefusedError, TokenRefusedError
from tactful_bridge.key_cache import KeyCache
from tactful_bridge.memory_store import MemoryStore
from tactful_bridge.offer_tokens import OfferClaims
from tactful_bridge.sweep import OrderState, Sweep
from tactful_bridge.transport import HttpTransport, Transport

SKU, TERRITORY, CURRENCY, PRICE = "RUN-42", "DE", "EUR", 12900


def short_sleep(pause: int) -> None:
    """Sleep at most 20 ms instead of `pause` ms, so that a run is short."""
    time.sleep(min(pause, 20) / 1000)


@dataclass
class Cart:
    """What one shopper wants: units at the own price, and a line with an offer."""

    token: str = ""
    claims: OfferClaims | None = None
    qty: int = 0
    more: int = 0
    """Units at the own price."""


@dataclass
class Order:
    """An order, from its payment on."""

    cart: Cart
    state: OrderState
    price: LinePrice
    refunds: set[str] = field(default_factory=set)


def at_own_price(order: Order) -> None:
    """Turn the line with the offer into units at the own price."""
    mine = order.cart
    mine.more, mine.qty, mine.claims = mine.qty, 0, None
    order.price = LinePrice(PRICE, uses_offer=False)


class Shop:
    """One shop; all methods but the constructor are the driver's verbs or their parts."""

    def __init__(self, url: str, key: str) -> None:
        self.price_now = PRICE
        self.percent = 0
        self.carts: dict[str, Cart] = {}
        self.orders: dict[str, Order] = {}
        self.order_of: dict[str, str] = {}
        self.numbers = count(1)
        self.store = MemoryStore()
        self.transport = self.connect(url, key)
        self.client = TactfulClient(self.transport, patience=1_500, sleep=short_sleep)
        self.keys = KeyCache(self.client)
        self.delivery = Delivery(self.client, self.store, NoFacts())
        self.checkout = Checkout(self.client, self.store, self.delivery)
        self.sweep = Sweep(self.checkout, self.client, self.store, self.delivery, self)

    def state_of(self, order: str) -> OrderState:
        """For the sweep."""
        found = self.orders.get(order)
        return found.state if found else OrderState.UNKNOWN

    def uses_offers(self, order: str) -> bool:
        """For the sweep."""
        return self.orders[order].price.uses_offer

    # -- The shopper's verbs -----------------------------------------------------------------------

    def about(self) -> dict[str, object]:
        return dict(msgspec.to_builtins(ITEM))

    def put(self, cart: str, token: str, qty: int) -> dict[str, object]:
        mine = self.carts.setdefault(cart, Cart())
        try:
            claims = self.verify(token)
        except TokenRefusedError as refused:
            return {"refused": refused.code}
        in_cart = [mine.claims.offer] if mine.claims else []
        reason = self.reason_against(claims, qty, in_cart)
        if reason is None:
            mine.token, mine.claims, mine.qty = token, claims, mine.qty + qty
        return {"refused": reason}

    def total(self, cart: str) -> dict[str, object]:
        return {"total": self.amount(self.carts[cart], self.price_of(self.carts[cart]))}

    def pay(self, cart: str, card: str) -> dict[str, object]:
        mine = self.carts[cart]
        name = self.order_of.setdefault(cart, f"o{next(self.numbers)}")
        order = Order(mine, OrderState.PENDING, self.price_of(mine))
        self.orders[name] = order
        if order.price.uses_offer:
            try:
                self.hold(name, order)
            except BridgeError as error:
                return self.not_held(cart, order, error)
        if card == "declined":
            order.state = OrderState.ABANDONED
            self.declined(name)
            return {"state": "declined"}
        if card == "bank":
            return {"state": "waiting", "order": name}
        return self.finish(cart)

    def finish(self, cart: str) -> dict[str, object]:
        name = self.order_of.pop(cart)
        order = self.orders[name]
        order.state = OrderState.PLACED
        self.placed(name, order)
        charged = self.amount(order.cart, order.price)
        return {"state": "placed", "order": name, "charged": charged}

    def back(self, cart: str) -> dict[str, object]:
        name = self.order_of[cart]
        self.orders[name].state = OrderState.ABANDONED
        self.came_back(name)
        return {}

    # -- The staff's verbs -------------------------------------------------------------------------

    def cancel(self, order: str) -> dict[str, object]:
        self.orders[order].state = OrderState.CANCELLED
        self.cancelled(order)
        return {}

    def refund(self, order: str, refund: str, qty: int) -> dict[str, object]:
        self.refunded(order, refund, qty)
        return {}

    def price(self, amount: int) -> dict[str, object]:
        self.price_now = amount
        return {}

    def promotion(self, percent: int) -> dict[str, object]:
        self.percent = percent
        return {}

    def settle(self) -> dict[str, object]:
        self.store.waiting.update({
            key: (entry, 0) for key, (entry, _) in [*self.store.waiting.items()]
        })  # fmt: skip
        self.swept()
        return {}

    # -- What a test breaks ------------------------------------------------------------------------

    def connect(self, url: str, key: str) -> Transport:
        # A loaded machine may answer late; only a broken connection is no answer.
        return HttpTransport(url, key, timeout=30_000)

    def verify(self, token: str) -> OfferClaims:
        return self.keys.verify(token)

    def reason_against(self, claims: OfferClaims, qty: int, in_cart: list[str]) -> str | None:
        return reason_against(claims, self.item(), qty, in_cart)

    def price_of(self, cart: Cart) -> LinePrice:
        return price_of(cart.claims, self.item(), cart.qty or cart.more)

    def amount(self, cart: Cart, price: LinePrice) -> int:
        own = self.price_now * (100 - self.percent) // 100
        return cart.qty * (price.unit if price.uses_offer else own) + cart.more * own

    def hold(self, name: str, order: Order) -> Attempt | None:
        return self.checkout.hold(self.hold_request(name, order))

    def not_held(self, cart: str, order: Order, error: BridgeError) -> dict[str, object]:
        del cart
        order.state = OrderState.ABANDONED
        if isinstance(error, RefusedError):
            at_own_price(order)
        return {"state": "refused"}

    def declined(self, name: str) -> None:
        self.checkout.release(name)
        self.delivery.deliver(subject=name)

    def placed(self, name: str, order: Order) -> None:
        self.checkout.placed(name, uses_offers=order.price.uses_offer)
        self.delivery.deliver(subject=name)

    def came_back(self, name: str) -> None:
        self.checkout.release(name)
        self.delivery.deliver(subject=name)

    def cancelled(self, name: str) -> None:
        self.checkout.cancel(name)
        self.delivery.deliver(subject=name)

    def refunded(self, name: str, refund: str, qty: int) -> None:
        self.checkout.refund(name, refund, lines=[(SKU, qty)])
        self.delivery.deliver(subject=name)

    def swept(self) -> None:
        self.sweep.run()

    def item(self) -> CartItem:
        return CartItem(sku=SKU, territory=TERRITORY, currency=CURRENCY, unit=self.price_now)

    def hold_request(self, name: str, order: Order) -> HoldRequest:
        line = HoldLine(
            token=order.cart.token,
            sku=SKU,
            qty=order.cart.qty,
            unit=order.price.unit,
            currency=CURRENCY,
        )
        return HoldRequest(order=name, territory=TERRITORY, lines=[line])


VERBS: Final = frozenset(
    {"about", "put", "total", "pay", "finish", "back", "cancel", "refund", "price", "promotion",
     "settle"}
)  # fmt: skip


@contextmanager
def serving_driver(shop: Any, lacking: frozenset[str] = frozenset()) -> Iterator[str]:
    """Serve the verbs of a shop on a port of its own; the address. Verbs in `lacking` are 501."""

    class Handler(BaseHTTPRequestHandler):
        """POST /VERB with a JSON object."""

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
            verb = self.path.lstrip("/")
            status, answer = 501, {}
            if verb in VERBS - lacking:
                try:
                    status, answer = 200, getattr(shop, verb)(**(body or {}))
                except NotImplementedError:
                    status = 501
                except Exception as error:  # noqa: BLE001  the kit shows it
                    status, answer = 500, {"error": f"{type(error).__name__}: {error}"}
            data = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


ITEM: Final = ShopItem("a shop on tactful-bridge", SKU, TERRITORY, CURRENCY, PRICE)


@contextmanager
def probing(shop: type[Shop], lacking: frozenset[str] = frozenset()) -> Iterator[Probe]:
    """A shop in this process, beside a server and a proxy; its settling waits for everything."""
    with (
        OfferServer(ITEM, SERVER_KEY) as server,
        FaultProxy(0, server.port) as proxy,
        serving_driver(shop(proxy.url, SERVER_KEY), lacking) as url,
    ):
        yield Probe(ITEM, ShopDriver(url), server, proxy, patience=0)
