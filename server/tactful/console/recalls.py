"""Recalls on the console: the list of active recalls, and the forms that make and lift one.

The console lifts only recalls that were made on it. A recall that the shop's own systems reported is
lifted by them: their next report of it would make it active again.
"""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from tactful.console import queries
from tactful.console.access import ConsoleAccess, ConsoleRequest
from tactful.console.languages import message_of
from tactful.console.rendering import HEADERS, PageError
from tactful.core.facts.fact_codec import decode_stored
from tactful.core.facts.item_facts import Recall
from tactful.core.values.phrases import phrase
from tactful.runtime import operators
from tactful.runtime.ports.ledger_rows import StoredFact
from tactful.runtime.services.near_names import UnknownNameError, require_item
from tactful.runtime.shop import Shop

PAGE: Final = "/console/recalls"
OWN_PREFIX: Final = "console:"
"""Beginning of the ids of recalls that are made on the console; the SKU follows."""
PAGE_OF_FACTS: Final = 500
"""Facts that one read of the ledger returns."""
MAX_ACTIONS: Final = 1_000
"""Latest operator actions in which the maker of a recall is looked for."""


class RecallView(Struct, frozen=True):
    """An active recall."""

    id: str
    skus: tuple[str, ...]
    product: str | None
    since: int
    """Milliseconds since the Unix epoch, UTC."""
    own: bool
    """Whether it was made on the console, where it can also be lifted."""
    made_by: str | None
    """The operator; `None` if the shop's systems reported it, or the action is too long ago."""


async def active_recalls(shop: Shop) -> list[RecallView]:
    """Return the active recalls, the latest first.

    Raises:
        LedgerError: The ledger cannot be read.
    """
    actions = await shop.ledger.operator_actions(limit=MAX_ACTIONS)
    # The latest action comes first, so an older one does not replace it.
    makers = {one.subject: one.who for one in reversed(actions) if one.act == "fact.stated"}
    found = [
        RecallView(
            fact.recall,
            fact.skus,
            fact.product,
            stored.at,
            fact.recall.startswith(OWN_PREFIX),
            makers.get(fact.recall) if fact.recall.startswith(OWN_PREFIX) else None,
        )
        for stored, fact in await _stored_recalls(shop)
        if fact.status == "active"
    ]
    return sorted(found, key=lambda one: (-one.since, one.id))


async def _stored_recalls(shop: Shop) -> list[tuple[StoredFact, Recall]]:
    found: list[tuple[StoredFact, Recall]] = []
    after = ""
    while rows := await shop.ledger.facts_of_kind("recall", after, PAGE_OF_FACTS):
        for row in rows:
            fact = decode_stored(row.body)
            if isinstance(fact, Recall):
                found.append((row, fact))
        after = rows[-1].key
    return found


def recall_routes(access: ConsoleAccess) -> Sequence[BaseRoute]:
    """Return the routes of the page of recalls and of its forms."""
    shop = access.shop

    async def page(page_request: ConsoleRequest) -> Response:
        sku = page_request.http_request.query_params.get("sku", "").strip()
        if sku:
            await _require_known(sku)
        return access.render(
            page_request,
            "recalls.html",
            recalls=await active_recalls(shop),
            sku=sku,
            ending=await queries.ending_offers(shop, sku) if sku else (0, 0),
        )

    async def recall(page_request: ConsoleRequest) -> Response:
        sku = page_request.form.get("sku", "").strip()
        if page_request.form.get("confirm") != "yes":
            raise PageError(
                422, "The recall is not confirmed. Go back, and tick the box beside the button."
            )
        await _require_known(sku)
        await _report(page_request, OWN_PREFIX + sku, (sku,), "active")
        page_request.login.notice = "recalled"
        return RedirectResponse(PAGE, 303, HEADERS)

    async def lift(page_request: ConsoleRequest) -> Response:
        wanted = page_request.form.get("recall", "")
        active = {one.id: one for one in await active_recalls(shop)}
        one = active.get(wanted)
        if one is None:
            raise PageError(404, "This recall is not active. Open the list of recalls again.")
        if not one.own:
            raise PageError(
                422,
                phrase(
                    "The recall {recall} was reported by the shop's systems. Lift it there: the console "
                    "cannot, because their next report would make it active again.",
                    recall=one.id,
                ),
            )
        await _report(page_request, one.id, one.skus, "lifted")
        others = [other for sku in one.skus for other in await _recalls_of(sku)]
        page_request.login.notice = "lifted-others" if others else "lifted"
        return RedirectResponse(PAGE, 303, HEADERS)

    async def _require_known(sku: str) -> None:
        try:
            await require_item(sku, shop.state.fact_cache, shop.ledger)
        except UnknownNameError as error:
            raise PageError(404, message_of(error)) from None

    async def _recalls_of(sku: str) -> tuple[str, ...]:
        return (await shop.state.fact_cache.read_item(sku)).recalls

    async def _report(
        page_request: ConsoleRequest, recall_id: str, skus: Sequence[str], status: str
    ) -> None:
        fact = {"type": "recall", "recall": recall_id, "skus": list(skus), "status": status}
        report = await operators.state_fact(shop, fact, page_request.login.name)
        if report.rejected:
            raise PageError(
                422, phrase("The recall was rejected: {why}", why=report.rejected[0].message)
            )

    return [
        Route(PAGE, access.page_endpoint(page, "see"), methods=["GET"]),
        Route(PAGE, access.form_endpoint(recall, "recalls"), methods=["POST"]),
        Route(f"{PAGE}/lift", access.form_endpoint(lift, "recalls"), methods=["POST"]),
    ]
