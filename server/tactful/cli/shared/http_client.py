"""How does a command speak with a running server?"""

from http.client import HTTPConnection, HTTPException, HTTPSConnection
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlencode, urlsplit

import click
import msgspec

from tactful.cli.shared.errors import CommandError
from tactful.config import Config

TIMEOUT_S: Final = 30
_UNAUTHORIZED: Final = 401


def url_option(command: Any) -> Any:
    """`--url`: which server is meant."""
    text = "The running server. Default: public_url, or host and port of the settings."
    return click.option("--url", metavar="URL", help=text)(command)


class ServerClient:
    """One connection to a running server, kept over several requests."""

    def __init__(self, config: Config, url: str | None) -> None:
        self.url = (url or config.own_url).rstrip("/")
        parts = urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise CommandError(f"--url is {self.url!r}; write one such as http://127.0.0.1:8000")
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._connection = kind(parts.netloc, timeout=TIMEOUT_S)
        self._prefix = parts.path
        self._key = config.server_key

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
        """The decoded answer of a GET."""
        given = {name: value for name, value in query.items() if value is not None}
        return self.request("GET", f"{path}?{urlencode(given)}" if given else path)

    def request(self, method: str, path: str, body: bytes | None = None, kind: str = "") -> Any:
        """The decoded answer; Failure with the server's own words when it refuses."""
        headers = {"Accept": "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        if kind:
            headers["Content-Type"] = kind
        try:
            self._connection.request(method, self._prefix + path, body, headers)
            answer = self._connection.getresponse()
            raw = answer.read()
        except (OSError, HTTPException) as error:
            why = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise CommandError(
                f"{self.url} does not answer ({why}): start it with `tactful serve`, "
                "or name another with --url"
            ) from error
        return self._decoded(answer.status, raw)

    def _decoded(self, status: int, raw: bytes) -> Any:
        try:
            found = msgspec.json.decode(raw) if raw else None
        except msgspec.DecodeError as error:
            raise CommandError(
                f"{self.url} answers {status}, but not as Tactful: check --url"
            ) from error
        if status < 400:
            return found
        if status == _UNAUTHORIZED:
            how = "was not taken" if self._key else "is missing"
            raise CommandError(f"{self.url}: the server key {how}: set TACTFUL_SERVER_KEY")
        problem = found if isinstance(found, dict) else {}
        text = problem.get("detail") or problem.get("title") or "no reason given"
        raise CommandError(f"{self.url} answers {status} {problem.get('code', '')}: {text}")
