"""Actions of operators: each form of the console, and the fact or operation that it causes.

Every action is recorded in the ledger with the operator's name.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from secrets import token_hex
from typing import Any, Final, cast, get_args
from urllib.parse import quote

from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from tactful.console.access import HOME, ConsoleAccess, ConsoleRequest
from tactful.console.rendering import HEADERS, PageError
from tactful.core.values.calendar import DAY, HOUR, format_rfc3339
from tactful.core.values.money import Money, MoneyError, format_plain, parse_plain
from tactful.rulebook.language.units import format_percent
from tactful.runtime import operators
from tactful.runtime.alerts.alert_service import UnknownAlertError
from tactful.runtime.operators import RevocationReason
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.services.ingest import IngestReport
from tactful.runtime.shop import Shop

REVOCATION_REASONS: Final = get_args(RevocationReason)
MAX_VOUCHER_DAYS: Final = 365
"""Longest validity of a voucher, in days."""
SNOOZES: Final = {"1h": HOUR, "1d": DAY, "7d": 7 * DAY}
"""Choice of the form that lets an alert rest → milliseconds."""


def action_routes(access: ConsoleAccess) -> Sequence[BaseRoute]:
    """Return the routes of all forms except login and logout."""
    shop = access.shop

    async def withdraw(page_request: ConsoleRequest) -> Response:
        offer, reason = (
            page_request.http_request.path_params["id"],
            page_request.form.get("reason", ""),
        )
        if reason not in REVOCATION_REASONS:
            raise PageError(422, "The reason is missing. Choose why the offer ends.")
        done = await operators.revoke_offer(
            shop, offer, cast("RevocationReason", reason), page_request.login.name
        )
        if done == "unknown":
            raise PageError(404, "There is no offer with this id. Find the offer again.")
        return redirect_back(page_request, f"/console/offers/{quote(offer, safe='')}", done)

    async def remedy(page_request: ConsoleRequest) -> Response:
        customer = page_request.form.get("customer", "")
        if not _shows_vouchers(shop):
            raise PageError(
                422,
                "No active rule shows vouchers, so the customer would never see it. Let a rule with "
                "`remedy: true` run, and issue the voucher then.",
            )
        fact = _remedy_fact(page_request.form, shop.clock.now())
        report = await operators.state_fact(
            shop, fact, page_request.login.name, detail=_voucher_detail(fact)
        )
        _require_accepted(report)
        return redirect_back(
            page_request, f"/console/customers/{quote(customer, safe='')}", "remedied"
        )

    def switch(*, paused: bool) -> Any:
        async def act(page_request: ConsoleRequest) -> Response:
            rule = page_request.http_request.path_params["id"]
            if not await operators.pause_rule(shop, rule, page_request.login.name, paused=paused):
                raise PageError(
                    404, f"The active rulebook has no rule {rule}. Open the rules again."
                )
            return redirect_back(page_request, "/console/rules", "paused" if paused else "resumed")

        return act

    async def reload(page_request: ConsoleRequest) -> Response:
        outcome = (await operators.reload_rules(shop, page_request.login.name)).outcome
        return redirect_back(page_request, "/console/rules", f"reload-{outcome}")

    async def rollback(page_request: ConsoleRequest) -> Response:
        done = await operators.roll_back_rules(shop, page_request.login.name)
        return redirect_back(
            page_request, "/console/rules", "rolled-back" if done else "no-earlier"
        )

    async def acknowledge(page_request: ConsoleRequest) -> Response:
        alert = page_request.http_request.path_params["id"]
        with _change_of_alert():
            await shop.alerts.acknowledge(alert, page_request.login.name)
        return redirect_back(page_request, HOME, "acknowledged")

    async def snooze(page_request: ConsoleRequest) -> Response:
        alert = page_request.http_request.path_params["id"]
        length = SNOOZES.get(page_request.form.get("duration", ""))
        if length is None:
            raise PageError(422, "The time is missing. Choose for how long the alert rests.")
        with _change_of_alert():
            until = shop.clock.now() + length
            await shop.alerts.snooze(alert, until, page_request.login.name)
        return redirect_back(page_request, HOME, "snoozed")

    forms = {
        "/console/offers/{id}/withdraw": withdraw,
        "/console/remedies": remedy,
        "/console/alerts/{id}/acknowledge": acknowledge,
        "/console/alerts/{id}/snooze": snooze,
        "/console/rules/{id}/pause": switch(paused=True),
        "/console/rules/{id}/resume": switch(paused=False),
        "/console/rulebook/reload": reload,
        "/console/rulebook/rollback": rollback,
    }
    return [Route(path, access.form_endpoint(act), methods=["POST"]) for path, act in forms.items()]


@contextmanager
def _change_of_alert() -> Iterator[None]:
    """Show a page that says why an alert cannot be changed."""
    try:
        yield
    except UnknownAlertError:
        problem = "This alert is not open any more. Open the overview, which lists those that are."
        raise PageError(404, problem) from None
    except LedgerError:
        problem = "Nothing can be stored while the ledger fails. The alert is as it was. Try again."
        raise PageError(503, problem) from None


def _shows_vouchers(shop: Shop) -> bool:
    """Return whether a rule that is not paused promotes vouchers."""
    active = shop.state.active_rulebook.current
    return any(
        rule.remedy and not rule.paused and rule.id not in active.paused
        for rule in active.rules.values()
    )


def _voucher_detail(fact: dict[str, Any]) -> str:
    """Return the value and the cause of a voucher for the audit log, without an id of anybody."""
    value, (cause,) = fact["value"], fact["cause"]
    share = value.get("percent_bp")
    worth = format_percent(share) if share else format_plain(Money(**value))
    return f"voucher of {worth} for {'an order' if cause == 'order' else 'a case'}"


def _require_accepted(report: IngestReport) -> None:
    if report.rejected:
        raise PageError(422, f"The voucher was rejected: {report.rejected[0].message}")


def _remedy_fact(form: dict[str, str], now: int) -> dict[str, Any]:
    """Return the `remedy` fact of a voucher form."""
    kind, _, cause = form.get("cause", "").partition(":")
    days = form.get("days", "")
    if kind not in {"case", "order"} or not cause:
        raise PageError(422, "The cause is missing. Choose the case or order of the voucher.")
    if not 1 <= _parse_number(days) <= MAX_VOUCHER_DAYS:
        raise PageError(
            422, f"The validity is wrong. A voucher is valid for 1 to {MAX_VOUCHER_DAYS} days."
        )
    return {
        "type": "remedy",
        # Random, because the id stays in offers after the customer is erased.
        "remedy": f"console:{token_hex(12)}",
        "customer": form.get("customer", ""),
        "value": _parse_value(form.get("value", "")),
        "cause": {kind: cause},
        "expires_at": format_rfc3339(now + int(days) * DAY),
    }


def _parse_value(text: str) -> dict[str, Any]:
    """Parse a voucher's value: an amount such as `10.00 EUR`, or a share such as `15 %`."""
    share = text.strip().removesuffix("%").strip()
    if share != text.strip():
        if not 1 <= _parse_number(share) <= 100:
            raise PageError(422, "The share is wrong. Write 1 to 100 %.")
        return {"percent_bp": _parse_number(share) * 100}
    try:
        found = parse_plain(text.strip())
    except MoneyError:
        problem = "The value cannot be read. Write it as 10.00 EUR, or as 15 %."
        raise PageError(422, problem) from None
    return {"amount": found.amount, "currency": found.currency}


def _parse_number(text: str) -> int:
    """Parse a number of at most three digits; return 0 for any other text."""
    return int(text) if re.fullmatch(r"[0-9]{1,3}", text) else 0


def redirect_back(page_request: ConsoleRequest, otherwise: str, done: str) -> Response:
    """Redirect to the page of the form, or to `otherwise`, which shows the result of the action once."""
    page = page_request.form.get("back", otherwise)
    inside = page == HOME or page.startswith(f"{HOME}/")
    path = page.partition("?")[0] if inside and "\\" not in page else otherwise
    page_request.login.notice = done
    return RedirectResponse(path, 303, HEADERS)
