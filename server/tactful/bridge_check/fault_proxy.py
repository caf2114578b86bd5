"""Proxy between a bridge and Tactful that records every request and makes some of them fail."""

import re
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any, Final, Self

from msgspec import Struct

_TIMEOUT_S: Final = 20
_STEPS: Final = (
    ("hold", re.compile(r"POST /v1/redemptions")),
    ("confirm", re.compile(r"POST /v1/redemptions/[^/]+/confirm")),
    ("cancel", re.compile(r"POST /v1/redemptions/[^/]+/cancel")),
    ("refund", re.compile(r"POST /v1/redemptions/[^/]+/refund")),
)


class Fault(StrEnum):
    """What can happen to a request; the values are shown in reports."""

    CUT_REQUEST = "cut off before it reached Tactful"
    CUT_ANSWER = "carried out, and its answer lost"
    TOO_MANY = "answered with 429"
    ERROR = "answered with 500, and not carried out"
    ERROR_AFTER = "carried out, and answered with 500"
    AWAY = "cut off, as if Tactful was away"


_REFUSALS: Final = {Fault.TOO_MANY: 429, Fault.ERROR: 500}
_CARRIED_OUT: Final = frozenset({Fault.CUT_ANSWER, Fault.ERROR_AFTER})


class Exchange(Struct, frozen=True):
    """A request of the bridge and what became of it."""

    method: str
    path: str
    step: str
    """`hold`, `confirm`, `cancel` or `refund`; empty: another request."""
    status: int | None
    """The status of Tactful's answer; `None`: the request did not reach it."""
    fault: Fault | None

    def __str__(self) -> str:
        outcome = f"{self.fault}" if self.fault else f"{self.status}"
        return f"{self.method} {self.path}: {outcome}"


class FaultProxy:
    """A context manager that serves one port while it is open."""

    def __init__(self, port: int, upstream: int) -> None:
        """Bind a port of this machine.

        Args:
            port: The port that the shop uses as Tactful's; 0 takes any free one.
            upstream: The port of the real Tactful on this machine.

        Raises:
            OSError: The port is in use.
        """
        self._upstream: Final = upstream
        self._lock: Final = Lock()
        self._planned: list[tuple[str, Fault]] = []
        self._is_away = False
        self.exchanges: list[Exchange] = []
        self._server: Final = _Server(("127.0.0.1", port), _handler_of(self))
        self._thread: Final = Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        """The address that the shop uses as Tactful's."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def unused_faults(self) -> list[tuple[str, Fault]]:
        """The planned faults that no request has met yet."""
        with self._lock:
            return list(self._planned)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def plan(self, step: str, fault: Fault) -> None:
        """Make the next request of a step fail."""
        with self._lock:
            self._planned.append((step, fault))

    @contextmanager
    def away(self) -> Iterator[None]:
        """Cut off every request while the context is open."""
        self._is_away = True
        try:
            yield
        finally:
            self._is_away = False

    def reset(self) -> None:
        """Forget what was recorded and planned."""
        with self._lock:
            self._planned.clear()
            self.exchanges.clear()

    def fault_for(self, step: str) -> Fault | None:
        """Return what happens to a request that has arrived, and remove it from the plan."""
        if self._is_away:
            return Fault.AWAY
        with self._lock:
            for place, (planned, fault) in enumerate(self._planned):
                if planned == step:
                    del self._planned[place]
                    return fault
        return None

    def record(self, exchange: Exchange) -> None:
        """Add an exchange to those of this check."""
        with self._lock:
            self.exchanges.append(exchange)

    def forward(
        self, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        """Send a request to Tactful; return status, headers and body of the answer."""
        connection = HTTPConnection("127.0.0.1", self._upstream, timeout=_TIMEOUT_S)
        try:
            connection.request(method, path, body or None, headers)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()


def step_of(method: str, path: str) -> str:
    """Return which step of an order a request is; empty: none."""
    asked = f"{method} {path.partition('?')[0]}"
    return next((step for step, pattern in _STEPS if pattern.fullmatch(asked)), "")


class _Server(ThreadingHTTPServer):
    """A server that reports no error when a connection breaks: the proxy itself breaks them."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay silent about broken connections."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


_HOP_BY_HOP: Final = frozenset({"connection", "transfer-encoding", "keep-alive", "content-length"})


def _handler_of(proxy: FaultProxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Handles one request for each connection (HTTP/1.0), so that none stays open."""

        def log_message(self, *_: object) -> None:
            """Stay silent: the proxy records exchanges itself."""

        def _handle(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            step = step_of(self.command, self.path)
            fault = proxy.fault_for(step)
            status: int | None = None
            headers: list[tuple[str, str]] = []
            answer = b""
            if fault is None or fault in _CARRIED_OUT:
                sent = {
                    name: value
                    for name, value in self.headers.items()
                    if name.lower() not in {*_HOP_BY_HOP, "host"}
                }
                try:
                    status, headers, answer = proxy.forward(self.command, self.path, body, sent)
                except (OSError, HTTPException):
                    status = None
            proxy.record(Exchange(self.command, self.path, step, status, fault))
            self._answer(fault, status, headers, answer)

        def _answer(
            self,
            fault: Fault | None,
            status: int | None,
            headers: list[tuple[str, str]],
            answer: bytes,
        ) -> None:
            if fault in _REFUSALS or fault is Fault.ERROR_AFTER:
                status, headers, answer = _REFUSALS.get(fault, 500), [("Retry-After", "1")], b"{}"
            elif fault is not None or status is None:
                with suppress(OSError):
                    self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.send_response(status)
            for name, value in headers:
                if name.lower() not in {*_HOP_BY_HOP, "date", "server"}:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = do_PUT = do_DELETE = _handle  # noqa: N815  names of http.server

    return Handler
