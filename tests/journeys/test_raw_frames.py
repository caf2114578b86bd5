"""Raw bytes on real sockets: what a stranger may send, and what the front door says to it.

Each row of a table is one case. The server runs in a process of its own; at the end its log must
hold no traceback, and its memory and descriptors must be where they were.
"""

import asyncio
import os
import random  # noqa: TID251 -- the fuzz is seeded
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest

from doors import HELLO, ORIGIN, Raw, eventually, frame, text, upgrade, within

HERE = Path(__file__).parent
SEED = 20_261_121
PACE = {"per_second": 20, "burst": 120}
VIEW = {"t": "view", "sku": "RUN-42"}


class Served:
    """A server process: its port, its log, its memory and its descriptors."""

    def __init__(
        self, log: Path, *, echo: bool = False, descriptors: str = "", **limits: Any
    ) -> None:
        self.log = log
        path = os.pathsep.join([str(HERE.parent), str(HERE.parent.parent / "server")])
        with log.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, str(HERE / "raw_server.py"), msgspec.json.encode(limits).decode()]
                + ["echo"] * echo,
                stdout=subprocess.PIPE, stderr=errors, env=os.environ | {"PYTHONPATH": path, "DESCRIPTORS": descriptors},
            )  # fmt: skip
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())
        self.descriptors_at_start = self.descriptors()

    def descriptors(self) -> int:
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def rss_kib(self) -> int:
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGESIZE") // 1024

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)
        assert self.process.stdout is not None
        self.process.stdout.close()


def served(folder: Any, name: str, **options: Any) -> Iterator[Served]:
    server = Served(folder.mktemp("raw") / f"{name}.log", **options)
    yield server
    server.stop()
    written = server.log.read_text()
    assert "Traceback" not in written, written
    assert "ERROR" not in written, written


@pytest.fixture(scope="module")
def door(tmp_path_factory) -> Iterator[Served]:
    yield from served(
        tmp_path_factory, "door", linger_ms=300, sweep_ms=200, stalled_ms=2_000, rhythm=PACE
    )


@pytest.fixture(scope="module")
def hasty(tmp_path_factory) -> Iterator[Served]:
    """A door that waits for nobody, for the cases about waiting."""
    rhythm = {"hello_ms": 300, "heartbeat_ms": 100, "silent_ms": 400}
    yield from served(
        tmp_path_factory, "hasty", head_ms=300, linger_ms=200, sweep_ms=80, stalled_ms=500,
        body_grace_ms=200, rhythm=rhythm,
    )  # fmt: skip


@pytest.fixture(scope="module")
def echo(tmp_path_factory) -> Iterator[Served]:
    yield from served(tmp_path_factory, "echo", echo=True, linger_ms=300, sweep_ms=200)


def table(rows: list[tuple[Any, ...]]) -> Any:
    """Rows of (name, what is sent, what is expected) as cases."""
    cases = [pytest.param(*row[1:], id=row[0]) for row in rows]
    return pytest.mark.parametrize(("sent", "expected"), cases)


def request(*lines: str, body: bytes = b"") -> bytes:
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


