"""Every act of a token leaves one entry, and the audit log is filtered and read page by page."""

from pathlib import Path

import pytest
from starlette.datastructures import QueryParams

from journeys.fixture import CATALOGUE, case, rules
from support.live_server import LiveServer, live_server
from tactful.api.audit import MAX_ACTS, read_filter
from tactful.api.problems import ProblemError
from tactful.runtime.ports.operator_actions import ActionFilter, OperatorAction
from tactful.runtime.security.api_tokens import SCOPES, ApiTokens

ACTS = {
    ("POST", "/v1/rules/R1/pause"): ("rule.paused", {"state": "running"}, {"state": "paused"}),
    ("POST", "/v1/rulebook/reload"): ("rulebook.reloaded", {}, {}),
    ("POST", "/v1/rulebook/stop"): ("offers.stopped", {"offers": "made"}, {"offers": "stopped"}),
    ("POST", "/v1/codes/spring"): ("codes.imported", {"free_codes": "0"}, {"free_codes": "1"}),
    ("DELETE", "/v1/codes/spring"): ("codes.withdrawn", {"free_codes": "1"}, {"free_codes": "0"}),
    ("POST", "/v1/cases/k1/correct"): ("case.corrected", {"kind": "late"}, {"kind": "defect"}),
    ("DELETE", "/v1/customers/c1"): ("customer.erased", {}, {}),
    ("DELETE", f"/v1/contacts/{'a' * 64}"): ("contact.erased", {}, {}),
    ("POST", "/v1/rulebook/start"): ("offers.started", {"offers": "stopped"}, {"offers": "made"}),
}
BODIES = {
    "/v1/rulebook/stop": {"reason": "a wrong price"},
    "/v1/codes/spring": {"codes": ["A-1"]},
    "/v1/cases/k1/correct": {"kind": "defect"},
}


async def test_every_act_of_a_token_leaves_one_entry(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE, case("k1", "c1", "late"))
        tokens = ApiTokens(one.parts.shop.state.keys.folder, one.parts.shop.clock)
        _, token = tokens.issue("ops", SCOPES, None)
        headers = {"Authorization": f"Bearer {token}"}
        for number, ((method, path), (act, before, after)) in enumerate(ACTS.items(), 1):
            body = BODIES.get(path) if method == "POST" else None
            answer = await one.http.request(method, path, json=body, headers=headers)
            assert answer.is_success, answer.text
            found = (await one.http.get("/v1/acts")).json()["acts"]
            assert len(found) == number, path
            latest = found[0]
            assert (latest["act"], latest["before"], latest["after"]) == (act, before, after)
            assert (latest["who"], latest["role"]) == ("token ops", "token")
        acts = (await one.http.get("/v1/acts")).json()["acts"]
        assert "c1" not in str(acts[1:3])


async def record(one: LiveServer, count: int) -> None:
    for number in range(count):
        await one.parts.shop.ledger.record_operator_action(
            OperatorAction(at=number, who="Bo", act="rule.paused", subject=f"r{number}")
        )


async def test_a_page_of_actions_is_continued_by_the_last_number(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await record(one, MAX_ACTS + 1)
        first = (await one.http.get("/v1/acts", params={"who": "Bo"})).json()["acts"]
        assert len(first) == MAX_ACTS
        rest = await one.http.get("/v1/acts", params={"after": first[-1]["number"]})
        assert [act["subject"] for act in rest.json()["acts"]] == ["r0"]
        wrong = await one.http.get("/v1/acts", params={"after": "x"})
        assert (wrong.status_code, wrong.json()["code"]) == (400, "query.after")


def test_a_filter_is_read_from_the_query() -> None:
    query = QueryParams("act=rule.paused&since=2026-03-10T12:00:00Z")
    assert read_filter(query) == ActionFilter(act="rule.paused", since=1_773_144_000_000)
    with pytest.raises(ProblemError):
        read_filter(QueryParams("until=yesterday"))
