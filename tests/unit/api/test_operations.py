"""Health, readiness, versions, metrics and the test clock."""

from pathlib import Path

import httpx
import pytest
from starlette.requests import Request
from structlog.testing import capture_logs

from journeys.fixture import CATALOGUE, rules
from support.console_client import Agent
from support.live_server import KEY, NOON, live_server
from tactful import __version__
from tactful.api import operations
from tactful.api.server_key import ServerKey


async def test_a_ready_server_names_its_rulebook_and_its_feeds(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        ready = await one.http.get("/readyz")
        assert (ready.status_code, ready.json()["status"]) == (200, "ok")
        assert ready.json()["rules"] == 1
        assert ready.json()["rules_trouble"] is None
        assert ready.json()["rulebook"] == one.parts.shop.state.active_rulebook.current.version
        assert set(ready.json()["feeds"]) >= {"prices", "stock"}
        assert (await one.http.get("/healthz")).json() == {"status": "ok"}


@pytest.mark.parametrize(
    ("broken", "status", "word", "code"),
    [(False, 200, "degraded", "ledger.full"), (True, 503, "failing", "ledger.broken")],
)
async def test_only_what_a_restart_repairs_is_answered_with_503(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: bool, status: int, word: str, code: str
) -> None:
    async with live_server(tmp_path, rules()) as one:
        ledger = type(one.parts.shop.ledger)
        monkeypatch.setattr(ledger, "failure", property(lambda _: "the disk"))
        monkeypatch.setattr(ledger, "is_broken", property(lambda _: broken))
        for path in ("/healthz", "/readyz"):
            answer = await one.http.get(path)
            assert answer.status_code == status
            assert answer.json()["status"] == word
            assert answer.json()["reasons"] == [code]
            assert answer.json()["reason"] == "the disk"


async def test_a_server_that_is_starting_is_alive_but_not_ready(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        one.parts.shop.ready = False
        assert (await one.http.get("/healthz")).json()["status"] == "ok"
        ready = await one.http.get("/readyz")
        assert (ready.status_code, ready.json()["status"]) == (503, "failing")
        assert ready.json()["reasons"] == ["starting"]


@pytest.mark.parametrize(
    ("headers", "detailed"),
    [
        ({}, True),
        ({"X-Forwarded-For": "203.0.113.9"}, False),
        ({"X-Forwarded-For": "127.0.0.1"}, False),
        ({"Forwarded": "for=203.0.113.9"}, False),
        ({"X-Forwarded-For": "203.0.113.9", "Authorization": f"Bearer {KEY}"}, True),
        ({"X-Forwarded-For": "203.0.113.9", "Authorization": "Bearer wrong"}, False),
        ({"Authorization": "Bearer wrong"}, False),
    ],
    ids=[
        "local",
        "proxied",
        "proxied as local",
        "forwarded",
        "with the key",
        "wrong key",
        "wrong, local",
    ],
)
async def test_details_are_for_this_machine_and_for_holders_of_the_key(
    headers: dict[str, str], detailed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with live_server(tmp_path, rules()) as one:
        del one.http.headers["authorization"]
        ready = (await one.http.get("/readyz", headers=headers)).json()
        assert ready["status"] == "ok"
        assert ("sessions" in ready) is ("feeds" in ready) is ("rulebook" in ready) is detailed
        monkeypatch.setattr(
            type(one.parts.shop.ledger), "failure", property(lambda _: "/data is full")
        )
        for path in ("/healthz", "/readyz"):
            answer = await one.http.get(path, headers=headers)
            assert answer.json()["status"] == "degraded"
            assert ("/data" in answer.text) is ("ledger.full" in answer.text) is detailed


@pytest.mark.parametrize("client", [None, ("203.0.113.9", 1), ("::1", 1), ("a name", 1)])
def test_only_a_loopback_address_is_this_machine(client: tuple[str, int] | None) -> None:
    request = Request({"type": "http", "headers": [], "client": client})
    assert operations._may_see_details(request, ServerKey(None)) is (client == ("::1", 1))


async def test_versions_and_contracts_need_no_key_and_metrics_do(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        del one.http.headers["authorization"]
        assert (await one.http.get("/version")).json() == {
            "name": "tactful",
            "version": __version__,
        }
        assert (await one.http.get("/asyncapi.json")).json()["asyncapi"] == "3.0.0"
        assert (await one.http.get("/openapi.json")).json()["openapi"] == "3.1.0"
        assert (await one.http.get("/metrics")).status_code == 401


async def test_metrics_are_a_setting(tmp_path: Path) -> None:
    async with live_server(tmp_path / "with", rules()) as one:
        answer = await one.http.get("/metrics")
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        assert "tactful_connections" in answer.text
    async with live_server(tmp_path / "without", rules(), metrics=False) as one:
        assert (await one.http.get("/metrics")).status_code == 404


async def test_the_test_clock_is_advanced_or_set(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        moved = await one.http.post("/v1/test/clock", json={"advance": 90.5})
        assert moved.status_code == 200
        assert one.parts.shop.clock.now() == NOON * 1_000 + 90_500
        moved = await one.http.post("/v1/test/clock", json={"now": "2026-03-10T13:00:00Z"})
        assert moved.json() == {"now": "2026-03-10T13:00:00Z"}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "clock.one_of"),
        ({"now": "2026-03-10T13:00:00Z", "advance": 1}, "clock.one_of"),
        ({"now": "at one o'clock"}, "clock.instant"),
        ({"advance": -1}, "body.invalid"),
    ],
)
async def test_a_move_of_the_clock_that_is_not_clear_is_refused(
    tmp_path: Path, body: dict[str, object], code: str
) -> None:
    async with live_server(tmp_path, rules()) as one:
        before = one.parts.shop.clock.now()
        answer = await one.http.post("/v1/test/clock", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
        assert one.parts.shop.clock.now() == before


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Real-IP": "198.51.100.7"},
        {"X-Forwarded-Proto": "https"},
        {"Forwarded": "for=198.51.100.7"},
        {"Via": "1.1 proxy"},
        {"Host": "offers.shop.example"},
    ],
)
async def test_a_proxy_that_names_no_client_shows_no_details_to_strangers(
    tmp_path: Path, headers: dict[str, str]
) -> None:
    async with live_server(tmp_path, rules(), trusted_proxies=("127.0.0.1",)) as one:
        async with httpx.AsyncClient(base_url=str(one.http.base_url)) as stranger:
            assert "sessions" in (await stranger.get("/readyz")).json()
            assert (await stranger.get("/readyz", headers=headers)).json() == {"status": "ok"}
        if "Host" not in headers:
            assert (await one.http.get("/readyz")).json()["unnamed_proxy"] == "127.0.0.1"


async def test_a_proxy_that_is_not_named_is_shown_in_readiness_and_console(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one, Agent(one) as agent:
        await agent.log_in()
        assert (await one.http.get("/readyz")).json()["unnamed_proxy"] is None
        assert "trusted_proxies" not in await agent.read("/console")
        with capture_logs() as logs:
            for _ in range(3):
                await one.http.get("/version", headers={"X-Forwarded-For": "198.51.100.7"})
        assert [line["event"] for line in logs] == ["proxy.unnamed"]
        assert (await one.http.get("/readyz")).json()["unnamed_proxy"] == "127.0.0.1"
        assert "Add its address to trusted_proxies" in await agent.read("/console")
