"""Pairs of HTTP/1.1 requests on one connection, how the server reads them, and how h11 does."""

import random  # noqa: TID251 - seeded
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, cast

import h11
import msgspec
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle
from uvicorn.server import ServerState

from support.raw_connections import RecordingSessionHandler, policy, upgrade
from tactful.transports.admission.client_address import TrustedProxies
from tactful.transports.server.http_protocol import HttpProtocol
from tactful.transports.server.incoming import IncomingConnection
from tactful.transports.server.server_state import ListenerState
from tactful.transports.sessions.connection_hub import ConnectionHub

SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"
"""A request that stands in bodies, where it must never be read as one."""
METHODS = (
    "GET", "GET", "GET", "POST", "POST", "POST", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS",
    "CONNECT",
)  # fmt: skip
TARGETS = ("/a", "/a", "/a", "/b?c=d", "/v1/session")
UPGRADES = (
    "h2c", "H2C", "h2c", "websocket", "WebSocket", "websocket, h2c", "h2c, websocket", "TLS/1.0",
    "websocket/13", "x", "",
)  # fmt: skip
CONNECTIONS = (
    ("Upgrade",), ("upgrade",), ("Upgrade, HTTP2-Settings",), ("keep-alive, Upgrade",),
    ("keep-alive",), ("Upgrade", "keep-alive"), ("keep-alive", "Upgrade"), ("close",),
    ("close, Upgrade",), ("Upgrade, close",), (",Upgrade,",), (),
)  # fmt: skip
VERSIONS = ("1.1",) * 20 + ("1.0", "1.0", "0.9", "2.0")
BODIES = (SMUGGLED, SMUGGLED * 3, b"0\r\n\r\n" + SMUGGLED, b"a=b", b"")
WRONG_LENGTHS = (
    "{0}, {0}", "+{0}", "-{0}", "0x{0}", "", "{0} {0}", "1_0", "{0}\t", "00{0}", "{0}.0", "{1}", "{2}",
)  # fmt: skip
CODINGS = (
    "Chunked", "gzip, chunked", "chunked, gzip", "identity", "xchunked", "chunked;q=1", "\tchunked",
    "chunked,", "chunked, chunked", "",
)  # fmt: skip
EXTRAS = (
    "Expect: 100-continue", "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA", "X: " + "a" * 200,
    "X:", "Trailer: X", "Sec-WebSocket-Version: 13", "Accept: */*",
)  # fmt: skip


class Read(msgspec.Struct):
    """One request as a reader understood it."""

    method: str
    target: bytes
    body: bytes | None = None
    """`None` if the body was discarded or is not complete."""
    hosts: int = 1
    """Fields `Host` in the head."""


class Reading(msgspec.Struct):
    """What a reader made of the bytes of one connection."""

    requests: list[Read]
    open: bool
    """Whether the reader would go on with further bytes."""
    upgraded: bool = False
    """Whether the last request became a WebSocket."""


# Writing.


def chunked(body: bytes, pick: random.Random) -> bytes:
    """Encode a body in chunks, some with extensions, sometimes with a trailer."""
    parts: list[bytes] = []
    at = 0
    while at < len(body):
        size = pick.randint(1, len(body))
        part = body[at : at + size]
        extension = pick.choice((b"", b"", b"", b";a=b", b";a"))
        parts.append(b"%x%b\r\n%b\r\n" % (len(part), extension, part))
        at += size
    trailer = pick.choice((b"", b"", b"", b"X: y\r\n", b"Upgrade: h2c\r\nHost: evil\r\n"))
    return b"".join((*parts, b"0\r\n", trailer, b"\r\n"))


def honest(pick: random.Random) -> tuple[bytes, str, bytes, bytes]:
    """Return a request with a body of the announced length, its method, target and that body."""
    method, target = pick.choice(METHODS[:-1]), pick.choice(TARGETS[:-1])
    body = pick.choice(BODIES[:-1])
    if pick.random() < 0.5:
        framing, sent = [f"Content-Length: {len(body)}"], body
    else:
        framing, sent = ["Transfer-Encoding: chunked"], chunked(body, pick)
    return _write(pick, method, target, "1.1", framing, sent), method, target.encode(), body


