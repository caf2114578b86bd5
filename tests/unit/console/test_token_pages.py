"""An owner makes a token for a system, which may do what was ticked and nothing else."""

import re

import httpx

from support.console_client import Agent
from support.live_server import LiveServer
from tactful.runtime.security.api_tokens import SCOPES


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def make(agent: Agent, name: str, *scopes: str) -> str:
    form = {"name": name, "life": "365"} | dict.fromkeys(scopes, "yes")
    page = (await agent.submit("/console/tokens", **form)).text
    found = re.search(r">(tft_[^<]+)</textarea>", page)
    assert found, page
    return found[1]


async def test_a_token_is_shown_once_used_listed_and_revoked(one: LiveServer, agent: Agent) -> None:
    token = await make(agent, "prices <b>", "rules:write")
    paused = await one.http.post(
        "/v1/rules/R1/pause", headers=bearer(token) | {"Tactful-Operator": "Eve"}
    )
    assert paused.status_code == 200
    (act, issued) = await one.parts.shop.ledger.operator_actions()
    assert (act.who, act.act) == ("token prices <b>", "rule.paused")
    assert (issued.who, issued.act, issued.detail) == (
        "Ada",
        "token.issued",
        "prices <b>",
    )
    assert (issued.after["scopes"], act.role) == ("rules:write", "token")
    answer = await agent.http.get("/console/tokens")
    assert token not in answer.text
    assert "prices &lt;b&gt;" in answer.text
    assert (await one.http.get("/v1/customers/c1/export", headers=bearer(token))).status_code == 403
    await agent.submit("/console/tokens/revoke", token=issued.subject)
    assert "The token is revoked" in await agent.read("/console/tokens")
    refused = await one.http.post("/v1/rules/R1/resume", headers=bearer(token))
    assert refused.json()["code"] == "key.wrong"
    assert (await agent.submit("/console/tokens/revoke", token=issued.subject)).status_code == 404


async def test_a_token_without_scope_name_or_time_is_refused(agent: Agent) -> None:
    for form in (
        {"name": "a", "life": "30"},
        {"life": "30", "redeem": "yes"},
        {"name": "a", "redeem": "yes"},
    ):
        assert (await agent.submit("/console/tokens", **form)).status_code == 422


async def test_a_token_opens_no_console_and_no_operator_is_named_as_one(
    one: LiveServer, agent: Agent
) -> None:
    token = await make(agent, "all", *SCOPES)
    async with Agent(one) as other:
        assert (await other.log_in(key=token)).status_code != 303
        assert (await other.log_in(name="Token all")).status_code == 422
    named: httpx.Response = await one.http.post(
        "/v1/rules/R1/pause", headers={"Tactful-Operator": "token all"}
    )
    assert named.json()["code"] == "operator.reserved"
