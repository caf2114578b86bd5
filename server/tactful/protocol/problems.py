"""Problem details (RFC 9457): the body of every HTTP error response.

All HTTP errors are written here: those of the API, of the listener and of redemptions.
Redemption errors are stored and repeated byte for byte, so the member order and the encoding never change.
"""

from typing import Any, Final

import msgspec

PROBLEM_JSON: Final = "application/problem+json"
"""The media type of a problem document (RFC 9457, section 6.1)."""

_encode = msgspec.json.Encoder().encode


def problem_body(status: int, title: str, code: str, detail: str, **more: Any) -> bytes:
    """Return a problem document as UTF-8 JSON; the same arguments always give the same bytes.

    Args:
        status: The HTTP status code of the response.
        title: What this kind of problem is; the same for every occurrence.
        code: The stable problem code, such as `redemption.used`.
        detail: What is wrong with this request, and what to do about it.
        more: Extension members (RFC 9457, section 3.2), written after the standard ones.
    """
    return _encode(
        {
            "type": "about:blank",
            "title": title,
            "status": status,
            "code": code,
            "detail": detail,
            **more,
        }
    )
