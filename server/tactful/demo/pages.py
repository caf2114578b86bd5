"""Responses of the demo's pages: templates, the visitor's cookie, and security headers."""

from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from tactful.api.bodies import read_bytes
from tactful.api.problems import ProblemError
from tactful.demo.visitors import Visitor

DEMO_FOLDER: Final = Path(__file__).parent
COOKIE: Final = "kittiwake"
STORY_KEY: Final = "as"
"""Query parameter with the key of a visitor of the story: all its frames share one cookie."""
MAX_FORM_BYTES: Final = 65_536


def euros(amount: int) -> str:
    """Return cents as a price."""
    return f"€{amount // 100}.{amount % 100:02d}"


def percent_below(amount: int, public: int) -> int:
    """Return by how many whole percent an amount is below a price, rounded down."""
    return (public - amount) * 100 // public


TEMPLATES: Final = Environment(
    loader=FileSystemLoader(DEMO_FOLDER / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
TEMPLATES.filters["euros"] = euros


def content_security_policy(request: Request) -> str:
    """Return the policy of a page, which may load the demo's own files and nothing inline."""
    host = request.headers["host"]
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        f"connect-src 'self' ws://{host}; frame-src 'self'; frame-ancestors 'self'; "
        "form-action 'self'; base-uri 'none'; require-trusted-types-for 'script'"
    )


def render_page(request: Request, name: str, status: int = 200, **values: Any) -> Response:
    """Render a template as a response with the security headers."""
    html = TEMPLATES.get_template(name).render(**values)
    headers = {
        "Content-Security-Policy": content_security_policy(request),
        "Cache-Control": "no-store",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }
    return HTMLResponse(html, status, headers)


def with_visitor_cookie(response: Response, visitor: Visitor) -> Response:
    """Set the cookie by which the visitor is recognised; a visitor of the story has none."""
    if not visitor.in_story:
        response.set_cookie(COOKIE, visitor.key, httponly=True, samesite="lax", path="/")
    return response


def redirect(path: str, visitor: Visitor) -> Response:
    """Return a redirection to another page of the shop."""
    return with_visitor_cookie(RedirectResponse(own_url(path, visitor), 303), visitor)


def own_url(path: str, visitor: Visitor) -> str:
    """Return the URL of a page of the shop, with the key of a visitor of the story."""
    if not visitor.in_story:
        return path
    return f"{path}{'&' if '?' in path else '?'}{urlencode({STORY_KEY: visitor.key})}"


def require_same_origin(request: Request) -> None:
    """Refuse a request that comes from a page of another site.

    Raises:
        ProblemError: The `Origin` is missing or another one.
    """
    origin = request.headers.get("origin", "")
    if urlsplit(origin).netloc != request.headers["host"]:
        raise ProblemError(403, "origin.refused", "Only the demo's own pages may send this.")


async def read_form(request: Request) -> dict[str, str]:
    """Read the fields of a form of one of the demo's pages.

    Raises:
        ProblemError: The form comes from another site, is too large, or cannot be decoded.
    """
    require_same_origin(request)
    body = await read_bytes(request, MAX_FORM_BYTES)
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=50))
    except ValueError:
        raise ProblemError(400, "form.malformed", "The form cannot be decoded.") from None
