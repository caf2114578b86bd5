"""The forms with which an operator states and lifts an objection of a customer."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tactful.console import queries
from tactful.console.access import ConsoleAccess, ConsoleRequest
from tactful.console.actions import redirect_back
from tactful.console.languages import message_of
from tactful.console.rendering import PageError
from tactful.core.values.phrases import phrase
from tactful.runtime.objections import (
    RefusedObjectionError,
    UnknownObjectionError,
    lift_objection,
    state_objection,
)
from tactful.runtime.services.near_names import UnknownNameError, require_item

LENGTHS: Final = {"1": 1, "7": 7, "30": 30, "90": 90, "lifted": None}
"""Choice of the form → days; `None`: until the objection is lifted."""


def objection_routes(access: ConsoleAccess) -> Sequence[BaseRoute]:
    """Return the routes of both forms."""
    shop = access.shop

    async def state(page_request: ConsoleRequest) -> Response:
        form = page_request.form
        customer, sku = form.get("customer", ""), form.get("sku", "").strip() or None
        if form.get("days") not in LENGTHS:
            raise PageError(422, "The time is missing. Choose for how long the customer asked.")
        if await queries.customer_view(shop, customer=customer) is None:
            raise PageError(404, "Nothing is known about this customer. Find the customer again.")
        if "sku" in form and sku is None:
            raise PageError(422, "The item is missing. Choose what is not to be offered.")
        try:
            if sku is not None:
                await require_item(sku, shop.state.fact_cache, shop.ledger)
            await state_objection(
                shop, customer, page_request.login.name, sku=sku, days=LENGTHS[form["days"]]
            )
        except UnknownNameError as error:
            raise PageError(404, message_of(error)) from None
        except RefusedObjectionError as error:
            raise PageError(
                422, phrase("The objection was refused: {why}", why=str(error))
            ) from None
        notice = "objected-item" if sku else "objected"
        return redirect_back(page_request, _page(customer), notice)

    async def lift(page_request: ConsoleRequest) -> Response:
        customer = page_request.form.get("customer", "")
        objection = page_request.form.get("objection", "")
        try:
            await lift_objection(shop, customer, objection, page_request.login.name)
        except UnknownObjectionError:
            problem = (
                "This objection has ended, was lifted, or was reported by a system of the shop, which "
                "must lift it. Open the page again."
            )
            raise PageError(404, problem) from None
        return redirect_back(page_request, _page(customer), "objection-lifted")

    return [
        Route("/console/objections", access.form_endpoint(state, "objections"), methods=["POST"]),
        Route(
            "/console/objections/lift", access.form_endpoint(lift, "objections"), methods=["POST"]
        ),
    ]


def _page(customer: str) -> str:
    return f"/console/customers/{quote(customer, safe='')}"