GET = upgrade().decode("latin-1")
HANDSHAKES = [
    ("as a browser does it", upgrade(), 101),
    ("with header names in lower case", GET.replace("Upgrade:", "upgrade:").encode(), 101),
    ("with keep-alive beside upgrade", upgrade(Connection="keep-alive, Upgrade"), 101),
    ("with a deflate offer, which is not taken", upgrade(Sec_WebSocket_Extensions="permessage-deflate; client_max_window_bits"), 101),
    ("with another subprotocol beside ours", upgrade(Sec_WebSocket_Protocol="chat, tactful.v1"), 101),
    ("with a query", upgrade("/v1/session?utm=1"), 101),
    ("with a port in Host", upgrade(Host="127.0.0.1:8000"), 101),
    ("with an IPv6 Host", upgrade(Host="[::1]:8000"), 101),
    ("with a Host in capitals", upgrade(Host="LOCALHOST"), 101),
    ("with a Content-Length of 0", upgrade(Content_Length="0"), 101),
    ("without Upgrade", upgrade(drop="Upgrade"), 426),
    ("with another Upgrade", upgrade(Upgrade="h2c"), 426),
    ("with two Upgrades", upgrade(Upgrade="websocket, h2c"), 426),
    ("without Connection", upgrade(drop="Connection"), 426),
    ("with Connection: close", upgrade(Connection="close"), 426),
    ("without a key", upgrade(drop="Sec-WebSocket-Key"), 400),
    ("with a short key", upgrade(Sec_WebSocket_Key="AAAA"), 400),
    ("with a key that is not base64", upgrade(Sec_WebSocket_Key="!" * 24), 400),
    ("with two keys", GET.replace("\r\n\r\n", "\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n").encode(), 400),
    ("without a version", upgrade(drop="Sec-WebSocket-Version"), 400),
    ("with version 8", upgrade(Sec_WebSocket_Version="8"), 400),
    ("without a subprotocol", upgrade(drop="Sec-WebSocket-Protocol"), 400),
    ("with another subprotocol", upgrade(Sec_WebSocket_Protocol="tactful.v2"), 400),
    ("with an empty subprotocol", upgrade(Sec_WebSocket_Protocol=","), 400),
    ("without Origin", upgrade(drop="Origin"), 403),
    ("with Origin: null", upgrade(Origin="null"), 403),
    ("from another site", upgrade(Origin="https://evil.example"), 403),
    ("from a site that begins like ours", upgrade(Origin=ORIGIN + ".evil.example"), 403),
    ("from a site that ends like ours", upgrade(Origin="https://evil-shop.example"), 403),
    ("from a subdomain", upgrade(Origin="https://www.shop.example"), 403),
    ("from the same site without TLS", upgrade(Origin="http://shop.example"), 403),
    ("from another port", upgrade(Origin=ORIGIN + ":8443"), 403),
    ("with a slash behind the origin", upgrade(Origin=ORIGIN + "/"), 403),
    ("with an origin in capitals", upgrade(Origin=ORIGIN.upper()), 403),
    ("with a user in the origin", upgrade(Origin="https://shop.example@evil.example"), 403),
    ("with two origins in one", upgrade(Origin=f"{ORIGIN} https://evil.example"), 403),
    ("with two Origin headers", GET.replace("\r\n\r\n", f"\r\nOrigin: {ORIGIN}\r\n\r\n").encode(), 403),
    ("from another site, without a subprotocol", upgrade(drop="Sec-WebSocket-Protocol", Origin="https://evil.example"), 403),
    ("without Host", upgrade(drop="Host"), 400),
    ("with an empty Host", upgrade(Host=""), 400),
    ("with two Hosts", GET.replace("\r\n\r\n", "\r\nHost: 127.0.0.1\r\n\r\n").encode(), 400),
    ("with a user in Host", upgrade(Host="127.0.0.1@evil.example"), 400),
    ("with a path in Host", upgrade(Host="127.0.0.1/evil"), 400),
    ("with a space in Host", upgrade(Host="127.0.0.1 evil"), 400),
    ("with a rebound name as Host", upgrade(Host="evil.example"), 421),
    ("with a dot behind the Host", upgrade(Host="localhost."), 421),
    ("with another loopback address as Host", upgrade(Host="127.0.0.2"), 421),
    ("at the root", upgrade("/"), 404),
    ("at a path below", upgrade("/v1/session/"), 404),
    ("at the fallback's path", upgrade("/v1/session/stream"), 404),
    ("at an escaped path", upgrade("/v1/%73ession"), 404),
    ("at a doubled slash", upgrade("//v1/session"), 404),
    ("at a path with dots", upgrade("/v1/x/../session"), 404),
    ("in absolute form", upgrade("http://127.0.0.1/v1/session"), 404),
    ("by POST", upgrade().replace(b"GET", b"POST", 1), 405),
    ("by HEAD", upgrade().replace(b"GET", b"HEAD", 1), 405),
    ("by an invented method", upgrade().replace(b"GET", b"BREW", 1), 405),
    ("in HTTP/1.0", upgrade().replace(b"HTTP/1.1", b"HTTP/1.0", 1), 505),
    ("in HTTP/3.0", upgrade().replace(b"HTTP/1.1", b"HTTP/3.0", 1), 400),
    ("with a body", upgrade(Content_Length="5") + b"hello", 400),
    ("with a chunked body", upgrade(Transfer_Encoding="chunked"), 400),
    ("with a length that is no number", upgrade(Content_Length="-1"), 400),
    ("with a folded header", upgrade(X="a\r\n b"), 400),
    ("with a space before the colon", upgrade(**{"X ": "a"}), 400),
    ("with a header without a colon", GET.replace("\r\n\r\n", "\r\nnonsense\r\n\r\n").encode(), 400),
    ("with a NUL in a header", upgrade(X="a\x00b"), 400),
    ("with a bare line feed in a header", upgrade(X="a\nUpgrade"), 400),
    ("with a path that is not ASCII", upgrade("/v1/session?\xe9"), 400),
    ("with a long path", upgrade("/v1/session?" + "a" * 9_000), 414),
    ("with a long header", upgrade(X="a" * 9_000), 431),
    ("with many headers", upgrade(**{f"X{n}": "a" for n in range(130)}), 431),
    ("with a large head", upgrade(**{f"X{n}": "a" * 1_000 for n in range(20)}), 431),
    ("with a head that never ends", b"GET /v1/session HTTP/1.1\r\n" + b"X: a\r\n" * 4_000, 431),
    ("as TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    ("as noise", bytes(range(256)), 400),
    ("as an empty line", b"\r\n\r\n", 400),
    ("in lower case", b"get /v1/session http/1.1\r\n\r\n", 400),
    ("as HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    ("as one word", b"HELLO\r\n\r\n", 400),
]  # fmt: skip


@table(HANDSHAKES)
async def test_a_handshake(door, sent, expected):
    async with Raw.knock(door.port) as peer:
        await peer.send(sent)
        status, head = await peer.head()
        assert status == expected
        assert "Sec-WebSocket-Extensions" not in head
        if status == 101:
            await peer.send(text(HELLO))
            assert (await peer.message())["t"] == "welcome"
        else:
            assert "connection: close" in head.lower()
            assert b"Traceback" not in await peer.rest()


def close(code: int, reason: bytes = b"") -> bytes:
    return frame(code.to_bytes(2) + reason, 8)


BIG = b'{"t":"view","sku":"' + b"a" * 65_600 + b'"}'
FRAMES = [
    ("unmasked", frame(b"{}", mask=False), 1002),
    ("unmasked ping", frame(b"", 9, mask=False), 1002),
    ("first reserved bit", frame(b"{}", rsv=4), 1002),
    ("second reserved bit", frame(b"{}", rsv=2), 1002),
    ("third reserved bit", frame(b"{}", rsv=1), 1002),
    *[(f"reserved opcode {code:#x}", frame(b"", code), 1002) for code in (3, 4, 7, 0xB, 0xF)],
    ("continuation of nothing", frame(b"a", 0), 1002),
    ("continuation after a whole message", text(VIEW) + frame(b"a", 0), 1002),
    ("a message inside a message", frame(b"{", 1, fin=False) + text(VIEW), 1002),
    ("a binary message inside a message", frame(b"{", 1, fin=False) + frame(b"", 2), 1002),
    ("a fragmented ping", frame(b"a", 9, fin=False), 1002),
    ("a fragmented close", frame(b"\x03\xe8", 8, fin=False), 1002),
    ("a long ping", frame(b"a" * 126, 9), 1002),
    ("a long pong", frame(b"a" * 126, 10), 1002),
    ("a long close", close(1000, b"a" * 124), 1002),
    ("a close of one byte", frame(b"\x03", 8), 1002),
    *[(f"close with {code}", close(code), 1002) for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535)],
    *[(f"close with {code}", close(code), code) for code in (1000, 1001, 1003, 1009, 1011, 3000, 3999, 4000, 4999)],
    ("close without a code", frame(b"", 8), 0),
    ("close with a reason", close(1000, b"bye"), 1000),
    ("close with the longest reason", close(1000, b"a" * 123), 1000),
    ("close with a reason that is not UTF-8", close(1000, b"\xff"), 1007),
    ("close and then more", close(1000) + text(VIEW) * 10, 1000),
    ("close inside a message", frame(b"{", 1, fin=False) + close(1000), 1002),
    ("a binary message", frame(b"{}", 2), 1003),
    ("a binary message in fragments", frame(b"{", 2, fin=False) + frame(b"}", 0), 1003),
    ("an empty binary message", frame(b"", 2), 1003),
    ("too large", frame(BIG), 1009),
    ("too large by its announcement", frame(b"a", size=65_537), 1009),
    ("larger than any memory", frame(b"a", size=2**62), 1009),
    ("of a negative size", frame(b"a", size=2**63), 1009),
    ("too large in fragments", frame(b"a" * 40_000, 1, fin=False) + frame(b"a" * 40_000, 0), 1009),
    ("too many fragments", frame(b"", 1, fin=False) + frame(b"a", 0, fin=False) * 64, 1002),
    ("not UTF-8", frame(b'{"t":"view","sku":"\xff"}'), 1007),
    ("not UTF-8 in fragments", frame(b'{"t":"view","sku":"\xc3', 1, fin=False) + frame(b'"}', 0), 1007),
    ("a surrogate in UTF-8", frame(b'{"t":"view","sku":"\xed\xa0\x80"}'), 1007),
    ("an overlong NUL", frame(b'{"t":"view","sku":"\xc0\x80"}'), 1007),
    ("empty", frame(b""), 4400),
    ("not JSON", frame(b"hello"), 4400),
    ("a list", text([VIEW]), 4400),
    ("two objects", frame(msgspec.json.encode(VIEW) * 2), 4400),
    ("without a type", text({}), 4400),
    ("of an unknown type", text({"t": "buy"}), 4400),
    ("a message of the server", text({"t": "withdraw", "seq": 1, "offer": "o"}), 4400),
    ("with an unknown field", text(VIEW | {"customer": "c1"}), 4400),
    ("with a number for a text", text(VIEW | {"sku": 1}), 4400),
    ("with n of 0", text(VIEW | {"n": 0}), 4400),
    ("with n beyond what JavaScript counts", text(VIEW | {"n": 2**53}), 4400),
    ("a second hello", text(HELLO), 4400),
    ("with a key twice", frame(b'{"t":"accept","offer":"a","offer":"b"}'), 4400),
    ("a depth bomb", frame(b"[" * 60_000), 4400),
    ("a depth bomb in a field", frame(b'{"t":"cart","lines":' + b"[" * 60_000), 4400),
    ("a number bomb", frame(b'{"t":"view","sku":' + b"9" * 60_000 + b"}"), 4400),
    ("an exponent bomb", frame(b'{"t":"accept","offer":"o","qty":1e999999}'), 4400),
    ("a lone surrogate", frame(b'{"t":"view","sku":"\\ud800"}'), 4400),
    ("a NUL", frame(b'{"t":"view","sku":"\x00"}'), 4400),
    ("a byte order mark", frame(b'\xef\xbb\xbf{"t":"logout"}'), 4400),
    ("a cart of 201 lines", text({"t": "cart", "lines": [{"sku": "a", "qty": 1}] * 201}), 4400),
    ("a flood of messages", text(VIEW) * 400, 4429),
    ("a flood of large messages", frame(b" " * 60_000 + b'{"t":"logout"}') * 20, 4429),
    ("a flood of pings", frame(b"a", 9) * 400, 4429),
    ("a flood of pongs", frame(b"a", 10) * 400, 4429),
    ("a flood of fragments", (frame(b'{"t":', 1, fin=False) + frame(b'"logout"}', 0)) * 400, 4429),
]  # fmt: skip


@table(FRAMES)
async def test_a_frame_or_message_that_ends_the_connection(door, sent, expected):
    async with Raw.knock(door.port) as peer:
        await peer.greet()
        await peer.send(sent)
        assert await peer.close_code() == expected
        assert await peer.rest() == b""


@pytest.mark.parametrize(
    "first",
    [{"t": "view", "sku": "a"}, {"t": "logout", "n": 1}, {"t": "accept", "offer": "o"}],
    ids=lambda message: message["t"],
)
async def test_a_first_message_that_is_not_hello(door, first):
    async with Raw.knock(door.port) as peer:
        await peer.open()
        await peer.send(text(first))
        assert await peer.close_code() == 4401


whole = msgspec.json.encode(VIEW)
PASSING = [
    ("in one frame", text(VIEW)),
    ("in two fragments", frame(whole[:9], 1, fin=False) + frame(whole[9:], 0)),
    ("in fragments of one byte", frame(whole[:1], 1, fin=False) + b"".join(
        frame(whole[n : n + 1], 0, fin=n == len(whole) - 1) for n in range(1, len(whole)))),
    ("in fragments, some empty", frame(b"", 1, fin=False) + frame(whole, 0, fin=False) + frame(b"", 0)),
    ("with a ping between fragments", frame(whole[:9], 1, fin=False) + frame(b"p", 9) + frame(whole[9:], 0)),
    ("after a pong nobody asked for", frame(b"x", 10) + text(VIEW)),
    ("after an empty pong", frame(b"", 10) + text(VIEW)),
    ("with white space", frame(b" \n\t" + whole + b" " * 100)),
    ("with escapes", frame(b'{"t":"view","sku":"RUN\\u002d42"}')),
    ("with fields in another order", frame(b'{"sku":"RUN-42","t":"view"}')),
    ("with its size written longer than it need be", b"\x81\xfe" + len(whole).to_bytes(2) + bytes(4) + whole),
    ("nearly too large", frame(whole + b" " * (65_536 - len(whole)))),
]  # fmt: skip


@pytest.mark.parametrize("sent", [row[1] for row in PASSING], ids=[row[0] for row in PASSING])
async def test_a_message_that_is_answered(door, sent):
    async with Raw.knock(door.port) as peer:
        await peer.greet()
        await peer.send(sent)
        while (found := await peer.frame())[0] == 10:
            pass
        assert msgspec.json.decode(found[1])["offer"] == "RUN-42" * 8


async def test_a_message_cut_at_every_byte_is_answered(door):
    sent = text(VIEW)
    async with Raw.knock(door.port) as peer:
        await peer.greet()
        for cut in range(1, len(sent)):
            await peer.send(sent[:cut])
            await asyncio.sleep(0)
            await peer.send(sent[cut:])
            assert (await peer.message())["offer"] == "RUN-42" * 8


async def test_a_handshake_and_a_message_that_drip_byte_by_byte_pass(door):
    async with Raw.knock(door.port) as peer:
        for byte in upgrade():
            await peer.send(bytes((byte,)))
        assert (await peer.head())[0] == 101
        for byte in text(HELLO) + text(VIEW):
            await peer.send(bytes((byte,)))
        assert (await peer.message())["t"] == "welcome"
        assert (await peer.message())["t"] == "withdraw"


async def test_messages_in_one_packet_with_the_handshake_are_taken(door):
    async with Raw.knock(door.port) as peer:
        await peer.send(upgrade() + text(HELLO) + text(VIEW | {"n": 1}))
        assert (await peer.head())[0] == 101
        assert [(await peer.message())["t"] for _ in range(3)] == ["welcome", "withdraw", "ack"]


async def test_a_ping_is_answered_with_its_payload(door):
    async with Raw.knock(door.port) as peer:
        await peer.open()
        for payload in (b"", b"a", b"a" * 125):
            await peer.send(frame(payload, 9))
            assert await peer.frame() == (10, payload)


async def test_a_hundred_messages_in_one_packet_are_answered_in_order_with_one_ack(door):
    async with Raw.knock(door.port) as peer:
        await peer.greet()
        await peer.send(
            b"".join(text({"t": "view", "sku": f"s{n}", "n": n}) for n in range(1, 101))
        )
        found = [await peer.message() for _ in range(101)]
        assert [each["offer"] for each in found[:100]] == [f"s{n}" * 8 for n in range(1, 101)]
        assert found[100] == {"t": "ack", "n": 100}


async def test_a_message_sent_again_is_acknowledged_and_not_answered(door):
    async with Raw.knock(door.port) as peer:
        await peer.greet()
        await peer.send(text(VIEW | {"n": 1}))
        assert [(await peer.message())["t"] for _ in range(2)] == ["withdraw", "ack"]
        await peer.send(text(VIEW | {"n": 1}))
        assert await peer.message() == {"t": "ack", "n": 1}


async def test_a_session_can_begin_on_a_connection_that_served_http_before(door):
    async with Raw.knock(door.port) as peer:
        await peer.send(request("GET / HTTP/1.1", "Host: 127.0.0.1"))
        status, head = await peer.head()
        assert status == 200
        await peer.reader.readexactly(int(head.lower().split("content-length: ")[1].split("\r")[0]))
        await peer.greet()
        await peer.send(text(VIEW))
        assert (await peer.message())["t"] == "withdraw"


HTTP = [
    ("a request", request("GET /a HTTP/1.1", "Host: localhost"), 200),
    ("a request in HTTP/1.0", request("GET /a HTTP/1.0", "Host: localhost"), 200),
    ("a body", request("POST /a HTTP/1.1", "Host: localhost", "Content-Length: 3", body=b"abc"), 200),
    ("a chunked body", request("POST /a HTTP/1.1", "Host: localhost", "Transfer-Encoding: chunked", body=b"3\r\nabc\r\n0\r\n\r\n"), 200),
    ("a health check by address", request("GET /healthz HTTP/1.1", "Host: 10.0.0.7:8000"), 200),
    ("no Host", request("GET /a HTTP/1.1"), 400),
    ("two Hosts", request("GET /a HTTP/1.1", "Host: localhost", "Host: localhost"), 400),
    ("a foreign Host", request("GET /a HTTP/1.1", "Host: evil.example"), 421),
    ("a length and chunks", request("POST /a HTTP/1.1", "Host: localhost", "Content-Length: 3", "Transfer-Encoding: chunked", body=b"0\r\n\r\n"), 400),
    ("two lengths", request("POST /a HTTP/1.1", "Host: localhost", "Content-Length: 3", "Content-Length: 4", body=b"abc"), 400),
    ("a negative length", request("POST /a HTTP/1.1", "Host: localhost", "Content-Length: -3"), 400),
    ("a space before the colon", request("GET /a HTTP/1.1", "Host : localhost"), 400),
    ("a header without a colon", request("GET /a HTTP/1.1", "Host: localhost", "nonsense"), 400),
    ("a NUL", request("GET /a HTTP/1.1", "Host: localhost", "X: a\x00"), 400),
    ("no version", request("GET /a", "Host: localhost"), 400),
    ("a version of the future", request("GET /a HTTP/9.9", "Host: localhost"), 400),
    ("a large head", request("GET /a HTTP/1.1", "Host: localhost", "X: " + "a" * 20_000), 431),
]  # fmt: skip


@table(HTTP)
async def test_plain_http(door, sent, expected):
    async with Raw.knock(door.port) as peer:
        await peer.send(sent)
        assert (await peer.head())[0] == expected


async def test_a_second_request_with_an_endless_head_is_refused(door):
    async with Raw.knock(door.port) as peer:
        await peer.send(request("GET /a HTTP/1.1", "Host: localhost"))
        assert (await peer.head())[0] == 200
        await peer.send(b"GET /b HTTP/1.1\r\nX: " + b"a" * 40_000)
        assert b"431 Request Header Fields Too Large" in await peer.rest()


async def test_pipelined_requests_are_answered_in_order(door):
    async with Raw.knock(door.port) as peer:
        await peer.send(b"".join(request(f"GET /{n} HTTP/1.1", "Host: localhost") for n in "abc"))
        for name in "abc":
            status, _ = await peer.head()
            assert status == 200
            assert f" /{name} ".encode() in await peer.reader.readexactly(
                len("hello 127.0.0.1 /a 0")
            )


WAITING = [
    ("nothing is sent", [], b""),
    ("half a head is sent", [upgrade()[:60]], b"HTTP/1.1 408"),
    ("a head drips", [bytes((byte,)) for byte in upgrade()[:60]], b"HTTP/1.1 408"),
    ("half a head of plain HTTP is sent", [b"GET / HTTP/1.1\r\nHost: loc"], b"HTTP/1.1 408"),
    ("a body never comes", [request("POST /a HTTP/1.1", "Host: localhost", "Content-Length: 9")], b"HTTP/1.1 408"),
    ("a body drips", [request("POST /a HTTP/1.1", "Host: localhost", "Content-Length: 99"), *[b"a"] * 20], b"HTTP/1.1 408"),
    ("no hello comes", [upgrade()], b"No hello in time"),
    ("half a hello comes", [upgrade(), text(HELLO)[:20]], b"No hello in time"),
    ("nothing is heard after hello", [upgrade() + text(HELLO)], b"Nothing was heard"),
]  # fmt: skip


@table(WAITING)
async def test_who_makes_the_server_wait_is_sent_away(hasty, sent, expected):
    async with Raw.knock(hasty.port) as peer:
        reading = asyncio.ensure_future(peer.rest())
        with suppress(ConnectionError):
            for piece in sent:
                await peer.send(piece)
                await asyncio.sleep(0.01)
        found = await reading
        assert expected in found
        assert expected or not found


async def test_who_answers_heartbeats_stays(hasty):
    async with Raw.knock(hasty.port) as peer:
        await peer.greet()
        beats = 0
        while beats < 10:
            opcode, payload = await peer.frame()
            if opcode == 9:
                await peer.send(frame(payload, 10))
            else:
                assert payload == b'{"t":"heartbeat"}'
                beats += 1


def reluctant(port: int) -> socket.socket:
    """A socket with the smallest receive buffer, which will not be read."""
    peer = socket.socket()
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
    peer.connect(("127.0.0.1", port))
    return peer


async def test_who_never_reads_is_dropped_and_costs_a_bounded_buffer(door):
    before = door.rss_kib()
    peers = [reluctant(door.port) for _ in range(50)]
    try:
        for peer in peers:
            peer.sendall(upgrade() + text(HELLO))
        for _ in range(40):
            for peer in peers:
                with suppress(ConnectionError):  # it may have been dropped already
                    peer.sendall(text({"t": "view", "sku": "flood"}))
            await asyncio.sleep(0.01)
        await eventually(lambda: door.descriptors() <= door.descriptors_at_start)
        assert door.rss_kib() - before < 50 * 200 + 4_096
    finally:
        for peer in peers:
            peer.close()


async def write_for_ever(loop: Any, peer: socket.socket, data: bytes) -> None:
    while True:
        await loop.sock_sendall(peer, data)


async def test_who_pings_and_never_reads_is_dropped(door):
    with reluctant(door.port) as peer:
        peer.sendall(upgrade())
        peer.setblocking(False)
        loop = asyncio.get_running_loop()
        with pytest.raises(ConnectionError):
            await within(write_for_ever(loop, peer, frame(b"a" * 125, 9) * 50))


async def test_who_leaves_in_the_middle_of_anything_is_forgotten(door):
    pieces = upgrade() + text(HELLO) + frame(b"{", 1, fin=False) + text(VIEW)[:5]
    for cut in range(0, len(pieces), 7):
        async with Raw.knock(door.port) as peer:
            await peer.send(pieces[:cut])
            if cut % 2:
                linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"  # close with a reset
                peer.writer.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, linger
                )
    await eventually(lambda: door.descriptors() <= door.descriptors_at_start)


