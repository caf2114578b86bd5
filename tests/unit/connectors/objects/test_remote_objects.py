"""Objects of another system over real HTTP: pages, refusals and limits."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tactful.connectors.egress_client import EgressClient
from tactful.connectors.objects import remote_objects
from tactful.connectors.objects.remote_objects import FetchError, RemoteObjects


class Shop(BaseHTTPRequestHandler):
    """Answers by path, and notes the headers."""

    seen: dict[str, str]

    def do_GET(self) -> None:
        type(self).seen = {name.lower(): value for name, value in self.headers.items()}
        path, _, query = self.path.partition("?")
        status, headers, body = 200, {}, b""
        if path == "/list":
            page = int(query.removeprefix("page=") or 1)
            if page < 3:
                # As behind a proxy that ends TLS: another scheme and host.
                headers["Link"] = f'<https://shop.example/list?page={page + 1}>; rel="next"'
            body = json.dumps([{"id": page, "total": 19.9}]).encode()
        elif path == "/busy":
            status, headers = 429, {"Retry-After": "30"}
        elif path == "/gone":
            status = 404
        elif path == "/page":
            body = b"<html>"
        elif path == "/large":
            body = b'"' + b"x" * 5000 + b'"'
        elif path == "/bucket":
            headers["X-Shopify-Shop-Api-Call-Limit"] = query
            body = b"{}"
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_PUT(self) -> None:
        type(self).seen = {"body": self.rfile.read(int(self.headers["Content-Length"])).decode()}
        self.send_response(200 if self.path == "/hooks/1" else 403)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Print nothing."""


@pytest.fixture
def remote() -> Iterator[RemoteObjects]:
    """A system on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    yield RemoteObjects(address, {"Authorization": "Bearer t"}, EgressClient(typed=[address]))
    server.shutdown()
    thread.join()
    server.server_close()


def test_all_pages_of_a_list_are_read_with_the_credentials(remote: RemoteObjects) -> None:
    found = remote.read("/list?page=1")
    assert [one["id"] for one in found] == [1, 2, 3]
    assert found[0]["total"] == "19.9", "no float"
    assert Shop.seen["authorization"] == "Bearer t"


def test_a_list_without_end_is_refused(
    remote: RemoteObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_objects, "MAX_PAGES", 2)
    with pytest.raises(FetchError, match="more than 2 pages"):
        remote.read("/list?page=1")


@pytest.mark.parametrize(
    ("path", "later", "wait_s", "message"),
    [
        ("/busy", True, 30, "answered 429"),
        ("/gone", False, 0, "answered 404"),
        ("/page", True, 0, "not JSON"),
        ("/large", False, 0, "larger than 4000 bytes"),
    ],
)
def test_a_refusal_says_whether_to_repeat_and_when(
    remote: RemoteObjects,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    later: bool,
    wait_s: int,
    message: str,
) -> None:
    monkeypatch.setattr(remote_objects, "LARGEST", 4_000)
    with pytest.raises(FetchError, match=message) as caught:
        remote.read(path)
    assert (caught.value.later, caught.value.wait_s) == (later, wait_s)


def test_an_unreachable_system_is_to_be_asked_again() -> None:
    address = "http://127.0.0.1:1"
    remote = RemoteObjects(address, {}, EgressClient(typed=[address]))
    with pytest.raises(FetchError, match="does not respond") as caught:
        remote.read("/orders/1001")
    assert (caught.value.later, caught.value.is_counted) == (True, False)
    assert "1001" not in str(caught.value)


def test_a_page_names_the_next_one_on_the_same_host(remote: RemoteObjects) -> None:
    following = remote.page("/list?page=1").following()
    assert following is not None
    page = remote.page(following)
    assert [one["id"] for one in page.body] == [2]
    named = page.following("https://shop.example/list?page=3")
    assert named is not None
    assert remote.page(named).following() is None


@pytest.mark.parametrize(
    ("state", "seconds"), [("1/40", 0), ("20/40", 0), ("30/40", 5), ("40/40", 10), ("odd", 0)]
)
def test_a_bucket_that_fills_slows_the_requests(
    remote: RemoteObjects, state: str, seconds: int
) -> None:
    assert remote.page(f"/bucket?{state}").pause_s == seconds


def test_fields_of_an_object_are_changed_or_the_refusal_is_told(remote: RemoteObjects) -> None:
    remote.put("/hooks/1", {"status": "active"})
    assert Shop.seen == {"body": '{"status": "active"}'}
    with pytest.raises(FetchError, match="answered 403"):
        remote.put("/hooks/2", {})


def test_an_unreachable_system_cannot_be_changed() -> None:
    address = "http://127.0.0.1:1"
    with pytest.raises(FetchError, match="does not respond"):
        RemoteObjects(address, {}, EgressClient(typed=[address])).put("/hooks/1", {})
