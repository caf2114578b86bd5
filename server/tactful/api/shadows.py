"""The endpoint that reports what rules in shadow mode would have offered."""

from collections.abc import Sequence
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tactful.api import representations as views
from tactful.api.bodies import json_response
from tactful.api.explanations import instant_in
from tactful.api.problems import ProblemError
from tactful.api.server_key import ServerKey
from tactful.core.offers.offer import Offer
from tactful.core.values.calendar import DAY, CalendarError, parse_duration
from tactful.runtime.ports.ledger_rows import ShadowRow
from tactful.runtime.shop import Shop

REPORTED_MS: Final = 7 * DAY
"""How far back the report goes where the request names neither `since` nor `last`."""
SHOWN_OFFERS: Final = 200
"""The latest offers of one rule that the report lists."""


def shadow_routes(shop: Shop, key: ServerKey) -> Sequence[BaseRoute]:
    """Return the route, which is read-only."""

    async def shadow(request: Request) -> Response:
        now = shop.clock.now()
        until = instant_in(request, "until")
        # The window is half-open, and what was decided in this millisecond belongs to it.
        until = now + 1 if until is None else until
        since = instant_in(request, "since")
        since = until - _last(request) if since is None else since
        rule = request.query_params.get("rule")
        rows = await shop.ledger.shadow_sums(since, until)
        answer: dict[str, Any] = {
            "since": views.when(since),
            "until": views.when(until),
            "timezone": shop.state.active_rulebook.current.policy.timezone,
            "rules": [_row(one) for one in rows if rule in {None, one.rule}],
        }
        if rule is not None:
            found = await shop.ledger.shadow_offers(rule, since, until, SHOWN_OFFERS)
            answer["offers"] = [_offer(one) for one in found]
        return json_response(answer)

    return (Route("/v1/shadow", key.guard(shadow, "rules:read"), methods=["GET"]),)


def _last(request: Request) -> int:
    """Return how far back the report goes, in milliseconds.

    Raises:
        ProblemError: The text is no duration.
    """
    text = request.query_params.get("last")
    try:
        return REPORTED_MS if text is None else parse_duration(text)
    except CalendarError as error:
        raise ProblemError(400, "query.duration", f"`last`: {error}") from None


def _row(row: ShadowRow) -> dict[str, Any]:
    return {
        "rule": row.rule,
        "decisions": row.decisions,
        "shoppers": row.shoppers,
        "items": row.items,
        "public": views.money(row.public, row.currency),
        "discount": views.money(row.discount, row.currency),
        "first": views.when(row.first),
        "last": views.when(row.last),
    }


def _offer(offer: Offer) -> dict[str, Any]:
    return {
        "offer": offer.id,
        "at": views.when(offer.issued_at),
        "session": offer.session,
        "customer": offer.customer,
        "sku": offer.sku,
        "territory": offer.territory,
        "public": views.money(offer.public, offer.currency),
        "price": views.money(offer.unit, offer.currency),
        "discount": views.money(offer.saved, offer.currency),
        "notes": list(offer.notes),
    }
