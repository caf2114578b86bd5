"""The audit log on the console: a page with a filter, and an export."""

import csv
import io
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date
from typing import Final
from urllib.parse import urlencode

from msgspec import structs
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from tactful.console.access import ConsoleAccess, ConsoleRequest
from tactful.console.audit_words import ACT_WORDS, ACTS, VALUE_WORDS
from tactful.console.permissions import may
from tactful.console.rendering import HEADERS, PageError
from tactful.core.values.calendar import CalendarError, day_end, day_start, format_rfc3339
from tactful.core.values.money import Money, format_plain
from tactful.core.values.phrases import phrase
from tactful.runtime.ports.operator_actions import ActionFilter, AuditEntry

PAGE: Final = "/console/audit"
ROWS: Final = 50
"""Actions on one page."""
ROWS_OF_EXPORT: Final = 500
"""Actions that an export reads at once."""
COLUMNS: Final = (
    "number", "at", "who", "role", "act", "subject", "customer", "detail", "before", "after",
    "amount", "currency",
)  # fmt: skip
"""The header of an export."""
FIELDS: Final = ("who", "act", "subject", "customer", "from", "to")
"""The fields of the filter."""


def audit_routes(access: ConsoleAccess) -> Sequence[BaseRoute]:
    """Return the routes of the page and of its export.

    An operator whose role may not see the audit log sees the own actions.
    """
    shop = access.shop

    def read(page_request: ConsoleRequest) -> tuple[dict[str, str], ActionFilter]:
        query = page_request.http_request.query_params
        given = {name: query.get(name, "").strip() for name in FIELDS}
        if not may(page_request.login.role, "audit"):
            given["who"] = page_request.login.name
        return given, read_filter(given, access.zone)

    async def page(page_request: ConsoleRequest) -> Response:
        given, wanted = read(page_request)
        before = _number(page_request.http_request.query_params.get("before", ""))
        found = await shop.ledger.audit_entries(wanted, before=before, limit=ROWS + 1)
        shown = found[:ROWS]
        query = {name: value for name, value in given.items() if value}
        older = urlencode({**query, "before": shown[-1].number}) if len(found) > ROWS else ""
        return access.render(
            page_request,
            "audit.html",
            entries=shown,
            given=given,
            query=urlencode(query),
            older=older,
            acts=ACTS,
            act_words=ACT_WORDS,
            value_words=VALUE_WORDS,
        )

    async def export(page_request: ConsoleRequest) -> Response:
        _, wanted = read(page_request)
        headers = {**HEADERS, "Content-Disposition": 'attachment; filename="audit.csv"'}
        return StreamingResponse(lines(wanted), 200, headers, media_type="text/csv")

    async def lines(wanted: ActionFilter) -> AsyncIterator[str]:
        """Yield the actions of a filter as lines of CSV (RFC 4180), the newest first."""
        yield csv_line(COLUMNS)
        before: int | None = None
        while rows := await shop.ledger.audit_entries(wanted, before=before, limit=ROWS_OF_EXPORT):
            yield "".join(csv_line(_cells(one)) for one in rows)
            before = rows[-1].number

    return [
        Route(PAGE, access.page_endpoint(page, "end_offers"), methods=["GET"]),
        Route(f"{PAGE}.csv", access.page_endpoint(export, "end_offers"), methods=["GET"]),
    ]


def read_filter(given: Mapping[str, str], zone: str) -> ActionFilter:
    """Return the filter of a form.

    Args:
        given: Field → text; empty: any. `from` and `to` are local days, both included.
        zone: IANA time zone of the days.

    Raises:
        PageError: A day cannot be read.
    """
    try:
        first = date.fromisoformat(given["from"]) if given["from"] else None
        last = date.fromisoformat(given["to"]) if given["to"] else None
        since = day_start(first, zone) if first else None
        until = day_end(last, zone) if last else None
    except (ValueError, OverflowError, CalendarError):
        raise PageError(400, phrase("A day cannot be read. Write it as 2026-03-10.")) from None
    texts = {name: given[name] or None for name in ("who", "act", "subject", "customer")}
    return ActionFilter(**texts, since=since, until=until)


def csv_line(cells: Sequence[object]) -> str:
    """Return one line of CSV. A text that a spreadsheet would compute gets an apostrophe before it."""
    line = io.StringIO(newline="")
    texts = ["" if cell is None else str(cell) for cell in cells]
    csv.writer(line).writerow([f"'{one}" if one[:1] in set("=+-@\t\r") else one for one in texts])
    return line.getvalue()


def _cells(entry: AuditEntry) -> list[object]:
    one = entry.action
    amount = None if one.amount is None else format_plain(Money(one.amount, one.currency or ""))
    made = structs.asdict(one) | {
        "number": entry.number,
        "at": format_rfc3339(one.at),
        "before": _values(one.before),
        "after": _values(one.after),
        "amount": amount and amount.partition(" ")[0],
    }
    return [made[name] for name in COLUMNS]


def _values(values: Mapping[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in values.items())


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None
