"""The form with which an operator issues a voucher, and the vouchers that a page lists."""

import re
from typing import Final, Literal, cast
from urllib.parse import quote

import msgspec
from msgspec import Struct
from starlette.responses import Response
from starlette.routing import Route

from tactful.console.access import ConsoleAccess, ConsoleRequest
from tactful.console.actions import redirect_back
from tactful.console.languages import message_of
from tactful.console.login import Login
from tactful.console.queries import CustomerView
from tactful.console.rendering import PageError
from tactful.core.facts.customer_facts import RemedyValue
from tactful.core.facts.fact_types import ms
from tactful.core.rules.policy import Policy, VoucherLimits
from tactful.core.rules.rule import NEVER
from tactful.core.session.contact_history import NO_CONTACT
from tactful.core.values.money import MoneyError, parse_plain
from tactful.core.values.phrases import phrase
from tactful.runtime.voucher_issue import (
    RefusedVoucherError,
    VoucherIssuer,
    VoucherRequest,
    value_words,
)

MAX_VOUCHER_DAYS: Final = 365
"""Longest validity of a voucher, in days."""
DEFAULT_CURRENCY: Final = "EUR"
"""The currency of the form's example for a customer without an order."""


_COMMA: Final = re.compile(r",([0-9]{1,2})(?=\s|$)")
"""The comma before the decimals of an amount, as German writes it."""


class VoucherView(Struct, frozen=True):
    """A voucher of a customer."""

    code: str
    worth: str
    cause: str
    """The case, order or items that it makes up for."""
    state: Literal["open", "accepted", "used", "ended"]
    ends_at: int
    """Milliseconds since the Unix epoch, UTC."""


def voucher_views(view: CustomerView, now: int) -> list[VoucherView]:
    """Return a customer's vouchers, those that can be used first.

    Args:
        view: The customer.
        now: Milliseconds since the Unix epoch, UTC.
    """
    contact = view.profile.contact if view.profile else NO_CONTACT
    found = []
    for reported in view.remedies:
        one, ends_at = reported.fact, ms(reported.fact.expires_at)
        state: Literal["open", "accepted", "used", "ended"] = "open"
        if contact.cooldown_until("remedy", one.remedy) == NEVER:
            state = "used"
        elif ends_at <= now:
            state = "ended"
        elif contact.voucher_frees_at(one.remedy) > now:
            state = "accepted"
        cause = one.cause.case or one.cause.order or ", ".join(one.cause.skus)
        found.append(VoucherView(one.remedy, value_words(one.value), cause, state, ends_at))
    return sorted(found, key=lambda one: (one.state in {"used", "ended"}, -one.ends_at))


def currency_of(view: CustomerView) -> str:
    """Return the currency of the customer's latest order, for the form's example."""
    orders = view.profile.history.orders if view.profile else ()
    latest = max(orders, key=lambda one: ms(one.fact.placed_at), default=None)
    lines = latest.fact.lines if latest else ()
    return lines[0].unit.currency if lines else DEFAULT_CURRENCY


def voucher_route(access: ConsoleAccess) -> Route:
    """Return the route of the form."""
    shop = access.shop
    issuer = VoucherIssuer(shop)

    async def issue(page_request: ConsoleRequest) -> Response:
        wanted = read_request(page_request.form)
        limits = limits_of(page_request.login, shop.state.active_rulebook.current.policy)
        try:
            outcome = await issuer.issue(wanted, page_request.login.name, limits)
        except RefusedVoucherError as error:
            raise PageError(422, message_of(error)) from None
        live = shop.state.registry.session_of(wanted.customer)
        notice = "remedied-here" if live and live.connections else "remedied-later"
        page = f"/console/customers/{quote(wanted.customer, safe='')}"
        return redirect_back(
            page_request, page, "remedied-before" if outcome == "repeated" else notice
        )

    return Route("/console/remedies", access.form_endpoint(issue, "vouchers"), methods=["POST"])


def limits_of(login: Login, policy: Policy) -> VoucherLimits | None:
    """Return the limits of an operator's vouchers; `None`: an owner has none.

    The server key has those of an agent, because many people may know it.
    """
    if login.role == "owner" and login.has_account:
        return None
    return policy.remedies.merchandiser if login.role == "merchandiser" else policy.remedies.agent


def read_request(form: dict[str, str]) -> VoucherRequest:
    """Return the voucher of a form.

    Raises:
        PageError: The cause is missing, or the value or validity cannot be read.
    """
    kind, _, cause = form.get("cause", "").partition(":")
    days = _parse_number(form.get("days", ""))
    if kind not in {"case", "order"} or not cause:
        raise PageError(422, "The cause is missing. Choose the case or order of the voucher.")
    if not 1 <= days <= MAX_VOUCHER_DAYS:
        raise PageError(
            422,
            phrase(
                "The validity is wrong. A voucher is valid for 1 to {n} days.", n=MAX_VOUCHER_DAYS
            ),
        )
    return VoucherRequest(
        code=form.get("code", ""),
        customer=form.get("customer", ""),
        value=_parse_value(form.get("value", "")),
        cause=cast("Literal['case', 'order']", kind),
        cause_id=cause,
        days=days,
    )


def _parse_value(text: str) -> RemedyValue:
    """Parse a voucher's value: an amount such as `10.00 EUR`, or a share such as `15 %`."""
    share = text.strip().removesuffix("%").strip()
    if share != text.strip():
        if not 1 <= _parse_number(share) <= 100:
            raise PageError(422, "The share is wrong. Write 1 to 100 %.")
        return RemedyValue(percent_bp=_parse_number(share) * 100)
    try:
        found = parse_plain(_COMMA.sub(r".\1", text.strip()))
        return msgspec.convert({"amount": found.amount, "currency": found.currency}, RemedyValue)
    except (MoneyError, msgspec.ValidationError):
        problem = "The value cannot be read. Write it as 10.00 EUR, or as 15 %."
        raise PageError(422, problem) from None


def _parse_number(text: str) -> int:
    """Parse a number of at most three digits; return 0 for any other text."""
    return int(text) if re.fullmatch(r"[0-9]{1,3}", text) else 0
