"""A real Tactful in memory, and shoppers who accept its offers."""

import asyncio
import tempfile
from pathlib import Path
from threading import Event, Thread
from typing import Any, Final, Self

import msgspec
from msgspec import Struct
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from tactful.app import build
from tactful.bridge_check.json_requests import request_json
from tactful.config import Config
from tactful.transports.server.listener import ListenAddress, Listener

_ORIGIN: Final = "http://bridge-check.localhost"
_PATIENCE_S: Final = 30.0
_STOCK: Final = 100_000
MAX_QTY: Final = 2
"""Units for which an offer of the kit is valid."""
_RULES: Final = """
rules:
  - id: bridge-check
    owner: bridge-check@shop.example
    note: Offers of the conformance kit.
    when:
      all:
        - item.stock: {{at_least: 1}}
    offer:
      percent: 15%
      expires: 60m
      max_qty: {max_qty}
      message: "{{item.title}} for {{offer.price}}"
    campaign: bridge-check
campaigns:
  bridge-check: {{budget: {{{currency}: 1000000}}, per: total}}
policy:
  holdout: 0%
  moment: {{engaged: 0s, since_input: 0s}}
"""


class ShopItem(Struct, frozen=True, forbid_unknown_fields=False):
    """What the shop sells, as its driver describes it."""

    name: str
    """The name of shop and bridge, for the report."""
    sku: str
    territory: str
    currency: str
    """ISO 4217 code."""
    price: int
    """The shop's own price of one unit, in minor units."""


class Promise(Struct, frozen=True):
    """An accepted offer."""

    offer: str
    token: str
    unit: int
    """The promised price of one unit, in minor units."""


class OfferServer:
    """A context manager that serves while it is open; nothing of it is kept."""

    def __init__(self, item: ShopItem, key: str) -> None:
        """Prepare the server.

        Args:
            item: The item that all offers are about.
            key: The server key that the shop was given.
        """
        self._item: Final = item
        self._key: Final = key
        self._ready: Final = Event()
        self._stop: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._failure: BaseException | None = None
        self.port = 0
        self._thread: Final = Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        """Start, and report the item.

        Raises:
            ValueError: The description of the item cannot be used.
        """
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            raise self._failure
        try:
            self._report_item()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._loop is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """Return the body of an answer of the API.

        Raises:
            RuntimeError: The server refused the kit's own request.
        """
        answer = request_json(f"http://127.0.0.1:{self.port}", method, path, body, key=self._key)
        if answer.status != 200:
            raise RuntimeError(f"{method} {path}: {answer.status} {answer.body}")
        return answer.body

    def promise(self) -> Promise:
        """Let a new shopper view the item and accept the offer.

        Raises:
            TimeoutError: No offer came.
        """
        with connect(
            f"ws://127.0.0.1:{self.port}/v1/session",
            origin=Origin(_ORIGIN),
            subprotocols=[Subprotocol("tactful.v1")],
            compression=None,
        ) as socket:

            def say(kind: str, **fields: object) -> None:
                socket.send(msgspec.json.encode({"t": kind, **fields}).decode())

            def expect(kind: str) -> Any:
                while True:
                    frame = msgspec.json.decode(socket.recv(_PATIENCE_S))
                    if frame["t"] == kind:
                        return frame

            page = {"url": f"{_ORIGIN}/", "kind": "product"}
            say("hello", consent="anonymous", territory=self._item.territory, page=page)
            say("view", sku=self._item.sku)
            offer = expect("offer")["offer"]
            say("accept", offer=offer["id"])
            token = expect("accepted")["token"]
        return Promise(offer=offer["id"], token=token, unit=offer["price"]["amount"])

    def redemptions(self, promise: Promise) -> list[dict[str, Any]]:
        """Return the redemptions of an offer, as they are now."""
        return list(self.ask("GET", f"/v1/redemptions?offer={promise.offer}")["redemptions"])

    def settled(self) -> int:
        """Return what the offers have cost the budget for good, in minor units."""
        rows = self.ask("GET", "/v1/budgets")["budgets"]
        return sum(row["settled"] for row in rows)

    def _report_item(self) -> None:
        item = self._item
        price = {"amount": item.price, "currency": item.currency}
        place = {"sku": item.sku, "territory": item.territory}
        facts = [
            {"type": "product", "sku": item.sku, "product": item.sku, "title": item.sku},
            {"type": "price", **place, "price": price, "tax_included": True, "tax_rate_bp": 0},
            {"type": "stock", **place, "available": _STOCK},
        ]
        answer = self.ask("POST", "/v1/facts", facts)
        if answer["rejected"]:
            raise ValueError(f"The driver's `about` cannot be used: {answer['rejected']}")

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # handed to the thread that waits for the start
            self._failure = error
            self._ready.set()
            raise

    async def _serve(self) -> None:
        with tempfile.TemporaryDirectory(prefix="tactful-bridge-check-") as folder:
            rules = Path(folder)
            text = _RULES.format(currency=self._item.currency, max_qty=MAX_QTY)
            (rules / "rules.yaml").write_text(text, "utf-8")
            parts = build(Config(rules=rules, server_key=self._key, origins=(_ORIGIN,)))
            listener = Listener(parts.app, parts.hub, ListenAddress(port=0))
            await listener.start()
            self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
            self.port = listener.port
            self._ready.set()
            await self._stop.wait()
            await listener.close()
