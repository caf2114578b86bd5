"""Handshakes of arbitrary clients: which are accepted, and how the others are rejected."""

from journeys.raw_peers import VIEW, Served, request, table
from support.raw_connections import HELLO, ORIGIN, RawClient, text, upgrade

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
async def test_a_handshake_is_accepted_or_rejected_as_expected(
    server: Served, sent: bytes, expected: int
) -> None:
    async with RawClient.connect(server.port) as peer:
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


async def test_a_handshake_and_a_message_sent_byte_by_byte_pass(server: Served) -> None:
    async with RawClient.connect(server.port) as peer:
        for byte in upgrade():
            await peer.send(bytes((byte,)))
        assert (await peer.head())[0] == 101
        for byte in text(HELLO) + text(VIEW):
            await peer.send(bytes((byte,)))
        assert (await peer.message())["t"] == "welcome"
        assert (await peer.message())["t"] == "withdraw"


async def test_messages_in_one_packet_with_the_handshake_are_handled(server: Served) -> None:
    async with RawClient.connect(server.port) as peer:
        await peer.send(upgrade() + text(HELLO) + text(VIEW | {"n": 1}))
        assert (await peer.head())[0] == 101
        assert [(await peer.message())["t"] for _ in range(3)] == ["welcome", "withdraw", "ack"]


async def test_a_session_can_begin_on_a_connection_that_served_http_before(server: Served) -> None:
    async with RawClient.connect(server.port) as peer:
        await peer.send(request("GET / HTTP/1.1", "Host: 127.0.0.1"))
        status, head = await peer.head()
        assert status == 200
        await peer.reader.readexactly(int(head.lower().split("content-length: ")[1].split("\r")[0]))
        await peer.open_session()
        await peer.send(text(VIEW))
        assert (await peer.message())["t"] == "withdraw"
