"""URLs of others never lead to private addresses, whatever they are written like."""

import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from threading import Thread
from typing import Any

import pytest

from tactful.connectors import egress_client
from tactful.connectors.egress_client import EgressClient, EgressError, is_public


class Site:
    """A server on loopback that counts its requests and redirects from `/to`."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.location = ""
        self.port = 0


@pytest.fixture
def site() -> Iterator[Site]:
    found = Site()

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.paths.append(self.path)
            self.send_response(302 if self.path == "/to" else 200)
            if self.path == "/to":
                self.send_header("Location", found.location)
            self.end_headers()
            self.wfile.write(b"x" * 100)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = Thread(target=server.serve_forever)
    thread.start()
    found.port = server.server_port
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


def get(client: EgressClient, url: str, limit: int = 1000) -> bytes:
    with client.get(url, {}, timeout=5) as answer:
        return b"".join(answer.chunks(limit))


PRIVATE = (
    *("127.0.0.1", "localhost", "0", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "127.1"),
    *("0x7f000001", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "[fe80::1]"),
    *("[fd00::1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "100.64.0.1", "[::]", "224.0.0.1"),
)


@pytest.mark.parametrize("host", PRIVATE)
def test_a_private_address_is_never_reached_however_it_is_written(site: Site, host: str) -> None:
    with pytest.raises(EgressError):
        get(EgressClient(), f"http://{host}:{site.port}/")
    assert site.paths == []


@pytest.mark.parametrize(
    "url",
    ["ftp://shop.example/", "file:///etc/passwd", "gopher://x/", "http:///p", "http://a:b@c/",
     "http://shop.example:0/", "http://shop.example:x/", "http://[::1/", "//shop.example/", ""],
)  # fmt: skip
def test_other_schemes_and_broken_urls_are_refused(url: str) -> None:
    with pytest.raises(EgressError, match="is not an http"):
        get(EgressClient(typed=[url]), url)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_host_that_a_person_typed_is_reached(site: Site, host: str) -> None:
    url = f"http://{host}:{site.port}/feed"
    assert get(EgressClient(typed=[url]), url) == b"x" * 100


def test_a_typed_name_that_leads_to_a_private_address_needs_the_setting(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[str] = []
    resolve_really = socket.getaddrinfo

    def resolve(host: str, port: int, *more: Any, **options: Any) -> list[Any]:
        if host == "feeds.example":
            host = answers.pop(0)
        return resolve_really(host, port, *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    url = f"http://feeds.example:{site.port}/"
    answers[:] = ["127.0.0.1"]
    with pytest.raises(EgressError, match=r"private address \(127.0.0.1\).*egress_allow"):
        get(EgressClient(typed=[url]), url)
    answers[:] = ["127.0.0.1", "10.9.9.9"]
    client = EgressClient(allow=["127.0.0.0/8"])
    # The second request goes to the same address: the name server is not asked again.
    assert get(client, url) == get(client, url)
    assert answers == ["10.9.9.9"]


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("http://localhost:{port}/secret", "redirects to another host"),
        ("http://169.254.169.254/latest", "redirects to another host"),
        ("http://127.0.0.1:1/", "redirects to another host"),
        ("ftp://127.0.0.1/", "is not an http"),
        ("file:///etc/passwd", "is not an http"),
    ],
)
def test_a_redirect_never_leaves_its_host(site: Site, location: str, message: str) -> None:
    url = f"http://127.0.0.1:{site.port}/to"
    site.location = location.format(port=site.port)
    with pytest.raises(EgressError, match=message):
        get(EgressClient(typed=[url]), url)
    assert site.paths == ["/to"]


def test_redirects_within_the_host_are_followed_up_to_a_limit(site: Site) -> None:
    url = f"http://127.0.0.1:{site.port}/to"
    site.location = "/feed"
    assert get(EgressClient(typed=[url]), url) == b"x" * 100
    site.paths.clear()
    site.location = "/to"
    with EgressClient(typed=[url]).get(url, {}, timeout=5) as answer:
        assert answer.status == 302
    assert len(site.paths) == 1 + egress_client.MAX_REDIRECTS


def test_a_body_ends_one_byte_after_its_limit_and_by_its_time(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"http://127.0.0.1:{site.port}/"
    assert len(get(EgressClient(typed=[url]), url, limit=10)) == 11
    monkeypatch.setattr(egress_client, "MAX_SECONDS", -1)
    with pytest.raises(EgressError, match="takes over"):
        get(EgressClient(typed=[url]), url)


def test_a_server_that_is_down_or_speaks_no_tls_is_named(site: Site) -> None:
    for url in ("http://127.0.0.1:9/", f"https://127.0.0.1:{site.port}/"):
        with pytest.raises(EgressError, match="does not respond"):
            get(EgressClient(typed=[url]), url)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("1.1.1.1", True),
        ("2606:4700::1111", True),
        ("64:ff9b::101:101", True),
        ("::ffff:10.0.0.1", False),
    ],
)
def test_an_address_that_wraps_another_one_counts_as_that_one(address: str, public: bool) -> None:
    assert is_public(ip_address(address)) == public


@pytest.mark.parametrize(
    "address",
    [
        "::127.0.0.1", "::ffff:0:10.0.0.1", "64:ff9b:1::a00:1", "fec0::1", "3fff::1", "5f00::1",
        "2001:2::1", "2001:0:7f00:1::", "192.0.0.8", "192.88.99.1", "0.1.2.3", "100.64.0.1",
        "169.254.169.254", "fd00:ec2::254", "64:ff9b::a9fe:a9fe", "2002:a00:1::1", "240.0.0.1", "ff02::1",
    ],
)  # fmt: skip
def test_an_address_that_is_not_assigned_to_the_internet_is_not_public(address: str) -> None:
    # Python 3.11 counts half of these as global.
    assert not is_public(ip_address(address))
