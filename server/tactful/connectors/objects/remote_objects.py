"""Reads of objects from another system's API, page by page, at the pace that it allows."""

import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from msgspec import Struct

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
        self,
        message: str,
        *,
        later: bool,
        is_counted: bool = False,
        wait_s: int = 0,
        status: int = 0,
    ) -> None:
        """Describe the problem.

        Args:
            message: What is wrong, without personal data.
            later: Whether a repetition may help.
            is_counted: Whether the object itself may be the cause, so that attempts are counted.
            wait_s: Seconds that the system asked to wait; 0: it did not say.
            status: The HTTP status of the system's answer; 0: there was no answer.
        """
        super().__init__(message)
        self.later = later
        self.is_counted = is_counted
        self.wait_s = wait_s
        self.status = status


class ListPage(Struct, frozen=True):
    """One response, which may be a page of a list."""

    body: Any
    """The decoded JSON; a number with a fraction is its text."""
    headers: Headers
    """Name in small letters → value."""
    absolute: Callable[[str], str]
    """Returns a URL that the page names as one that may be read."""

    def following(self, named: object = None) -> str | None:
        """Return the URL of the next page; `None`: this is the last one.

        Args:
            named: What the body names as the next page; nothing: the `Link` header is read (RFC 8288).
        """
        link = _NEXT.search(self.headers.get("link", ""))
        found = named if isinstance(named, str) and named else link and link[1]
        return self.absolute(found) if found else None

    @property
    def pause_s(self) -> int:
        """Seconds to wait before the next request, so that the system's limit is not reached.

        Shopify lets 2 requests a second flow out of a bucket of 40, and other clients use it too.
        """
        used, _, size = self.headers.get("x-shopify-shop-api-call-limit", "").partition("/")
        if not (used.isdigit() and size.isdigit()):
            return 0
        return max(0, int(used) - int(size) // 2) // 2


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

    def page(self, target: str) -> ListPage:
        """Return one page of a list.

        Args:
            target: The path below the address with its query, or a URL that `ListPage` names.

        Raises:
            FetchError: The page cannot be fetched.
        """
        url = target if target.startswith(_origin(self._address)) else self._address + target
        body, headers = self._get(url)
        return ListPage(body, headers, partial(self._same_host, url))

    def put(self, path: str, fields: dict[str, Any]) -> None:
        """Change fields of an object.

        Raises:
            FetchError: They cannot be changed.
        """
        url = self._address + path
        headers = {**self._headers, "Content-Type": "application/json"}
        try:
            body = json.dumps(fields).encode()
            with self._client.send("PUT", url, headers, body, timeout=TIMEOUT_S) as response:
                if response.status >= 300:
                    raise _refusal(response.status, {})
        except EgressError as error:
            raise FetchError(str(error).replace(url, self._address), later=True) from error

    def read(self, path: str) -> Any:
        """Return the object at a path, or a whole list with all its pages.

        Args:
            path: The path below the address, with its query.

        Raises:
            FetchError: The object cannot be fetched.
        """
        page = self.page(path)
        found = page.body
        pages = 1
        while isinstance(found, list) and (following := page.following()):
            if pages == MAX_PAGES:
                raise FetchError(f"{path} has more than {MAX_PAGES} pages.", later=False)
            page = self.page(following)
            found += page.body if isinstance(page.body, list) else []
            pages += 1
        return found

    def _get(self, url: str) -> tuple[Any, Headers]:
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
            raise FetchError(message, later=True, is_counted=True, status=200) from error
        return found, headers

    def _same_host(self, url: str, named: str) -> str:
        """Return a URL that a page names, on the host of the address."""
        parts = urlsplit(urljoin(url, named))
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
        status=status,
    )
