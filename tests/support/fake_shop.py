"""A shop platform in small, behind a port or in memory: state, deliveries, and lists by REST.

A subclass answers with the shapes that the platform really sends; `fake_woocommerce` and
`fake_shopify` change captured payloads.
"""

import copy
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

from msgspec import Struct

from tactful.connectors.objects.remote_objects import FetchError, ListPage, RemoteObjects

Json = dict[str, Any]
HOST = "https://shop.example"


class Answer(Struct):
    """A response of a platform."""

    status: int
    body: Any
    headers: Mapping[str, str] = {}


class Delivery(Struct):
    """A webhook that was sent."""

    topic: str
    body: Json
    number: int
    at: int
    """Milliseconds since the Unix epoch, UTC."""


class FakeShop:
    """The part that platforms have in common. The test sets the clock, in seconds."""

    page_size = 3

    def __init__(self, now: int) -> None:
        self.now = now
        self.products: dict[int, Json] = {}
        self.orders: dict[int, Json] = {}
        self.customers: dict[int, Json] = {}
        self.sent: list[Delivery] = []
        self.asked: list[str] = []
        """Method and path with query of each request."""
        self.answers: list[Answer] = []
        """Answers that are given before the right ones, such as a refusal."""
        self._ident = 100

    def stamp(self, zone: str = "") -> str:
        """Return the clock as platforms write it: whole seconds."""
        return datetime.fromtimestamp(self.now, UTC).strftime("%Y-%m-%dT%H:%M:%S") + zone

    def new_id(self) -> int:
        """Return an id that nothing has yet."""
        self._ident += 1
        return self._ident

    def send(self, topic: str, body: Json) -> None:
        """Send a webhook with the present state of an object."""
        number = len(self.sent) + 1
        self.sent.append(Delivery(topic, copy.deepcopy(body), number, self.now * 1000))

    def answer(self, method: str, path: str, query: Mapping[str, str], body: Json) -> Answer:
        """Answer a request below the host."""
        raise NotImplementedError

    def asked_for(self, method: str, target: str, body: Json | None = None) -> Answer:
        """Answer a request, unless another answer comes first."""
        parts = urlsplit(target)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        self.asked.append(f"{method} {parts.path}{'?' + parts.query if parts.query else ''}")
        if self.answers:
            return self.answers.pop(0)
        return self.answer(method, parts.path, query, body or {})


class RemoteShop(RemoteObjects):
    """Reads a fake shop without a socket."""

    def __init__(self, shop: FakeShop) -> None:
        self._shop = shop

    def page(self, target: str) -> ListPage:
        """Return one page."""
        found = self._shop.asked_for("GET", target)
        if found.status != 200:
            wait_s = int(found.headers.get("retry-after", 0))
            raise FetchError(f"The system answered {found.status}.", later=found.status != 404,
                             wait_s=wait_s)  # fmt: skip
        body = json.loads(json.dumps(found.body), parse_float=str)
        return ListPage(body, found.headers, lambda named: urlsplit(urljoin(HOST, named)).geturl())

    def put(self, path: str, fields: Json) -> None:
        """Change an object."""
        found = self._shop.asked_for("PUT", path, fields)
        if found.status >= 300:
            raise FetchError(f"The system answered {found.status}.", later=False)


@contextmanager
def served(shop: FakeShop) -> Iterator[str]:
    """Serve a fake shop on a free port; yield its address."""

    class Requests(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(size)) if size else None
            found = shop.asked_for(self.command, self.path, body)
            encoded = json.dumps(found.body).encode()
            self.send_response(found.status)
            for name, value in {**found.headers, "Content-Length": str(len(encoded))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(encoded)

        do_GET = do_PUT = _answer  # noqa: N815 - named by the standard library

        def log_message(self, *_: Any) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Requests)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def by_id(found: Mapping[int, Json]) -> list[Json]:
    """Return objects in the order of their ids."""
    return [found[ident] for ident in sorted(found)]
