"""Faults caused on purpose against `tactful serve`: the word, the metric, the alert, the recovery."""

import errno
from pathlib import Path

from journeys.fixture import CATALOGUE, rules
from support.cli_runner import run
from support.disk_faults.shim import build_shim, environment, needs_shim
from support.served_shop import ServedShop, served_shop
from tactful.core.values.calendar import MINUTE

CALM_S = MINUTE / 1000
"""Seconds after which an alert closes whose cause is gone."""


async def accepted(one: ServedShop) -> str:
    """The token of a new shopper."""
    shopper = await one.shopper()
    await shopper.view("RUN-42", 31)
    return await shopper.accept((await shopper.offered())["id"])


@needs_shim
async def test_an_error_of_the_disk_is_failing_and_an_alert_until_a_restart(tmp_path: Path) -> None:
    data = tmp_path / "data"
    disk = environment(build_shim(tmp_path), data)
    async with served_shop(tmp_path, rules(), environment=disk) as one:
        await one.facts(*CATALOGUE)
        token = await accepted(one)
        assert await one.health("/healthz") == (200, "ok", [])
        (data / "inject").write_text(f"1 {errno.EIO} 2")
        assert (await one.redeem(token, "A")).status_code == 503
        for path in ("/healthz", "/readyz"):
            assert await one.health(path) == (503, "failing", ["ledger.broken"])
        assert await one.metric("tactful_ledger_failing") == 1
        assert await one.metric("tactful_redemptions_total", status="503") == 1
        alerts = await one.alerts()
        assert alerts.keys() == {"ledger.failing"}
        assert alerts["ledger.failing"]["evidence"]["reason"] == "ledger.broken"
        assert any('"event": "ledger.failing"' in line for line in one.log)
        await one.stop()
        await one.start()
        assert await one.health() == (200, "ok", [])
        assert await one.metric("tactful_ledger_failing") == 0
        assert await one.alerts() == {}
        first = await one.redeem(token, "A")
        assert first.status_code == 200
        assert (await one.redeem(token, "B")).status_code == 409


async def test_a_restored_backup_is_degraded_until_the_orders_are_confirmed(tmp_path: Path) -> None:
    data, backup = tmp_path / "data", tmp_path / "backup"
    async with served_shop(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        token = await accepted(one)
        assert run("backup", backup, "--data", data).exit_code == 0
        assert (await one.redeem(token, "A")).status_code == 200
        await one.stop()
        restored = run("restore", backup, "--data", data, "--replace", "--no-keys")
        assert restored.exit_code == 0, restored.output
        await one.start()
        assert await one.health() == (200, "degraded", ["restored"])
        assert await one.health("/healthz") == (200, "degraded", ["restored"])
        assert await one.metric("tactful_restored") == 1
        assert (await one.alerts()).keys() == {"restored"}
        assert (await one.redeem(token, "B")).status_code == 503
        confirmed = run("restore", "--orders-complete", "--data", data)
        assert confirmed.exit_code == 0, confirmed.output
        await one.advance(CALM_S)
        assert await one.metric("tactful_restored") == 0
        assert (await one.alerts()) == {}
        assert (await one.alerts("resolved"))["restored"]["resolved"]["act"] == "orders.complete"
        assert await one.health() == (200, "ok", [])


async def test_a_folder_of_keys_that_cannot_be_used_is_named_and_recovers_by_itself(
    tmp_path: Path,
) -> None:
    async with served_shop(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 31)
        offer = (await shopper.offered())["id"]
        copied = tmp_path / "data" / "keys" / "000002.key.json"
        copied.write_text("{}")
        copied.chmod(0o600)
        alerts = await one.alerts()
        assert alerts.keys() == {"keys.unusable"}
        assert str(copied) in alerts["keys.unusable"]["evidence"]["message"]
        assert await one.health() == (200, "degraded", ["keys.unusable"])
        assert (await one.http.get("/metrics")).status_code == 200
        assert await one.metric("tactful_alerts", kind="keys.unusable") == 1
        await shopper.say("accept", offer=offer)
        refused = await shopper.expect("refused")
        assert (refused["code"], refused["offer"]) == ("later", offer)
        asked = await one.redeem("any.old.token", "A")
        assert (asked.status_code, asked.json()["code"]) == (503, "keys.unusable")
        copied.unlink()
        assert await one.health() == (200, "ok", [])
        await one.advance(CALM_S)
        assert await one.alerts() == {}
        assert await shopper.accept(offer)


async def test_a_proxy_that_is_not_named_is_an_alert_until_it_is_named(tmp_path: Path) -> None:
    async with served_shop(tmp_path, rules()) as one:
        assert (await one.http.get("/readyz")).json()["unnamed_proxy"] is None
        await one.http.get("/version", headers={"X-Forwarded-For": "203.0.113.9"})
        assert (await one.http.get("/readyz")).json()["unnamed_proxy"] == "127.0.0.1"
        assert (await one.alerts()).keys() == {"proxy.unnamed"}
        assert await one.metric("tactful_alerts", kind="proxy.unnamed") == 1
        assert sum('"event": "proxy.unnamed"' in line for line in one.log) == 1
        await one.stop()
        one.settings["trusted_proxies"] = "127.0.0.1"
        await one.start()
        await one.http.get("/version", headers={"X-Forwarded-For": "203.0.113.9"})
        await one.advance(CALM_S)
        assert await one.alerts() == {}
        assert (await one.alerts("resolved"))["proxy.unnamed"]["resolved"]["act"] == "proxy.named"
