"""HTTP client for the running server that a command addresses."""

from http.client import HTTPConnection, HTTPException, HTTPSConnection
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlencode, urlsplit

import click
import msgspec

from tactful.cli.shared.errors import CommandError
from tactful.config import Config

TIMEOUT_S: Final = 30
"""Seconds to wait for the server: the largest report takes some seconds on a slow disk."""
_UNAUTHORIZED: Final = 401
_NOT_FOUND: Final = 404


def url_option(command: Any) -> Any:
    """Add the option `--url`, which names the running server."""
    text = "URL of the running server. Default: public_url, else host and port of the settings."
    return click.option("--url", metavar="URL", help=text)(command)


class NotFoundError(CommandError):
    """The server knows nothing of what a request names."""


class ServerClient:
    """One HTTP connection to a running server, kept open for several requests."""

    def __init__(self, config: Config, url: str | None, operator: str | None = None) -> None:
        """Prepare a connection; the first request opens it.

        Args:
            config: Settings with the server key, and the server's URL where `url` is None.
            url: Value of `--url`.
            operator: Name of the operator, which the server records; None: none is sent.

        Raises:
            CommandError: `url` is not an http or https URL.
        """
        self.url = (url or config.own_url).rstrip("/")
        parts = urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise CommandError(
                f"--url: {self.url!r} is not an http(s) URL. Write one such as http://127.0.0.1:8000."
            )
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._connection = kind(parts.netloc, timeout=TIMEOUT_S)
        self._prefix = parts.path
        self._key = config.server_key
        self._operator = operator

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()

    def get(self, path: str, **query: str | None) -> Any:
        """Return the decoded JSON body of a GET; query values of None are left out.

        Raises:
            CommandError: See `request`.
        """
        given = {name: value for name, value in query.items() if value is not None}
        return self.request("GET", f"{path}?{urlencode(given)}" if given else path)

    def request(
        self, method: str, path: str, body: bytes | None = None, media_type: str = ""
    ) -> Any:
        """Send one request with the server key, and return the decoded JSON body.

        Args:
            method: HTTP method.
            path: Path and query, without the URL's own path.
            body: Body to send.
            media_type: `Content-Type` of the body; empty: none is sent.

        Returns:
            The decoded body; None where it is empty.

        Raises:
            CommandError: The server does not respond, or responds with an error status.
        """
        headers = {"Accept": "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        if self._operator:
            # Header values are Latin-1, and names are not.
            headers["Tactful-Operator"] = self._operator.encode().decode("latin-1")
        if media_type:
            headers["Content-Type"] = media_type
        try:
            self._connection.request(method, self._prefix + path, body, headers)
            response = self._connection.getresponse()
            raw = response.read()
        except (OSError, HTTPException) as error:
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise CommandError(
                f"{self.url}: No server responds ({reason}). "
                "Start it with `tactful serve`, or name another with --url."
            ) from error
        return self._decoded(response.status, raw)

    def _decoded(self, status: int, raw: bytes) -> Any:
        try:
            body = msgspec.json.decode(raw) if raw else None
        except msgspec.DecodeError as error:
            raise CommandError(
                f"{self.url}: The response {status} is not from a Tactful server. Check --url."
            ) from error
        if status < 400:
            return body
        if status == _UNAUTHORIZED:
            problem = (
                "The server refuses this server key" if self._key else "The server key is missing"
            )
            raise CommandError(
                f"{self.url}: {problem}. Set TACTFUL_SERVER_KEY to the server's key."
            )
        details = body if isinstance(body, dict) else {}
        text = details.get("detail") or details.get("title") or "The server gives no reason."
        message = f"{self.url}: {status} {details.get('code', '')}: {text}"
        raise NotFoundError(message) if status == _NOT_FOUND else CommandError(message)
