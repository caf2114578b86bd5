"""Endpoints that explain decisions and show offers, budgets and price histories."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tactful.api import representations as views
from tactful.api.bodies import json_response
from tactful.api.problems import ProblemError
from tactful.api.server_key import ServerKey
from tactful.core.facts.price_history import PublicPrice
from tactful.core.facts.price_rows import Audience
from tactful.core.offers.budget import COUNT
from tactful.core.offers.offer import OfferState
from tactful.core.redemption.redemption_rows import BalanceKey, BudgetRow
from tactful.core.values.calendar import CalendarError, parse_duration, parse_rfc3339
from tactful.runtime.ports.ledger_rows import AuditRow
from tactful.runtime.services.explanations import HypotheticalVisit, UnknownShopperError
from tactful.runtime.services.near_names import UnknownNameError
from tactful.runtime.shop import Shop
from tactful.runtime.state.session_registry import internal_id


def explain_routes(shop: Shop, key: ServerKey) -> Sequence[BaseRoute]:
    """Return the routes, which are all read-only."""

    async def why(request: Request) -> Response:
        sku = _required(request, "sku")
        visit = _visit(request)
        if visit is None:
            session, customer = _one_of(request, "session", "customer")
        else:
            session, customer = None, request.query_params.get("customer")
        try:
            found = await shop.explanations.explain(
                sku,
                session=session,
                customer=customer,
                at=instant_in(request, "at"),
                visit=visit,
                recompute=_recompute(request),
            )
        except UnknownShopperError as error:
            raise ProblemError(404, "shopper.unknown", str(error)) from None
        except UnknownNameError as error:
            raise ProblemError(404, error.code, str(error), near=list(error.near)) from None
        # A thousand verdicts take the event loop 10 ms.
        return await asyncio.to_thread(lambda: json_response(views.explanation(found)))

    async def decisions(request: Request) -> Response:
        query = request.query_params
        session, customer, offer = query.get("session"), query.get("customer"), query.get("offer")
        if sum(one is not None for one in (session, customer, offer)) != 1:
            raise ProblemError(
                400, "query.one_of", "Give exactly one of `session`, `customer`, `offer`."
            )
        rows = await shop.ledger.offer_steps(
            session=internal_id(session) if session else None, customer=customer, offer=offer
        )
        shown = []
        for row in rows:
            step = _step(row)
            if row.step.to is OfferState.WITHDRAWN:
                found = await shop.explanations.evidence_of(
                    row.offer, row.step.at, withdrawn=True, recompute=_recompute(request)
                )
                step |= views.shown_evidence(found, row.step.at, "price_steps")
            shown.append(step)
        return json_response({"decisions": shown})

    async def one_offer(request: Request) -> Response:
        found = await shop.ledger.offer(request.path_params["id"])
        if found is None:
            raise ProblemError(404, "offer.unknown", "There is no offer with that id.")
        evidence = await shop.explanations.evidence_of(
            found, found.issued_at, recompute=_recompute(request)
        )
        return json_response(
            views.offer(found)
            | {"orders": await shop.ledger.orders_of(found.id)}
            | views.shown_evidence(evidence, found.issued_at, "price_steps")
        )

    async def budgets(request: Request) -> Response:  # noqa: ARG001
        shop.state.balances.view(shop.clock.now())
        rows = [row for row in shop.state.balances.rows() if row.limit is not None]
        held = await shop.ledger.held_amounts()
        return json_response({"budgets": [_budget(row, held) for row in rows]})

    async def prices(request: Request) -> Response:
        sku, territory = request.path_params["sku"], _required(request, "territory")
        item = await shop.state.fact_cache.read_item(sku)
        query = request.query_params
        audience = Audience(query.get("currency"), query.get("channel"), query.get("group"))
        now = shop.clock.now()
        found = item.public_prices(territory, now, audience)
        if not found:
            raise ProblemError(404, "price.unknown", f"{sku} has no such price in {territory}.")
        shown = [_price(one, now) for one in found]
        return json_response({"sku": sku, "territory": territory, "prices": shown})

    return (
        Route("/v1/why", key.guard(why, "why:read"), methods=["GET"]),
        Route("/v1/decisions", key.guard(decisions, "decisions:read"), methods=["GET"]),
        Route("/v1/offers/{id}", key.guard(one_offer, "redeem", "decisions:read"), methods=["GET"]),
        Route("/v1/budgets", key.guard(budgets, "decisions:read"), methods=["GET"]),
        Route("/v1/prices/{sku:path}", key.guard(prices, "decisions:read"), methods=["GET"]),
    )


def _step(row: AuditRow) -> dict[str, Any]:
    step, offer = row.step, row.offer
    return {
        "at": views.when(step.at),
        "seq": step.seq,
        "to": step.to.value,
        "reason": step.reason,
        "offer": offer.id,
        "sku": offer.sku,
        "territory": offer.territory,
        "price": views.money(offer.unit, offer.currency),
        "rule": offer.rule,
        "campaign": offer.campaign,
        "rulebook": offer.rulebook,
        "session": offer.session,
        "customer": offer.customer,
        "notes": list(offer.notes),
    }


def _price(one: PublicPrice, now: int) -> dict[str, Any]:
    """Return an entry of the price ledger; a price that begins after `now` (ms) is announced."""
    shown: dict[str, Any] = {
        "since": views.when(one.since),
        "price": views.money(one.amount, one.currency),
    }
    if one.offered:
        shown["general_offer"] = True
    if one.since > now:
        shown["announced"] = True
    return shown


def _budget(row: BudgetRow, held: Mapping[BalanceKey, int]) -> dict[str, Any]:
    return {
        "campaign": row.campaign,
        "period": row.period,
        "currency": None if row.currency == COUNT else row.currency,
        "unit": "offers" if row.currency == COUNT else "minor units",
        "limit": row.limit,
        "reserved": row.reserved,
        "held": held.get((row.campaign, row.period, row.currency), 0),
        "settled": row.settled,
    }


def _required(request: Request, name: str) -> str:
    value = request.query_params.get(name)
    if not value:
        raise ProblemError(400, "query.missing", f"Give `{name}` in the query.")
    return value


def _one_of(request: Request, one: str, other: str) -> tuple[str | None, str | None]:
    found = request.query_params.get(one), request.query_params.get(other)
    if (found[0] is None) == (found[1] is None):
        raise ProblemError(400, "query.one_of", f"Give exactly one of `{one}` and `{other}`.")
    return found


def _visit(request: Request) -> HypotheticalVisit | None:
    """Return the hypothetical visit that `territory` or `dwell` describes, if either is given."""
    query = request.query_params
    territory, dwell = query.get("territory"), query.get("dwell")
    if territory is None and dwell is None:
        return None
    if "session" in query or "at" in query:
        raise ProblemError(
            400,
            "query.one_of",
            "`territory` and `dwell` describe a hypothetical visit. Leave out `session` and `at`.",
        )
    try:
        return (
            HypotheticalVisit(territory)
            if dwell is None
            else HypotheticalVisit(territory, parse_duration(dwell))
        )
    except CalendarError as error:
        raise ProblemError(400, "query.duration", f"`dwell`: {error}") from None


def _recompute(request: Request) -> bool:
    """Return whether what another engine decided is computed again.

    Raises:
        ProblemError: The parameter is neither `true` nor `false`.
    """
    text = request.query_params.get("recompute", "false")
    if text not in {"true", "false"}:
        problem = f"`recompute` is `true` or `false`, not `{text[:40]}`."
        raise ProblemError(400, "query.recompute", problem)
    return text == "true"


def instant_in(request: Request, name: str) -> int | None:
    """Return the instant of a query parameter (ms since the Unix epoch, UTC); None: it is not there.

    Raises:
        ProblemError: The parameter is no instant in RFC 3339.
    """
    return instant_of(request.query_params, name)


def instant_of(given: Mapping[str, str], name: str) -> int | None:
    """Return the instant of a parameter, as `instant_in` does for a request.

    Raises:
        ProblemError: The parameter is no instant in RFC 3339.
    """
    text = given.get(name)
    if text is None:
        return None
    try:
        return parse_rfc3339(text)
    except CalendarError as error:
        raise ProblemError(400, "query.instant", f"`{name}`: {error}") from None
