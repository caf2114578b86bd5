"""Plain HTTP as raw bytes, on the port that also takes sessions."""

from journeys.raw_peers import Served, request, table
from support.raw_connections import RawClient

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
async def test_plain_http_gets_the_expected_status(
    server: Served, sent: bytes, expected: int
) -> None:
    async with RawClient.connect(server.port) as peer:
        await peer.send(sent)
        assert (await peer.head())[0] == expected


async def test_a_second_request_with_an_endless_head_is_refused(server: Served) -> None:
    async with RawClient.connect(server.port) as peer:
        await peer.send(request("GET /a HTTP/1.1", "Host: localhost"))
        assert (await peer.head())[0] == 200
        await peer.send(b"GET /b HTTP/1.1\r\nX: " + b"a" * 40_000)
        assert b"431 Request Header Fields Too Large" in await peer.rest()


async def test_pipelined_requests_are_answered_in_order(server: Served) -> None:
    async with RawClient.connect(server.port) as peer:
        await peer.send(b"".join(request(f"GET /{n} HTTP/1.1", "Host: localhost") for n in "abc"))
        for name in "abc":
            status, _ = await peer.head()
            assert status == 200
            assert f" /{name} ".encode() in await peer.reader.readexactly(
                len("hello 127.0.0.1 /a 0")
            )
