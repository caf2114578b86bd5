"""Each alert rule of `examples/monitoring` fires because of its fault, and not without it."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from journeys.fixture import CATALOGUE, rules
from journeys.test_clocks import Living
from journeys.test_disk_faults import fill, small_disk
from journeys.test_planted_accidents import MINUTE_S, with_a_loss, with_lost_shoppers
from support.live_server import LiveServer
from support.manual_runner import ROOT
from support.promql import Samples
from support.raw_connections import eventually
from tactful.core.context import Context
from tactful.core.decision import Decision
from tactful.core.values.calendar import MINUTE
from tactful.runtime import telemetry
from tactful.runtime.ports.ledger_rows import RestoredGap
from tactful.runtime.sessions import turn_processor
from tactful.runtime.watchdog import STALL_S
from tactful.stores.relational import ledger as sqlite_ledger
from tactful.stores.relational.writer import group_commit, transactor
from tactful.stores.shared.backup_stamp import write_backup_stamp
from tactful.stores.sqlite.backup import backup, restore
from tactful.transports.sessions import hub_gauges

MONITORING = ROOT / "examples" / "monitoring"
RULES = {
    rule["alert"]: rule
    for group in yaml.safe_load((MONITORING / "alerts.yaml").read_text("utf-8"))["groups"]
    for rule in group["rules"]
}
HEALTHY = {"TactfulBackupMissing"}
"""Alerts of a server that has just been set up."""
DAY = 86_400
MANUAL = (ROOT / "server" / "OPERATING.md").read_text("utf-8")

SHOWN: dict[str, tuple[str | None, str]] = {
    "TactfulFeedStale": ("feed.stale", "feed.stale"),
    "TactfulRulesNotActive": ("rules.missing", "rules.missing"),
    "TactfulBackupOld": (None, "backup.old"),
    "TactfulSigningKeyOld": (None, "key.old"),
    "TactfulFactsRejected": (None, "facts.rejected"),
    "TactfulLogLarge": (None, "log.long"),
    "TactfulRecordsLost": (None, "records.lost"),
    "TactfulRestored": ("restored", "restored"),
    "TactfulKeysUnusable": ("keys.unusable", "keys.unusable"),
    "TactfulProxyUnnamed": (None, "proxy.unnamed"),
    "TactfulRuleCosts": (None, "rule.costs"),
    "TactfulArmsUnequal": (None, "experiment.srm"),
}
"""Alert of Prometheus → the reason in the health that the same fault causes, and the alert that the
server itself keeps. Other faults are no reason, and have no alert but that of Prometheus."""

Fault = Callable[["Watched", pytest.MonkeyPatch], Awaitable[None]]
FAULTS: dict[str, Fault] = {}
"""Alert → what causes its fault."""


class Watched:
    """A server, and what is scraped from it every 15 seconds."""

    def __init__(self, one: LiveServer) -> None:
        self.one = one
        self.samples = Samples()
        self._second = 0

    async def scrape(self) -> None:
        """Scrape once, as Prometheus would do it."""
        self._second += 15
        try:
            text = (await self.one.http.get("/metrics")).text
        except httpx.HTTPError:
            self.samples.add(self._second, "up", {}, 0)
            self.samples.series = {
                key: values for key, values in self.samples.series.items() if key[0] == "up"
            }
            return
        self.samples.add(self._second, "up", {}, 1)
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                self.samples.add(self._second, sample.name, sample.labels, sample.value)

    async def shown(self) -> tuple[str, list[str], set[str]]:
        """The word and the reasons of the health, and the kinds of alerts that the server keeps."""
        ready = (await self.one.http.get("/readyz")).json()
        alerts = (await self.one.http.get("/v1/alerts")).json()["alerts"]
        return ready["status"], ready["reasons"], {alert["kind"] for alert in alerts}

    def value(self, name: str) -> float:
        """The value of a metric without labels, as it was last scraped."""
        (found,) = (samples for key, samples in self.samples.series.items() if key[0] == name)
        return found[-1][1]

    def firing(self) -> set[str]:
        """The alerts whose expression holds now."""
        return {name for name, rule in RULES.items() if self.samples.evaluate(rule["expr"])}


def causes(*alerts: str) -> Callable[[Fault], Fault]:
    """Register what causes the fault of alerts."""

    def register(fault: Fault) -> Fault:
        FAULTS.update(dict.fromkeys(alerts, fault))
        return fault

    return register


@contextlib.asynccontextmanager
async def watched(one: LiveServer) -> AsyncIterator[Watched]:
    """A server with a catalogue, scraped twice."""
    await one.start()
    try:
        await one.facts(*CATALOGUE)
        found = Watched(one)
        await found.scrape()
        await found.scrape()
        yield found
    finally:
        await one.stop()


@causes("TactfulDown")
async def server_ends(watch: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    await watch.one.listener.close()


@causes("TactfulFeedStale")
async def feed_is_silent(watch: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    await watch.one.reload(rules(policy="  max_age: {stock: 15m}"))
    await watch.one.advance(15 * 60 + 1)


@causes("TactfulRulesNotActive")
async def rules_folder_vanishes(watch: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    watch.one.rules.rename(watch.one.folder / "away")
    await eventually(lambda: watch.one.parts.shop.state.active_rulebook.problem is not None)
    ready = (await watch.one.http.get("/readyz")).json()
    assert (ready["status"], ready["reasons"], ready["rules"]) == ("degraded", ["rules.missing"], 1)
    assert (await watch.one.http.post("/v1/rulebook/reload")).status_code == 422


@causes("TactfulBackupOld")
async def backups_end(watch: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    write_backup_stamp(watch.one.folder / "data", watch.one.parts.shop.clock.now())
    await watch.one.advance(2 * DAY)


@causes("TactfulBackupMissing")
async def backups_never_began(watch: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    return


@causes("TactfulSigningKeyOld")
async def key_is_never_rotated(watch: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    await watch.one.advance(366 * DAY)


@causes("TactfulTurnsCrashed")
async def a_turn_crashes(watch: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    def decide(context: Context) -> Decision:
        raise ValueError

    shopper = await watch.one.shopper()
    monkeypatch.setattr(turn_processor, "decide", decide)
    await shopper.view("RUN-42", 31)


@causes("TactfulFactsRejected")
async def facts_are_rejected(watch: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    await watch.one.http.post("/v1/facts", json=[{"type": "price"}])


@causes("TactfulTrialStopped")
async def a_trial_does_harm(watch: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    await watch.one.parts.shop._stop_trial("R1")


@causes("TactfulRuleCosts")
async def a_rule_costs_money(watch: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    await with_a_loss(watch.one)
    await watch.one.advance(MINUTE_S)
    await watch.one.parts.shop.settled()


@causes("TactfulArmsUnequal")
async def an_arm_loses_shoppers(watch: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    await with_lost_shoppers(watch.one)
    await watch.one.advance(MINUTE_S)
    await watch.one.parts.shop.settled()


@causes("TactfulBudgetNearlyUsed")
async def the_budget_is_used(watch: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    await watch.one.reload(rules(budget="{EUR: 20.00}"))
    shopper = await watch.one.shopper()
    await shopper.view("RUN-42", 31)
    await shopper.offered()


@causes("TactfulConnectionsNear")
async def all_connections_are_taken(watch: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(38):  # one more is the connection of the scrapes
        await watch.one.shopper()


@causes("TactfulLimitNear")
async def memory_runs_short(watch: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_gauges, "resident_bytes", lambda: 4_000 * 2**20)


@causes("TactfulDiskSlow")
async def commits_are_slow(watch: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    slow_clock(monkeypatch, transactor)
    await watch.one.facts(*CATALOGUE)


@causes("TactfulOffersSlow")
async def offers_are_slow(watch: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    slow_clock(monkeypatch, telemetry)
    shopper = await watch.one.shopper()
    await shopper.view("RUN-42", 31)
    await shopper.offered()


def slow_clock(monkeypatch: pytest.MonkeyPatch, module: Any) -> None:
    """Let half a second pass between two looks at the clock of durations."""
    seconds = [0.0]

    class Slow:
        @staticmethod
        def perf_counter() -> float:
            seconds[0] += 0.5
            return seconds[0]

    monkeypatch.setattr(module, "time", Slow)


@causes("TactfulLogLarge")
async def the_log_is_never_emptied(watch: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    os.truncate(watch.one.folder / "data" / "tactful.db-wal", 300 * 2**20)


@causes("TactfulRecordsLost")
async def records_find_no_room(watch: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_ledger, "MAX_PENDING_BYTES", -1)
    shopper = await watch.one.shopper()
    await shopper.view("RUN-42", 1)
    await watch.one.parts.shop.settled()


@causes("TactfulRestored")
async def a_backup_is_restored(watch: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    one = watch.one
    ledger, copy = one.folder / "data" / "tactful.db", one.folder / "copy.db"
    backup(ledger, copy)
    now = one.parts.shop.clock.now()
    await one.stop()
    restore(copy, ledger, gap=RestoredGap(now, now))
    await one.start()


@causes("TactfulKeysUnusable")
async def a_key_is_damaged(watch: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    (watch.one.folder / "data" / "keys" / "000002.key.json").write_text("{}")
    await watch.one.parts.shop.alerts.check()


@causes("TactfulProxyUnnamed")
async def a_proxy_passes_clients_on(watch: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    await watch.one.http.get("/version", headers={"X-Forwarded-For": "203.0.113.9"})
    await watch.one.parts.shop.alerts.check()


async def the_disk_is_full(watch: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    one = watch.one
    shopper = await one.shopper()
    await shopper.view("RUN-42", 31)
    token = await shopper.accept((await shopper.offered())["id"])
    monkeypatch.setattr(group_commit, "RETRY_INTERVAL_S", 60)
    fill(one.folder)
    while (await one.redeem(token, "o1")).status_code != 503:
        await one.redeem(token, "o2")


FULL_DISK = {
    "TactfulLedgerFailing",
    "TactfulRedemptionsFailing",
    "TactfulHttpErrors",
    "TactfulDiskLow",
    "TactfulBackupHasNoRoom",
}
SLOW = {"TactfulDiskSlow", "TactfulOffersSlow"}
"""Alerts that a busy machine may fire in any test."""
MACHINE = {"TactfulClockStepped", "TactfulLoopStalled"}


@pytest.mark.parametrize("alert", [name for name in RULES if name not in FULL_DISK | MACHINE])
async def test_an_alert_fires_because_of_its_fault_and_no_other_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, alert: str
) -> None:
    one = LiveServer(tmp_path, rules(), max_connections=40, max_memory_mib=4_096)
    async with watched(one) as watch:
        assert watch.firing() - SLOW == HEALTHY
        await FAULTS[alert](watch, monkeypatch)
        await watch.scrape()
        assert alert in watch.firing()
        assert watch.firing() - SLOW <= {alert, *HEALTHY}
        if alert != "TactfulDown":
            reason, kind = SHOWN.get(alert, (None, "backup.missing"))
            word, reasons, kinds = await watch.shown()
            assert (word, reasons) == (("degraded", [reason]) if reason else ("ok", []))
            assert kinds - {"backup.missing"} == {kind} - {"backup.missing"}


async def test_a_full_disk_fires_the_alerts_of_the_ledger_and_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with small_disk(tmp_path / "disk", "16m"):
        async with watched(LiveServer(tmp_path / "disk", rules())) as watch:
            assert watch.firing() - SLOW == HEALTHY
            await the_disk_is_full(watch, monkeypatch)
            await watch.scrape()
            assert watch.firing() >= FULL_DISK
            word, reasons, kinds = await watch.shown()
            assert (word, reasons) == ("degraded", ["ledger.full"])
            assert kinds >= {"ledger.failing", "disk.low"}
            monkeypatch.setattr(group_commit, "RETRY_INTERVAL_S", 0.02)
            (tmp_path / "disk" / "filler").unlink()
            await watch.one.facts(*CATALOGUE)
            assert (await watch.shown())[:2] == ("ok", [])
            await watch.one.advance(MINUTE / 1000)
            assert (await watch.shown())[2] == {"backup.missing"}
            ended = (await watch.one.http.get("/v1/alerts?state=resolved")).json()["alerts"]
            assert {(one["kind"], one["resolved"]["act"]) for one in ended} >= {
                ("ledger.failing", "ledger.recovered"),
                ("disk.low", "disk.freed"),
            }


async def test_a_clock_that_is_set_and_a_loop_that_stalls_fire_their_alerts(tmp_path: Path) -> None:
    one = Living(tmp_path, rules())
    async with watched(one) as watch:
        assert not watch.firing() & MACHINE
        before = watch.value("tactful_clock_steps_total")
        one.machine.moved = 5
        while watch.value("tactful_clock_steps_total") == before:
            await watch.scrape()
        assert "TactfulClockStepped" in watch.firing()
        for count in range(1, 5):
            until = time.monotonic() + 1.5 * STALL_S
            while time.monotonic() < until:
                pass
            await eventually(
                lambda least=count: one.parts.shop.state.telemetry._plain["loop_stalls"] >= least
            )
        await watch.scrape()
        assert "TactfulLoopStalled" in watch.firing()
        assert (await watch.shown())[2] == {"backup.missing", "clock.jumped"}


def test_every_alert_has_a_test_and_a_row_in_the_manual() -> None:
    assert {*FAULTS, *FULL_DISK, *MACHINE} == set(RULES)
    rows = re.findall(r"^\| `(Tactful\w+)` \| (.*) \|$", MANUAL, re.MULTILINE)
    assert [name for name, _ in rows] == list(RULES)
    for name, row in rows:
        assert row.startswith(RULES[name]["annotations"]["summary"]), name


def expressions() -> list[str]:
    """Every expression of the alert rules and of the dashboard."""
    dashboard = json.loads((MONITORING / "dashboard.json").read_text("utf-8"))
    panels = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    return [*(rule["expr"] for rule in RULES.values()), *panels]


async def test_every_expression_uses_metrics_and_labels_that_exist(tmp_path: Path) -> None:
    described = set(re.findall(r"^\| `(tactful_\w+)`", MANUAL, re.MULTILINE))
    for expression in expressions():
        for name in re.findall(r"\b(tactful_\w+)", expression):
            assert re.sub(r"_(bucket|total)$", "", name) in described, name


def test_every_panel_of_the_dashboard_has_its_own_number_and_place() -> None:
    panels = json.loads((MONITORING / "dashboard.json").read_text("utf-8"))["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len({(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels}) == len(panels)


@pytest.mark.skipif(shutil.which("promtool") is None, reason="needs promtool (Debian: prometheus)")
def test_prometheus_itself_reads_every_expression(tmp_path: Path) -> None:
    panels = [{"record": f"panel:{n}", "expr": text} for n, text in enumerate(expressions())]
    file = tmp_path / "panels.yaml"
    file.write_text(json.dumps({"groups": [{"name": "panels", "rules": panels}]}), "utf-8")
    for rules_file in (file, MONITORING / "alerts.yaml"):
        command = ["promtool", "check", "rules", str(rules_file)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(shutil.which("promtool") is None, reason="needs promtool (Debian: prometheus)")
@pytest.mark.parametrize(
    ("metric", "label"),
    [("tactful_signal_response_seconds", "signal"), ("tactful_fact_response_seconds", "type")],
)
def test_prometheus_computes_the_response_time_of_each_kind(
    metric: str, label: str, tmp_path: Path
) -> None:
    """Half of the answers of one kind take up to 5 ms, half of another one up to 50 ms."""
    expression = next(one for one in expressions() if metric in one and "(0.5," in one)
    rules_file, test_file = tmp_path / "rules.yaml", tmp_path / "test.yaml"
    group = {"name": "g", "rules": [{"record": "panel:p50", "expr": expression}]}
    rules_file.write_text(json.dumps({"groups": [group]}), "utf-8")
    # A hundred answers a minute in the bucket from 3 to 5 ms, and in the one from 30 to 50 ms.
    buckets = {
        "a": {"0.003": 0, "0.005": 100, "+Inf": 100},
        "b": {"0.03": 0, "0.05": 100, "+Inf": 100},
    }
    series = [
        {"series": f'{metric}_bucket{{{label}="{kind}",le="{le}"}}', "values": f"0+{count}x10"}
        for kind, counts in buckets.items()
        for le, count in counts.items()
    ]
    expected = [
        {"labels": f'panel:p50{{{label}="a"}}', "value": 0.004},
        {"labels": f'panel:p50{{{label}="b"}}', "value": 0.04},
    ]
    asked = {"expr": "panel:p50", "eval_time": "10m", "exp_samples": expected}
    test = {"interval": "1m", "input_series": series, "promql_expr_test": [asked]}
    test_file.write_text(
        json.dumps({"rule_files": [rules_file.name], "evaluation_interval": "1m", "tests": [test]}),
        "utf-8",
    )
    command = ["promtool", "test", "rules", str(test_file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(shutil.which("promtool") is None, reason="needs promtool (Debian: prometheus)")
def test_prometheus_takes_the_documented_scrape_configuration(tmp_path: Path) -> None:
    manual = (MONITORING / "README.md").read_text("utf-8")
    text = manual.split("```yaml\n")[1].split("```")[0]
    key = tmp_path / "server-key"
    key.write_text("k" * 43)
    shutil.copy(MONITORING / "alerts.yaml", tmp_path)
    file = tmp_path / "prometheus.yaml"
    file.write_text(text.replace("/etc/prometheus/tactful-server-key", str(key)), "utf-8")
    command = ["promtool", "check", "config", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert str(key) in file.read_text("utf-8")
    jobs = [job["job_name"] for job in yaml.safe_load(text)["scrape_configs"]]
    assert jobs == ["tactful"]
