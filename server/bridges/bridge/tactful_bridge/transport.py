"""One HTTP request to the Tactful server, with bounds on time and size."""

import json
import ssl
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Final, Protocol
from urllib.parse import urlsplit

from tactful_bridge.errors import OutcomeUnknownError

LARGEST: Final = 4 * 1024 * 1024
"""Bytes of the longest answer that is read."""
TIMEOUT_MS: Final = 3_000
"""Milliseconds for each of connecting, sending and receiving. A server answers in a few."""


@dataclass(frozen=True, slots=True)
class Response:
    """A complete answer."""

    status: int
    body: bytes
    retry_after: int | None = None
    """Seconds that the server asks to wait (RFC 9110, section 10.2.3)."""

    def json(self) -> object:
        """Return the parsed body.

        Raises:
            OutcomeUnknownError: The body is no JSON, so something else than Tactful answered.
        """
        try:
            return json.loads(self.body or b"null")
        except (ValueError, RecursionError):
            raise OutcomeUnknownError(
                f"The answer with status {self.status} is no JSON. Check that the URL leads to Tactful."
            ) from None


class Transport(Protocol):
    """Sends one request and returns its answer."""

    def send(self, method: str, path: str, body: object = None) -> Response:
        """Send a request with a JSON body, or with none.

        Raises:
            OutcomeUnknownError: No complete answer came.
        """
        ...


class HttpTransport:
    """Requests over HTTP or HTTPS, each on a connection of its own; redirects are not followed."""

    def __init__(self, url: str, server_key: str, *, timeout: int = TIMEOUT_MS) -> None:
        """Remember where the server is.

        Args:
            url: The server's address, such as `https://offers.shop.example`.
            server_key: The server key, or a token with the scopes `redeem` and `facts:write`.
            timeout: Milliseconds for each of connecting, sending and receiving.

        Raises:
            ValueError: `url` is no http(s) address.
        """
        split = urlsplit(url)
        if split.scheme not in {"http", "https"} or not split.hostname:
            raise ValueError(f"{url!r} is no address of a Tactful server. Use https://HOST.")
        self._host: Final = split.hostname
        self._port: Final = split.port
        self._is_secure: Final = split.scheme == "https"
        self._prefix: Final = split.path.rstrip("/")
        self._timeout: Final = timeout
        self._headers: Final = {
            "Authorization": f"Bearer {server_key}",
            "Content-Type": "application/json",
            "User-Agent": "tactful-bridge",
        }

    def send(self, method: str, path: str, body: object = None) -> Response:
        """Send a request, as `Transport.send` says."""
        connection = self._connection()
        data = None if body is None else json.dumps(body, ensure_ascii=False).encode("utf-8")
        try:
            connection.request(method, self._prefix + path, data, self._headers)
            answer = connection.getresponse()
            raw = answer.read(LARGEST + 1)
            # A read with a bound does not notice that the connection broke off.
            missing = 0 if len(raw) > LARGEST else answer.length or 0
        except (OSError, HTTPException, ValueError) as error:
            raise OutcomeUnknownError(
                f"{method} {path}: no answer ({type(error).__name__}: {error})."
            ) from error
        finally:
            connection.close()
        if len(raw) > LARGEST:
            raise OutcomeUnknownError(f"{method} {path}: the answer has more than {LARGEST} bytes.")
        if missing:
            raise OutcomeUnknownError(f"{method} {path}: no answer (it broke off).")
        wait = answer.getheader("Retry-After", "")
        return Response(answer.status, raw, int(wait) if wait.isdecimal() else None)

    def _connection(self) -> HTTPConnection:
        seconds = self._timeout / 1000
        if self._is_secure:
            context = ssl.create_default_context()
            return HTTPSConnection(self._host, self._port, timeout=seconds, context=context)
        return HTTPConnection(self._host, self._port, timeout=seconds)
