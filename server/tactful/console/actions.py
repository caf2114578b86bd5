"""Actions of operators: each form of the console, and the fact or operation that it causes.

Every action is recorded in the ledger with the operator's name.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, cast, get_args
from urllib.parse import quote

from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from tactful.console.access import ConsoleAccess, ConsoleRequest, PageHandler
from tactful.console.mounting import HOME
from tactful.console.permissions import Act
from tactful.console.rendering import HEADERS, PageError
from tactful.core.values.calendar import DAY, HOUR
from tactful.core.values.phrases import phrase
from tactful.runtime import operators
from tactful.runtime.alerts.alert_service import UnknownAlertError
from tactful.runtime.operators import RevocationReason
from tactful.runtime.ports.ledger import LedgerError

REVOCATION_REASONS: Final = get_args(RevocationReason)
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

    def switch(*, paused: bool) -> Any:
        async def act(page_request: ConsoleRequest) -> Response:
            rule = page_request.http_request.path_params["id"]
            if not await operators.pause_rule(shop, rule, page_request.login.name, paused=paused):
                raise PageError(
                    404,
                    phrase(
                        "The active rulebook has no rule {rule}. Open the rules again.", rule=rule
                    ),
                )
            return redirect_back(page_request, "/console/rules", "paused" if paused else "resumed")

        return act

    async def reload(page_request: ConsoleRequest) -> Response:
        outcome = (await operators.reload_rules(shop, page_request.login.name)).outcome
        return redirect_back(page_request, "/console/rules", f"reload-{outcome}")

    async def rollback(page_request: ConsoleRequest) -> Response:
        wanted = page_request.form.get("version", "")
        if not wanted or wanted != await access.versions.before(
            shop.state.active_rulebook.current.version
        ):
            problem = phrase(
                "The rules have changed since the page was shown. Open it again, and read what would change."
            )
            raise PageError(409, problem)
        done = await operators.roll_back_rules(shop, page_request.login.name, wanted)
        return redirect_back(
            page_request, "/console/rules", "rolled-back" if done else "no-earlier"
        )

    async def acknowledge(page_request: ConsoleRequest) -> Response:
        alert = page_request.http_request.path_params["id"]
        with _change_of_alert():
            await operators.acknowledge_alert(shop, alert, page_request.login.name)
        return redirect_back(page_request, HOME, "acknowledged")

    async def snooze(page_request: ConsoleRequest) -> Response:
        alert = page_request.http_request.path_params["id"]
        length = SNOOZES.get(page_request.form.get("duration", ""))
        if length is None:
            raise PageError(422, "The time is missing. Choose for how long the alert rests.")
        with _change_of_alert():
            until = shop.clock.now() + length
            await operators.snooze_alert(shop, alert, until, page_request.login.name)
        return redirect_back(page_request, HOME, "snoozed")

    forms: dict[str, tuple[PageHandler, Act]] = {
        "/console/offers/{id}/withdraw": (withdraw, "end_offers"),
        "/console/alerts/{id}/acknowledge": (acknowledge, "alerts"),
        "/console/alerts/{id}/snooze": (snooze, "alerts"),
        "/console/rules/{id}/pause": (switch(paused=True), "rules"),
        "/console/rules/{id}/resume": (switch(paused=False), "rules"),
        "/console/rulebook/reload": (reload, "rules"),
        "/console/rulebook/rollback": (rollback, "rules"),
    }
    return [
        Route(path, access.form_endpoint(form, act), methods=["POST"])
        for path, (form, act) in forms.items()
    ]


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


def redirect_back(page_request: ConsoleRequest, otherwise: str, done: str) -> Response:
    """Redirect to the page of the form, or to `otherwise`, which shows the result of the action once."""
    page = page_request.form.get("back", otherwise)
    inside = page == HOME or page.startswith(f"{HOME}/")
    path = page.partition("?")[0] if inside and "\\" not in page else otherwise
    page_request.login.notice = done
    return RedirectResponse(path, 303, HEADERS)
