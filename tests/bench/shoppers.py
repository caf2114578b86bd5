"""Shoppers for benchmarks: a cheap WebSocket client that notes when frames arrive."""

import asyncio
import json
import time
from typing import Any

REQUEST = (
    b"GET /v1/session HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Origin: https://shop.example\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: tactful.v1\r\n\r\n"
)


class Shopper(asyncio.Protocol):
    """One connection. `welcomed` is done with the first frame; `sent_at` is when an offer was asked for."""

    def __init__(self) -> None:
        self.welcomed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.sent_at = 0.0
        self.latencies: list[float] = []
        """Seconds from then to the offer that followed."""
        self.offers: list[dict[str, Any]] = []
        self.tokens: list[str] = []
        self.said = 0
        self.withdrawn = 0
        self.withdrawn_at = 0.0
        self.resume = ""
        self._buffer = b""
        self._shaken = False
        self._hello = b""
        self.lost = False

    async def enter(self, port: int, resume: str = "") -> "Shopper":
        """Connect and send `hello`."""
        page = {"url": "https://shop.example/", "kind": "product"}
        hello = {"t": "hello", "consent": "anonymous", "territory": "DE", "page": page}
        self._hello = json.dumps(hello | ({"resume": resume} if resume else {})).encode()
        await asyncio.get_running_loop().create_connection(lambda: self, "127.0.0.1", port)
        async with asyncio.timeout(30):
            await self.welcomed
        return self

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.write(REQUEST)

    def say(self, text: bytes) -> None:
        """Send one message, with a mask of zero, which is valid."""
        self.said += 1
        size = len(text)
        head = bytes([0x81, 0x80 | size]) if size < 126 else b"\x81\xfe" + size.to_bytes(2)
        self.transport.write(head + b"\0\0\0\0" + text)

    def view(self, sku: str) -> None:
        """View an item."""
        self.say(b'{"t":"view","sku":"%s"}' % sku.encode())

    def need_rescue(self) -> None:
        """Open a page on which an offer may be made at once."""
        self.sent_at = time.perf_counter()
        self.say(b'{"t":"page","url":"https://shop.example/c","kind":"cancel","moment":"rescue"}')

    def go_on(self) -> None:
        """Leave that page for another one."""
        self.say(b'{"t":"page","url":"https://shop.example/p","kind":"product"}')

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._shaken:
            head, end, self._buffer = self._buffer.partition(b"\r\n\r\n")
            if not end:
                self._buffer = head
                return
            if b" 101 " not in head[:16]:
                self.welcomed.set_exception(ConnectionError(head[:60].decode()))
                return
            self._shaken = True
            self.say(self._hello)
        while (size := self._whole()) is not None:
            start = 4 if self._buffer[1] == 126 else 2
            payload, self._buffer = self._buffer[start:size], self._buffer[size:]
            self._heard(payload)

    def _whole(self) -> int | None:
        """The size of the first frame, if all of it is there."""
        if len(self._buffer) < 4:
            return None
        size = self._buffer[1]
        size = 4 + int.from_bytes(self._buffer[2:4]) if size == 126 else 2 + size
        return size if len(self._buffer) >= size else None

    def _heard(self, payload: bytes) -> None:
        if payload.startswith(b'{"t":"offer"'):
            self.latencies.append(time.perf_counter() - self.sent_at)
            self.offers.append(json.loads(payload)["offer"])
        elif payload.startswith(b'{"t":"accepted"'):
            self.tokens.append(json.loads(payload)["token"])
        elif payload.startswith(b'{"t":"withdraw"'):
            self.withdrawn += 1
            self.withdrawn_at = time.perf_counter()
        elif payload.startswith(b'{"t":"welcome"') and not self.welcomed.done():
            self.resume = json.loads(payload)["resume"]
            self.welcomed.set_result(None)

    def connection_lost(self, _: Exception | None) -> None:
        self.lost = True
        if not self.welcomed.done():
            self.welcomed.set_exception(ConnectionError("closed before the welcome"))


async def enter_all(port: int, count: int, at_once: int = 200) -> list[Shopper]:
    """Connect a number of shoppers, some at a time."""
    found: list[Shopper] = []
    for start in range(0, count, at_once):
        group = [Shopper().enter(port) for _ in range(min(at_once, count - start))]
        found += await asyncio.gather(*group)
    return found
