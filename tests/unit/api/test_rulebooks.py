"""Endpoints of the active rulebook and of operator actions."""

from pathlib import Path

import pytest

from journeys.fixture import rules
from support.live_server import live_server
from tactful.api.acting_operator import NAME_LENGTH

ANNA = {"Tactful-Operator": "Anna"}


async def test_the_active_rulebook_lists_its_rules_with_their_states(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        shown = (await one.http.get("/v1/rulebook")).json()
        assert shown["version"] == one.parts.shop.state.active_rulebook.current.version
        assert [(rule["rule"], rule["state"]) for rule in shown["rules"]] == [("R1", "running")]
        assert (shown["trouble"], shown["refused"]) == (None, [])


async def test_a_rule_is_paused_and_resumed_by_a_named_operator(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        paused = await one.http.post("/v1/rules/R1/pause", headers=ANNA)
        assert paused.json() == {"rule": "R1", "state": "paused"}
        (rule,) = (await one.http.get("/v1/rulebook")).json()["rules"]
        assert rule["state"] == "paused"
        resumed = await one.http.post("/v1/rules/R1/resume")
        assert resumed.json() == {"rule": "R1", "state": "running"}
        acts = (await one.http.get("/v1/acts")).json()["acts"]
        assert [(act["act"], act["who"]) for act in acts[:2]] == [
            ("rule.resumed", "server key"),
            ("rule.paused", "Anna"),
        ]
        assert acts[0]["at"].endswith("Z")


async def test_the_name_of_an_operator_is_cut(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.http.post("/v1/rules/R1/pause", headers={"Tactful-Operator": "x" * 200})
        (act, *_) = (await one.http.get("/v1/acts")).json()["acts"]
        assert act["who"] == "x" * NAME_LENGTH


async def test_an_unknown_rule_is_not_found(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        answer = await one.http.post("/v1/rules/R9/pause")
        assert (answer.status_code, answer.json()["code"]) == (404, "rule.unknown")
        assert "R9" in answer.json()["detail"]


async def test_a_reload_with_errors_is_refused_with_all_findings(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        first = one.parts.shop.state.active_rulebook.current.version
        assert (await one.reload(rules())).json()["outcome"] == "same"
        refused = await one.reload("rules: [")
        assert (refused.status_code, refused.json()["code"]) == (422, "rulebook.refused")
        assert refused.json()["findings"][0]["severity"] == "error"
        shown = (await one.http.get("/v1/rulebook")).json()
        assert shown["version"] == first
        assert shown["trouble"] is not None
        assert shown["refused"] != []


async def test_a_rollback_needs_an_earlier_rulebook(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        answer = await one.http.post("/v1/rulebook/rollback")
        assert (answer.status_code, answer.json()["code"]) == (409, "rulebook.no_earlier")
        first = one.parts.shop.state.active_rulebook.current.version
        changed = await one.reload(rules().replace("R1", "R2"))
        assert changed.json()["outcome"] == "active"
        answer = await one.http.post("/v1/rulebook/rollback", headers=ANNA)
        assert answer.json()["version"] == first


async def test_the_header_cannot_give_the_name_of_the_server_itself(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        for name in ("tactful", "Tactful", "SERVER KEY"):
            answer = await one.http.post("/v1/rules/R1/pause", headers={"Tactful-Operator": name})
            assert (answer.status_code, answer.json()["code"]) == (422, "operator.reserved")
        assert (await one.http.get("/v1/acts")).json()["acts"] == []


@pytest.mark.parametrize("sent", ["Zoë Ł".encode(), "Zoë".encode("latin-1")])
async def test_the_name_of_an_operator_is_read_as_utf8_or_latin1(
    tmp_path: Path, sent: bytes
) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.http.post("/v1/rules/R1/pause", headers={b"Tactful-Operator": sent})
        (act,) = (await one.http.get("/v1/acts")).json()["acts"]
        assert act["who"] in {"Zoë Ł", "Zoë"}


async def test_all_offers_are_stopped_with_a_reason_until_they_are_started(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        empty = await one.http.post("/v1/rulebook/stop", json={"reason": "  "})
        assert (empty.status_code, empty.json()["code"]) == (422, "body.invalid")
        body = {"reason": "a wrong\n price"}
        stopped = (await one.http.post("/v1/rulebook/stop", json=body, headers=ANNA)).json()
        assert stopped == {
            "stop": {"since": "2026-03-10T12:00:00Z", "by": "Anna", "reason": "a wrong price"}
        }
        assert (await one.http.get("/v1/rulebook")).json()["stop"] == stopped["stop"]
        again = await one.http.post("/v1/rulebook/stop", json={"reason": "another"})
        assert again.json() == stopped
        assert (await one.http.post("/v1/rulebook/start")).json() == {"stop": None}
        assert (await one.http.get("/v1/rulebook")).json()["stop"] is None
