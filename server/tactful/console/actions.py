"""What can a person do in the console? Every act is recorded with who did it."""

import re
from collections.abc import Sequence
from typing import Any, Final, cast
from urllib.parse import quote

from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from tactful.console.access import HOME, ConsoleAccess, ConsoleRequest
from tactful.console.rendering import HEADERS, PageError
from tactful.core.values.calendar import DAY, format_rfc3339
from tactful.core.values.money import MoneyError, parse_plain
from tactful.runtime import operators
from tactful.runtime.operators import RevocationReason
from tactful.runtime.shop import Shop

REASONS: Final = ("price.error", "fraud")
DAYS: Final = 365
"""The longest that a voucher may last."""


def acting_routes(desk: ConsoleAccess) -> Sequence[BaseRoute]:
    """Every form of the console but login and logout."""
    shop = desk.shop

    async def withdraw(visit: ConsoleRequest) -> Response:
        offer, reason = visit.request.path_params["id"], visit.form.get("reason", "")
        if reason not in REASONS:
            raise PageError(422, "Choose why the offer ends.")
        done = await operators.revoke(shop, offer, cast("RevocationReason", reason), visit.who.name)
        if done == "unknown":
            raise PageError(404, "There is no offer with that id.")
        return _back(visit, f"/console/offers/{quote(offer, safe='')}", done)

    async def remedy(visit: ConsoleRequest) -> Response:
        customer = visit.form.get("customer", "")
        await _state(shop, _remedy(visit.form, shop.clock.now()), visit)
        return _back(visit, f"/console/customers/{quote(customer, safe='')}", "remedied")

    async def recall(visit: ConsoleRequest) -> Response:
        sku, active = visit.form.get("sku", ""), visit.form.get("status") != "lifted"
        fact = {
            "type": "recall",
            "recall": f"console:{sku}",
            "skus": [sku],
            "status": "active" if active else "lifted",
        }
        await _state(shop, fact, visit)
        return _back(visit, HOME, "recalled" if active else "lifted")

    def switch(*, paused: bool) -> Any:
        async def act(visit: ConsoleRequest) -> Response:
            rule = visit.request.path_params["id"]
            if not await operators.pause(shop, rule, visit.who.name, paused=paused):
                raise PageError(404, f"The rulebook has no rule {rule}.")
            return _back(visit, "/console/rules", "paused" if paused else "resumed")

        return act

    async def reload(visit: ConsoleRequest) -> Response:
        outcome = (await operators.reload(shop, visit.who.name)).outcome
        return _back(visit, "/console/rules", f"reload-{outcome}")

    async def rollback(visit: ConsoleRequest) -> Response:
        done = await operators.rollback(shop, visit.who.name)
        return _back(visit, "/console/rules", "rolled-back" if done else "no-earlier")

    forms = {
        "/console/offers/{id}/withdraw": withdraw,
        "/console/remedies": remedy,
        "/console/recalls": recall,
        "/console/rules/{id}/pause": switch(paused=True),
        "/console/rules/{id}/resume": switch(paused=False),
        "/console/rulebook/reload": reload,
        "/console/rulebook/rollback": rollback,
    }
    return [Route(path, desk.acting(act), methods=["POST"]) for path, act in forms.items()]


async def _state(shop: Shop, fact: dict[str, Any], visit: ConsoleRequest) -> None:
    report = await operators.state_fact(shop, fact, visit.who.name)
    if report.rejected:
        raise PageError(422, f"Not taken: {report.rejected[0].message}.")


def _remedy(form: dict[str, str], now: int) -> dict[str, Any]:
    """The fact that a voucher is."""
    kind, _, cause = form.get("cause", "").partition(":")
    days = form.get("days", "")
    if kind not in {"case", "order"} or not cause:
        raise PageError(422, "Say what the voucher makes up for.")
    if not 1 <= _number(days) <= DAYS:
        raise PageError(422, f"A voucher lasts 1 to {DAYS} days.")
    return {
        "type": "remedy",
        "remedy": f"console:{form.get('customer', '')}:{now}",
        "customer": form.get("customer", ""),
        "value": _value(form.get("value", "")),
        "cause": {kind: cause},
        "expires_at": format_rfc3339(now + int(days) * DAY),
    }


def _value(text: str) -> dict[str, Any]:
    """`10.00 EUR`, or `15 %`."""
    share = text.strip().removesuffix("%").strip()
    if share != text.strip():
        if not 1 <= _number(share) <= 100:
            raise PageError(422, "A share is 1 to 100 %.")
        return {"percent_bp": _number(share) * 100}
    try:
        found = parse_plain(text.strip())
    except MoneyError:
        raise PageError(422, "Write the value as 10.00 EUR, or as 15 %.") from None
    return {"amount": found.amount, "currency": found.currency}


def _number(text: str) -> int:
    """A whole number of few digits; 0 for anything else."""
    return int(text) if re.fullmatch(r"[0-9]{1,3}", text) else 0


def _back(visit: ConsoleRequest, otherwise: str, done: str) -> Response:
    """To the page that the form was on, with what became of it."""
    page = visit.form.get("back", otherwise)
    inside = page == HOME or page.startswith(f"{HOME}/")
    path = page.partition("?")[0] if inside and "\\" not in page else otherwise
    return RedirectResponse(f"{path}?done={done}", 303, HEADERS)
