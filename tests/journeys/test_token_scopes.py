"""Every guarded endpoint, with every scope: a token reaches what the table says, and nothing else."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from starlette.routing import Route

from journeys.fixture import rules
from support.live_server import live_server
from tactful.api.openapi import PUBLIC_PATHS
from tactful.runtime.security.api_tokens import SCOPES, ApiTokens, TokenScope

ENDPOINTS: Mapping[str, frozenset[str]] = {
    "POST /v1/facts": frozenset({"facts:write"}),
    "GET /v1/facts": frozenset({"decisions:read"}),
    "GET /v1/customers/{id:path}/export": frozenset({"people:erase"}),
    "DELETE /v1/customers/{id:path}": frozenset({"people:erase"}),
    "GET /v1/contacts/{hash}": frozenset({"people:erase"}),
    "DELETE /v1/contacts/{hash}": frozenset({"people:erase"}),
    "POST /v1/redemptions": frozenset({"redeem"}),
    "GET /v1/redemptions": frozenset({"redeem"}),
    "POST /v1/redemptions/{order:path}/confirm": frozenset({"redeem"}),
    "POST /v1/redemptions/{order:path}/cancel": frozenset({"redeem"}),
    "POST /v1/redemptions/{order:path}/refund": frozenset({"redeem"}),
    "GET /v1/offers/{id}": frozenset({"redeem", "decisions:read"}),
    "GET /v1/why": frozenset({"why:read"}),
    "POST /v1/doctor": frozenset({"why:read"}),
    "GET /v1/decisions": frozenset({"decisions:read"}),
    "GET /v1/budgets": frozenset({"decisions:read"}),
    "GET /v1/prices/{sku:path}": frozenset({"decisions:read"}),
    "GET /v1/events": frozenset({"decisions:read"}),
    "GET /v1/report": frozenset({"decisions:read"}),
    "GET /v1/experiments/{id}/report": frozenset({"decisions:read"}),
    "GET /v1/shadow": frozenset({"rules:read"}),
    "GET /v1/rulebook": frozenset({"rules:read"}),
    "POST /v1/rulebook/reload": frozenset({"rules:write"}),
    "POST /v1/rulebook/rollback": frozenset({"rules:write"}),
    "POST /v1/rulebook/stop": frozenset({"rules:write"}),
    "POST /v1/rulebook/start": frozenset({"rules:write"}),
    "POST /v1/rules/{id}/pause": frozenset({"rules:write"}),
    "POST /v1/rules/{id}/resume": frozenset({"rules:write"}),
    "GET /v1/acts": frozenset({"operate"}),
    "GET /v1/alerts": frozenset({"operate"}),
    "POST /v1/alerts/{id}/acknowledge": frozenset({"operate"}),
    "POST /v1/alerts/{id}/snooze": frozenset({"operate"}),
    "POST /v1/alerts/{id}/resolve": frozenset({"operate"}),
    "GET /v1/codes": frozenset({"operate"}),
    "POST /v1/codes/{pool}": frozenset({"operate"}),
    "DELETE /v1/codes/{pool}": frozenset({"operate"}),
    "GET /v1/connectors": frozenset({"operate"}),
    "POST /v1/connectors/{connector}/retry": frozenset({"operate"}),
    "POST /v1/connectors/{connector}/reconcile": frozenset({"operate"}),
    "POST /v1/cases/{id}/correct": frozenset({"operate"}),
    "GET /metrics": frozenset({"metrics"}),
    "POST /v1/test/clock": frozenset(),
}
"""Endpoint → the scopes of which a token needs one; none: it needs the server key."""
WITHOUT_KEY = (
    "/console", "/widget", "/v1/session", "/v1/in/",
)  # fmt: skip
"""Beginnings of the paths that have checks of their own."""


async def test_every_guarded_endpoint_is_in_the_table(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        found = {
            f"{method} {route.path}"
            for route in one.parts.app.router.routes
            if isinstance(route, Route)
            and route.path not in PUBLIC_PATHS
            and not route.path.startswith(WITHOUT_KEY)
            for method in (route.methods or set()) - {"HEAD", "OPTIONS"}
        }
        assert found == ENDPOINTS.keys()


@pytest.mark.parametrize("scope", SCOPES)
async def test_a_token_reaches_exactly_the_endpoints_of_its_scope(
    tmp_path: Path, scope: TokenScope
) -> None:
    async with live_server(tmp_path, rules()) as one:
        tokens = ApiTokens(one.parts.shop.state.keys.folder, one.parts.shop.clock)
        _, token = tokens.issue("system", (scope,))
        headers = {"Authorization": f"Bearer {token}"}
        for endpoint, scopes in ENDPOINTS.items():
            method, path = endpoint.split(" ")
            for name in (
                "{id:path}",
                "{order:path}",
                "{sku:path}",
                "{id}",
                "{hash}",
                "{connector}",
            ):
                path = path.replace(name, "x")
            answer = await one.http.request(method, path, headers=headers)
            refused = answer.status_code == 403 and answer.json()["code"] == "key.scope"
            assert refused is (scope not in scopes), endpoint
            assert answer.status_code != 401, endpoint
