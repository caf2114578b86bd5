"""How does a page of the console leave the server, and which request is one of its own?"""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from tactful.core.offers.offer import Offer
from tactful.core.values.calendar import format_duration, format_rfc3339
from tactful.core.values.money import Money, format_plain
from tactful.core.verdicts.counterfactuals import as_plain_value, change_text, needed_value
from tactful.rulebook.language.units import format_percent

if TYPE_CHECKING:
    from jinja2 import Environment

CONSOLE_FOLDER: Final = Path(__file__).parent
MAX_FORM_BYTES: Final = 65_536
"""Bytes of a form: more than any of ours can have."""
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    ),
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with no-referrer a form of our own would come from `null`
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class PageError(Exception):
    """A request that is answered with a page that says why."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


def format_money(amount: int, currency: str) -> str:
    """Minor units as people write them, the currency behind."""
    return format_plain(Money(amount, currency))


def offer_terms(offer: Offer) -> str:
    """What an offer is: `109.65 EUR`, or `10% off the order, at most 50.00 EUR`."""
    off = offer.order_deduction
    if off is None:
        return format_money(offer.unit, offer.currency)
    amount = format_money(off.at_most, offer.currency)
    if off.percent_bp is None:
        return f"{amount} off the {off.level}"
    return f"{format_percent(off.percent_bp)} off the {off.level}, at most {amount}"


def format_instant(at: int | None) -> str:
    """An instant (ms) to the second, in UTC."""
    return "" if at is None else format_rfc3339(at)[:19].replace("T", " ") + " UTC"


def format_length(length: int) -> str:
    """A length of time (ms), without fractions of a second."""
    return format_duration(length // 1000 * 1000)


def in_words(value: Any) -> str:
    """What a gate saw or wants, in words."""
    match value:
        case None:
            return "nothing"
        case dict():
            return ", ".join(f"{name} {in_words(one)}" for name, one in value.items())
        case list() | tuple() | set() | frozenset():
            return ", ".join(in_words(one) for one in value)
        case bool():
            return "yes" if value else "no"
        case _:
            return str(value)


@cache
def _templates() -> "Environment":
    """Made for the first page that somebody opens: a start does not wait for it."""
    import jinja2  # noqa: PLC0415

    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(CONSOLE_FOLDER / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"instant": format_instant, "duration": format_length, "words": in_words}
    made.globals |= {"money": format_money, "terms": offer_terms, "plain": as_plain_value}
    made.globals |= {"needed": needed_value, "change": change_text}
    return made


def render(template: str, /, status: int = 200, **values: Any) -> Response:
    """A page."""
    html = _templates().get_template(template).render(**values)
    return HTMLResponse(html, status, HEADERS)


def require_own_origin(request: Request, public_url: str | None) -> None:
    """Refuse what a page of somebody else has sent, or nobody says from where."""
    origin = request.headers.get("origin", "")
    try:
        parts = urlsplit(origin)
    except ValueError:  # such as http://[::1
        parts = urlsplit("")
    ours = {request.headers.get("host", "").lower()}
    if public_url:
        ours.add(urlsplit(public_url).netloc.lower())
    if parts.scheme not in {"http", "https"} or parts.netloc.lower() not in ours:
        raise PageError(403, "That did not come from a page of this console.")


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a posted form, and of nothing else."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise PageError(415, "Send the form of a page of this console.")
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_FORM_BYTES:
            raise PageError(413, "That is more than any form of this console.")
        parts.append(part)
    try:
        return dict(parse_qsl(b"".join(parts).decode(), True, max_num_fields=50))
    except ValueError:
        raise PageError(400, "That form cannot be read.") from None
