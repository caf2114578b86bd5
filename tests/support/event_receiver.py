"""A receiver of webhooks on a free port."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from support.documented_events import event_problems


class Receiver:
    """Notes what it gets, and answers as the test says."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        """The next answers; afterwards 200."""
        self.got: list[dict[str, Any]] = []
        self.raw: list[tuple[dict[str, str], bytes]] = []
        self.url = ""


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Run a receiver on a free port."""
    found = Receiver()

    class Requests(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = found.statuses.pop(0) if found.statuses else 204
            if status < 300:
                headers = {name.lower(): value for name, value in self.headers.items()}
                found.raw.append((headers, body))
                found.got.append(json.loads(body))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Requests)
    thread = Thread(target=server.serve_forever)
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_port}/events"
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    problems = [problem for event in found.got for problem in event_problems(event)]
    assert problems == [], "what was sent is not as the OpenAPI document says"
