"""Pages about people: a customer, a session, and a support case with its customer."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tactful.console import queries
from tactful.console.access import ConsoleAccess, ConsoleRequest
from tactful.console.case_forms import CASE_KINDS, KIND_STEPS, LINK_STEPS
from tactful.console.customer_words import approach_sentence, suppressed
from tactful.console.login import Login
from tactful.console.objection_forms import LENGTHS
from tactful.console.queries import CustomerView
from tactful.console.rendering import PageError
from tactful.console.titles import titles_of
from tactful.console.voucher_forms import currency_of, limits_of, voucher_views
from tactful.core.facts.customer_facts import Case
from tactful.core.facts.fact_codec import decode_stored
from tactful.runtime import case_corrections
from tactful.runtime.case_corrections import UnknownCaseError
from tactful.runtime.objections import is_active, is_liftable
from tactful.runtime.shop import Shop
from tactful.runtime.voucher_issue import new_code, showing_rules

MAX_ACTIONS: Final = 50
"""Maximum operator actions that a page shows."""


def customer_routes(access: ConsoleAccess) -> Sequence[BaseRoute]:
    """Return the routes of the pages about people."""
    shop = access.shop

    async def customer(page_request: ConsoleRequest) -> Response:
        return await _customer_page(
            page_request, customer=page_request.http_request.path_params["id"]
        )

    async def session(page_request: ConsoleRequest) -> Response:
        return await _customer_page(
            page_request, session=page_request.http_request.path_params["id"]
        )

    async def _customer_page(page_request: ConsoleRequest, **who: str) -> Response:
        view = await queries.customer_view(shop, **who)
        if view is None:
            problem = (
                "Nothing is known about this id: there are no facts and no session. Check the id."
            )
            raise PageError(404, problem)
        common = await _common(page_request.login, view)
        rows = await queries.offers_of(shop, view)
        return access.render(page_request, "customer.html", offers=rows, **common)

    async def case(page_request: ConsoleRequest) -> Response:
        try:
            found = await case_corrections.find_case(
                shop, page_request.http_request.path_params["id"]
            )
        except UnknownCaseError:
            raise PageError(404, "There is no case with this id. Check the id.") from None
        concerned = await customers_of_case(shop, found)
        view = await queries.customer_view(shop, customer=concerned[0]) if concerned else None
        common: Mapping[str, Any] = {"view": None, "titles": await titles_of(shop, found.skus)}
        if view:
            common = await _common(page_request.login, view)
        return access.render(
            page_request,
            "case.html",
            case=found,
            others=concerned[1:],
            **common,
            kinds=CASE_KINDS,
            lines=page_request.login.take_lines(found.case),
            kind_steps=KIND_STEPS,
            link_steps=LINK_STEPS,
        )

    async def _common(login: Login, view: CustomerView) -> Mapping[str, Any]:
        """Return what the pages of a customer and of a case show of the customer."""
        now = shop.clock.now()
        history = view.profile.history if view.profile else None
        titles = await titles_of(shop, shown_skus(view), history)
        known = [one.fact for one in history.objections] if history else []
        actions = (
            await shop.ledger.operator_actions(customer=view.customer, limit=MAX_ACTIONS)
            if view.customer
            else []
        )
        return {
            "view": view,
            "titles": titles,
            "sentence": approach_sentence(
                view,
                now,
                access.zone,
                is_stopped=shop.state.active_rulebook.stop is not None,
            ),
            "suppressed": suppressed(view.taints, titles, now, access.zone),
            "liftable": {
                one.objection for one in known if is_liftable(one) and is_active(one, now)
            },
            "lengths": LENGTHS,
            "vouchers": voucher_views(view, now),
            "voucher_code": new_code(),
            "voucher_rules": showing_rules(shop),
            "voucher_limits": limits_of(login, shop.state.active_rulebook.current.policy),
            "currency": currency_of(view),
            "actions": actions,
        }

    pages = {
        "/console/customers/{id:path}": customer,
        "/console/sessions/{id}": session,
        "/console/cases/{id:path}": case,
    }
    return [
        Route(path, access.page_endpoint(page, "customers"), methods=["GET"])
        for path, page in pages.items()
    ]


async def customers_of_case(shop: Shop, case: Case) -> list[str]:
    """Return the complainant, the purchaser, and the customers of the orders of a case, each once.

    Raises:
        LedgerError: The ledger cannot be read.
    """
    found = [case.customer, case.purchaser]
    subjects = [("order", order) for order in case.orders]
    orders = await shop.ledger.facts_about(subjects, ["order"]) if subjects else []
    found += [getattr(decode_stored(one.body), "customer", None) for one in orders]
    return list(dict.fromkeys(one for one in found if one))


def shown_skus(view: CustomerView) -> list[str]:
    """Return the SKUs that a page about a customer shows."""
    session, history = view.session, view.profile.history if view.profile else None
    skus = [offer.sku for offer in view.offers]
    if session:
        skus += [session.focus] if session.focus else []
        skus += [line.sku for line in session.cart]
    for case in history.cases if history else ():
        skus += case.fact.skus
    return skus
