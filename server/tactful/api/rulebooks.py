"""Endpoints that show and change the active rulebook."""

from collections.abc import Sequence
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tactful.api import representations as views
from tactful.api.acting_operator import operator_of
from tactful.api.bodies import json_response, read_body, read_optional_body
from tactful.api.problems import ProblemError
from tactful.api.server_key import ServerKey
from tactful.api.shadows import shadow_routes
from tactful.runtime import operators
from tactful.runtime.services.rulebook_manager import ReloadResult
from tactful.runtime.shop import Shop

MAX_REASON: Final = 200
"""Characters of the longest reason for a stop."""
SHOWN_VERSIONS: Final = 50
"""Earlier activations that `GET /v1/rulebook` lists."""


class StopBody(Struct, frozen=True, forbid_unknown_fields=True):
    """The body of `POST /v1/rulebook/stop`."""

    reason: Annotated[str, Meta(min_length=1, max_length=MAX_REASON)]
    """Why all offers are stopped, for the audit log and the alert."""


class Rollback(Struct, frozen=True, forbid_unknown_fields=True):
    """The body of `POST /v1/rulebook/rollback`, which may be empty."""

    version: Annotated[str, Meta(min_length=6, max_length=64)] | None = None
    """The version to return to, or a unique beginning of it; None: the one before the active one."""


def rulebook_routes(shop: Shop, key: ServerKey) -> Sequence[BaseRoute]:
    """Return the routes; every change is recorded with the operator who made it."""

    async def rulebook(request: Request) -> Response:  # noqa: ARG001
        return json_response(_rulebook(shop, await shop.ledger.rulebooks()))

    async def reload(request: Request) -> Response:
        done = await operators.reload_rules(shop, operator_of(request))
        return _reloaded(done, shop.state.active_rulebook.problem)

    async def rollback(request: Request) -> Response:
        version = (await read_optional_body(request, Rollback)).version
        done = await operators.roll_back_rules(shop, operator_of(request), version)
        if done is None and version is not None:
            problem = (
                f"No single earlier rulebook that this server can compile begins with `{version}`."
                " `GET /v1/rulebook` lists them under `versions`."
            )
            raise ProblemError(404, "rulebook.unknown", problem)
        if done is None:
            raise ProblemError(409, "rulebook.no_earlier", "There is no earlier rulebook.")
        return _reloaded(done, shop.state.active_rulebook.problem)

    async def stop(request: Request) -> Response:
        reason = " ".join((await read_body(request, StopBody)).reason.split())
        if not reason:
            raise ProblemError(422, "body.invalid", "`reason` is empty. Say why the offers stop.")
        await operators.stop_offers(shop, operator_of(request), reason)
        return json_response({"stop": _stop(shop)})

    async def start(request: Request) -> Response:
        await operators.start_offers(shop, operator_of(request))
        return json_response({"stop": _stop(shop)})

    def switch(*, paused: bool) -> Any:
        async def endpoint(request: Request) -> Response:
            rule = request.path_params["id"]
            if not await operators.pause_rule(shop, rule, operator_of(request), paused=paused):
                raise ProblemError(404, "rule.unknown", f"The rulebook has no rule `{rule}`.")
            return json_response({"rule": rule, "state": "paused" if paused else "running"})

        return endpoint

    return (
        Route("/v1/rulebook", key.guard(rulebook, "rules:read"), methods=["GET"]),
        Route("/v1/rulebook/reload", key.guard(reload, "rules:write"), methods=["POST"]),
        Route("/v1/rulebook/rollback", key.guard(rollback, "rules:write"), methods=["POST"]),
        Route("/v1/rulebook/stop", key.guard(stop, "rules:write"), methods=["POST"]),
        Route("/v1/rulebook/start", key.guard(start, "rules:write"), methods=["POST"]),
        Route(
            "/v1/rules/{id}/pause", key.guard(switch(paused=True), "rules:write"), methods=["POST"]
        ),
        Route(
            "/v1/rules/{id}/resume",
            key.guard(switch(paused=False), "rules:write"),
            methods=["POST"],
        ),
        *shadow_routes(shop, key),
    )


def _stop(shop: Shop) -> dict[str, Any] | None:
    stop = shop.state.active_rulebook.stop
    if stop is None:
        return None
    return {"since": views.when(stop.at), "by": stop.who, "reason": stop.reason}


def _reloaded(reload: ReloadResult, trouble: str | None) -> Response:
    findings = [
        msgspec.to_builtins(one) | {"severity": str(one.severity)} for one in reload.diagnostics
    ]
    if reload.outcome == "refused":
        raise ProblemError(
            422,
            "rulebook.refused",
            trouble or "The rule files have errors.",
            version=reload.version,
            findings=findings,
        )
    return json_response(
        {"version": reload.version, "outcome": reload.outcome, "findings": findings}
    )


def _rulebook(shop: Shop, activations: Sequence[tuple[str, int, bool]]) -> dict[str, Any]:
    active = shop.state.active_rulebook.current
    rules = [
        {
            "rule": rule.id,
            "state": "paused" if rule.paused or rule.id in active.paused else "running",
            "mode": rule.mode,
            "campaign": rule.campaign,
        }
        for _, rule in sorted(active.rules.items())
    ]
    return {
        "version": active.version,
        "activated_at": views.when(shop.state.active_rulebook.activated_at),
        "timezone": active.policy.timezone,
        "rules": rules,
        "stop": _stop(shop),
        "versions": [
            {"version": version, "activated_at": views.when(at), "rolled_back": back}
            for version, at, back in activations[:SHOWN_VERSIONS]
        ],
        "trouble": shop.state.active_rulebook.problem,
        "refused": [msgspec.to_builtins(one) for one in shop.state.active_rulebook.diagnostics],
    }
