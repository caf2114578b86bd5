"""The shop's state in its metrics, and the manual that explains each of them."""

import re
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from journeys.fixture import CATALOGUE, rules
from support.live_server import LiveServer, live_server
from support.manual_runner import ROOT

MANUAL = (ROOT / "server" / "OPERATING.md").read_text("utf-8")


async def metrics(one: LiveServer) -> dict[tuple[str, ...], float]:
    """(name, label values …) → value."""
    text = (await one.http.get("/metrics")).text
    families = text_string_to_metric_families(text)
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


async def test_sessions_budgets_feeds_and_closes_are_in_the_metrics(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 30)
        await shopper.offered()
        found = await metrics(one)
        assert found["tactful_sessions",] == 1
        assert found["tactful_connections",] == 1
        assert found["tactful_rules",] == 1
        assert found["tactful_sessions_waiting",] == found["tactful_mailbox_signals",] == 0
        assert found["tactful_budget", "C", "EUR", "limit"] == 50_000
        assert found["tactful_budget", "C", "EUR", "reserved"] == 1_935
        assert found["tactful_feed_age_seconds", "stock"] == 30
        assert found["tactful_ledger_failing",] == 0
        assert found["tactful_messages_total",] >= 2
        assert found["tactful_timers",] >= 1
        await shopper.leave()
        while one.parts.hub.connections:
            await one.http.get("/healthz")
        found = await metrics(one)
        assert found["tactful_connections",] == 0
        assert sum(value for key, value in found.items() if key[0] == "tactful_closes_total") == 1


async def test_rejected_connections_are_counted_by_code(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.http.get("/version", headers={"Host": "evil.example"})
        elsewhere = {"Origin": "https://evil.example"}
        await one.http.get("/v1/session/stream", headers=elsewhere)
        found = await metrics(one)
    assert found["tactful_refusals_total", "host.unknown"] == 1
    assert found["tactful_refusals_total", "origin.refused"] == 1


async def test_an_address_that_presented_the_server_key_is_not_rate_limited(
    tmp_path: Path,
) -> None:
    limits = {"max_connections_per_address": 8, "trusted_proxies": ("127.0.0.1",)}
    async with live_server(tmp_path, rules(), **limits) as one:
        shop = {"X-Forwarded-For": "192.0.2.1"}
        stranger = {"X-Forwarded-For": "192.0.2.2", "Authorization": "Bearer not-the-key"}
        seen = [(await one.http.get("/v1/budgets", headers=shop)).status_code for _ in range(30)]
        assert seen == [200] * 30
        seen = [
            (await one.http.get("/v1/budgets", headers=stranger)).status_code for _ in range(30)
        ]
        assert seen[0] == 401
        assert set(seen[1:]) == {429}, "a wrong key costs more than a request"


async def test_every_metric_is_in_the_manual_and_no_other(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        text = (await one.http.get("/metrics")).text
    told = {family.name for family in text_string_to_metric_families(text)}
    rows = set(re.findall(r"^\| `(tactful_\w+)`", MANUAL, re.MULTILINE))
    assert rows == told
