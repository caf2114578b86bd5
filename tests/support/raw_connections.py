"""A real listener on a real socket, a session handler that records, and clients that send raw bytes."""

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
from tactful.transports.sessions.connection_hub import ClientConnection, ConnectionHub

ORIGIN = "https://shop.example"
HELLO: dict[str, Any] = {
    "t": "hello",
    "consent": "anonymous",
    "page": {"url": "https://shop.example/"},
}
WELCOME = encode(Welcome(session="s", resume="r", offers=(), seq=0, heartbeat=20, idle=60))


class RecordingSessionHandler:
    """Answers `hello` with `welcome` and records all calls in order."""

    def __init__(self) -> None:
        self.events: list[tuple[Any, ...]] = []
        self.connections: list[ClientConnection] = []

    def connection_opened(self, connection: ClientConnection) -> None:
        self.connections.append(connection)
        self.events.append(("open",))

    def message_received(self, connection: ClientConnection, message: ClientMessage) -> None:
        self.events.append(("receive", message))
        if isinstance(message, Hello):
            connection.send(WELCOME)

    def client_lagging(self, _: ClientConnection) -> None:
        self.events.append(("slow",))

    def client_caught_up(self, _: ClientConnection) -> None:
        self.events.append(("caught_up",))

    def connection_closed(self, connection: ClientConnection) -> None:
        self.connections.remove(connection)
        self.events.append(("closed",))

    def named(self, name: str) -> list[tuple[Any, ...]]:
        return [event for event in self.events if event[0] == name]


async def hello_app(scope: Any, receive: Any, send: Any) -> None:
    """The smallest application: answers with the client's address, the path and the body's size."""
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
    handler: Any = None, app: Any = hello_app, place: dict[str, Any] | None = None, **changes: Any
) -> AsyncIterator[Listener]:
    """Run a listener on a free port; `changes` are fields of its policy."""
    hub = ConnectionHub(
        RecordingSessionHandler() if handler is None else handler, policy(**changes)
    )
    listener = Listener(app, hub, ListenAddress(port=0, **(place or {})))
    await listener.start()
    try:
        yield listener
    finally:
        await listener.close()


def upgrade(path: str = "/v1/session", *, drop: str = "", **changes: str) -> bytes:
    """Return a handshake's head; `Sec_WebSocket_Key="…"` changes a header, `drop` leaves one out."""
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
    """Return one frame, valid or not; `size` may differ from that of the payload."""
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
    """Return a message as a masked text frame."""
    return frame(message if isinstance(message, bytes) else msgspec.json.encode(message))


class RawClient:
    """A client that writes any bytes and reads frame by frame."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    @asynccontextmanager
    async def connect(cls, port: int, source: str = "127.0.0.1") -> AsyncIterator["RawClient"]:
        """Connect from an address of this machine, such as 127.0.0.2."""
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
        """Read the head of an HTTP response; return its status and its text."""
        answer = (await within(self.reader.readuntil(b"\r\n\r\n"))).decode("latin-1")
        return int(answer.split(" ")[1]), answer

    async def handshake(self, **changes: str) -> None:
        """Complete a WebSocket handshake."""
        await self.send(upgrade(**changes))
        status, answer = await self.head()
        assert status == 101, answer

    async def open_session(self) -> None:
        """Complete a handshake, send `hello` and read `welcome`."""
        await self.handshake()
        await self.send(text(HELLO))
        assert (await self.message())["t"] == "welcome"

    async def frame(self) -> tuple[int, bytes]:
        """Read a frame; return its opcode and payload."""
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
        """Read until the server closes; return its close code, 1006 if there is none."""
        try:
            while True:
                opcode, payload = await self.frame()
                if opcode == 8:
                    return int.from_bytes(payload[:2])
        except (asyncio.IncompleteReadError, ConnectionError):
            return 1006

    async def rest(self) -> bytes:
        """Read everything until the server closes or resets the connection."""
        found = b""
        with suppress(ConnectionError):
            while chunk := await within(self.reader.read(65_536)):
                found += chunk
        return found


async def within(awaitable: Any, seconds: float = 30) -> Any:
    """Wait for something, with a limit."""
    return await asyncio.wait_for(awaitable, seconds)


async def eventually(condition: Any, seconds: float = 30) -> None:
    """Wait until a condition holds."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 -- what is waited for has no event of its own
            await asyncio.sleep(0.01)
