"""A session that behaves as the widget does: resumes, sends again, and accounts for its offers."""

import asyncio
import random  # noqa: TID251 -- jitter, as the widget's
import time
from collections import Counter
from typing import Any

import msgspec
from shoppers import REQUEST

from tactful.protocol.close_codes import GOING_AWAY

HOST = "127.0.0.1"
WELCOME_S = 4.0
"""Seconds after which the server is assumed not to answer, as in the widget."""
PAGE = {"url": "https://shop.example/", "kind": "product"}


class Line(asyncio.Protocol):
    """One connection of a visitor."""

    def __init__(self, visitor: "Visitor") -> None:
        self._visitor = visitor
        self._buffer = b""
        self._shaken = False
        self.transport: Any = None
        self.closed_with = 1006

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.write(REQUEST)

    def say(self, message: dict[str, Any]) -> None:
        """Send one message, with a mask of zero, which is valid."""
        text = msgspec.json.encode(message)
        size = len(text)
        head = bytes([0x81, 0x80 | size]) if size < 126 else b"\x81\xfe" + size.to_bytes(2)
        self.transport.write(head + b"\0\0\0\0" + text)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._shaken:
            head, end, rest = self._buffer.partition(b"\r\n\r\n")
            if not end:
                return
            if b" 101 " not in head[:16]:
                self._visitor.refused(self, head.split(b"\r\n")[0].decode())
                return
            self._shaken, self._buffer = True, rest
            self._visitor.shaken(self)
        while (found := self._frame()) is not None:
            kind, payload = found
            if kind == 0x81:
                self._visitor.heard(self, msgspec.json.decode(payload))
            elif kind == 0x88:
                self.closed_with = int.from_bytes(payload[:2])
                self.transport.write(b"\x88\x82\0\0\0\0" + payload[:2])
            elif kind == 0x89:
                self.transport.write(b"\x8a\x80\0\0\0\0")

    def _frame(self) -> tuple[int, bytes] | None:
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        start, size = 2, buffer[1]
        if size == 126:
            start, size = 4, int.from_bytes(buffer[2:4])
        if len(buffer) < start + size:
            return None
        self._buffer = buffer[start + size :]
        return buffer[0], buffer[start : start + size]

    def connection_lost(self, _: Exception | None) -> None:
        self._visitor.lost(self)


