"""Requests whose lines, fields and chunks are written in any way that the bytes of HTTP/1.1 allow.

`request_pairs` varies what a head says. This varies how it is written: case, spaces, line ends, empty
lines, folded fields, sizes of chunks, extensions and trailers.
"""

import random  # noqa: TID251 - seeded
from collections.abc import Iterator

from support.request_pairs import SMUGGLED, ServerReader, disagreement, read_with_h11, split

METHODS = (
    "GET", "POST", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "CONNECT", "TRACE", "M-SEARCH",
)  # fmt: skip
TARGETS = ("/a", "/b?c", "//evil/x", "/%00", "/a/../b", "/v1/session", "localhost:80")
VERSIONS = ("HTTP/1.0", "HTTP/1.2", "HTTP/2", "http/1.1", "HTTP/1.1 ", "HTTP/01.1", "HTTP/1.10", "")
BODIES = (
    SMUGGLED, SMUGGLED * 2, b"0\r\n\r\n" + SMUGGLED, b"a=b", b"", b"\r\n\r\n" + SMUGGLED,
    b"5\r\nhello\r\n0\r\n\r\n" + SMUGGLED,
)  # fmt: skip
LENGTHS = (
    "{0} ", "\t{0}", "{0},", "+{0}", "{0},{0}", "{0}, {1}", "000000000000{0}", "{0}\v", "{0}e0", "{0}\0",
    "18446744073709551616", "9223372036854775808", '"{0}"', "{0};", "0", "{1}",
)  # fmt: skip
CODINGS = (
    "chunked ", "\tchunked", "chunked,", "chunked, identity", "identity, chunked", "x,chunked",
    "chunked;q=0", '"chunked"', "chunked\v", "chun ked", "\0chunked", "chunked,chunked", "", ",", "identity",
)  # fmt: skip
FIELDS = (
    "Upgrade: h2c", "Upgrade: websocket", "Upgrade:", "Upgrade: foo/2", "UpGrade: IRC/6.9",
    "Connection: upgrade", "Connection: close", "Connection: keep-alive", "Connection: transfer-encoding",
    "Connection: content-length, upgrade", "Connection:", "Proxy-Connection: upgrade", "Connection: clos\0e",
    "Expect: 100-continue", "Expect: 200-ok", "TE: trailers", "X: a\r\n b", "X: \x80\xff", "Host: evil",
    "Keep-Alive: timeout=5", "X: " + "y" * 3_000,
)  # fmt: skip
SIZES = (
    "{0:X}", "000{0:x}", "0000000000000000{0:x}", "{0:x} ", " {0:x}", "{0:x}\t", "0x{0:x}", "+{0:x}",
    "{0:x};", '{0:x};a="b"', '{0:x};x="\r\n0\r\n\r\n"', "{0:x}g", "{0:x}\0", "-{0:x}", "fffffffffffffffff",
)  # fmt: skip
TRAILERS = (
    b"", b"X: y\r\n", b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b" folded\r\n", b"X\r\n",
)  # fmt: skip
LINE_ENDS = ("\n", "\r\r\n", "\r\n ", "\r", "\r\n\t\r\n", " \r\n", "\t\r\n")
ODD_SHARE = 0.08
"""How often a part of an odd request is written in an odd way."""


