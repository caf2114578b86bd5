"""The library against a running Tactful, over real sockets, with faults on the way."""

import asyncio
import re
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.bridge_parts import Facts, Orders
from support.live_server import KEY, LiveServer, live_server
from tactful_bridge.attempts import AttemptState
from tactful_bridge.checkout import Checkout, HoldLine, HoldRequest
from tactful_bridge.client import TactfulClient
from tactful_bridge.delivery import Delivery
from tactful_bridge.errors import OutcomeUnknownError, RefusedError
from tactful_bridge.key_cache import KeyCache
from tactful_bridge.memory_store import MemoryStore
from tactful_bridge.sweep import YOUNG_MS, OrderState, Sweep
from tactful_bridge.transport import HttpTransport

RULES = """
rules:
  - id: r
    owner: o@shop.example
    when:
      all:
        - item.stock: {at_least: 1}
    offer: {percent: 15%, expires: 15m, message: "{offer.price}"}
    campaign: C
campaigns:
  C: {budget: {EUR: 500.00}, per: total}
policy: {holdout: 0%}
"""
FACTS = (
    {"type": "product", "sku": "RUN-42", "product": "aero", "title": "Aero Runner"},
    {
        "type": "price", "sku": "RUN-42", "territory": "DE", "tax_included": True,
        "price": {"amount": 12900, "currency": "EUR"}, "tax_rate_bp": 1900,
    },
    {"type": "stock", "sku": "RUN-42", "territory": "DE", "available": 9},
)  # fmt: skip


@dataclass
class Platform:
    """A shop with the library, beside a running server."""

    server: LiveServer
    port: int
    patience: int = 60_000
    """Milliseconds of a real clock; a loaded machine answers within them."""

    def __post_init__(self) -> None:
        clock = self.server.parts.shop.clock.now
        transport = HttpTransport(f"http://127.0.0.1:{self.port}", KEY, timeout=30_000)
        self.client = TactfulClient(transport, patience=self.patience)
        self.keys = KeyCache(self.client, clock)
        self.store = MemoryStore()
        self.orders = Orders()
        self.delivery = Delivery(self.client, self.store, Facts(), clock)
        self.checkout = Checkout(self.client, self.store, self.delivery, clock)
        parts = (self.checkout, self.client, self.store, self.delivery, self.orders)
        self.sweep = Sweep(*parts, clock)

    def state(self, order: str = "o1") -> AttemptState:
        """The state of the order's latest attempt."""
        attempt = self.store.latest_attempt(order)
        assert attempt is not None
        return attempt.state

    def redemptions(self, order: str = "o1") -> list[tuple[object, object]]:
        """(attempt, state) as the server has them."""
        rows = self.client.redemptions(order=order)
        return sorted((row["attempt"], row["state"]) for row in rows)


@asynccontextmanager
async def platform(folder: Path) -> AsyncIterator[Platform]:
    """A running server with an item, and a shop beside it."""
    async with live_server(folder, RULES) as server:
        await server.facts(*FACTS)
        yield Platform(server, server.listener.port)


async def token(server: LiveServer) -> str:
    """The token of an offer that a new shopper has accepted."""
    shopper = await server.shopper()
    await shopper.view("RUN-42", 60)
    return await shopper.accept((await shopper.offered())["id"])


def request(token: str, order: str = "o1") -> HoldRequest:
    """One unit at the promised price."""
    line = HoldLine(token=token, sku="RUN-42", qty=1, unit=10965, currency="EUR", line="1")
    return HoldRequest(order=order, territory="DE", lines=[line])


async def test_a_token_is_verified_with_the_servers_own_keys(tmp_path: Path) -> None:
    async with platform(tmp_path) as shop:
        claims = await asyncio.to_thread(shop.keys.verify, await token(shop.server))
        assert (claims.sku, claims.unit, claims.currency) == ("RUN-42", 10965, "EUR")


async def test_hold_and_confirm_settle_the_budget(tmp_path: Path) -> None:
    async with platform(tmp_path) as shop:
        asked = request(await token(shop.server))
        attempt = await asyncio.to_thread(shop.checkout.hold, asked)
        assert attempt.until == shop.server.parts.shop.clock.now() // 1000 * 1000 + 1_800_000
        assert await shop.server.budget() == (1935, 0)
        shop.checkout.placed("o1", uses_offers=True)
        await asyncio.to_thread(shop.delivery.deliver)
        assert shop.state() == AttemptState.CONFIRMED
        assert await shop.server.budget() == (0, 1935)