class Visitor:
    """One session. `counts` are shared by all: what went wrong, and how often."""

    def __init__(self, port: int, counts: Counter[str], welcome_s: float = WELCOME_S) -> None:
        self._port = port
        self._welcome_s = welcome_s
        self._counts = counts
        self._live: Line | None = None
        self._next: Line | None = None
        self._dialling: asyncio.TimerHandle | None = None
        self._waiting: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[Any] | None = None
        self._failures = 0
        self._again_due = False
        self._n = 0
        self._unanswered: list[dict[str, Any]] = []
        self._resume = ""
        self._gone_at = 0.0
        self.session = ""
        self.welcomes = 0
        self.away_s: list[float] = []
        """How long it was without a connection, each time."""
        self.standing: dict[str, dict[str, Any]] = {}
        self.seen: set[str] = set()
        self.tokens: dict[str, str] = {}
        self.changed = asyncio.Event()
        self.leaving = False

    @property
    def connected(self) -> bool:
        """Whether it has been welcomed and is still connected."""
        return self._live is not None

    # what a shopper does

    def say(self, message: dict[str, Any]) -> None:
        """Send a message, now or when connected, and again until it is acknowledged."""
        self._unanswered.append(dict(message))
        if self._live is not None and not self._again_due:
            self._flush(self._live, self._unanswered[-1:])

    def _flush(self, line: Line, messages: list[dict[str, Any]]) -> None:
        """Send messages; each is numbered when it is sent first, and keeps its number."""
        for message in messages:
            if "n" not in message:
                self._n += 1
                message["n"] = self._n
            line.say(message)

    def need_rescue(self, sku: str) -> None:
        """Open a page on which an offer may be made at once."""
        self.say({"t": "view", "sku": sku})
        self.say({"t": "page", "url": PAGE["url"], "kind": "cancel", "moment": "rescue"})
        self.say({"t": "page", "url": PAGE["url"], "kind": "product"})

    def leave(self) -> None:
        """Disconnect for good."""
        self.leaving = True
        for timer in (self._dialling, self._waiting):
            if timer is not None:
                timer.cancel()
        for line in (self._live, self._next):
            if line is not None and line.transport is not None:
                line.transport.abort()

    # connecting

    def dial(self) -> None:
        """Open a connection."""
        loop = asyncio.get_running_loop()
        self._dialling = None
        if self.leaving or self._next is not None:
            return
        self._next = line = Line(self)
        self._waiting = loop.call_later(self._welcome_s, self._in_vain, line)
        self._task = asyncio.ensure_future(self._open(line))

    async def _open(self, line: Line) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.create_connection(lambda: line, HOST, self._port)
        except OSError as problem:
            self.refused(line, type(problem).__name__)

    def _in_vain(self, line: Line) -> None:
        self.refused(line, "no welcome in time")

    def refused(self, line: Line, why: str) -> None:
        """Note that a connection was refused; it is retried."""
        if line is not self._next:
            return
        self._counts[f"refused: {why}"] += 1
        self._drop(line)
        self._again()

    def lost(self, line: Line) -> None:
        """Note that a connection was lost."""
        if line is self._next:
            if not self.leaving:
                self.refused(line, f"closed before the welcome ({line.closed_with})")
        elif line is self._live:
            self._live = None
            self._gone_at = time.perf_counter()
            if self._dialling is None and self._next is None and not self.leaving:
                self._counts[f"lost without goodbye ({line.closed_with})"] += 1
                self._again()

    def _again(self) -> None:
        if self._live is None and self._dialling is None:
            self._failures += 1
            self._dial_in(random.random() * min(30, 2**self._failures))

    def _dial_in(self, seconds: float) -> None:
        if not self.leaving:
            self._dialling = asyncio.get_running_loop().call_later(seconds, self.dial)

    def _drop(self, line: Line) -> None:
        self._next = None
        if self._waiting is not None:
            self._waiting.cancel()
        if line.transport is not None:
            line.transport.abort()

    # what a connection reports

    def shaken(self, line: Line) -> None:
        """Send `hello` after the handshake."""
        self._n += 1
        known = {"resume": self._resume} if self._resume else {}
        hello = {"t": "hello", "consent": "anonymous", "territory": "DE", "page": PAGE}
        line.say({**hello, **known, "n": self._n})

    def heard(self, line: Line, message: dict[str, Any]) -> None:
        """Record a frame."""
        kind = message["t"]
        if line is self._next:
            if kind == "welcome":
                self._welcomed(line, message)
        elif line is self._live:
            getattr(self, f"_{kind}", self._ignore)(message)
        if kind in {"welcome", "offer", "accepted", "withdraw", "refused"}:
            self.changed.set()

    def _ignore(self, message: dict[str, Any]) -> None:
        pass

    def _welcomed(self, line: Line, message: dict[str, Any]) -> None:
        before, self._live = self._live, line
        self._next = None
        if self._waiting is not None:
            self._waiting.cancel()
        if before is not None:
            before.transport.close()
            self.away_s.append(0.0)
        elif self._gone_at:
            self.away_s.append(time.perf_counter() - self._gone_at)
        if self.session and message["session"] != self.session:
            self._counts["session lost"] += 1
        self._failures = 0
        self._again_due = True  # what is new waits for the first ack, as in the widget
        self.welcomes += 1
        self.session, self._resume = message["session"], message["resume"]
        self.standing = {offer["id"]: offer for offer in message["offers"]}
        self.seen |= self.standing.keys()
        self._flush(line, [each for each in self._unanswered if "n" in each])

    def _offer(self, message: dict[str, Any]) -> None:
        offer = message["offer"]
        if offer["id"] in self.seen:
            self._counts["offer doubled: told twice"] += 1
        self.seen.add(offer["id"])
        self.standing.pop(message.get("replaces", ""), None)
        self.standing[offer["id"]] = offer

    def _withdraw(self, message: dict[str, Any]) -> None:
        self.standing.pop(message["offer"], None)

    def _accepted(self, message: dict[str, Any]) -> None:
        self.tokens.setdefault(message["offer"], message["token"])
        self.standing.pop(message["offer"], None)

    def _refused(self, message: dict[str, Any]) -> None:
        self._counts[f"accept refused: {message['code']}"] += 1

    def _ack(self, message: dict[str, Any]) -> None:
        taken = message["n"]
        self._unanswered = [each for each in self._unanswered if each.get("n", taken + 1) > taken]
        if self._again_due and self._live is not None:
            self._again_due = False
            self._flush(self._live, [each for each in self._unanswered if "n" not in each])

    def _bye(self, message: dict[str, Any]) -> None:
        """Reconnect at the announced time; a widget checks its clock once a second."""
        if message["code"] == GOING_AWAY.code and self._dialling is None:
            self._counts["goodbyes"] += 1
            self._dial_in(message["retry"] + random.random())
