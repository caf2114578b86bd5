"""Routes of the console, and the handlers of its pages."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route

from tactful.console import queries
from tactful.console.access import ConsoleAccess, ConsoleRequest, PageHandler
from tactful.console.account_pages import account_routes
from tactful.console.actions import action_routes
from tactful.console.audit_pages import audit_routes
from tactful.console.case_forms import correction_route
from tactful.console.credentials import Credentials
from tactful.console.customer_pages import customer_routes
from tactful.console.finding import find_routes
from tactful.console.languages import message_of
from tactful.console.login_pages import login_routes
from tactful.console.mounting import HOME, path_of, under_its_prefix
from tactful.console.objection_forms import objection_routes
from tactful.console.operator_pages import operator_routes
from tactful.console.permissions import Act
from tactful.console.recalls import recall_routes
from tactful.console.rendering import CONSOLE_FOLDER, PageError
from tactful.console.result_pages import result_routes
from tactful.console.rule_pages import rule_routes
from tactful.console.start_pages import start_routes
from tactful.console.stop_pages import stop_routes
from tactful.console.token_pages import token_routes
from tactful.console.voucher_forms import voucher_route
from tactful.core.values.calendar import CalendarError, local_instant, parse_rfc3339
from tactful.core.values.phrases import phrase
from tactful.core.verdicts.reasons import Reason
from tactful.runtime.security.operator_accounts import OperatorAccounts
from tactful.runtime.services.explanations import Explanation, UnknownShopperError
from tactful.runtime.services.first_steps import STEPS, FirstSteps
from tactful.runtime.services.near_names import UnknownNameError
from tactful.runtime.shop import Shop

MAX_RECENT: Final = 15
"""Maximum decisions, actions and versions that are shown on a page with several lists."""
STATIC: Final = {
    "console.css": "text/css",
    "mark.svg": "image/svg+xml",
    "start.js": "text/javascript",
}
"""Files that need no login → their media types."""


def console_routes(
    shop: Shop,
    accounts: OperatorAccounts,
    key: str | None,
    name: str,
    public_url: str | None,
    shop_url: str | None = None,
    *,
    is_leaving: Callable[[], bool] = lambda: False,
) -> Sequence[BaseRoute]:
    """Return all routes under `/console`.

    Args:
        shop: The running shop.
        accounts: The accounts of operators.
        key: The server key, with which operators log in; with `None` nobody can.
        name: Name of the shop.
        public_url: URL under which browsers reach the server, if it is not host and port.
        shop_url: The address of the shop, for texts to customers; `None`: it is not known.
        is_leaving: Whether the server is shutting down, so that pages are not kept up to date.
    """
    credentials = Credentials(shop, accounts)
    access = ConsoleAccess(shop, credentials, name=name, public_url=public_url)
    access.shop_url = shop_url
    shop.state.tables.add(credentials.throttle.table())
    steps = FirstSteps(shop.state)
    routes = (
        *login_routes(access, key),
        Route("/console/static/{name}", _static, methods=["GET"]),
        *_page_routes(access, steps),
        *action_routes(access),
        correction_route(access),
        voucher_route(access),
        *find_routes(access),
        *objection_routes(access),
        *customer_routes(access),
        *account_routes(access),
        *operator_routes(access),
        *recall_routes(access),
        *audit_routes(access),
        *rule_routes(access),
        *result_routes(access),
        *stop_routes(access),
        *token_routes(access),
        *start_routes(access, steps, is_leaving),
        Route("/console/{rest:path}", access.page_endpoint(_missing_page, "see"), methods=["GET"]),
    )
    return [under_its_prefix(route) for route in routes]


def _page_routes(access: ConsoleAccess, steps: FirstSteps) -> Sequence[BaseRoute]:
    shop = access.shop

    async def overview(page_request: ConsoleRequest) -> Response:
        active = shop.state.active_rulebook
        return access.render(
            page_request,
            "overview.html",
            failing=shop.ledger.failure,
            steps=(len(await steps.done()), len(STEPS)),
            connected=queries.connected_sessions(shop),
            sessions=len(shop.state.registry),
            rulebook=shop.state.active_rulebook.current.version,
            trouble=shop.state.active_rulebook.problem,
            unnamed_proxy=shop.state.unnamed_proxy,
            alerts=await queries.alerts(shop),
            rules=len(active.current.rules),
            paused=len(active.current.paused),
            feeds=queries.feeds(shop),
            budgets=queries.budgets(shop),
            offers=await queries.latest_offers(shop, limit=MAX_RECENT),
        )

    async def offer(page_request: ConsoleRequest) -> Response:
        found = await shop.ledger.offer(page_request.http_request.path_params["id"])
        if found is None:
            raise PageError(404, "There is no offer with this id. Check the id.")
        rows = await queries.decisions(shop, offer=found.id)
        uses = await shop.ledger.redemptions(offer=found.id)
        return access.render(
            page_request, "offer.html", offer=found, decisions=rows, uses=[one.row for one in uses]
        )

    async def why(page_request: ConsoleRequest) -> Response:
        return await _why_page(access, page_request)

    async def decisions(page_request: ConsoleRequest) -> Response:
        return access.render(
            page_request,
            "decisions.html",
            offers=await queries.latest_offers(shop),
            actions=await shop.ledger.operator_actions(limit=MAX_RECENT),
        )

    pages: dict[str, tuple[PageHandler, Act]] = {
        HOME: (overview, "see"),
        "/console/offers/{id}": (offer, "see"),
        "/console/why": (why, "customers"),
        "/console/decisions": (decisions, "see"),
    }
    return [
        Route(path, access.page_endpoint(page, act), methods=["GET"])
        for path, (page, act) in pages.items()
    ]


async def _why_page(access: ConsoleAccess, page_request: ConsoleRequest) -> Response:
    query = page_request.http_request.query_params
    sku, session, customer = query.get("sku", ""), query.get("session"), query.get("customer")
    given: dict[str, Any] = {"sku": sku, "session": session, "customer": customer}
    if not sku or not (session or customer):
        return access.render(page_request, "why.html", found=None, at=query.get("at", ""), **given)
    try:
        at = _instant(query["at"], access.zone) if query.get("at") else None
        found = await access.shop.explanations.explain(
            sku,
            session=session or None,
            customer=customer or None,
            at=at,
            recompute=query.get("recompute") == "true",
        )
    except CalendarError:
        problem = (
            "The time cannot be read. Write it as 2026-03-10 13:00, or as 2026-03-10T12:00:00Z."
        )
        raise PageError(400, problem) from None
    except (UnknownShopperError, UnknownNameError) as error:
        raise PageError(404, message_of(error)) from None
    return access.render(
        page_request,
        "why.html",
        found=found,
        at=query.get("at", ""),
        ending=await queries.ending_offers(access.shop, sku),
        recalls=_recalls_in(found),
        **given,
    )


def _recalls_in(found: Explanation) -> list[str]:
    """Return the recalls for which rules make no offer, sorted."""
    gates = (finding for verdict in found.verdicts for finding in verdict.findings)
    return sorted({str(gate.actual) for gate in gates if gate.reason is Reason.RECALL})


def _instant(text: str, zone: str) -> int:
    """Return the instant (ms since the Unix epoch) of a local time in the shop's zone, or of RFC 3339.

    Raises:
        CalendarError: The text is neither.
    """
    text = text.strip()
    if "T" in text.upper():
        return parse_rfc3339(text)
    return local_instant(text, zone, end=False)


async def _missing_page(page_request: ConsoleRequest) -> Response:
    path = path_of(page_request.http_request)
    raise PageError(404, phrase("The console has no page {path}. Open the overview.", path=path))


async def _static(request: Request) -> Response:
    kind = STATIC.get(request.path_params["name"])
    if kind is None:
        raise HTTPException(404)
    path = CONSOLE_FOLDER / "static" / request.path_params["name"]
    headers = {"Cache-Control": "max-age=300", "X-Content-Type-Options": "nosniff"}
    return FileResponse(path, headers=headers, media_type=kind)
