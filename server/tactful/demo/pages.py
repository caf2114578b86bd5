"""How does a page of the demo leave the server: its template, its cookie, its policy?"""

from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from tactful.api.bodies import read_bytes
from tactful.api.problems import ProblemError
from tactful.demo.visitors import Visitor

DEMO_FOLDER: Final = Path(__file__).parent
COOKIE: Final = "kittiwake"
MAX_FORM_BYTES: Final = 65_536


def euros(amount: int) -> str:
    """Cents as a price."""
    return f"€{amount // 100}.{amount % 100:02d}"


def percent_below(amount: int, public: int) -> int:
    """By how many whole percent an amount is below a price; never overstated."""
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
    """What a page of the demo may load: its own files, and nothing inline."""
    host = request.headers["host"]
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        f"connect-src 'self' ws://{host}; frame-src 'self'; frame-ancestors 'self'; "
        "form-action 'self'; base-uri 'none'; require-trusted-types-for 'script'"
    )


def render_page(request: Request, name: str, status: int = 200, **values: Any) -> Response:
    """A rendered template."""
    html = TEMPLATES.get_template(name).render(**values)
    headers = {
        "Content-Security-Policy": content_security_policy(request),
        "Cache-Control": "no-store",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }
    return HTMLResponse(html, status, headers)


def with_visitor_cookie(response: Response, visitor: Visitor) -> Response:
    """Remember who it was."""
    response.set_cookie(COOKIE, visitor.key, httponly=True, samesite="lax", path="/")
    return response


def redirect(path: str, visitor: Visitor) -> Response:
    """On to another page."""
    return with_visitor_cookie(RedirectResponse(path, 303), visitor)


def require_same_origin(request: Request) -> None:
    """Refuse what another site's page has sent."""
    origin = request.headers.get("origin", "")
    if urlsplit(origin).netloc != request.headers["host"]:
        raise ProblemError(403, "origin.refused", "Only the demo's own pages may do that.")


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a form of one of our pages."""
    require_same_origin(request)
    body = await read_bytes(request, MAX_FORM_BYTES)
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=50))
    except ValueError:
        raise ProblemError(400, "form.malformed", "The form cannot be read.") from None
