"""Reads of objects from another system's API, page by page, at the pace that it allows."""

import json
import re
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from tactful.connectors.connector import Headers
from tactful.connectors.egress_client import EgressClient, EgressError

TIMEOUT_S: Final = 20
"""Seconds to wait for the connection, and for the next bytes."""
LARGEST: Final = 16 * 2**20
"""Bytes of a response."""
MAX_PAGES: Final = 1_000
"""Pages of one list."""
LONGEST_PAUSE_S: Final = 600
"""Seconds for which a system may ask to wait; longer is read as this."""
_LATER: Final = frozenset({401, 403, 408, 425, 429, 500, 502, 503, 504})
"""HTTP statuses that may change without a change of the request."""
_NEXT: Final = re.compile(r'<([^>]+)>[^,]*;\s*rel="?next"?', re.IGNORECASE)


class FetchError(Exception):
    """An object cannot be fetched; the text says why."""

    def __init__(
        self, message: str, *, later: bool, is_counted: bool = False, wait_s: int = 0
    ) -> None:
        """Describe the problem.

        Args:
            message: What is wrong, without personal data.
            later: Whether a repetition may help.
            is_counted: Whether the object itself may be the cause, so that attempts are counted.
            wait_s: Seconds that the system asked to wait; 0: it did not say.
        """
        super().__init__(message)
        self.later = later
        self.is_counted = is_counted
        self.wait_s = wait_s


class RemoteObjects:
    """Reads objects of one system. Its calls block, so they run on a thread."""

    def __init__(self, address: str, headers: Headers, client: EgressClient) -> None:
        """Name the system.

        Args:
            address: Its URL, without a slash at the end.
            headers: Headers of every request, such as its credentials.
            client: Makes the requests.
        """
        self._address = address
        self._headers = {"Accept": "application/json", **headers}
        self._client = client

    def read(self, path: str) -> Any:
        """Return the object at a path, or a whole list with all its pages.

        Args:
            path: The path below the address, with its query.

        Raises:
            FetchError: The object cannot be fetched.
        """
        found, following = self._page(self._address + path)
        pages = 1
        while following is not None and isinstance(found, list):
            if pages == MAX_PAGES:
                raise FetchError(f"{path} has more than {MAX_PAGES} pages.", later=False)
            more, following = self._page(following)
            found += more if isinstance(more, list) else []
            pages += 1
        return found

    def _page(self, url: str) -> tuple[Any, str | None]:
        try:
            with self._client.get(url, dict(self._headers), timeout=TIMEOUT_S) as response:
                headers = {name.lower(): value for name, value in response.headers}
                if response.status != 200:
                    raise _refusal(response.status, headers)
                body = b"".join(response.chunks(LARGEST))
        except EgressError as error:
            # The path may name an order, which no alert and no log may.
            message = str(error).replace(url, self._address)
            raise FetchError(message, later=True) from error
        if len(body) > LARGEST:
            raise FetchError(f"The response is larger than {LARGEST} bytes.", later=False)
        try:
            # A float would be inexact; its text is what mappers read.
            found = json.loads(body, parse_float=str)
        except (ValueError, RecursionError) as error:
            message = "The response is not JSON."
            raise FetchError(message, later=True, is_counted=True) from error
        return found, self._following(url, headers)

    def _following(self, url: str, headers: Headers) -> str | None:
        """Return the next page that the `Link` header names (RFC 8288), on the same host only."""
        named = _NEXT.search(headers.get("link", ""))
        if named is None:
            return None
        parts = urlsplit(urljoin(url, named[1]))
        # Behind a proxy that ends TLS, systems name their pages under another scheme.
        return f"{_origin(self._address)}{parts.path}{'?' + parts.query if parts.query else ''}"


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _refusal(status: int, headers: Headers) -> FetchError:
    asked = headers.get("retry-after", "")
    wait_s = min(int(asked), LONGEST_PAUSE_S) if asked.isascii() and asked.isdigit() else 0
    return FetchError(
        f"The system answered {status}.",
        later=status in _LATER,
        is_counted=status >= 500,
        wait_s=wait_s,
    )
