"""The console's search: the page of what an operator has in hand, or a list of it.

An exact id of a session, offer, customer, order, case, return, voucher, item, rule or campaign, or an
e-mail address or telephone number of one customer, leads to its page at once. Otherwise everything whose
id, title or name begins with the text is listed.
"""

from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import quote

from msgspec import Struct
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from tactful.console import queries
from tactful.console.access import ConsoleAccess, ConsoleRequest
from tactful.console.mounting import HOME
from tactful.console.rendering import HEADERS, PageError
from tactful.core.facts.fact_codec import decode_stored
from tactful.core.values import ids
from tactful.core.values.phrases import phrase
from tactful.runtime.case_corrections import UnknownCaseError, find_case
from tactful.runtime.ports.ledger_rows import StoredFact
from tactful.runtime.services.near_names import near_names
from tactful.runtime.shop import Shop
from tactful.runtime.state.session_registry import internal_id

PAGE: Final = f"{HOME}/find"
MAX_FOUND: Final = 10
"""Maximum results of one kind."""
CUSTOMER_FACTS: Final = ("order", "return", "remedy")
"""The facts whose id leads to the customer whom they are about."""
_GROUPS: Final = {
    "order": phrase("Orders"),
    "case": phrase("Cases"),
    "return": phrase("Returns"),
    "remedy": phrase("Vouchers"),
    "product": phrase("Items by SKU"),
}
"""Kind of fact → the title of its results."""


class Found(Struct, frozen=True):
    """One result."""

    name: str
    about: str
    """What it is about; it may be empty."""
    path: str
    """Empty: there is no page of it."""


class FoundGroup(Struct, frozen=True):
    """The results of one kind."""

    title: str
    results: tuple[Found, ...]
    has_more: bool
    """Whether there are more than are listed."""


def find_routes(access: ConsoleAccess) -> list[BaseRoute]:
    """Return the routes of the search: a form of the console, and links of other systems."""
    shop = access.shop

    async def respond(page_request: ConsoleRequest, wanted: str) -> Response:
        path = await exact_page(shop, wanted)
        if path is not None:
            return RedirectResponse(path, 303, HEADERS)
        groups = await find_by_beginning(shop, wanted)
        paths = {one.path for group in groups for one in group.results}
        if len(paths) == 1 and "" not in paths:
            return RedirectResponse(paths.pop(), 303, HEADERS)
        if not groups:
            raise await _nothing_found(shop, wanted)
        return access.render(page_request, "find.html", wanted=wanted, groups=groups)

    async def link(page_request: ConsoleRequest) -> Response:
        return await respond(
            page_request, page_request.http_request.query_params.get("q", "").strip()
        )

    async def form(page_request: ConsoleRequest) -> Response:
        return await respond(page_request, page_request.form.get("q", "").strip())

    return [
        Route(PAGE, access.page_endpoint(link, "customers"), methods=["GET"]),
        # Posted, because an e-mail address in a URL stays in logs and in the history of the browser.
        Route(PAGE, access.form_endpoint(form, "customers"), methods=["POST"]),
    ]


async def _nothing_found(shop: Shop, wanted: str) -> PageError:
    near = await near_names(wanted, shop.ledger.known_customers)
    text = phrase(
        "Nothing begins with {wanted}. Search for an order, a case, a customer, an e-mail address, an "
        "item (SKU or title), an offer, a session, a voucher, a rule or a campaign.",
        wanted=wanted,
    )
    if near:
        text = phrase(
            "Nothing begins with {wanted}. Is it the customer {near}?",
            wanted=wanted, near=" / ".join(near),
        )  # fmt: skip
    return PageError(404, text)


async def exact_page(shop: Shop, wanted: str) -> str | None:
    """Return the path of the page of exactly what was searched for; `None`: it is not one thing.

    Raises:
        LedgerError: The ledger cannot be read.
    """
    if not wanted:
        return HOME
    for find in _STEPS:
        path = await find(shop, wanted)
        if path is not None:
            return path
    return None


