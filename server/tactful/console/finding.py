"""The console's search box: the page of whatever an operator has in hand.

It takes the id of a session, an offer, a customer, an order, a case, a return, a rule, a campaign or an
item, or an e-mail address or a telephone number.
"""

from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import quote

from tactful.console import queries
from tactful.console.access import HOME
from tactful.console.rendering import PageError
from tactful.core.facts.fact_codec import decode_stored
from tactful.core.values import ids
from tactful.runtime.case_corrections import UnknownCaseError, find_case
from tactful.runtime.services.near_names import near_names
from tactful.runtime.shop import Shop
from tactful.runtime.state.session_registry import internal_id

MAX_NAMED: Final = 10
"""Maximum customers that a message names."""
CUSTOMER_FACTS: Final = ("order", "return", "remedy")
"""The facts whose id leads to the customer whom they are about."""


async def page_of(shop: Shop, wanted: str) -> str:
    """Return the path of the page for a search.

    Raises:
        LedgerError: The ledger cannot be read.
        PageError: Nothing was found, or several customers were.
    """
    if not wanted:
        return HOME
    for find in _STEPS:
        path = await find(shop, wanted)
        if path is not None:
            return path
    near = await near_names(wanted, shop.ledger.known_customers)
    meant = f" Is it the customer {' or '.join(near)}?" if near else ""
    raise PageError(
        404,
        f"Nothing has the id {wanted}.{meant} Search for an order, a case, a customer, an e-mail "
        "address, an item (SKU), an offer, a session, a rule or a campaign.",
    )


async def _session_or_offer(_: Shop, wanted: str) -> str | None:
    if ids.is_id(internal_id(wanted), ids.SESSION):
        return _path("sessions", wanted)
    return _path("offers", wanted) if ids.is_id(wanted, ids.OFFER) else None


async def _contact(shop: Shop, wanted: str) -> str | None:
    customers = await queries.customers_with_contact(shop, wanted)
    if len(customers) > 1:
        named = ", ".join(customers[:MAX_NAMED])
        raise PageError(
            404, f"Several customers have this contact: {named}. Find one of them by the id."
        )
    return _path("customers", customers[0]) if customers else None


async def _customer(shop: Shop, wanted: str) -> str | None:
    found = await queries.customer_view(shop, customer=wanted)
    return _path("customers", wanted) if found else None


async def _customer_fact(shop: Shop, wanted: str) -> str | None:
    for kind in CUSTOMER_FACTS:
        versions = await shop.ledger.fact_versions(kind, wanted)
        fact = decode_stored(versions[-1].body) if versions else None
        customer = getattr(fact, "customer", None)
        if customer:
            return _path("customers", customer)
    return None


async def _case(shop: Shop, wanted: str) -> str | None:
    try:
        await find_case(shop, wanted)
    except UnknownCaseError:
        return None
    return _path("cases", wanted)


async def _item(shop: Shop, wanted: str) -> str | None:
    item = await shop.state.fact_cache.read_item(wanted)
    return f"{HOME}/why?sku={quote(wanted, safe='')}" if item.is_reported else None


async def _rule_or_campaign(shop: Shop, wanted: str) -> str | None:
    rules = shop.state.active_rulebook.current.rules
    if wanted in rules:
        return f"{HOME}/rules#rule-{quote(wanted, safe='')}"
    if any(rule.campaign == wanted for rule in rules.values()):
        return f"{HOME}#budgets"
    return None


def _path(kind: str, wanted: str) -> str:
    return f"{HOME}/{kind}/{quote(wanted, safe='')}"


_STEPS: Final[tuple[Callable[[Shop, str], Awaitable[str | None]], ...]] = (
    _session_or_offer,
    _contact,
    _case,
    _customer,
    _customer_fact,
    _item,
    _rule_or_campaign,
)
"""What an id is taken for, in this order."""