def any_request(pick: random.Random) -> bytes:
    """Return a request whose head may contradict itself or the body."""
    body = pick.choice(BODIES)
    length = f"Content-Length: {len(body)}"
    framing: list[str] = []
    sent = body
    match pick.randrange(20):
        case 0 | 1 | 2:
            sent = b""
        case 3 | 4 | 5 | 6 | 7:
            framing = [length]
        case 8:
            wrong = pick.choice(WRONG_LENGTHS)
            framing = ["Content-Length: " + wrong.format(len(body), len(body) + 7, len(body) // 2)]
        case 9:
            framing = [length, pick.choice((length, "Content-Length: 3"))]
        case 10:
            framing = [length, "Transfer-Encoding: chunked"]
            sent = pick.choice((body, chunked(body, pick)))
        case 11:
            framing = ["Transfer-Encoding: " + pick.choice(CODINGS)]
            sent = pick.choice((body, chunked(body, pick)))
        case 12:
            framing = ["Transfer-Encoding: chunked"] * pick.choice((1, 2))
            sent = pick.choice((body, chunked(body, pick)))
        case 13:
            head = upgrade(pick.choice(TARGETS))
            announced = pick.choice(("", "Content-Length: 0\r\n", length + "\r\n"))
            return head[:-2] + announced.encode() + b"\r\n" + pick.choice((b"", body))
        case _:
            framing = ["Transfer-Encoding: chunked"]
            sent = chunked(body, pick)
    return _write(
        pick, pick.choice(METHODS), pick.choice(TARGETS), pick.choice(VERSIONS), framing, sent
    )


def _write(
    pick: random.Random, method: str, target: str, version: str, framing: list[str], sent: bytes
) -> bytes:
    fields = ["Host: localhost", *framing]
    fields += [f"Connection: {value}" for value in pick.choice(CONNECTIONS)]
    fields += [f"Upgrade: {pick.choice(UPGRADES)}"] * pick.choice((0, 1, 1, 1, 2))
    fields += pick.sample(EXTRAS, pick.randrange(3))
    pick.shuffle(fields)
    return (
        f"{method} {target} HTTP/{version}\r\n".encode()
        + b"".join(f"{field}\r\n".encode() for field in fields)
        + b"\r\n"
        + sent
    )


NOISE = (
    b"\r", b"\n", b"\r\n", b"\n\n", b"\r\n\r\n", b" ", b"\t", b"\0", b"\x0b", b"\xa0", b"\xff", b":", b";", b",",
    b"0", b"00000000", b"1", b"f" * 16, b"-", b"+", b"x", b"_", b"\r\n ", b"HTTP/1.1", SMUGGLED,
)  # fmt: skip


def garbled(data: bytes, pick: random.Random) -> bytes:
    """Insert, delete or replace bytes, most of them such as parsers disagree about."""
    changed = bytearray(data)
    for _ in range(pick.randint(1, 3)):
        at = pick.randrange(len(changed) + 1)
        if pick.random() < 0.5:  # beside a colon or the end of a line, where it matters most
            found = changed.find(pick.choice((b"\r", b"\n", b":", b" ")), at)
            at = at if found < 0 else found + pick.randrange(2)
        changed[at : at + pick.randrange(3)] = pick.choice((*NOISE, b""))
    # h11 rejects further spaces around a target, which RFC 9112, section 3, lets a server skip.
    return re.sub(rb" {2,}(/|HTTP/)", rb" \1", bytes(changed))


def split(data: bytes, pick: random.Random) -> Iterator[bytes]:
    """Cut the bytes of a connection into reads."""
    cuts = sorted(pick.randrange(len(data) + 1) for _ in range(pick.randrange(5)))
    for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True):
        if start < end:
            yield data[start:end]


# Reading with h11.


def read_with_h11(data: bytes) -> Reading:
    """Read the requests of a connection with h11, and answer each when it is complete."""
    connection = _h11_with(data)
    found: list[Read] = []
    body = b""
    while True:
        try:
            event = connection.next_event()
        except h11.RemoteProtocolError:
            return Reading(found, open=False)
        if isinstance(event, h11.Request):
            found.append(Read(event.method.decode(), bytes(event.target)))
            body = b""
        elif isinstance(event, h11.Data):
            body += bytes(event.data)
        elif isinstance(event, h11.EndOfMessage):
            found[-1].body = body
            # With 404, a CONNECT opens no tunnel.
            connection.send(h11.Response(status_code=404, headers=[("Content-Length", "0")]))
            connection.send(h11.EndOfMessage())
            if connection.our_state is not h11.DONE:
                return Reading(found, open=False)
            rest, _ = connection.trailing_data
            if rest[:1] in {b"\r", b"\n"}:
                # h11 rejects the empty line that RFC 9112, section 2.2, has a server ignore.
                connection = _h11_with(rest.lstrip(b"\r\n"))
            else:
                connection.start_next_cycle()
        else:
            return Reading(found, open=True)


def _h11_with(data: bytes) -> h11.Connection:
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(data)
    return connection


# Reading with the server.


class _Loop:
    """The part of an event loop that uvicorn uses outside of tasks."""

    def call_later(self, *_: Any) -> "_Loop":
        return self

    def cancel(self) -> None:
        pass


class _Transport:
    """A transport that records whether it was closed, and how much was written."""

    def __init__(self, protocol: Any) -> None:
        self.protocol = protocol
        self.closing = self.ended = False
        self.writes = 0

    def get_protocol(self) -> Any:
        return self.protocol

    def set_protocol(self, protocol: Any) -> None:
        self.protocol = protocol

    def get_extra_info(self, name: str) -> Any:
        return ("127.0.0.1", 1) if name == "peername" else None

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None:
        self.closing = True

    abort = close

    def write(self, data: bytes) -> None:
        del data
        self.writes += 1

    def write_eof(self) -> None:
        self.ended = True

    def get_write_buffer_size(self) -> int:
        return 0

    def _ignore(self, *_: Any, **__: Any) -> None:
        pass

    pause_reading = resume_reading = set_write_buffer_limits = _ignore


class _RecordingProtocol(HttpProtocol):
    """The server's protocol, with its requests recorded instead of run."""

    def __init__(self, reader: "ServerReader", config: Config, server: ServerState) -> None:
        super().__init__(config, server, {}, _loop=reader.loop, rejections=Counter())
        self._reader = reader

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        del app
        self._current = cycle
        self._reader.started.append(cycle)


class _Inline:
    """A handshake queue without a wait."""

    def submit(self, complete: Callable[[], None]) -> None:
        complete()


class ServerReader:
    """Reads connections as the server does, from their first byte, without a socket."""

    def __init__(self) -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            raise NotImplementedError

        self.loop = _Loop()
        self.started: list[RequestResponseCycle] = []
        self._config = Config(
            app, http="httptools", ws=cast("Any", self._take_upgrade), interface="asgi3",
            log_config=None,
        )  # fmt: skip
        self._config.load()
        self._uvicorn_state = ServerState()
        self._handler = RecordingSessionHandler()
        hub = ConnectionHub(self._handler, policy(proxies=TrustedProxies(["127.0.0.1"])))
        self._state = ListenerState(hub, self._new_protocol)
        self._state.handshakes = _Inline()  # type: ignore[assignment]

    def _new_protocol(self) -> HttpProtocol:
        return _RecordingProtocol(self, self._config, self._uvicorn_state)

    def _take_upgrade(self, **_: Any) -> IncomingConnection:
        return IncomingConnection(self._state)

    def read(self, parts: Iterator[bytes], *, early: bool = False, late: bool = False) -> Reading:
        """Read a connection.

        Args:
            parts: What each read brings.
            early: Answer a request before its body.
            late: Answer no request before the last read.
        """
        self.started = []
        first = IncomingConnection(self._state)
        transport = _Transport(first)
        first.connection_made(transport)  # type: ignore[arg-type]
        found: list[Read] = []
        for part in parts:
            if transport.closing or transport.ended:
                break
            transport.protocol.data_received(part)
            if not late:
                self._answer(found, early=early)
        self._answer(found, early=early)
        found += [_read(cycle) for cycle in self.started]  # without their whole body
        open_still = not (transport.closing or transport.ended)
        upgraded = not isinstance(transport.protocol, IncomingConnection)
        transport.protocol.connection_lost(None)
        return Reading(found, open_still, upgraded)

    def _answer(self, found: list[Read], *, early: bool) -> None:
        """Answer the requests that have been started and are complete, or all if `early`."""
        while self.started and (early or not self.started[0].more_body):
            cycle = self.started.pop(0)
            complete = not cycle.more_body
            found.append(_read(cycle, bytes(cycle.body) if complete else None))
            cycle.response_started = cycle.response_complete = True
            if not cycle.keep_alive:
                cycle.transport.close()
            cycle.on_response()


def _read(cycle: RequestResponseCycle, body: bytes | None = None) -> Read:
    scope = cycle.scope
    query = scope["query_string"]
    target = scope["raw_path"] + (b"?" + query if query else b"")
    hosts = sum(name == b"host" for name, _ in scope["headers"])
    return Read(scope["method"], target, body, hosts)


# Comparing.


def disagreement(ours: Reading, reference: Reading, *, waits: bool = False) -> str:
    """Return in which way the server read more than h11 or something else, or an empty text.

    The server may reject what h11 accepts, as long as it reads nothing after that. With `waits` it may
    also wait for the end of a head that h11 has rejected already, or ended at a bare line feed.
    """
    seen = len(reference.requests)
    if len(ours.requests) > seen and ours.requests[seen].hosts != 1:
        return ""  # h11 rejects it for that; here the application does, with 400
    if len(ours.requests) + ours.upgraded > seen:
        return "a request that h11 does not see"
    for mine, theirs in zip(ours.requests, reference.requests, strict=False):
        if (mine.method, mine.target) != (theirs.method, theirs.target):
            return "another request"
        if mine.body is not None and mine.body != theirs.body:
            return "another body"
    if ours.upgraded and reference.requests[len(ours.requests)].body != b"":
        return "a WebSocket behind a head that announced a body"
    if ours.open and not ours.upgraded and not waits:
        if len(ours.requests) < seen:
            return "a request is missing"
        if not reference.open:
            return "h11 would read no further"
    return ""


def compare(seed: int, reader: ServerReader) -> str:
    """Read one generated pair of requests both ways; return how they disagree, or an empty text."""
    pick = random.Random(seed)
    data = any_request(pick) + any_request(pick)
    noisy = pick.random() < 0.3
    if noisy:
        data = garbled(data, pick)
    ours = reader.read(split(data, pick), early=pick.random() < 0.25, late=pick.random() < 0.25)
    reference = read_with_h11(data)
    found = disagreement(ours, reference, waits=noisy)
    return found and f"seed {seed}: {found}\n{data!r}\n{ours}\n{reference}"
