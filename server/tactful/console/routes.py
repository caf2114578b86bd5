"""Which pages has the console, and where?"""

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from tactful.console import queries
from tactful.console.access import HOME, ConsoleAccess, ConsoleRequest
from tactful.console.actions import acting_routes
from tactful.console.rendering import HEADERS, HERE, PageError
from tactful.core.values import ids
from tactful.core.values.calendar import CalendarError, parse_rfc3339
from tactful.runtime.services.explanations import UnknownShopperError
from tactful.runtime.sessions.lifecycle import internal_id
from tactful.runtime.shop import Shop

RECENT: Final = 15
STATIC: Final = {"console.css": "text/css", "mark.svg": "image/svg+xml"}
"""The files that anybody may load, and their types."""


def console_routes(
    shop: Shop, *, key: str | None, name: str, public_url: str | None
) -> Sequence[BaseRoute]:
    """Everything under `/console`, behind the server key."""
    desk = ConsoleAccess(shop, key=key, name=name, public_url=public_url)
    return (
        Route("/console/login", desk.login, methods=["GET"]),
        Route("/console/login", desk.enter, methods=["POST"]),
        Route("/console/logout", desk.acting(desk.leave), methods=["POST"]),
        Route("/console/static/{name}", _static, methods=["GET"]),
        *_reading_routes(desk),
        *acting_routes(desk),
        Route("/console/{rest:path}", desk.reading(_nothing), methods=["GET"]),
    )


def _reading_routes(desk: ConsoleAccess) -> Sequence[BaseRoute]:
    shop = desk.shop

    async def overview(visit: ConsoleRequest) -> Response:
        return desk.show(
            visit,
            "overview.html",
            failing=shop.ledger.failure,
            sessions=len(shop.registry),
            rulebook=shop.active_rulebook.current.version,
            trouble=shop.active_rulebook.problem,
            rules=queries.rules(shop),
            feeds=queries.feeds(shop),
            budgets=queries.budgets(shop),
            decisions=await queries.decisions(shop, limit=RECENT),
        )

    async def find(visit: ConsoleRequest) -> Response:
        wanted = visit.request.query_params.get("q", "").strip()
        return RedirectResponse(where(wanted), 303, HEADERS)

    async def customer(visit: ConsoleRequest) -> Response:
        return await _person(desk, visit, customer=visit.request.path_params["id"])

    async def session(visit: ConsoleRequest) -> Response:
        return await _person(desk, visit, session=visit.request.path_params["id"])

    async def offer(visit: ConsoleRequest) -> Response:
        await shop.ledger.flush()
        found = await shop.ledger.offer(visit.request.path_params["id"])
        if found is None:
            raise PageError(404, "There is no offer with that id.")
        rows = await queries.decisions(shop, offer=found.id)
        return desk.show(visit, "offer.html", offer=found, decisions=rows)

    async def why(visit: ConsoleRequest) -> Response:
        return await _why(desk, visit)

    async def rules(visit: ConsoleRequest) -> Response:
        return desk.show(
            visit,
            "rules.html",
            rulebook=shop.active_rulebook.current.version,
            since=shop.active_rulebook.activated_at,
            trouble=shop.active_rulebook.problem,
            refused=shop.active_rulebook.diagnostics,
            rules=queries.rules(shop),
            versions=(await shop.ledger.rulebooks())[:RECENT],
        )

    async def decisions(visit: ConsoleRequest) -> Response:
        return desk.show(
            visit,
            "decisions.html",
            decisions=await queries.decisions(shop),
            acts=await shop.ledger.operator_actions(limit=RECENT),
        )

    pages = {
        HOME: overview,
        "/console/find": find,
        "/console/customers/{id:path}": customer,
        "/console/sessions/{id}": session,
        "/console/offers/{id}": offer,
        "/console/why": why,
        "/console/rules": rules,
        "/console/decisions": decisions,
    }
    return [Route(path, desk.reading(page), methods=["GET"]) for path, page in pages.items()]


def where(wanted: str) -> str:
    """The page of whatever somebody typed: a session, an offer, else a customer."""
    if not wanted:
        return HOME
    if ids.is_id(internal_id(wanted), ids.SESSION):
        return f"/console/sessions/{quote(wanted, safe='')}"
    if ids.is_id(wanted, ids.OFFER):
        return f"/console/offers/{quote(wanted, safe='')}"
    return f"/console/customers/{quote(wanted, safe='')}"


async def _person(
    desk: ConsoleAccess,
    visit: ConsoleRequest,
    *,
    customer: str | None = None,
    session: str | None = None,
) -> Response:
    found = await queries.customer_view(desk.shop, customer=customer, session=session)
    if found is None:
        raise PageError(404, "Nothing is known of them: no facts, and no session that is kept.")
    rows = await queries.decisions_about(desk.shop, found)
    acts = (
        await desk.shop.ledger.operator_actions(customer=found.customer) if found.customer else []
    )
    return desk.show(visit, "person.html", person=found, decisions=rows, acts=acts)


async def _why(desk: ConsoleAccess, visit: ConsoleRequest) -> Response:
    query = visit.request.query_params
    sku, session, customer = query.get("sku", ""), query.get("session"), query.get("customer")
    given: dict[str, Any] = {"sku": sku, "session": session, "customer": customer}
    if not sku or not (session or customer):
        return desk.show(visit, "why.html", found=None, at=query.get("at", ""), **given)
    try:
        at = parse_rfc3339(query["at"]) if query.get("at") else None
        found = await desk.shop.explanations.explain(
            sku, session=session or None, customer=customer or None, at=at
        )
    except CalendarError:
        raise PageError(400, "Write the instant as in 2026-03-10T12:00:00Z.") from None
    except UnknownShopperError as error:
        raise PageError(404, str(error)) from None
    return desk.show(visit, "why.html", found=found, at=query.get("at", ""), **given)


async def _nothing(visit: ConsoleRequest) -> Response:
    raise PageError(404, f"The console has no page {visit.request.url.path}.")


async def _static(request: Request) -> Response:
    kind = STATIC.get(request.path_params["name"])
    if kind is None:
        raise HTTPException(404)
    path = HERE / "static" / request.path_params["name"]
    headers = {"Cache-Control": "max-age=300", "X-Content-Type-Options": "nosniff"}
    return FileResponse(path, headers=headers, media_type=kind)
