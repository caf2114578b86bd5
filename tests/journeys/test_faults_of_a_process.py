"""Faults caused on purpose against `tactful serve`: the word, the metric, the alert, the recovery."""

import errno
from pathlib import Path

import pytest

from journeys.fixture import CATALOGUE, rules, stock
from journeys.test_clocks import RESCUE
from journeys.test_disk_faults import fill, small_disk
from support.cli_runner import run
from support.clock_faults.shim import SettableClock, needs_clock_shim
from support.disk_faults.shim import build_shim, environment, needs_shim
from support.raw_connections import eventually
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
        assert one.logged("ledger.failing")
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


@needs_clock_shim
@pytest.mark.parametrize("seconds", [3_600, -86_400])
async def test_a_clock_that_is_set_for_a_moment_is_named_and_silences_no_offer(
    tmp_path: Path, seconds: int
) -> None:
    clock = SettableClock(tmp_path)
    async with served_shop(tmp_path, RESCUE, environment=clock.environment, test_mode="") as one:
        await one.facts(*CATALOGUE)
        clock.set(seconds)
        await eventually(lambda: one.logged("clock.jumped"))
        assert await one.health() == (200, "degraded", ["clock.jumped"])
        ahead = await one.metric("tactful_clock_step_seconds")
        assert ahead is not None
        assert abs(ahead - seconds) < 1
        assert await one.metric("tactful_clock_steps_total") == 1
        assert (await one.alerts()).keys() == {"clock.jumped"}
        await offered_at_once(one)
        clock.set(0)
        await eventually(lambda: one.logged("clock.returned"))
        assert await one.health() == (200, "ok", [])
        token = await offered_at_once(one)
        assert (await one.redeem(token, "A")).status_code == 200


async def offered_at_once(one: ServedShop) -> str:
    """The token of a shopper on the cancel page, whose offer waits for no dwell."""
    shopper = await one.shopper()
    await shopper.view("RUN-42")
    await shopper.say("page", url="https://shop.example/cancel", kind="cancel", moment="rescue")
    return await shopper.accept((await shopper.offered())["id"])


async def test_a_rules_folder_that_vanishes_ends_no_offer_and_comes_back_by_itself(
    tmp_path: Path,
) -> None:
    async with served_shop(tmp_path, RESCUE, test_mode="") as one:
        await one.facts(*CATALOGUE)
        one.rules.rename(tmp_path / "away")
        await eventually(lambda: one.logged("rulebook.missing"))
        assert await one.health() == (200, "degraded", ["rules.missing"])
        assert await one.metric("tactful_rulebook_kept", reason="missing") == 1
        assert await one.metric("tactful_rules") == 1
        assert (await one.alerts()).keys() == {"rules.missing"}
        await offered_at_once(one)
        one.rules.mkdir()
        await eventually(lambda: one.logged("rulebook.emptied"))
        assert await one.health() == (200, "degraded", ["rules.emptied"])
        await offered_at_once(one)
        one.rules.rmdir()
        (tmp_path / "away").rename(one.rules)
        while await one.health() != (200, "ok", []):
            assert one.is_running
        assert await one.metric("tactful_rulebook_kept", reason="missing") == 0
        await one.stop()
        one.rules.rename(tmp_path / "away")
        await one.start(ready=False)
        assert await one.ended() == 2
        assert str(one.rules) in "".join(one.log)
        (tmp_path / "away").rename(one.rules)
        await one.start()


async def report_until_refused(one: ServedShop) -> None:
    """Report facts until the last free pages of the disk are used."""
    for number in range(10_000):
        changed = [stock("TRAIL-42", "DE", number % 90 + 5), stock("BOOT-42", "DE", number % 80)]
        if (await one.http.post("/v1/facts", json=changed)).status_code == 503:
            return
    pytest.fail("the disk never was full")


async def test_a_full_disk_is_degraded_and_heals_by_itself_also_at_a_start(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "24m"):
        async with served_shop(tmp_path / "disk", RESCUE, test_mode="") as one:
            await one.facts(*CATALOGUE)
            token, other = await offered_at_once(one), await offered_at_once(one)
            first = await one.redeem(other, "O")
            assert first.status_code == 200
            filler = fill(one.folder)
            await report_until_refused(one)
            assert (await one.redeem(token, "A")).status_code == 503
            for path in ("/healthz", "/readyz"):
                assert await one.health(path) == (200, "degraded", ["ledger.full"])
            assert await one.metric("tactful_ledger_failing") == 1
            assert (await one.alerts()).keys() >= {"ledger.failing", "disk.low"}
            assert (await one.http.get("/v1/budgets")).status_code == 200, "it only reads"
            assert (await one.redeem(other, "O")).status_code == 503
            filler.unlink()
            await eventually(lambda: one.logged("ledger.recovered"))
            assert await one.health() == (200, "ok", [])
            assert (await one.redeem(token, "A")).status_code == 200
            assert (await one.redeem(other, "O")).content == first.content
            await one.stop()
            # So that the start has something to write.
            (one.rules / "rules.yaml").write_text(RESCUE.replace("15%", "11%"), encoding="utf-8")
            filler = fill(one.folder)
            await one.start(ready=False)
            await eventually(lambda: one.logged("disk.waiting"), 30)
            assert one.is_running
            filler.unlink()
            await one.listening()
            assert await one.health() == (200, "ok", [])
