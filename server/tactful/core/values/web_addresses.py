"""Web addresses that may be sent to a browser."""

import re
from typing import Final

# A browser drops tabs and line feeds and reads a backslash as a slash (WHATWG URL), so that
# `/\host` leaves the site.
_SENDABLE: Final = re.compile(
    r"(?:https?://[^/?#\\\x00-\x20]|/(?!/))[^\\\x00-\x1f\x7f]*", re.IGNORECASE
)


def is_sendable(url: str) -> bool:
    """Return whether a URL may be sent to a shopper.

    It is an http or https address with a host, or a path of the site (`/…`, not `//…`). Other schemes
    can run a script, and other forms can name another host.
    """
    return _SENDABLE.fullmatch(url) is not None
