"""A well-behaved client that times its responses, and the bytes that any client may send."""

import asyncio
import base64
import json
import time
from collections.abc import Callable

HOST = "127.0.0.1"
UPGRADE = (
    "GET /v1/session HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    f"Origin: https://shop.example\r\nSec-WebSocket-Key: {base64.b64encode(bytes(16)).decode()}\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: tactful.v1\r\n\r\n"
).encode()


def frame(message: dict[str, object]) -> bytes:
    """A text frame with a mask of zero, which is valid."""
    payload = json.dumps(message).encode()
    assert len(payload) < 126
    return bytes((0x81, 0x80 | len(payload))) + bytes(4) + payload


HELLO = frame({"t": "hello", "consent": "anonymous", "page": {"url": "https://shop.example/"}})
HELLO_DE = frame(
    {"t": "hello", "consent": "anonymous", "territory": "DE", "page": {"url": "https://s.example/"}}
)
VIEW = frame({"t": "view", "sku": "RUN-42"})


class Good:
    """A well-behaved client that times responses, echoes or acknowledgements."""

    def __init__(self, port: int, meter: Callable[[], float] = lambda: 0.0) -> None:
        """`meter`: milliseconds that the server has worked so far; a shared machine has others too."""
        self._port = port
        self._meter = meter
        self.work_ms: list[float] = []
        self.connect_ms: list[float] = []
        self.answer_ms: list[float] = []
        self.answer_work_ms: list[float] = []

    async def visit(self, answers: int) -> None:
        """Connect, send `hello`, and ask some times."""
        began = time.perf_counter()
        reader, writer = await asyncio.open_connection(HOST, self._port)
        writer.write(UPGRADE + HELLO)
        await reader.readuntil(b"\r\n\r\n")
        await self._frame(reader)
        self.connect_ms.append((time.perf_counter() - began) * 1e3)
        for _ in range(answers):
            began = time.perf_counter()
            writer.write(VIEW)
            await self._frame(reader)
            self.answer_ms.append((time.perf_counter() - began) * 1e3)
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)

    async def ask_until(self, done: asyncio.Event, *, numbered: bool = False) -> None:
        """Stay connected and ask, with a pause between answers, until it is done.

        `numbered`: what is asked for is an acknowledgement.
        """
        asked = 0
        reader, writer = await asyncio.open_connection(HOST, self._port)
        writer.write(UPGRADE + HELLO)
        await reader.readuntil(b"\r\n\r\n")
        await self._frame(reader)
        while not done.is_set():
            began = time.perf_counter()
            asked += 1
            clicked: dict[str, object] = {"t": "activity", "kind": "input", "n": asked}
            writer.write(frame(clicked) if numbered else VIEW)
            await self._frame(reader)
            self.answer_ms.append((time.perf_counter() - began) * 1e3)
            await asyncio.sleep(0.01)
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)

    def answer_p99(self) -> float:
        """The p99 of the response times, in milliseconds."""
        answers = sorted(self.answer_ms)
        return answers[len(answers) * 99 // 100]

    async def _frame(self, reader: asyncio.StreamReader) -> bytes:
        head = await reader.readexactly(2)
        size = head[1] if head[1] < 126 else int.from_bytes(await reader.readexactly(2))
        return await reader.readexactly(size)


RESCUE = frame({"t": "page", "url": "https://shop.example/c", "kind": "cancel", "moment": "rescue"})


class Buyer(Good):
    """A client of a whole shop, who comes to be offered something; the offer is the answer.

    Each visit is about another item: an offer that reaches most of its viewers is a price for all.
    """

    visits = 0

    async def visit(self, answers: int) -> None:
        """Visit a number of times, each time until an offer arrives."""
        for _ in range(answers):
            self.visits += 1
            await self._come(
                self.visits // 50 * 100 + self.visits % 50
            )  # half of a hundred have rules

    async def _come(self, number: int) -> None:
        began, worked = time.perf_counter(), self._meter()
        reader, writer = await asyncio.open_connection(HOST, self._port)
        writer.write(UPGRADE + HELLO_DE)
        await reader.readuntil(b"\r\n\r\n")
        await self._frame(reader)
        self.work_ms.append(self._meter() - worked)
        self.connect_ms.append((time.perf_counter() - began) * 1e3)
        for _ in range(2):
            writer.write(frame({"t": "view", "sku": f"s{number}"}))
        began, worked = time.perf_counter(), self._meter()
        writer.write(RESCUE)
        while b'"t":"offer"' not in await self._frame(reader):
            pass
        self.answer_ms.append((time.perf_counter() - began) * 1e3)
        self.answer_work_ms.append(self._meter() - worked)
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)
