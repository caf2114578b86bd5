"""The shop's state in its metrics, and the manual that explains each of them."""

import re
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from journeys.fixture import CATALOGUE, rules
from support.live_server import LiveServer, live_server
from support.manual_runner import ROOT
from tactful.stores.shared.backup_stamp import write_backup_stamp

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


async def test_every_metric_is_in_the_manual_with_its_kind_and_labels_and_no_other(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        await one.http.post("/v1/facts", json=[{"type": "price"}, {"type": "nonsense"}])
        shopper = await one.shopper()
        await shopper.view("RUN-42", 30)
        await one.redeem(await shopper.accept((await shopper.offered())["id"]), "o1")
        text = (await one.http.get("/metrics")).text
    rows = dict(re.findall(r"^\| `(tactful_\w+)` \| (.*)$", MANUAL, re.MULTILINE))
    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert set(rows) == set(families)
    for name, family in families.items():
        assert rows[name].startswith(f"{family.type} |"), name
        labels = {label for sample in family.samples for label in sample.labels} - {"le"}
        assert {label for label in labels if f"`{label}`" not in rows[name]} == set(), name


async def test_the_room_of_the_ledger_and_the_ages_of_key_and_backup_are_in_the_metrics(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        before = await metrics(one)
        assert ("tactful_backup_age_seconds",) not in before
        write_backup_stamp(tmp_path / "data", one.parts.shop.clock.now())
        await one.advance(90)
        found = await metrics(one)
        assert found["tactful_ledger_bytes",] == (tmp_path / "data" / "tactful.db").stat().st_size
        assert found["tactful_log_bytes",] > 0
        assert 0 < found["tactful_disk_free_bytes",] <= found["tactful_disk_bytes",]
        assert found["tactful_backup_age_seconds",] == 90
        assert found["tactful_signing_key_age_seconds",] == 90
        assert found["tactful_commit_seconds_count",] == found["tactful_commit_jobs_count",] > 0
        assert found["tactful_send_queue_bytes",] == 0
        assert found["tactful_clock_steps_total",] == found["tactful_clock_step_seconds",] == 0


async def test_without_usable_keys_every_other_metric_is_still_there(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        before = await metrics(one)
        (tmp_path / "data" / "keys").rename(tmp_path / "away")
        found = await metrics(one)
        (tmp_path / "away").rename(tmp_path / "data" / "keys")
        missing = before.keys() - found.keys()
        assert {key[0] for key in missing} == {"tactful_signing_key_age_seconds"}


async def test_limits_and_their_use_are_in_the_metrics(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules(), max_memory_mib=4_096) as one:
        await one.shopper()
        found = await metrics(one)
        assert found["tactful_limit", "memory_bytes"] == 4_096 * 2**20
        assert 0 < found["tactful_limit_used", "memory_bytes"] < 4_096 * 2**20
        assert found["tactful_memory_bytes",] > 0
        for name in ("reports", "report_bytes", "record_bytes"):
            assert found["tactful_limit_used", name] <= found["tactful_limit", name]


async def test_rejected_facts_are_counted_by_type_and_code(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        bad = [{"type": "price"}, {"type": "Mia"}, {"type": "stock", "skew": 1}, {"type": "price"}]
        await one.http.post("/v1/facts", json=bad)
        found = await metrics(one)
    counted = {key[1:]: found[key] for key in found if key[0] == "tactful_facts_rejected_total"}
    assert counted["fact.invalid", "price"] == 2
    assert counted["fact.unknown_type", "unknown"] == 1
    assert sum(counted.values()) == 4
    assert not any("Mia" in label for key in found for label in key)


async def test_http_responses_are_counted_by_route_and_class_of_status(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        for path in ("/v1/offers/a", "/v1/offers/b", "/no/such/path", "/v1/budgets", "/healthz"):
            await one.http.get(path)
        await one.http.post("/v1/budgets")
        found = await metrics(one)
    counted = {key[1:]: found[key] for key in found if key[0] == "tactful_http_requests_total"}
    never = {counted.pop(key) for key in list(counted) if key[1] == "5xx"}
    assert counted == {
        ("/v1/offers/{id}", "4xx"): 2,
        ("/v1/budgets", "2xx"): 1,
        ("/v1/budgets", "4xx"): 1,
        ("/healthz", "2xx"): 1,
        ("other", "4xx"): 1,
    }
    assert never == {0}