class _Writer:
    """Writes one request; an odd one has some parts that a strict parser refuses."""

    def __init__(self, pick: random.Random, *, odd: bool) -> None:
        self._pick = pick
        self._odd = odd

    def request(self) -> bytes:
        """Return a request with its body."""
        pick = self._pick
        body = pick.choice(BODIES)
        framing, sent = self._framing(body)
        fields = ["Host: localhost", *framing, *pick.sample(FIELDS, pick.choice((0, 0, 1, 1, 2)))]
        pick.shuffle(fields)
        version = self._either("HTTP/1.1", VERSIONS)
        line = f"{pick.choice(METHODS)}{self._either(' ', (chr(9), ' ' + chr(9)))}{pick.choice(TARGETS)}"
        before = self._either("", ("\r\n", "\n", "\r\n\r\n", " ", "\0"))
        end = self._either("\r\n", ("\n", "\r\n\r", "\r"))
        head = f"{before}{line} {version}\r\n{''.join(map(self._field, fields))}{end}"
        return head.encode("latin-1") + sent

    def _either(self, usual: str, odd: tuple[str, ...]) -> str:
        is_odd = self._odd and self._pick.random() < ODD_SHARE
        return self._pick.choice(odd) if is_odd else usual

    def _field(self, field: str) -> str:
        name, _, value = field.partition(":")
        if self._pick.random() < 0.5:
            name = "".join(self._pick.choice((one.upper(), one.lower())) for one in name)
        odd_names = (
            f"{name} ",
            f" {name}",
            name.replace("-", "_"),
            f"{name}\0",
            f"{name}:",
            f"{name}\r",
        )
        between = self._pick.choice((" ", "", "\t", "  "))
        return f"{self._either(name, odd_names)}:{between}{value.strip(' ')}{self._either(chr(13) + chr(10), LINE_ENDS)}"

    def _framing(self, body: bytes) -> tuple[list[str], bytes]:
        """Return the fields that frame a body, and the bytes that follow the head."""
        pick, length = self._pick, f"Content-Length: {len(body)}"
        either = pick.choice((body, self._chunks(body)))
        match pick.randrange(16):
            case 0 | 1 | 2:
                return [], b""
            case 3 | 4 | 5 | 6 | 7:
                return [length], body
            case 8:
                wrong = pick.choice(LENGTHS).format(len(body), len(body) + 1)
                return [f"Content-Length: {wrong}"], body
            case 9:
                return [length, pick.choice((length, "Content-Length: 0"))], body
            case 10:
                return [f"Transfer-Encoding: {pick.choice(CODINGS)}"], either
            case 11:
                return ["Transfer-Encoding: chunked", length], either
            case _:
                return ["Transfer-Encoding: chunked"], self._chunks(body)

    def _chunks(self, body: bytes) -> bytes:
        parts, start = [], 0
        while start < len(body):
            size = self._pick.randint(1, len(body) - start)
            written = self._either("{0:x}", SIZES).format(size)
            line_end = self._either("\r\n", ("\n", "\r", "\r\r\n", "\r\n "))
            after = self._either("\r\n", ("\n", "", "\r\n\r\n", "X\r\n"))
            chunk = body[start : start + size]
            parts.append(f"{written}{line_end}".encode("latin-1") + chunk + after.encode())
            start += size
        last = self._either("0", ("00", "0;a", "000000000000000000"))
        trailer = self._pick.choice(TRAILERS) if self._odd else b""
        return b"".join((*parts, f"{last}\r\n".encode(), trailer, b"\r\n"))


def _reads(data: bytes, pick: random.Random) -> Iterator[bytes]:
    """Cut a connection into reads: of one byte, of a few, or into some large ones."""
    way = pick.random()
    if way < 0.3:
        size = 1 if way < 0.15 else pick.randint(2, 40)
        return (data[start : start + size] for start in range(0, len(data), size))
    return split(data, pick)


def compare_bytes(seed: int, reader: ServerReader) -> str:
    """Read two or three generated requests both ways; return how they disagree, or an empty text."""
    pick = random.Random(seed)
    odd = pick.random() < 0.45
    writers = [
        _Writer(pick, odd=odd and pick.random() < 0.6) for _ in range(pick.choice((2, 2, 3)))
    ]
    data = b"".join(writer.request() for writer in writers)
    parts = _reads(data, pick)
    ours = reader.read(parts, early=pick.random() < 0.25, late=pick.random() < 0.25)
    reference = read_with_h11(data)
    found = disagreement(ours, reference, waits=True)
    return found and f"seed {seed}: {found}\n{data!r}\n{ours}\n{reference}"
