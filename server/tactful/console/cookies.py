"""The names of the console's cookies."""

from starlette.requests import Request


def is_secure(request: Request, public_url: str | None) -> bool:
    """Return whether a browser reaches the server over TLS.

    Args:
        request: A request of the browser.
        public_url: URL under which browsers reach the server, if it is not host and port.
    """
    return request.url.scheme == "https" or (public_url or "").startswith("https:")


def login_cookie(request: Request, public_url: str | None) -> str:
    """Return the name of a login's cookie. Browsers accept `__Host-` over TLS only (RFC 6265bis)."""
    return "__Host-tactful" if is_secure(request, public_url) else "tactful-console"


def browser_cookie(request: Request, public_url: str | None) -> str:
    """Return the name of the cookie that marks a browser which has logged in before."""
    return f"{login_cookie(request, public_url)}-browser"
