"""Frames and messages that no browser sends: which are answered, and which end the connection."""

import asyncio

import msgspec
import pytest

from journeys.raw_peers import VIEW, Served, table
from support.raw_connections import HELLO, RawClient, frame, text, upgrade


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
    ("not UTF-8 and not JSON", frame(b"\xff"), 1007),
    ("not UTF-8 behind the object", frame(b'{"t":"logout"}\xff'), 1007),
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
async def test_an_invalid_frame_or_message_closes_with_its_code(
    server: Served, sent: bytes, expected: int
) -> None:
    async with RawClient.connect(server.port) as peer:
        await peer.open_session()
        await peer.send(sent)
        assert await peer.close_code() == expected
        assert await peer.rest() == b""


@pytest.mark.parametrize(
    "first",
    [{"t": "view", "sku": "a"}, {"t": "logout", "n": 1}, {"t": "accept", "offer": "o"}],
    ids=lambda message: message["t"],
)
async def test_a_first_message_that_is_not_hello_closes_the_connection(
    server: Served, first: dict[str, object]
) -> None:
    async with RawClient.connect(server.port) as peer:
        await peer.handshake()
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
async def test_an_unusual_but_valid_message_is_answered(server: Served, sent: bytes) -> None:
    async with RawClient.connect(server.port) as peer:
        await peer.open_session()
        await peer.send(sent)
        while (found := await peer.frame())[0] == 10:
            pass
        assert msgspec.json.decode(found[1])["offer"] == "RUN-42" * 8


async def test_half_a_character_in_a_message_costs_no_session(server: Served) -> None:
    async with RawClient.connect(server.port) as peer:
        await peer.open_session()
        await peer.send(frame(b'{"t":"view","sku":"\\ud83d"}') + text(VIEW))
        for expected in ("\ufffd" * 8, "RUN-42" * 8):
            assert (await peer.message())["offer"] == expected


async def test_a_message_cut_at_every_byte_is_answered(server: Served) -> None:
    sent = text(VIEW)
    async with RawClient.connect(server.port) as peer:
        await peer.open_session()
        for cut in range(1, len(sent)):
            await peer.send(sent[:cut])
            await asyncio.sleep(0)
            await peer.send(sent[cut:])
            assert (await peer.message())["offer"] == "RUN-42" * 8


async def test_a_ping_is_answered_with_its_payload(server: Served) -> None:
    async with RawClient.connect(server.port) as peer:
        await peer.handshake()
        for payload in (b"", b"a", b"a" * 125):
            await peer.send(frame(payload, 9))
            assert await peer.frame() == (10, payload)


async def test_a_hundred_messages_in_one_packet_are_answered_in_order_with_one_ack(
    server: Served,
) -> None:
    async with RawClient.connect(server.port) as peer:
        await peer.open_session()
        await peer.send(
            b"".join(text({"t": "view", "sku": f"s{n}", "n": n}) for n in range(1, 101))
        )
        found = [await peer.message() for _ in range(101)]
        assert [each["offer"] for each in found[:100]] == [f"s{n}" * 8 for n in range(1, 101)]
        assert found[100] == {"t": "ack", "n": 100}


async def test_a_message_sent_again_is_acknowledged_and_not_answered(server: Served) -> None:
    async with RawClient.connect(server.port) as peer:
        await peer.open_session()
        await peer.send(text(VIEW | {"n": 1}))
        assert [(await peer.message())["t"] for _ in range(2)] == ["withdraw", "ack"]
        await peer.send(text(VIEW | {"n": 1}))
        assert await peer.message() == {"t": "ack", "n": 1}


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
async def test_the_conformance_echo_returns_or_closes_as_expected(
    echo_server: Served, sent: bytes, expected: tuple[int, bytes]
) -> None:
    async with RawClient.connect(echo_server.port) as peer:
        await peer.send(upgrade(drop="Sec-WebSocket-Protocol"))
        assert (await peer.head())[0] == 101
        await peer.send(sent)
        assert await peer.frame() == expected
