"""Endpoints that list alerts, and take what operators do with them."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Final

from msgspec import Struct, structs
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tactful.api import representations as views
from tactful.api.acting_operator import operator_of
from tactful.api.bodies import json_response, read_body
from tactful.api.problems import ProblemError
from tactful.api.server_key import ServerKey
from tactful.core.values.calendar import DAY, MINUTE, CalendarError, parse_duration
from tactful.runtime import operators
from tactful.runtime.alerts.alert_service import CausePresentError, UnknownAlertError
from tactful.runtime.alerts.kinds import KINDS
from tactful.runtime.ports.alert_store import Alert
from tactful.runtime.shop import Shop

SHORTEST_SNOOZE_MS: Final = MINUTE
LONGEST_SNOOZE_MS: Final = 30 * DAY
"""An alert that rests longer is forgotten."""
SHOWN_RESOLVED: Final = 200
"""The latest resolved alerts that `GET /v1/alerts?state=resolved` lists."""


class SnoozeRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """The body of `POST /v1/alerts/{id}/snooze`."""

    duration: str
    """For how long, such as `1h`."""


def alert_routes(shop: Shop, key: ServerKey) -> Sequence[BaseRoute]:
    """Return the routes; every change names the operator who made it."""

    async def alerts(request: Request) -> Response:
        await shop.alerts.check()
        wanted = request.query_params.get("state", "unresolved")
        if wanted == "unresolved":
            found = shop.alerts.unresolved()
        elif wanted == "resolved":
            found = await shop.ledger.alerts(resolved=True, limit=SHOWN_RESOLVED)
        else:
            raise ProblemError(
                422, "alert.state", f"`state` is `unresolved` or `resolved`, not `{wanted[:40]}`."
            )
        now = shop.clock.now()
        zone = shop.state.active_rulebook.current.policy.timezone
        return json_response({"alerts": [alert_view(one, now) for one in found], "timezone": zone})

    async def acknowledge(request: Request) -> Response:
        return await changed(request, partial(operators.acknowledge_alert, shop))

    async def snooze(request: Request) -> Response:
        until = shop.clock.now() + _snooze_length(
            (await read_body(request, SnoozeRequest)).duration
        )
        return await changed(
            request, lambda alert, by: operators.snooze_alert(shop, alert, until, by)
        )

    async def resolve(request: Request) -> Response:
        return await changed(request, partial(operators.resolve_alert, shop))

    async def changed(request: Request, change: Callable[[str, str], Awaitable[Alert]]) -> Response:
        alert, by = request.path_params["id"], operator_of(request)
        try:
            done = await change(alert, by)
        except UnknownAlertError:
            problem = f"No unresolved alert has the id `{alert[:40]}`. `GET /v1/alerts` lists them."
            raise ProblemError(404, "alert.unknown", problem) from None
        except CausePresentError as error:
            kind = KINDS[str(error)]
            problem = (
                f"The cause is still there. {kind.remedy} A snoozed alert is not shown as open."
            )
            raise ProblemError(409, "alert.cause_present", problem) from None
        return json_response(alert_view(done, shop.clock.now()))

    return (
        Route("/v1/alerts", key.guard(alerts, "operate"), methods=["GET"]),
        Route("/v1/alerts/{id}/acknowledge", key.guard(acknowledge, "operate"), methods=["POST"]),
        Route("/v1/alerts/{id}/snooze", key.guard(snooze, "operate"), methods=["POST"]),
        Route("/v1/alerts/{id}/resolve", key.guard(resolve, "operate"), methods=["POST"]),
    )


def alert_view(alert: Alert, now: int) -> dict[str, Any]:
    """Return an alert as the API shows it; `now`: milliseconds since the Unix epoch, UTC."""
    kind = KINDS.get(alert.kind)
    shown: dict[str, Any] = {
        "id": alert.id,
        "kind": alert.kind,
        "subject": alert.subject,
        "state": alert.state(now),
        "raised_at": views.when(alert.raised_at),
        "evidence": alert.evidence,
    }
    if kind is not None:  # None: a newer version raised it
        shown |= {"meaning": kind.meaning, "remedy": kind.remedy}
    if alert.owner is not None:
        shown["owner"] = alert.owner
    for name in ("acknowledged", "snoozed", "resolved"):
        if (mark := getattr(alert, name)) is not None:
            shown[name] = views.export(structs.asdict(mark))
    return shown


def _snooze_length(text: str) -> int:
    """Return the milliseconds of a snooze.

    Raises:
        ProblemError: The text is no duration, or one that is too short or too long.
    """
    problem = f"`duration` is `{text[:40]}`. Write a duration from 1m to 30d, such as `1h`."
    try:
        length = parse_duration(text)
    except CalendarError:
        raise ProblemError(422, "alert.duration", problem) from None
    if not SHORTEST_SNOOZE_MS <= length <= LONGEST_SNOOZE_MS:
        raise ProblemError(422, "alert.duration", problem)
    return length
