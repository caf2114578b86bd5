"""The page that stops all offers of the shop, and ends the stop."""

from collections.abc import Sequence
from typing import Final

from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from tactful.console.access import ConsoleAccess, ConsoleRequest
from tactful.console.mounting import HOME
from tactful.console.password_prompt import confirmed
from tactful.console.rendering import HEADERS, PageError
from tactful.core.offers.offer import OfferState
from tactful.core.values.phrases import phrase
from tactful.runtime import operators
from tactful.runtime.shop import Shop

PAGE: Final = "/console/stop"
MAX_REASON: Final = 200
"""Characters of the longest reason."""


def stop_routes(access: ConsoleAccess) -> Sequence[BaseRoute]:
    """Return the routes of the page and of its forms."""
    shop = access.shop

    async def page(page_request: ConsoleRequest) -> Response:
        return access.render(
            page_request, "stop.html", standing=standing_offers(shop), max_reason=MAX_REASON
        )

    async def stop(page_request: ConsoleRequest) -> Response:
        form = page_request.form
        reason = " ".join(form.get("reason", "").split())
        if not 0 < len(reason) <= MAX_REASON:
            raise PageError(
                422,
                phrase(
                    "The reason is missing or too long. Write 1 to {n} characters.", n=MAX_REASON
                ),
            )
        if form.get("confirm") != "yes":
            raise PageError(
                422, "The stop is not confirmed. Go back, and tick the box beside the button."
            )
        done = await operators.stop_offers(shop, page_request.login.name, reason)
        page_request.login.notice = "stopped" if done else "stopped-before"
        return RedirectResponse(PAGE, 303, HEADERS)

    async def start(page_request: ConsoleRequest) -> Response:
        if page_request.form.get("confirm") != "yes":
            raise PageError(
                422, "The start is not confirmed. Go back, and tick the box beside the button."
            )
        done = await operators.start_offers(shop, page_request.login.name)
        page_request.login.notice = "started" if done else "started-before"
        return RedirectResponse(HOME, 303, HEADERS)

    return [
        Route(PAGE, access.page_endpoint(page, "stop_offers"), methods=["GET"]),
        Route(PAGE, access.form_endpoint(stop, "stop_offers"), methods=["POST"]),
        Route(
            f"{PAGE}/end",
            access.form_endpoint(confirmed(access, start), "stop_offers"),
            methods=["POST"],
        ),
    ]


def standing_offers(shop: Shop) -> tuple[int, int]:
    """Return how many offers of the sessions in memory a stop would end, and how many stay accepted."""
    standing = [one for live in shop.state.registry for one in live.state.offers if one.standing]
    accepted = sum(one.state is OfferState.ACCEPTED for one in standing)
    return len(standing) - accepted, accepted
