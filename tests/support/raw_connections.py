"""A real front door on a real socket, a desk that records, and raw clients to knock with."""

import asyncio
import base64
import os
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import msgspec

from tactful.protocol.codec import encode
from tactful.protocol.messages import ClientMessage, Hello, Welcome
from tactful.transports.admission.access_policy import AccessPolicy
from tactful.transports.admission.limits import AdmissionLimits
from tactful.transports.server.listener import ListenAddress, Listener
from tactful.transports.sessions.connection_hub import ConnectionHub
from tactful.transports.sessions.ports import SessionChannel

ORIGIN = "https://shop.example"
HELLO: dict[str, Any] = {
    "t": "hello",
    "consent": "anonymous",
    "page": {"url": "https://shop.example/"},
}
WELCOME = encode(Welcome(session="s", resume="r", offers=(), seq=0, heartbeat=20, idle=60))


class RecordingSessionHandler:
    """Answers hello with a welcome and keeps what happens, in order."""

    def __init__(self) -> None:
        self.events: list[tuple[Any, ...]] = []
        self.connections: list[SessionChannel] = []

    def connection_opened(self, connection: SessionChannel) -> None:
        self.connections.append(connection)
        self.events.append(("open",))

    def message_received(self, connection: SessionChannel, message: ClientMessage) -> None:
        self.events.append(("receive", message))
        if isinstance(message, Hello):
            connection.send(WELCOME)

    def client_lagging(self, _: SessionChannel) -> None:
        self.events.append(("slow",))

    def client_caught_up(self, _: SessionChannel) -> None:
        self.events.append(("caught_up",))

    def connection_closed(self, connection: SessionChannel) -> None:
        self.connections.remove(connection)
        self.events.append(("closed",))

    def named(self, name: str) -> list[tuple[Any, ...]]:
        return [event for event in self.events if event[0] == name]


async def hello_app(scope: Any, receive: Any, send: Any) -> None:
    """The smallest app: says hello with the client's address, and echoes bodies."""
    if scope["type"] == "lifespan":
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    body = b""
    while (message := await receive())["type"] == "http.request":
        body += message["body"]
        if not message["more_body"]:
            break
    text = f"hello {scope['client'][0]} {scope['path']} {len(body)}".encode()
    start = {
        "type": "http.response.start",
        "status": 200,
        "headers": [(b"content-type", b"text/plain"), (b"content-length", str(len(text)).encode())],
    }
    await send(start)
    await send({"type": "http.response.body", "body": text})


def policy(**changes: Any) -> AccessPolicy:
    return AccessPolicy(**{"origins": frozenset({ORIGIN}), "limits": AdmissionLimits(), **changes})


@asynccontextmanager
async def running_listener(
    desk: Any = None, app: Any = hello_app, place: dict[str, Any] | None = None, **changes: Any
) -> AsyncIterator[Listener]:
    """Start a listener on a free port; `changes` are the policy's."""
    reception = ConnectionHub(
        RecordingSessionHandler() if desk is None else desk, policy(**changes)
    )
    listener = Listener(app, reception, ListenAddress(port=0, **(place or {})))
    await listener.start()
    try:
        yield listener
    finally:
        await listener.close()


def upgrade(path: str = "/v1/session", *, drop: str = "", **changes: str) -> bytes:
    """A handshake's head; a header is changed with `Sec_WebSocket_Key="..."`, left out by `drop`."""
    headers = {
        "Host": "127.0.0.1",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Origin": ORIGIN,
        "Sec-WebSocket-Key": base64.b64encode(bytes(16)).decode(),
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Protocol": "tactful.v1",
    }
    headers |= {name.replace("_", "-"): value for name, value in changes.items()}
    headers.pop(drop, None)
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"GET {path} HTTP/1.1\r\n{lines}\r\n".encode("latin-1")


def frame(
    payload: bytes = b"",
    opcode: int = 1,
    *,
    fin: bool = True,
    rsv: int = 0,
    mask: bool = True,
    size: int | None = None,
) -> bytes:
    """One frame as a client writes it, or as none should; `size` may lie about the payload."""
    length = len(payload) if size is None else size
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    bit = 0x80 if mask else 0
    if length < 126:
        head = struct.pack("!BB", first, bit | length)
    elif length < 65_536:
        head = struct.pack("!BBH", first, bit | 126, length)
    else:
        head = struct.pack("!BBQ", first, bit | 127, length)
    if not mask:
        return head + payload
    key = os.urandom(4)
    whole = (key * (len(payload) // 4 + 1))[: len(payload)]
    masked = (int.from_bytes(payload) ^ int.from_bytes(whole)).to_bytes(len(payload))
    return head + key + masked


def text(message: Any) -> bytes:
    """A message as a masked text frame."""
    return frame(message if isinstance(message, bytes) else msgspec.json.encode(message))


class RawClient:
    """A peer that writes what it likes and reads what it gets."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    @asynccontextmanager
    async def connect(cls, port: int, source: str = "127.0.0.1") -> AsyncIterator["RawClient"]:
        """Connect, from another address of this machine if wanted: 127.0.0.1 has no limit."""
        local = (source, 0)
        reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=local)
        try:
            yield cls(reader, writer)
        finally:
            writer.close()
            await asyncio.gather(writer.wait_closed(), return_exceptions=True)

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def head(self) -> tuple[int, str]:
        """The status and the head of an HTTP answer."""
        answer = (await within(self.reader.readuntil(b"\r\n\r\n"))).decode("latin-1")
        return int(answer.split(" ")[1]), answer

    async def open(self, **changes: str) -> None:
        """Shake hands."""
        await self.send(upgrade(**changes))
        status, answer = await self.head()
        assert status == 101, answer

    async def greet(self) -> None:
        """Shake hands and say hello."""
        await self.open()
        await self.send(text(HELLO))
        assert (await self.message())["t"] == "welcome"

    async def frame(self) -> tuple[int, bytes]:
        """The next frame: opcode and payload."""
        first, second = await within(self.reader.readexactly(2))
        length = second & 0x7F
        if length == 126:
            length = int.from_bytes(await self.reader.readexactly(2))
        elif length == 127:
            length = int.from_bytes(await self.reader.readexactly(8))
        return first & 0x0F, await within(self.reader.readexactly(length))

    async def message(self) -> Any:
        opcode, payload = await self.frame()
        assert opcode == 1, (opcode, payload)
        return msgspec.json.decode(payload)

    async def close_code(self) -> int:
        """Read on until the server has closed, and say with which code; 1006 if with none."""
        try:
            while True:
                opcode, payload = await self.frame()
                if opcode == 8:
                    return int.from_bytes(payload[:2])
        except (asyncio.IncompleteReadError, ConnectionError):
            return 1006

    async def rest(self) -> bytes:
        """All that comes until the server closes, or resets what is still being sent."""
        found = b""
        with suppress(ConnectionError):
            while chunk := await within(self.reader.read(65_536)):
                found += chunk
        return found


async def within(awaitable: Any, seconds: float = 10) -> Any:
    """Wait, but not for ever."""
    return await asyncio.wait_for(awaitable, seconds)


async def eventually(condition: Any, seconds: float = 10) -> None:
    """Wait until a condition holds."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 -- what is waited for has no event of its own
            await asyncio.sleep(0.01)