async def test_without_descriptors_the_door_neither_spins_nor_falls(tmp_path_factory):
    for door in served(tmp_path_factory, "poor", descriptors="100", linger_ms=300, sweep_ms=200):
        async with AsyncExitStack() as stack:
            crowd = [await stack.enter_async_context(Raw.knock(door.port)) for _ in range(150)]
            for peer in crowd[:40]:
                await peer.greet()
            before = door.cpu_seconds()
            await asyncio.sleep(1)
            assert door.cpu_seconds() - before < 0.5
            await crowd[0].send(text(VIEW))
            assert (await crowd[0].message())["t"] == "withdraw"
        await eventually(lambda poor=door: poor.descriptors() <= poor.descriptors_at_start)
        async with Raw.knock(door.port) as peer:
            await peer.greet()


ECHOES = [
    ("text", frame(b"hello"), (1, b"hello")),
    ("empty text", frame(b""), (1, b"")),
    ("text that is not ASCII", frame("grüß".encode()), (1, "grüß".encode())),
    ("binary", frame(b"\x00\xff", 2), (2, b"\x00\xff")),
    ("large text", frame(b"a" * 65_536), (1, b"a" * 65_536)),
    ("large binary", frame(b"a" * 65_536, 2), (2, b"a" * 65_536)),
    ("a character cut by fragments", frame(b"\xc3", 1, fin=False) + frame(b"\xa9", 0), (1, "é".encode())),
    ("not UTF-8", frame(b"\xff"), (8, b"\x03\xefThe text is not UTF-8.")),
]  # fmt: skip


