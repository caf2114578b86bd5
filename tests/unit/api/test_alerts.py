"""Alerts over HTTP: listed, acknowledged, snoozed and closed, with the name of the operator."""

from pathlib import Path
from typing import Any

import pytest

from journeys.fixture import CATALOGUE, rules
from support.live_server import LiveServer, live_server
from tactful.runtime.alerts.kinds import KINDS
from tactful.runtime.ports.alert_store import Alert

STALE = "  max_age: {stock: 15m}"


async def found(one: LiveServer, **query: str) -> list[dict[str, Any]]:
    """The alerts, without the one that every new server has."""
    answer = await one.http.get("/v1/alerts", params=query)
    assert answer.status_code == 200, answer.text
    return [alert for alert in answer.json()["alerts"] if alert["kind"] != "backup.missing"]


async def silent(one: LiveServer) -> dict[str, Any]:
    """The alert of a stock feed that is silent."""
    await one.facts(*CATALOGUE)
    await one.reload(rules(policy=STALE))
    await one.advance(15 * 60 + 1)
    (alert,) = await found(one)
    return alert


async def test_an_alert_says_what_is_wrong_since_when_and_what_to_do(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        alert = await silent(one)
        assert alert == {
            "id": alert["id"],
            "kind": "feed.stale",
            "subject": "stock",
            "state": "open",
            "raised_at": "2026-03-10T12:15:01Z",
            "evidence": {"age_ms": 901_000, "max_age_ms": 900_000},
            "meaning": KINDS["feed.stale"].meaning,
            "remedy": KINDS["feed.stale"].remedy,
        }


async def test_an_alert_is_acknowledged_snoozed_and_closes_when_the_feed_is_back(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, rules()) as one:
        path = f"/v1/alerts/{(await silent(one))['id']}"
        ada = {"Tactful-Operator": "Ada"}
        answer = await one.http.post(f"{path}/acknowledge", headers=ada)
        assert answer.json()["state"] == "acknowledged"
        assert answer.json()["acknowledged"] == {"at": "2026-03-10T12:15:01Z", "by": "Ada"}
        answer = await one.http.post(f"{path}/snooze", json={"duration": "1h"}, headers=ada)
        assert answer.json()["state"] == "snoozed"
        assert answer.json()["snoozed"] == {"until": "2026-03-10T13:15:01Z", "by": "Ada"}
        refused = await one.http.post(f"{path}/resolve")
        assert (refused.status_code, refused.json()["code"]) == (409, "alert.cause_present")
        await one.facts(*CATALOGUE)
        await one.advance(60)
        assert await found(one) == []
        (ended,) = await found(one, state="resolved")
        assert ended["state"] == "resolved"
        assert ended["resolved"]["by"] == "tactful"
        assert ended["resolved"]["act"] == "feed.heard"


async def test_rejected_facts_stay_an_alert_until_somebody_closes_it(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.http.post("/v1/facts", json=[{"type": "price"}, {"type": "price"}])
        (alert,) = await found(one)
        assert (alert["kind"], alert["subject"]) == ("facts.rejected", "price")
        assert alert["evidence"] == {"code": "fact.invalid", "facts": 2}
        await one.facts(*CATALOGUE)
        await one.advance(3_600)
        assert len(await found(one)) == 1
        answer = await one.http.post(f"/v1/alerts/{alert['id']}/resolve")
        assert answer.json()["resolved"]["by"] == "server key"
        assert await found(one) == []
        again = await one.http.post(f"/v1/alerts/{alert['id']}/acknowledge")
        assert (again.status_code, again.json()["code"]) == (404, "alert.unknown")


@pytest.mark.parametrize("duration", ["soon", "59s", "31d", ""])
async def test_a_snooze_has_a_length_from_a_minute_to_a_month(
    tmp_path: Path, duration: str
) -> None:
    async with live_server(tmp_path) as one:
        (alert,) = (await one.http.get("/v1/alerts")).json()["alerts"]
        path = f"/v1/alerts/{alert['id']}/snooze"
        answer = await one.http.post(path, json={"duration": duration})
        assert (answer.status_code, answer.json()["code"]) == (422, "alert.duration")


async def test_an_unknown_state_is_refused(tmp_path: Path) -> None:
    async with live_server(tmp_path) as one:
        answer = await one.http.get("/v1/alerts", params={"state": "old"})
        assert (answer.status_code, answer.json()["code"]) == (422, "alert.state")


async def test_an_alert_of_a_newer_version_is_listed_without_a_remedy(tmp_path: Path) -> None:
    async with live_server(tmp_path) as one:
        newer = Alert(id="al_1", kind="newer.kind", subject="", owner="Bo", raised_at=1)
        await one.parts.shop.ledger.put_alert(newer)
        await one.restart()
        (shown,) = await found(one)
        assert (shown["kind"], shown["owner"]) == ("newer.kind", "Bo")
        assert "remedy" not in shown


async def test_alerts_need_the_server_key(tmp_path: Path) -> None:
    async with live_server(tmp_path) as one:
        answer = await one.http.get("/v1/alerts", headers={"Authorization": "Bearer no"})
        assert answer.status_code == 401