async def test_a_declined_card_and_a_retry_are_one_live_redemption(tmp_path: Path) -> None:
    async with platform(tmp_path) as shop:
        asked = request(await token(shop.server))
        await asyncio.to_thread(shop.checkout.hold, asked)
        shop.checkout.release("o1")
        await asyncio.to_thread(shop.checkout.hold, asked)
        other = request(asked.lines[0].token, "o2")
        with pytest.raises(RefusedError, match=r"redemption\.used"):
            await asyncio.to_thread(shop.checkout.hold, other)
        shop.checkout.placed("o1", uses_offers=True)
        await asyncio.to_thread(shop.delivery.deliver)
        found = await asyncio.to_thread(shop.redemptions)
        assert found == [(1, "cancelled"), (2, "redeemed")]
        assert await shop.server.budget() == (0, 1935)


async def test_cancellation_and_refund_restore_the_budget(tmp_path: Path) -> None:
    async with platform(tmp_path) as shop:
        for order in ("o1", "o2", "o3"):
            await asyncio.to_thread(shop.checkout.hold, request(await token(shop.server), order))
            shop.checkout.placed(order, uses_offers=True)
        shop.checkout.cancel("o1")
        shop.checkout.refund("o2", "r1", lines=[("RUN-42", 1)])
        shop.checkout.refund("o3", "r1", amount=(10965, "EUR"))
        report = await asyncio.to_thread(shop.delivery.deliver)
        assert (report.delivered, report.failed, report.waiting) == (6, 0, 0)
        # The shopper of the cancelled order may use the offer again, so it is reserved once more.
        assert await shop.server.budget() == (1935, 0)


async def test_a_hold_that_lapsed_is_followed_by_a_new_attempt(tmp_path: Path) -> None:
    async with platform(tmp_path) as shop:
        asked = request(await token(shop.server))
        await asyncio.to_thread(shop.checkout.hold, asked)
        shop.orders.states["o1"] = OrderState.PENDING
        await shop.server.advance(1_801)
        report = await asyncio.to_thread(shop.sweep.run)
        assert (report.lapsed, report.failure) == (1, "")
        assert shop.state() == AttemptState.LAPSED


async def test_the_sweep_confirms_a_hold_that_the_platforms_table_lost(tmp_path: Path) -> None:
    async with platform(tmp_path) as shop:
        asked = request(await token(shop.server))
        await asyncio.to_thread(shop.client.redeem, asked.body(1))
        shop.orders.states["o1"] = OrderState.PLACED
        await shop.server.advance(YOUNG_MS / 1000)
        report = await asyncio.to_thread(shop.sweep.run)
        assert (report.strays, report.failure) == (1, "")
        assert await asyncio.to_thread(shop.redemptions) == [(1, "redeemed")]


def message(peer: socket.socket) -> bytes:
    """Read one whole HTTP message: the head and the body can arrive apart."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += received(peer)
    head, _, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    assert length, head
    while len(body) < int(length[1]):
        body += received(peer)
    return head + b"\r\n\r\n" + body


def received(peer: socket.socket) -> bytes:
    """Some bytes of a message that is not complete yet."""
    data = peer.recv(65536)
    assert data, "the connection ended within a message"
    return data


@contextmanager
def dropping(port: int, *faults: str) -> Iterator[int]:
    """A proxy that passes connections on; the first ones lose their answer, or their request."""
    left = list(faults)
    threads: list[threading.Thread] = []

    def serve(peer: socket.socket, fault: str) -> None:
        with peer, socket.create_connection(("127.0.0.1", port)) as onward:
            asked = message(peer)
            if fault == "request":
                return
            onward.sendall(asked)
            answer = message(onward)
            if not fault:
                peer.sendall(answer)

    def accept() -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=serve, args=(peer, left.pop(0) if left else ""))
            thread.start()
            threads.append(thread)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        main = threading.Thread(target=accept)
        main.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            main.join()
            for thread in threads:
                thread.join()


@pytest.mark.parametrize("fault", ["request", "answer"])
async def test_what_is_lost_on_the_way_is_held_once(tmp_path: Path, fault: str) -> None:
    async with platform(tmp_path) as shop:
        asked = request(await token(shop.server))
        with dropping(shop.port, fault, fault) as port:
            shop.checkout._client = Platform(shop.server, port).client  # type: ignore[misc]
            await asyncio.to_thread(shop.checkout.hold, asked)
        assert shop.state() == AttemptState.HELD
        assert await asyncio.to_thread(shop.redemptions) == [(1, "held")]


async def test_a_server_that_is_away_leaves_the_outcome_open(tmp_path: Path) -> None:
    async with platform(tmp_path) as shop:
        asked = request(await token(shop.server))
        with dropping(shop.port, *["request"] * 50) as port:
            shop.checkout._client = Platform(shop.server, port, patience=300).client  # type: ignore[misc]
            with pytest.raises(OutcomeUnknownError):
                await asyncio.to_thread(shop.checkout.hold, asked)
        shop.checkout.release("o1")
        await asyncio.to_thread(shop.delivery.deliver)
        assert shop.state() == AttemptState.RELEASED