async def find_by_beginning(shop: Shop, wanted: str) -> list[FoundGroup]:
    """Return everything whose id, title or name begins with a text, by kind.

    Raises:
        LedgerError: The ledger cannot be read.
    """
    groups = [
        _group(phrase("Customers by contact"), await _by_contact(shop, wanted)),
        _group(phrase("Customers by name"), await _by_name(shop, wanted)),
        _group(phrase("Customers"), await _by_customer_id(shop, wanted)),
        *[_group(title, await _by_id(shop, kind, wanted)) for kind, title in _GROUPS.items()],
        _group(phrase("Items by title"), await _by_title(shop, wanted)),
        _group(phrase("Rules"), _rules(shop, wanted)),
    ]
    return [group for group in groups if group.results]


def _group(title: str, found: list[Found]) -> FoundGroup:
    return FoundGroup(title, tuple(found[:MAX_FOUND]), len(found) > MAX_FOUND)


async def _by_contact(shop: Shop, wanted: str) -> list[Found]:
    customers = await queries.customers_with_contact(shop, wanted)
    return [Found(one, "", _path("customers", one)) for one in customers]


async def _by_name(shop: Shop, wanted: str) -> list[Found]:
    stored = await shop.ledger.facts_named("customer", wanted, MAX_FOUND + 1)
    return [
        Found(
            getattr(decode_stored(one.body), "name", None) or one.key,
            one.key,
            _path("customers", one.key),
        )
        for one in stored
    ]


async def _by_customer_id(shop: Shop, wanted: str) -> list[Found]:
    known = await shop.ledger.known_customers(wanted, MAX_FOUND + 1)
    return [Found(one, "", _path("customers", one)) for one in known if one.startswith(wanted)]


async def _by_id(shop: Shop, kind: str, wanted: str) -> list[Found]:
    exact = [one for one in await shop.ledger.fact_versions(kind, wanted) if one.ended is None]
    longer = await shop.ledger.facts_of_kind(kind, wanted, MAX_FOUND + 1)
    return [_found(kind, one) for one in (*exact, *longer) if one.key.startswith(wanted)]


async def _by_title(shop: Shop, wanted: str) -> list[Found]:
    stored = await shop.ledger.facts_named("product", wanted, MAX_FOUND + 1)
    return [_found("product", one) for one in stored]


def _found(kind: str, stored: StoredFact) -> Found:
    fact = decode_stored(stored.body)
    if kind == "product":
        return Found(stored.key, getattr(fact, "title", ""), _item_path(stored.key))
    if kind == "case":
        return Found(stored.key, getattr(fact, "status", ""), _path("cases", stored.key))
    customer = getattr(fact, "customer", None)
    about = (
        phrase("of {customer}", customer=customer) if customer else phrase("of no known customer")
    )
    return Found(stored.key, about, _path("customers", customer) if customer else "")


def _rules(shop: Shop, wanted: str) -> list[Found]:
    rules = shop.state.active_rulebook.current.rules
    return [
        Found(id_, rule.campaign or "", _rule_path(id_))
        for id_, rule in sorted(rules.items())
        if id_.startswith(wanted) or (rule.campaign or "").startswith(wanted)
    ]


async def _session_or_offer(_: Shop, wanted: str) -> str | None:
    if ids.is_id(internal_id(wanted), ids.SESSION):
        return _path("sessions", wanted)
    return _path("offers", wanted) if ids.is_id(wanted, ids.OFFER) else None


async def _contact(shop: Shop, wanted: str) -> str | None:
    customers = await queries.customers_with_contact(shop, wanted)
    return _path("customers", customers[0]) if len(customers) == 1 else None


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
    return _item_path(wanted) if item.is_reported else None


async def _rule_or_campaign(shop: Shop, wanted: str) -> str | None:
    rules = shop.state.active_rulebook.current.rules
    if wanted in rules:
        return _rule_path(wanted)
    if any(rule.campaign == wanted for rule in rules.values()):
        return f"{HOME}#budgets"
    return None


def _path(kind: str, wanted: str) -> str:
    return f"{HOME}/{kind}/{quote(wanted, safe='')}"


def _item_path(sku: str) -> str:
    return f"{HOME}/why?sku={quote(sku, safe='')}"


def _rule_path(rule: str) -> str:
    return f"{HOME}/rules/{quote(rule, safe='')}"


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