@table(ECHOES)
async def test_the_conformance_echo(echo, sent, expected):
    async with Raw.knock(echo.port) as peer:
        await peer.send(upgrade(drop="Sec-WebSocket-Protocol"))
        assert (await peer.head())[0] == 101
        await peer.send(sent)
        assert await peer.frame() == expected


async def fuzz_once(port: int, dice: random.Random) -> None:
    """Send something broken, and take whatever comes."""
    stream = upgrade() + text(HELLO) + text(VIEW) * dice.randint(0, 3)
    broken = bytearray(stream)
    for _ in range(dice.randint(1, 12)):
        place = dice.randrange(len(broken))
        kind = dice.randrange(3)
        if kind == 0:
            broken[place] = dice.randrange(256)
        elif kind == 1:
            del broken[place : place + dice.randint(1, 20)]
        else:
            broken[place:place] = dice.randbytes(dice.randint(1, 40))
    if dice.random() < 0.5:  # leave the handshake whole, so that the frames are reached
        broken[: len(upgrade())] = upgrade()
    async with Raw.knock(port) as peer:
        try:
            await peer.send(bytes(broken))
            await asyncio.wait_for(peer.reader.read(65_536), 0.05)
        except (TimeoutError, ConnectionError):
            pass


@pytest.mark.parametrize("rounds", [8, pytest.param(400, marks=pytest.mark.slow)])
async def test_fuzz_with_a_seed_harms_nobody(door, rounds):
    dice = random.Random(SEED)
    memory = []
    for _ in range(3):
        for _ in range(rounds):
            await asyncio.gather(*[fuzz_once(door.port, dice) for _ in range(25)])
        async with Raw.knock(door.port) as peer:
            await peer.greet()
        memory.append(door.rss_kib())
    await eventually(lambda: door.descriptors() <= door.descriptors_at_start)
    assert memory[2] - memory[1] < 2_048
