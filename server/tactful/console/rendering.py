"""Rendering of the console's pages, and reading of its forms."""

from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from tactful.console.audit_words import ACT_WORDS
from tactful.console.code_words import code_words
from tactful.console.gate_words import change_words, needed_words, words_of
from tactful.console.languages import (
    count_in_page,
    present_language,
    say,
    say_in_page,
    translated,
)
from tactful.console.local_formats import format_amount, format_number, format_span, format_time
from tactful.console.notices import NAVIGATION, NOTICES
from tactful.console.reason_words import reason_words
from tactful.core.offers.offer import Offer
from tactful.core.values.calendar import format_rfc3339
from tactful.core.verdicts.counterfactuals import as_plain_value
from tactful.rulebook.language.units import format_percent

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

CONSOLE_FOLDER: Final = Path(__file__).parent
MAX_FORM_BYTES: Final = 65_536
"""Maximum bytes of a posted form. Every form of the console is smaller."""
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    ),
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with no-referrer our own forms would have the origin `null`
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}

SCRIPTED_HEADERS: Final = HEADERS | {
    "Content-Security-Policy": (
        f"{HEADERS['Content-Security-Policy']}; trusted-types 'none'; script-src 'self'; connect-src 'self'"
    )
}
"""Headers of a page with a script of the console, which makes no markup of text."""


class PageError(Exception):
    """A request that is answered with an error page; `text` says what is wrong and what to do."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


def format_money(amount: int, currency: str) -> str:
    """Return an amount of minor units as `109.65 EUR`."""
    return format_amount(amount, currency)


def offer_terms(offer: Offer) -> str:
    """Return an offer's price as `109.65 EUR`, or as `10% off the order, at most 50.00 EUR`."""
    off = offer.order_deduction
    if off is None:
        return format_money(offer.unit, offer.currency)
    amount = format_money(off.at_most, offer.currency)
    if off.percent_bp is None:
        return say(f"{{amount}} off the {off.level}", amount=amount)
    return say(
        f"{{percent}} off the {off.level}, at most {{amount}}",
        percent=format_percent(off.percent_bp),
        amount=amount,
    )


def format_instant(at: int | None, zone: str) -> str:
    """Return an instant (milliseconds since the Unix epoch) in a zone; empty for None."""
    return "" if at is None else format_time(at, zone)


def instant_element(at: int | None, zone: str) -> "Markup":
    """Return a `<time>` with an instant in a zone, whose hint has it in UTC; empty for None."""
    from markupsafe import Markup  # noqa: PLC0415

    if at is None:
        return Markup()
    element = Markup('<time datetime="{}" title="{}">{}</time>')
    return element.format(format_rfc3339(at), format_time(at, "UTC"), format_time(at, zone))


def format_length(length: int) -> str:
    """Return a duration (milliseconds) without fractions of a second."""
    return format_span(length)


def _code(text: str) -> "Markup":
    from markupsafe import Markup  # noqa: PLC0415

    return Markup("<code>{}</code>").format(text)


def _strong(text: str) -> "Markup":
    from markupsafe import Markup  # noqa: PLC0415

    return Markup("<b>{}</b>").format(text)


def capitalize_first(text: str) -> str:
    """Return a text in the present language with a capital first letter."""
    shown: str = translated(text)
    return shown[:1].upper() + shown[1:]


@lru_cache(maxsize=2)
def _templates(zone: str) -> "Environment":
    """Return the templates for a time zone, loaded for the first page that needs them.

    The server starts without them. A shop has one zone at a time.
    """
    import jinja2  # noqa: PLC0415

    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(CONSOLE_FOLDER / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=translated,
    )
    made.filters |= {
        "instant": partial(instant_element, zone=zone),
        "instant_text": partial(format_instant, zone=zone),
        "reason": reason_words,
        "named": code_words,
        "number": format_number,
        "words": partial(words_of, zone=zone),
        "duration": format_length,
    }
    made.filters["capitalize_first"] = capitalize_first
    made.globals |= {"money": format_money, "terms": offer_terms, "plain": as_plain_value}
    made.globals |= {"notices": NOTICES, "navigation": NAVIGATION, "act_words": ACT_WORDS}
    made.globals |= {"code": _code, "strong": _strong}
    made.globals |= {"_": say_in_page, "n_": count_in_page, "language": present_language}
    made.globals |= {"zone": zone, "needed": partial(needed_words, zone=zone)}
    made.globals["change"] = partial(change_words, zone=zone)
    return made


def render(
    template: str,
    /,
    status: int = 200,
    *,
    zone: str = "UTC",
    scripted: bool = False,
    **values: Any,
) -> Response:
    """Render a template as a response with the console's security headers.

    Args:
        template: The file name of the template.
        status: The HTTP status.
        zone: IANA time zone in which instants are written.
        scripted: Whether the page has a script of the console.
        values: What the template shows.
    """
    html = _templates(zone).get_template(template).render(**values)
    return HTMLResponse(html, status, SCRIPTED_HEADERS if scripted else HEADERS)


def require_own_origin(request: Request, public_url: str | None) -> None:
    """Refuse a form that does not come from a page of this console.

    Raises:
        PageError: The request has no `Origin`, or that of another site.
    """
    origin = request.headers.get("origin", "")
    try:
        parts = urlsplit(origin)
    except ValueError:  # such as http://[::1
        parts = urlsplit("")
    ours = {request.headers.get("host", "").lower()}
    if public_url:
        ours.add(urlsplit(public_url).netloc.lower())
    if parts.scheme not in {"http", "https"} or parts.netloc.lower() not in ours:
        raise PageError(
            403,
            "The form did not come from a page of this console. Open the console at its own address.",
        )


async def read_form(request: Request) -> dict[str, str]:
    """Read the fields of a posted form.

    Raises:
        PageError: The body is not a form, is too large, or cannot be decoded.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise PageError(415, "The request is not a form. Use a page of this console.")
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_FORM_BYTES:
            raise PageError(413, "The form is too large. Use a page of this console.")
        parts.append(part)
    try:
        return dict(parse_qsl(b"".join(parts).decode(), True, max_num_fields=50))
    except ValueError:
        raise PageError(400, "The form cannot be decoded. Open the page again.") from None
